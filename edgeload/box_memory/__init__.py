"""How much memory each detector takes of a box, and for how many more there is room."""
