"""From logs to everything that a user gets: files, and what is printed."""
