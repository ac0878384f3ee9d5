"""The version of the package."""

__version__ = "0.1.0"

NUMBERS = 1
"""Counts the changes of what pixeltrend computes from the same inputs and options: it goes up when
any bit of any output changes, and not with releases that change none."""
