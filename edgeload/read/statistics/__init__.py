"""Statistics that know nothing of load tests, and how numbers are written. Pure."""
