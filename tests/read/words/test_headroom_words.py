"""What fits beside a mix, in words: the answer first, then a line for each group."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from headroom_runs import SHARED_TRIALS, headroom_run, shared_pool

from edgeload.read.analysis.headroom_result import HeadroomResult
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.words.headline import headline
from edgeload.read.words.headroom_words import headroom_headline, headroom_lines
from edgeload.read.words.limit import limit

BASE = "door x5 at 4/s and person x3 at 2/s".replace(" x", " \N{MULTIPLICATION SIGN}")


def changed(
    summary: RunSummary, carried: bool | None, *limits: tuple[int | None, int, int | None]
) -> tuple[RunSummary, HeadroomResult]:
    """The same with other numbers for its groups: how many more, and the interval of that."""
    assert summary.headroom is not None
    (tier,) = summary.headroom.tiers
    groups = [
        replace(group, more=more, low=low, high=high, searched=True)
        for group, (more, low, high) in zip(tier.groups, limits, strict=True)
    ]
    tier = replace(tier, carried=carried, groups=tuple(groups))
    return summary, replace(summary.headroom, tiers=(tier,))


def test_the_answer_and_its_lines(tmp_path: Path) -> None:
    """The whole of a search whose truth is 3 more door or 7 more person."""
    summary = headroom_run(tmp_path / "run.log", shared_pool())
    said = headline(summary)
    assert said.startswith(f"{BASE} are carried; 3 more door")
    assert " or 7 more person" in said and said.endswith(" fit.")
    door, person, how = limit(summary).split("\n")
    assert door.startswith("door: 3 more fit") and "8 door cameras at 4/s in all" in door
    assert "At 9 door cameras, door: " in door and "backlog grew" in door
    assert person.startswith("person: 7 more fit") and "At 11 person cameras, " in person
    assert how.startswith("Found in 11 trials and ")


def test_how_many_more_fit_is_said_as_it_is_known(tmp_path: Path) -> None:
    """One number, an interval, a lower bound, nothing at all, and none."""
    summary = headroom_run(tmp_path / "run.log", shared_pool())

    def said(*limits: tuple[int | None, int, int | None], carried: bool | None = True) -> str:
        text = headroom_headline(*changed(summary, carried, *limits))
        assert text.startswith(BASE) or carried is None
        return text.removeprefix(f"{BASE} are ")

    assert said((5, 4, 6), (1, 1, 2)) == (
        "carried; 5 more door (4 to 6) or 1 more person (1 to 2) fit."
    )
    assert said((5, 5, 5), (1, 1, 1)) == "carried; 5 more door or 1 more person fit."
    assert said((5, 5, None), (0, 0, 1)) == (
        "carried; at least 5 more door or no more person (0 to 1) fit."
    )
    assert said((5, 5, 5), (None, -3, None)) == (
        "carried; 5 more door fit; how many more person fit was not found out."
    )
    assert said((-2, -3, -1), (-3, -3, -3), carried=False) == (
        "not carried: 2 door (1 to 3) too many; fewer person alone are not enough."
    )
    assert "what fits beside is unknown" in said((None, -5, None), (None, -3, None), carried=None)


def test_a_wide_interval_has_no_middle(tmp_path: Path) -> None:
    """A search that ended early knows between which numbers the answer lies, and no more."""
    trials = [("door", 5), ("door", 20), ("person", 40)]
    summary = headroom_run(tmp_path / "run.log", shared_pool(), trials)
    assert summary.headroom is not None
    door = summary.headroom.tiers[0].groups[0]
    assert door.high is not None and door.high - door.low > 2
    assert f"{door.low} to {door.high} more door" in headline(summary)
    line = headroom_lines(summary.headroom)[0]
    assert line.said == f"{door.low} to {door.high} more fit"
    assert line.load == "", "which load is carried is not known"


def test_a_group_that_was_not_searched_is_said_to_be_open(tmp_path: Path) -> None:
    """The search was stopped before its turn: 0 more would be a lie."""
    trials = [each for each in SHARED_TRIALS if each[0] == "door"]
    summary = headroom_run(tmp_path / "run.log", shared_pool(), trials)
    assert "how many more person fit was not found out" in headline(summary)
    assert "person: what fits was not found out." in limit(summary)


def test_each_tier_has_a_line(tmp_path: Path) -> None:
    """With its name in front, in the order in which the objectives name them."""
    slo = ["gold: door: p95<64ms", "silver: p95<5s"]
    trials = [*[("door", 5), ("door", 6)] * 2, *SHARED_TRIALS[1:6]]
    summary = headroom_run(tmp_path / "run.log", shared_pool(), trials, slo=slo)
    gold, silver = headline(summary).split("\n")
    assert gold.startswith(f"gold: {BASE} are carried; no more door")
    assert silver.startswith(f"silver: {BASE} are carried; 3 more door")
