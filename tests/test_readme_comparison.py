"""The runs that README compares, and their comparison."""

from __future__ import annotations

from pathlib import Path

import pytest
from readme_commands import COMPARISON, cloned, sh


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh clone."""
    return cloned(tmp_path_factory.mktemp("clone"))


@pytest.mark.slow
@pytest.mark.parametrize("command", COMPARISON)
def test_every_command_of_the_comparison_runs(clone: Path, command: str) -> None:
    """In the order in which README shows them, in a clone."""
    assert sh(command, clone).stdout.strip()
