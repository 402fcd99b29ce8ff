"""The search for the capacity: which load is tried next, for how long, and when to stop."""
