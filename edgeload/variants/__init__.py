"""Several configurations of the box, measured in turn and ranked by their capacity."""
