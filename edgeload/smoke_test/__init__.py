"""A few quick checks, from the name look-up to one answer of each detector."""
