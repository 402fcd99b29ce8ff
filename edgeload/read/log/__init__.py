"""A log, of either form, read into columns; large ones by several processes."""
