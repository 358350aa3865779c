"""Typed settings with ranges and help; plain data, no behaviour."""
