"""What is shown: one specification for each figure, its title and its lines. Pure."""
