"""The calibration that README shows runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from readme_commands import CALIBRATION, cloned, sh


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh clone."""
    return cloned(tmp_path_factory.mktemp("clone"))


@pytest.mark.slow
@pytest.mark.parametrize("command", CALIBRATION)
def test_the_calibration_runs(clone: Path, command: str) -> None:
    """In a clone; it runs alone, because it needs a whole processor."""
    assert sh(command, clone).stdout.strip()
