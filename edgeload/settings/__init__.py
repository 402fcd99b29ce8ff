"""The settings of a run: each one is declared once, in `fields`.

Everything else is made from the declarations: the options and `--help`, the table in
docs/settings.md, and the list of settings that a comparison ignores. A test holds config.py's
comments and values to them.

These names are loaded when they are asked for (PEP 562): a report needs single settings only.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgeload.child_processes import TOKEN
    from edgeload.settings.resolved import Settings
    from edgeload.settings.resolving import resolve
    from edgeload.settings.setting_error import SettingError

__all__ = ["TOKEN", "SettingError", "Settings", "resolve"]
_PLACES = {
    "TOKEN": "edgeload.child_processes",
    "SettingError": "edgeload.settings.setting_error",
    "Settings": "edgeload.settings.resolved",
    "resolve": "edgeload.settings.resolving",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)
