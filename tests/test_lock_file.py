"""poetry.lock: it names a version of everything that pyproject.toml asks for."""

from __future__ import annotations

import re
from pathlib import Path

_ROOT = Path(__file__).parent.parent
_WANTED = re.compile(r'^ *"([A-Za-z0-9-]+)>=', re.MULTILINE)
_LOCKED = re.compile(r'^name = "([^"]+)"', re.MULTILINE)


def test_everything_that_the_project_needs_is_locked() -> None:
    """A package that was added without a new lock file is missing for users of Poetry."""
    wanted = {name.lower() for name in _WANTED.findall((_ROOT / "pyproject.toml").read_text())}
    locked = set(_LOCKED.findall((_ROOT / "poetry.lock").read_text()))
    assert {"groundlight", "pytest"} <= wanted
    assert not wanted - locked
