"""What is computed from the series of each pixel: arrays in, arrays out."""
