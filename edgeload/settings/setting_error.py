"""Why settings are refused: in a module that loads nothing else."""

from __future__ import annotations


class SettingError(ValueError):
    """A setting is not legal: one line per setting with its name, its value and what is legal."""
