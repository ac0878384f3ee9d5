#!/bin/sh
# Every night, after new exports have come in:
#   15 3 * * *  /home/me/cron.sh /data/exports /data/trend.tif
# cron mails what is printed: with --quiet, warnings and errors. The old map stays until the new one
# is complete, and a run that fails or is killed leaves it alone. flock keeps two runs apart.
set -eu
exec flock -n "$2.lock" pixeltrend slope "$1/*.tiff" -o "$2" --quiet
