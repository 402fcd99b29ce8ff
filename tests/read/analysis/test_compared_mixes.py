"""Two sides that are mixes: each camera group is compared with itself, at as many copies."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
import synthetic_log as sl
from mix_runs import MIX, mix_run, played

import parse_load_test_logs
from edgeload.camera_group import CameraGroup
from edgeload.plan import mix_plan
from edgeload.read.analysis.compared_mixes import loads_to_compare
from edgeload.read.analysis.comparison import Comparison, compare
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.read.words.comparison_words import capacities_words, comparison_headline
from edgeload.read.words.finding_words import message
from edgeload.records import Request

STEADY: dict[str, Any] = {"sigma": 0.01, "step_s": 30.0, "servers": {"person": 4, "label": 4}}
"""Runs in which nothing is left to chance but the phases of the cameras."""


def words(comparison: Comparison) -> dict[str, str]:
    assert comparison.mix is not None
    return {group.name: group.verdict for group in comparison.mix.groups}


def of_group(comparison: Comparison, group: str) -> set[str]:
    """The quantities that were compared of a group."""
    return {r.quantity for r in comparison.rows if r.load and r.load.group == group and not r.why}


def test_the_same_mix_is_the_same_in_all_groups(tmp_path: Path) -> None:
    """With other phases; all loads are matched by copies, in total and by group."""
    old, new = (mix_run(tmp_path, str(seed), seed=seed, **STEADY) for seed in (1, 2))
    found = compare([old], [new])
    assert found.verdict == "same"
    assert words(found) == {"door": "same", "person": "same", "label": "same"}
    loads = list(dict.fromkeys(row.load for row in found.rows if row.load))
    assert [(load.copies, load.group, load.clients, load.arrival_per_s) for load in loads] == [
        (copies, group, cameras * copies, rate * copies)
        for copies in (1, 2)
        for group, cameras, rate in (
            ("", 12, 40.0), ("door", 4, 20.0), ("person", 6, 12.0), ("label", 2, 8.0)
        )
    ]  # fmt: skip
    assert comparison_headline(found).startswith(
        "Same: at every load, throughput and times of door, person and label changed by less than"
    )


def test_a_run_of_a_mix_compared_with_itself_is_the_same(tmp_path: Path) -> None:
    """Whatever is in it: an overloaded group, too few answers for a p95."""
    one = mix_run(tmp_path, "a", copies=(1, 3), step_s=8.0, slower={"person": 1.6})
    found = compare([one], [one])
    assert (found.verdict, set(words(found).values())) == ("same", {"same"})


def test_one_slower_group_is_found_and_named(tmp_path: Path) -> None:
    """Person's service takes 40 % longer: worse, in the words, the file and the table."""
    for name, seed, slower in (("old", 1, 1.0), ("new", 2, 1.4)):
        mix_run(tmp_path, name, seed=seed, step_s=40.0, slower={"person": slower})
    arguments = [str(tmp_path / "new"), "--baseline", str(tmp_path / "old")]
    out = tmp_path / "out"
    code = parse_load_test_logs.main([*arguments, "--output-dir", str(out), "--fail-if-worse"])
    values = json.loads((out / "comparison.json").read_text())
    assert (code, values["word"]) == (3, "worse")
    assert {row["group"] for row in values["deciding"]} <= {"person", None}
    assert values["deciding"][0]["group"] == "person"
    by_group = {group["name"]: group["word"] for group in values["groups"]}
    assert by_group["person"] == "worse"
    assert {by_group["door"], by_group["label"]} <= {"same", "undecided"}
    assert values["verdict"].startswith("Worse: person response p")
    assert {(row["copies"], row["group"]) for row in values["rows"]} == {
        (copies, group) for copies in (1, 2) for group in (None, "door", "person", "label")
    }


def pairs(tmp_path: Path, count: int, slower: Mapping[str, float]) -> list[Comparison]:
    return [
        compare(
            [mix_run(tmp_path, f"{i}a", seed=2 * i)],
            [mix_run(tmp_path, f"{i}b", seed=2 * i + 1, slower=slower)],
        )
        for i in range(count)
    ]


@pytest.mark.slow
def test_exactly_the_slower_group_is_worse(tmp_path: Path) -> None:
    """40 %: person is worse, and no other group changed, in 19 of 20 pairs of runs."""
    found = [words(comparison) for comparison in pairs(tmp_path, 20, {"person": 1.4})]
    right = [
        each["person"] == "worse" and {each["door"], each["label"]} <= {"same", "undecided"}
        for each in found
    ]
    assert sum(right) >= 19


@pytest.mark.slow
def test_the_same_mix_is_not_called_different(tmp_path: Path) -> None:
    """Three groups and their total at two loads are many looks at chance; still 19 of 20."""
    found = [comparison.verdict for comparison in pairs(tmp_path, 20, {})]
    assert sum(verdict in ("same", "undecided") for verdict in found) >= 19


def failing(group: str, every: int) -> Callable[[Request], Request]:
    """One of so many requests of a group ends in an error."""

    def changed(request: Request) -> Request:
        if request.group != group or request.request_number % every:
            return request
        return msgspec.structs.replace(
            request, success=False, outcome="http_503", status=503, error="503", from_edge=None
        )

    return changed


def test_errors_of_one_group_are_its_own(tmp_path: Path) -> None:
    """A tenth of label's requests fail: of all requests a fiftieth, of the other groups' none."""
    old = mix_run(tmp_path, "a", step_s=40.0)
    new = mix_run(tmp_path, "b", step_s=40.0, seed=2, changed=failing("label", 10))
    found = compare([old], [new])
    assert (found.verdict, words(found)["label"]) == ("worse", "worse")
    assert {words(found)[name] for name in ("door", "person")} <= {"same", "undecided"}
    assert comparison_headline(found).startswith("Worse: label ")
    assert {row.load.group for row in found.deciding if row.load} <= {"label", ""}
    assert ("label", "errors") in {(r.load.group, r.quantity) for r in found.deciding if r.load}
    share = {
        row.load.group: row.new
        for row in found.rows
        if row.quantity == "errors" and row.load and row.load.copies == 2
    }
    assert share["label"] == pytest.approx(0.1, abs=0.02)
    assert share[""] == pytest.approx(0.02, abs=0.01)
    assert (share["door"], share["person"]) == (0.0, 0.0)


def test_a_group_that_was_not_compared_is_never_the_same(tmp_path: Path) -> None:
    """All others are the same, and the verdict stays open; the capacity is no answer either."""
    old = mix_run(tmp_path, "a", **STEADY)
    new = mix_run(tmp_path, "b", groups=(replace(MIX[0], cameras=3), *MIX[1:]), **STEADY)
    found = compare([old], [new])
    assert words(found) == {"door": "not comparable", "person": "same", "label": "same"}
    assert found.verdict == "undecided"


def test_a_percentile_between_two_groups_leaves_no_verdict_open(tmp_path: Path) -> None:
    """One answer of twenty takes ten times as long: p95 of all is one or the other, by chance."""
    groups = (CameraGroup("fast", 76, 5.0), CameraGroup("slow", 4, 5.0))
    sides = [
        mix_run(tmp_path, str(seed), groups=groups, copies=(1,), step_s=25.3, seed=seed, sigma=0.01,
                servers={"fast": 76, "slow": 4}, slower={"fast": 0.2, "slow": 2.0})
        for seed in (1, 2)
    ]  # fmt: skip
    found = compare(sides[:1], sides[1:])
    of_all = {row.quantity: row.verdict for row in found.rows if row.load and not row.load.group}
    assert of_all["response p95"] != "same"
    assert (found.verdict, words(found)) == ("same", {"fast": "same", "slow": "same"})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cameras": 5}, "cameras in a copy 4 before, 5 after"),
        ({"requests_per_second": 4.0}, "requests/s 5 before, 4 after"),
        ({"requests_per_second": None}, "requests/s 5 before, as fast as answers come after"),
        ({"arrivals": "poisson"}, "arrivals constant before, poisson after"),
        ({"late": "skip"}, "when late queue before, skip after"),
        ({"requests_per_frame": 3}, "further requests of a frame none before, 2 after"),
    ],
)
def test_a_group_whose_load_was_changed_is_not_compared(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    """The others are, and the verdict is never "same"; nor is there a total or a capacity."""
    old = mix_run(tmp_path, "a")
    new = mix_run(tmp_path, "b", groups=(replace(MIX[0], **change), *MIX[1:]))
    found = compare([old], [new])
    assert found.verdict == "undecided"
    assert words(found)["door"] == "not comparable"
    assert {row.load.group for row in found.rows if row.load} == {"person", "label"}
    assert found.capacity is None
    headline = comparison_headline(found)
    assert headline.startswith(f"Undecided: door: its load is not the same ({said})")
    assert "; door: not comparable" in headline or ": door: not comparable" in headline
    assert "copies, of each side's own mix" in capacities_words(found)
    names = [difference.name for difference in found.differences]
    assert names[0].startswith("group door ")


def test_a_group_of_one_side_is_not_comparable(tmp_path: Path) -> None:
    """It says so, and names the groups of both sides; without any in common nothing is left."""
    old = mix_run(tmp_path, "a")
    new = mix_run(tmp_path, "b", groups=MIX[:2], slower={"person": 2.0})
    found = compare([old], [new])
    assert (found.verdict, words(found)["label"]) == ("worse", "not comparable")
    assert "label: not comparable" in comparison_headline(found)
    assert found.differences[0].name == "camera groups"
    assert (found.differences[0].old, found.differences[0].new) == (
        "door,person,label", "door,person"
    )  # fmt: skip
    other = compare([mix_run(tmp_path, "c", groups=MIX[2:])], [new])
    assert other.verdict == "not comparable"
    assert set(words(other).values()) == {"not comparable"}
    assert [message(why) for why in other.why] == [
        "label: the new side has no such group",
        "door: the old side has no such group",
        "person: the old side has no such group",
    ]


def test_a_mix_and_cameras_of_one_kind_have_no_load_in_common(tmp_path: Path) -> None:
    """Either way round, and whatever their numbers of clients; exit code 6."""
    mix = mix_run(tmp_path, "mix", copies=(1,))
    plain_played = sl.play(sl.plan_of((12,), 20.0, 5.0), servers=8, service=sl.constant(0.02))
    sl.write(tmp_path / "plain", plain_played)
    plain = analyse(read_log(tmp_path / "plain"))
    for old, new, side in ((mix, plain, "old"), (plain, mix, "new")):
        found = compare([old], [new])
        assert (found.verdict, found.rows, found.mix) == ("not comparable", (), None)
        assert comparison_headline(found) == (
            f"Not comparable: the {side} side has a mix of camera groups (door, person and label), "
            "the other has cameras of one kind, so no load is the same."
        )
    arguments = [str(tmp_path / "mix"), "--baseline", str(tmp_path / "plain"), "--fail-if-worse"]
    assert parse_load_test_logs.main([*arguments, "--output-dir", str(tmp_path / "r")]) == 6


def test_a_closed_loop_is_compared_by_throughput_and_service_time(tmp_path: Path) -> None:
    """It has no plan to be late for, and its answers weigh in no share or time of all groups."""
    groups = (MIX[0], CameraGroup("fast", 2, None))
    sides = [
        mix_run(
            tmp_path, name, groups=groups, seed=seed, slower={"fast": slower}, servers={"fast": 2}
        )
        for name, seed, slower in (("a", 1, 1.0), ("b", 2, 1.4))
    ]
    found = compare([sides[0]], [sides[1]])
    assert of_group(found, "fast") == {
        "throughput", "errors", "escalated", "service p50", "service p95", "service p99"
    }  # fmt: skip
    assert of_group(found, "") == {"throughput"}
    assert (found.verdict, words(found)["fast"]) == ("worse", "worse")
    assert words(found)["door"] in ("same", "undecided")
    row = next(r for r in found.rows if r.load and r.load.group == "fast")
    assert row.load is not None
    assert (row.quantity, row.load.arrival_per_s, row.load.clients) == ("throughput", None, 2)
    assert row.shift == pytest.approx(1 / 1.4 - 1, abs=0.03)


def test_frames_of_several_requests_are_compared_as_frames(tmp_path: Path) -> None:
    """Throughput, misses and response times count frames; service times are those of requests."""
    chain = replace(MIX[0], requests_per_frame=3)
    sides = [
        mix_run(
            tmp_path, name, groups=(chain, MIX[1]), servers={"door": 16}, seed=seed, slower=slow
        )
        for name, seed, slow in (("a", 1, {}), ("b", 2, {"door": 1.4}))
    ]
    found = compare([sides[0]], [sides[1]])
    assert (found.verdict, words(found)["door"]) == ("worse", "worse")
    row = {
        r.quantity: r for r in found.rows if r.load and (r.load.group, r.load.copies) == ("door", 1)
    }
    assert row["throughput"].old == pytest.approx(20.0, abs=1.0)
    assert (row["missed"].old, row["missed"].new) == (0.0, 0.0)
    assert row["service p50"].old == pytest.approx(0.05, rel=0.05)
    assert row["response p50"].old == pytest.approx(0.106, rel=0.1)  # one, then the slower of two
    assert row["response p50"].shift == pytest.approx(0.4, abs=0.08)


def test_only_loads_of_the_same_cameras_match(tmp_path: Path) -> None:
    """Three copies of a group beside the others are another load than three of the mix."""
    whole = mix_run(tmp_path, "a", copies=(1, 3), step_s=6.0)
    door = mix_run(tmp_path, "b", copies=(1, 3), step_s=6.0, ramp_group="door")
    found = loads_to_compare([whole], [door])
    assert {load.load.copies for load in found.matched} == {1}
    assert [(each.side, each.load.copies, each.load.clients) for each in found.one_sided] == [
        ("new", 3, 20), ("old", 3, 36)
    ]  # fmt: skip
    assert not found.same_mix
    none = loads_to_compare([mix_run(tmp_path, "c", copies=(2,), step_s=6.0)], [door])
    assert [message(why) for why in none.why_none] == [
        "the old side had 2 copies of the mix, the new side 1 and 3 copies of door, so no load was "
        "the same"
    ]


def test_steps_in_which_only_some_cameras_send_match_by_cameras(tmp_path: Path) -> None:
    """A group that does not send is not compared; one alone has no total beside itself."""
    everything, door, two = (8, 12, 4), (8, 0, 0), (8, 6, 0)
    sides = []
    for seed, cameras in ((1, (everything, door, two)), (2, (door, door, two))):
        plan = mix_plan(MIX, (2, 2, 2), 12.0, seed)
        steps = zip(plan.steps, cameras, strict=True)
        plan = replace(plan, steps=tuple(replace(step, cameras=own) for step, own in steps))
        what = played(plan, seed, {})
        sides.append([analyse(read_log(sl.write(tmp_path / str(seed), what)))])
    found = loads_to_compare(sides[0], sides[1])
    assert [(m.load.group, dict(m.load.cameras), len(m.new)) for m in found.matched] == [
        ("door", {"door": 8}, 2),
        ("", {"door": 8, "person": 6}, 1),
        ("door", {"door": 8, "person": 6}, 1),
        ("person", {"door": 8, "person": 6}, 1),
    ]
    assert [(each.side, dict(each.load.cameras)) for each in found.one_sided] == [
        ("old", {"door": 8, "person": 12, "label": 4})
    ]


def test_the_capacity_is_compared_in_copies(tmp_path: Path) -> None:
    """Three copies before, two after: person's one worker is full with 36 frames/s of 30 ms."""
    old = mix_run(tmp_path, "a", copies=(1, 2, 3), step_s=15.0)
    new = mix_run(tmp_path, "b", copies=(1, 2, 3), step_s=15.0, seed=2, slower={"person": 1.4})
    found = compare([old], [new])
    assert found.capacity is not None
    assert (found.capacity.old, found.capacity.new) == (3.0, 2.0)
    assert capacities_words(found) == "Capacity in copies: at least 3 before, 2 after: undecided."
    assert found.capacity.why is not None
    assert message(found.capacity.why).startswith("the capacity was 3 copies before and 2 after")


def test_all_groups_together_show_what_each_is_too_small_to_show(tmp_path: Path) -> None:
    """Twelve groups with a frame every 2 s: no group has five windows, all of them have."""
    groups = [CameraGroup(f"g{i}", 1, 0.5) for i in range(12)]
    slower = {group.name: 2.0 for group in groups}
    old = mix_run(tmp_path, "a", groups=groups, copies=(1,), step_s=32.0)
    new = mix_run(tmp_path, "b", groups=groups, copies=(1,), step_s=32.0, seed=2, slower=slower)
    found = compare([old], [new])
    assert found.verdict == "worse"
    assert {row.load.group for row in found.deciding if row.load} == {""}
    assert set(words(found).values()) == {"undecided"}
    assert comparison_headline(found).startswith("Worse: response p")
    assert "; g0, g1, g2, g3, g4, g5 and 6 more: undecided." in comparison_headline(found)


def test_the_table_fits_whatever_the_groups_are_called(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No name is cut short, and no line is longer than 100 columns."""
    name = "cameras-at-the-loading-dock-of-hall-12"
    groups = (replace(MIX[0], name=name), MIX[1])
    for path, seed in (("old", 1), ("new", 2)):
        mix_run(tmp_path, path, groups=groups, seed=seed, slower={"person": float(seed)})
    arguments = [str(tmp_path / "new"), "--baseline", str(tmp_path / "old")]
    parse_load_test_logs.main([*arguments, "--output-dir", str(tmp_path / "r")])
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 100
    assert "…" not in text
    table = [line.split() for line in text.splitlines() if line.startswith(("copies", "     1"))]
    assert table[0][:2] == ["copies", "group"]
    assert table[1][:3] == ["1", "all", "throughput"]
