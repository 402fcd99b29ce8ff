"""One run whose load is made by many machines: see the map of the package."""
