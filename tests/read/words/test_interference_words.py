"""What groups do to each other, in words."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from edgeload.interference_plan import Level
from edgeload.read.analysis.influence import Influence, InfluenceVerdict
from edgeload.read.analysis.interference import AloneFigures, Interference
from edgeload.read.statistics.paired_ratios import PairedRatio, paired_ratio
from edgeload.read.words.interference_words import (
    interference_headline,
    interference_method,
    interference_rows,
    ratio_words,
    some_steps_invalid,
)


def ratio(*values: float) -> PairedRatio:
    found = paired_ratio(np.ones(len(values)), np.array(values), 1e3)
    assert found is not None
    return found


ONE = ratio(1.0, 1.0, 1.0)


def influence(
    group: str,
    beside: str,
    verdict: InfluenceVerdict = "same",
    level: Level = "full",
    throughput: PairedRatio | None = ONE,
    p95: PairedRatio | None = ONE,
    rounds_to_tell: int | None = None,
) -> Influence:
    return Influence(
        group, beside, level, 4, 6, 10, throughput, p95, False, verdict, rounds_to_tell
    )


def found_of(*influences: Influence) -> Interference:
    alone = (
        AloneFigures("door", 4, 5.0, 20.0, 0.0612),
        AloneFigures("person", 6, None, None, None),
    )
    return Interference(10, 6.0, alone, influences, (), 0, 0)


def test_who_slows_whom_comes_first() -> None:
    """With the highest level that is worse, p95 or throughput or both, and their intervals."""
    p95 = ratio(2.0, 2.1, 2.2)
    said = interference_headline(
        found_of(
            influence("door", "person", "undecided", "half"),
            influence("door", "person", "worse", p95=p95),
            influence("person", "door", "worse", throughput=ratio(0.5, 0.5, 0.51)),
        )
    )
    assert said == (
        f"person slows door: beside 6 person cameras, door's p95 is 2.10 times ({p95.low:.2f} to "
        f"{p95.high:.2f}) as long as alone. door slows person: beside 6 door cameras, person's "
        "throughput is 50 % (49 to 52 %) of what it is alone."
    )


def test_a_p95_without_end_is_never() -> None:
    """Infinity is not a number in a sentence."""
    lost = influence("door", "person", "worse", p95=ratio(math.inf, math.inf, 50.0))
    said = interference_headline(found_of(replace(lost, level="half")))
    assert "door's p95 is never answered, because more than 5 % of its frames get" in said
    assert "beside half of its load (6 person cameras)" in said
    assert "inf" not in said


@pytest.mark.parametrize(
    ("influences", "said"),
    [
        (
            [influence("door", "person"), influence("person", "door")],
            "No group slows another: beside each other, throughput stays within 10 % and p95 "
            "within 25 % of what they are alone.",
        ),
        (
            [influence("door", "person", "undecided", rounds_to_tell=34)],
            "No group is shown to slow another. Undecided: door beside person. Repeat with "
            "--interference-rounds 34.",
        ),
        (
            [influence("door", "person", "not measured", throughput=None, p95=None)],
            "What the groups do to each other is unknown: not one round counts.",
        ),
        (
            [
                influence("door", "person"),
                influence("person", "door", "not measured", throughput=None, p95=None),
            ],
            "No group is shown to slow another. Not measured: person beside door.",
        ),
        (
            [influence("door", "person", "better", p95=ratio(0.5, 0.5, 0.5))],
            "No group is shown to slow another. Faster than alone: door beside person. Something "
            "other than the groups changed between their steps: repeat the run.",
        ),
    ],
)
def test_only_what_was_measured_is_the_same(influences: list[Influence], said: str) -> None:
    """No evidence is never green (method 16)."""
    assert interference_headline(found_of(*influences)) == said


def test_rounds_that_were_left_out_are_why_comparisons_are_undecided() -> None:
    """Many are counted, not named, with how many had too few rounds; each row has its own."""
    few = replace(influence("door", "g0", "undecided", rounds_to_tell=12), rounds=2)
    others = [influence("door", f"g{i}", "undecided") for i in (1, 2, 3)]
    found = found_of(few, *others, influence("person", "door"))
    assert interference_headline(found) == (
        "No group is shown to slow another. 4 of 5 comparisons are undecided, 1 of them because "
        "fewer than 3 rounds were left. Repeat with --interference-rounds 20."
    )
    assert [row.rounds for row in interference_rows(found) if row.beside] == ["2 of 10", *[""] * 4]


def test_what_was_left_out_is_counted_beside_valid() -> None:
    """With the number of all steps, and whose fault it is."""
    found = replace(found_of(), invalid_steps=4)
    assert some_steps_invalid(found, 30).startswith("VALID: 4 of 30 steps are left out because our")
    assert some_steps_invalid(replace(found, invalid_steps=1), 9).startswith(
        "VALID: 1 of 9 steps is"
    )


def test_many_pairs_are_counted() -> None:
    """Three are named."""
    worse = [influence(f"g{i}", "door", "worse", p95=ratio(2.0, 2.0, 2.0)) for i in range(5)]
    said = interference_headline(found_of(*worse))
    assert said.count(" slows ") == 3
    assert said.endswith("2 more pairs in the table.")


def test_the_method_names_loads_and_what_does_not_count() -> None:
    """Cameras and rates of the full load, groups without a half, steps that were left out."""
    found = replace(found_of(), without_half=("gate",), invalid_steps=1, left_over_steps=2)
    assert interference_method(found) == (
        "Measured in 10 rounds of steps of 6 s: each group alone, then each pair with one or both "
        "at full load (door: 4 cameras at 5 requests/s; person: 6 cameras in a closed loop). gate "
        "has one camera, so there is no half. 1 INVALID step not counted. 2 steps not counted, "
        "because the endpoint was still busy with the step before: use a longer --warmup and "
        "--time-between-ramp."
    )


def test_rows_are_groups_alone_and_what_stands_beside_them() -> None:
    """Absolute figures alone, ratios below; a dash for no data."""
    rows = interference_rows(
        found_of(
            influence("door", "person", level="half"),
            influence("person", "door", "not measured", throughput=None, p95=None),
        )
    )
    texts = [(r.group, r.beside, r.cameras, r.throughput, r.p95, r.verdict) for r in rows]
    assert texts == [
        ("door", "", "4 cameras", "20.0/s", "61.2 ms", ""),
        ("door", "person", "6 (half)", "1.00", "1.00", "same"),
        ("person", "", "6 cameras", "-", "-", ""),
        ("person", "door", "6", "-", "-", "not measured"),
    ]


def test_ratios_have_two_decimals_and_their_limits() -> None:
    """Fewer decimals where they are large; what limits take if there are none."""
    assert ratio_words(ratio(2.0, 2.0)) == "2.00 (needs 3 rounds)"
    assert ratio_words(ratio(12.3, 12.3, 12.31)).startswith("12.3")
    assert ratio_words(ratio(math.inf, math.inf, math.inf)).startswith("never (")
    assert ratio_words(ratio(0.5, 1.0, 2.0)) == "1.00 (0.18 to 5.59)"
