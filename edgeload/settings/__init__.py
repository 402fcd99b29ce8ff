"""The settings of a run: each one is declared once, in `fields`.

Everything else is made from the declarations: the options and `--help`, the table in
docs/settings.md, and the list of settings that a comparison ignores. A test holds config.py's
comments and values to them.
"""

from edgeload.child_processes import TOKEN
from edgeload.settings.resolved import Settings
from edgeload.settings.resolving import SettingError, resolve

__all__ = ["TOKEN", "SettingError", "Settings", "resolve"]
