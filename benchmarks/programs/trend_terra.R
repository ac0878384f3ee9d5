# The trend with R's terra, one closed form a pixel.   Rscript trend_terra.R FOLDER OUT
suppressPackageStartupMessages(library(terra))
arguments <- commandArgs(trailingOnly = TRUE)
paths <- sort(list.files(arguments[1], pattern = "\\.tiff$", full.names = TRUE))
years <- as.numeric(sub(".*_([0-9]{4})\\.tiff$", "\\1", paths))
x <- years - mean(years)
weights <- x / sum(x^2)
slope <- function(y) {
  valid <- !is.na(y)
  if (all(valid)) return(sum(weights * y))
  if (sum(valid) < 2) return(NA_real_)
  x <- years[valid]
  x <- x - mean(x)
  sum(x * y[valid]) / sum(x^2)
}
invisible(app(
  rast(paths), slope, filename = arguments[2], overwrite = TRUE,
  wopt = list(gdal = c("TILED=YES", "COMPRESS=DEFLATE", "PREDICTOR=3"))
))
