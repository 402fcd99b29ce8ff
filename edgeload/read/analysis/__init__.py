"""Columns -> steps, run, capacity, validity, objectives, comparison: numbers and codes. Pure."""
