"""What the three scripts and the entry point `edgeload` share: one module per command."""
