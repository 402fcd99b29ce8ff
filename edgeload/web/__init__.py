"""The report of a run as a page that grows while the run goes on, served on loopback."""
