"""Text to decimal years: names, product ids, tables, metadata."""
