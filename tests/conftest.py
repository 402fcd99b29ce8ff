"""Makes the helpers beside the tests importable, and runs most tests side by side.

A run of the whole suite has one process for each processor, and each takes a file of tests at a
time. Tests of the files of `SIDE_BY_SIDE` come first. After them, those of all other files run one
at a time: they judge times, rates or the verdict about a real load, which a busy processor changes.
"""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

_TESTS = Path(__file__).parent
_ROOMS = ("read", "host", "search", "simulator")
sys.path[:0] = [str(_TESTS), *(str(_TESTS / room) for room in _ROOMS)]

# Files, and folders with all files in them, whose tests also pass on a busy machine: they
# calculate, or they judge what was sent, said and written, but not how fast. In this order, the
# longest first. A file that is not here runs alone.
SIDE_BY_SIDE = (
    "test_interpreters.py",
    "read",
    "test_said_and_written.py",
    "test_before_the_run.py",
    "test_cli.py",
    "run/test_clients.py",
    "run/test_connection.py",
    "test_entry_point.py",
    "test_images_folder.py",
    "test_parse_load_test_logs.py",
    "test_benchmarks.py",
    "test_architecture.py",
    "edge",
    "host/test_plots.py",
    "run/test_images.py",
    "run/test_preflight_queries.py",
    "run/test_trial_schedule.py",
    "search/test_driver.py",
    "search/test_judging.py",
    "search/test_live_log.py",
    "search/test_strategy.py",
    "settings",
    "simulator/test_inference_theory.py",
    "simulator/test_queueing.py",
)

# An example of a property may take long where other tests run beside it.
settings.register_profile("side by side", settings(), deadline=None)
settings.load_profile("side by side")


def _file_of(nodeid: str) -> str:
    """The file of a test, relative to this folder."""
    return nodeid.split("::", 1)[0].removeprefix(f"{_TESTS.name}/")


def _turn_of(nodeid: str) -> int:
    """The place of a test's file in SIDE_BY_SIDE; the place after the last if it runs alone."""
    file = _file_of(nodeid)
    for turn, entry in enumerate(SIDE_BY_SIDE):
        if file == entry or file.startswith(f"{entry}/"):
            return turn
    return len(SIDE_BY_SIDE)


def _is_alone(nodeid: str) -> bool:
    return _turn_of(nodeid) == len(SIDE_BY_SIDE)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Processes for `-n auto`: as many as processors for a folder, none for files by name."""
    folders = [Path(word.split("::", 1)[0]).is_dir() for word in config.args]
    return len(os.sched_getaffinity(0)) if any(folders) else 0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In the order of SIDE_BY_SIDE, then the others; within a file as they stand in it."""
    items.sort(key=lambda item: _turn_of(item.nodeid))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """A test that runs alone waits for the last tests of other processes, and keeps them waiting.

    Waiting does not count as time of the test. All processes lock this file.
    """
    with Path(__file__).open("r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX if _is_alone(item.nodeid) else fcntl.LOCK_SH)
        try:
            return (yield)
        finally:
            # Closing is not enough: a process that the test has left may hold the file open.
            fcntl.flock(lock, fcntl.LOCK_UN)
