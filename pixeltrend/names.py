from pixeltrend.dates import times_from_names as times_from_names
