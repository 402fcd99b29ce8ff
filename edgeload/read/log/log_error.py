"""What is wrong with a log as a whole: in a module that loads nothing else."""

from __future__ import annotations


class LogError(ValueError):
    """A log that cannot be read at all; the message is one line for the user."""
