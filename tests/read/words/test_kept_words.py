"""A kept run in few words says what its summary says, and no more."""

from __future__ import annotations

import pytest

from edgeload.kept_runs import KeptName
from edgeload.read.analysis.kept_answer import KeptAnswer, KeptCount, KeptVerdict
from edgeload.read.words.kept_words import answer_words, how_to_remove, size_words


def kept(
    *found: KeptCount, runs: int = 1, verdict: KeptVerdict = "VALID", other: str = ""
) -> KeptAnswer:
    """A run, or a series, with these capacities."""
    return KeptAnswer("F", KeptName("T", 1, ""), "", "", runs, verdict, found, other, (), 1, 2_000)


def ramp(value: float, noun: str = "client", *, limited: bool = True) -> KeptCount:
    """What a ramp found."""
    return KeptCount(value, noun, limited, 2 * value, False, None, None)


def search(value: float, noun: str, low: float | None, high: float | None) -> KeptCount:
    """What a search found."""
    return KeptCount(value, noun, high is not None, 2 * value, True, low, high)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (kept(ramp(38)), "38 clients (76.0/s)"),
        (kept(ramp(1, "copy", limited=False)), "at least 1 copy (2.00/s)"),
        (kept(ramp(3, "copy")), "3 copies (6.00/s)"),
        (kept(search(40, "client", 39, 41)), "40 clients [39 to 41]"),
        (kept(search(40, "camera", 39, None)), "40 cameras [39 to no limit]"),
        (kept(search(0.125, "request/s", 0.12, 0.13)), "0.125 requests/s [0.12 to 0.13]"),
        (kept(search(1_234_567, "client", None, None)), "1,234,567 clients"),
        (kept(), "capacity unknown"),
        (kept(verdict="INVALID"), "capacity unknown"),
        (kept(verdict="NO RESULT"), "-"),
        (kept(verdict="no results"), "-"),
        (kept(verdict="running"), "-"),
        (kept(other="cache audit: no cache"), "cache audit: no cache"),
        (kept(ramp(30), ramp(30), runs=2), "2 runs: 30 clients"),
        (kept(ramp(40), ramp(30), ramp(38), runs=3), "3 runs: 30 to 40 clients"),
        (kept(ramp(30, limited=False), runs=2), "2 runs: at least 30 clients, 1 unknown"),
        (kept(runs=2), "2 runs"),
    ],
)
def test_the_answer_in_few_words(answer: KeptAnswer, words: str) -> None:
    """A capacity in what it is counted in, with its interval if it has one."""
    assert answer_words(answer) == words


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (12_345, "12 kB"), (3.4e9, "3.4 GB")],
)
def test_a_size_has_two_digits(size: float, words: str) -> None:
    """Decimal units, as disks have them."""
    assert size_words(int(size)) == words


def test_what_all_runs_take_and_how_to_have_fewer() -> None:
    """Nothing is removed by itself."""
    assert how_to_remove([kept(), kept()], "r") == (
        "2 kept runs, 4.0 kB in all. Nothing removes them by itself: to forget one, delete its "
        "folder in r."
    )
