"""Makes the detectors of a mix, primes them, configures the box for them, and undoes all of it."""
