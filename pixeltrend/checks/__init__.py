"""What would be read, and what is wrong with it."""
