"""Options that say which statistics to compute, and how."""

from __future__ import annotations

from pixeltrend.cli.fields import options_from
from pixeltrend.reducers.options import StatsOptions

# --fdr alone stands for --fdr bh.
statistics_options = options_from(StatsOptions, {"fdr": {"is_flag": False, "flag_value": "bh"}})
