"""The Edge Endpoint from outside: its address, its readiness, its detectors, and whom to trust."""
