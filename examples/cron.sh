#!/bin/sh
# Every night, after new exports have come in:
#   15 3 * * *  /home/me/cron.sh /data/exports /data/trend.tif
# cron mails what is printed: with --quiet, warnings and errors. Nothing is computed where nothing is
# new, and exports that are still being copied are waited for. The old map stays until the new one is
# complete, and a run that fails or is killed leaves it alone. A second run says who writes the map
# and since when, and ends.
set -eu
exec pixeltrend slope "$1/*.tiff" -o "$2" --update --settle 60 --quiet
