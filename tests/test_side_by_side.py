"""conftest.py: which tests run side by side and which alone, seen in a small suite."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import as_a_user as user
from conftest import SIDE_BY_SIDE

# Each test writes when it began and ended, by the clock that all processes share.
TIMED = """
import time
from pathlib import Path

def timed(name, wait):
    began = time.monotonic()
    wait()
    Path(name).write_text(f"{began} {time.monotonic()}")
"""
MEETING = """
import time
from pathlib import Path
from timed import timed

def test_it_meets_the_other():
    def wait():
        Path("here_{me}").touch()
        until_s = time.monotonic() + 30
        while not Path("here_{other}").exists():
            assert time.monotonic() < until_s, "nobody beside me"
            time.sleep(0.01)
    timed("times_{me}", wait)

def test_it_lasts():
    timed("times_{me}_long", lambda: time.sleep({seconds}))
"""
ALONE = """
import time
from timed import timed

def test_one():
    timed("times_{me}_one", lambda: time.sleep(0.2))

def test_two():
    timed("times_{me}_two", lambda: time.sleep(0.2))
"""


def test_a_test_that_judges_times_has_no_other_beside_it(tmp_path: Path) -> None:
    """Two files of SIDE_BY_SIDE run at the same time, and no test of another file beside any."""
    tests = tmp_path / "tests"
    for folder in ("read", "edge"):
        (tests / folder).mkdir(parents=True)
    shutil.copy(user.ROOT / "tests" / "conftest.py", tests)
    (tests / "timed.py").write_text(TIMED)
    for folder, other, seconds in (("read", "edge", 0.1), ("edge", "read", 1.0)):
        text = MEETING.format(me=folder, other=other, seconds=seconds)
        (tests / folder / f"test_{folder}_only.py").write_text(text)
    for name in ("load", "pace"):
        (tests / f"test_{name}.py").write_text(ALONE.format(me=name))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "2", "-c", user.ROOT / "pyproject.toml",
         "--rootdir", tmp_path, "-p", "no:cacheprovider", "tests"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    times = {
        path.name.removeprefix("times_"): tuple(map(float, path.read_text().split()))
        for path in tmp_path.glob("times_*")
    }
    assert len(times) == 8
    assert max(times["read"][0], times["edge"][0]) < min(times["read"][1], times["edge"][1])
    for alone in (name for name in times if name.startswith(("load", "pace"))):
        began, ended = times[alone]
        others = {name: span for name, span in times.items() if name != alone}
        assert not [name for name, span in others.items() if span[0] < ended and began < span[1]]


def test_what_runs_side_by_side_exists() -> None:
    """A file that was moved is not forgotten in the list; none is there twice."""
    for entry in SIDE_BY_SIDE:
        assert (user.ROOT / "tests" / entry).exists(), entry
    assert len(set(SIDE_BY_SIDE)) == len(SIDE_BY_SIDE)
