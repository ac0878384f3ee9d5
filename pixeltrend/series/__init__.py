"""Patterns to a Series, and a Series to chunks of values."""
