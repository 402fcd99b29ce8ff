"""conftest.py: which tests run at the same time, seen in a small suite."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
from pathlib import Path

import as_a_user as user
import conftest
from conftest import LIGHT_LOADS, LONGEST, SIDE_BY_SIDE, TEST_BY_TEST

# Each test writes when it began and ended, by the clock that all processes share.
TIMED = """
import time
from pathlib import Path

def timed(name, wait):
    began = time.monotonic()
    wait()
    Path(name).write_text(f"{began} {time.monotonic()}")
"""
# Each test waits for the other file, and has a second one that lasts.
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
    timed("times_{kind}_{me}", wait)

def test_it_lasts():
    timed("times_{kind}_{me}_long", lambda: time.sleep({seconds}))
"""
ALONE = """
import time
from timed import timed

def test_one():
    timed("times_alone_{me}_one", lambda: time.sleep(0.2))

def test_two():
    timed("times_alone_{me}_two", lambda: time.sleep(0.2))
"""


def test_tests_have_the_company_that_they_may_have(tmp_path: Path) -> None:
    """Two files of SIDE_BY_SIDE meet, and so do two of LIGHT_LOADS, but none of one kind a test of
    the other; and beside a test of any other file there is none.
    """
    tests = tmp_path / "tests"
    tests.mkdir()
    shutil.copy(user.ROOT / "tests" / "conftest.py", tests)
    (tests / "timed.py").write_text(TIMED)
    for kind, entries in (("side", SIDE_BY_SIDE), ("load", LIGHT_LOADS)):
        files = [entry for entry in entries if entry.endswith(".py")][:2]
        names = [Path(file).stem for file in files]
        for file, me, other, seconds in zip(files, names, names[::-1], (0.1, 1.0), strict=True):
            (tests / file).parent.mkdir(exist_ok=True)
            text = MEETING.format(kind=kind, me=me, other=other, seconds=seconds)
            (tests / file).write_text(text)
    for name in ("pace", "rate"):
        (tests / f"test_{name}_only.py").write_text(ALONE.format(me=name))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "2", "-c", user.ROOT / "pyproject.toml",
         "--rootdir", tmp_path, "-p", "no:cacheprovider", "--basetemp", tmp_path / "temp", "tests"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    spans = {
        path.name.removeprefix("times_"): tuple(map(float, path.read_text().split()))
        for path in tmp_path.glob("times_*")
    }
    assert len(spans) == 12

    def met(one: str, other: str) -> bool:
        return spans[one][0] < spans[other][1] and spans[other][0] < spans[one][1]

    meetings = [
        {one.split("_")[0], other.split("_")[0]}
        for one, other in itertools.combinations(spans, 2)
        if met(one, other)
    ]
    assert {"side"} in meetings
    assert {"load"} in meetings
    assert [kinds for kinds in meetings if kinds not in ({"side"}, {"load"})] == []


def test_the_lists_name_what_exists() -> None:
    """A file that was moved is not forgotten in a list, and none is in both."""
    entries = (*SIDE_BY_SIDE, *LIGHT_LOADS)
    for entry in entries:
        assert (user.ROOT / "tests" / entry).exists(), entry
    assert len(set(entries)) == len(entries)


def test_the_longest_exist() -> None:
    """Each is a test of a file of TEST_BY_TEST, by its full name, and those are LIGHT_LOADS."""
    assert set(TEST_BY_TEST) <= set(LIGHT_LOADS)
    for name in LONGEST:
        file, _, test = name.partition("::")
        assert file in TEST_BY_TEST
        assert f"\ndef {test}(" in (user.ROOT / "tests" / file).read_text(), test


def test_tests_that_are_handed_out_one_by_one_share_nothing() -> None:
    """No fixture of theirs lives longer than a test: each process would make it again."""
    for file in TEST_BY_TEST:
        assert "scope=" not in (user.ROOT / "tests" / file).read_text(), file


def test_a_unit_is_a_file_or_one_of_the_tests_of_a_file() -> None:
    """Of TEST_BY_TEST a test by its full name, with its parameters; otherwise the file."""
    one = f"tests/{TEST_BY_TEST[0]}::test_it[a::b]"
    assert conftest._unit_of(one) == one
    assert conftest._unit_of("tests/run/test_wire.py::test_it[a::b]") == "tests/run/test_wire.py"
