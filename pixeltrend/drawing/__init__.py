"""Drawing a map: classes, coordinates, labels, the figure, its file. Knows arrays, not rasters."""
