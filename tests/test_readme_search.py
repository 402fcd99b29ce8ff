"""The search for a capacity that README shows runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from readme_commands import SEARCH, cloned, sh


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh clone."""
    return cloned(tmp_path_factory.mktemp("clone"))


@pytest.mark.slow
@pytest.mark.parametrize("command", SEARCH)
def test_every_command_of_the_search_runs(clone: Path, command: str) -> None:
    """It finds one, in a clone."""
    assert sh(command, clone).stdout.strip()
