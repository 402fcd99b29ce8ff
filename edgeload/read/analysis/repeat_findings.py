"""Findings about several runs of one measurement: codes and numbers. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from edgeload.read.analysis.finding import Finding, most_damaging_first
from edgeload.read.analysis.repeats import Repeats

_WORST = 3
_ENOUGH_RUNS = 3


def repeat_findings(repeats: Repeats) -> tuple[Finding, ...]:
    """What a reader of these runs should know, the most damaging first."""
    return most_damaging_first(_findings(repeats))


def _findings(repeats: Repeats) -> Iterator[Finding]:
    yield from _left_out(repeats)
    yield from _differing(repeats)
    yield from _disagreeing_capacities(repeats)
    yield from _disagreeing_figures(repeats)
    yield from _without_capacity(repeats)
    runs = len(repeats.counted)
    if 0 < runs < _ENOUGH_RUNS:
        yield Finding("few_runs", "note", numbers={"runs": runs})


def _left_out(repeats: Repeats) -> Iterator[Finding]:
    for index, run in enumerate(repeats.runs):
        if run.left_out:
            yield Finding(
                "run_left_out",
                "warning",
                numbers={
                    "run": index + 1,
                    "log": run.log,
                    "why": run.left_out,
                    "codes": run.invalid,
                },
                about=str(index + 1),
            )


def _differing(repeats: Repeats) -> Iterator[Finding]:
    """Facts that are not the same in all runs."""
    facts = [repeats.runs[index].facts for index in repeats.counted]
    names = [name for name in (facts[0] if facts else {}) if all(name in f for f in facts)]
    found = {name: tuple(dict.fromkeys(each[name] for each in facts)) for name in names}
    differing = {name: texts for name, texts in found.items() if len(texts) > 1}
    if differing:
        yield Finding("runs_differ", "warning", numbers={"facts": differing})


def _disagreeing_capacities(repeats: Repeats) -> Iterator[Finding]:
    capacity = repeats.capacity
    if capacity is None or not capacity.disagrees:
        return
    known = [(b, index) for b, index in zip(capacity.brackets, repeats.counted, strict=True) if b]
    most, carried_by = max(known, key=lambda each: each[0].low)
    refused = [(b.high, index) for b, index in known if b.high is not None]
    least, refused_by = min(refused)
    yield Finding(
        "capacities_disagree",
        "warning",
        numbers={
            "carried": most.low,
            "carried_by_run": carried_by + 1,
            "not_carried": least + 1,
            "not_carried_by_run": refused_by + 1,
            **_unit(repeats),
        },
    )


def _disagreeing_figures(repeats: Repeats) -> Iterator[Finding]:
    found = [figure for figure in repeats.all_figures if figure.disagrees]
    if not found:
        return
    worst = sorted(found, key=lambda f: -f.scatter.ratio if f.scatter else 0.0)[:_WORST]
    yield Finding(
        "runs_disagree",
        "warning",
        numbers={
            "figures": len(found),
            "tested": repeats.tested,
            "worst": tuple(
                {
                    "figure": figure.name,
                    "load": figure.load.load if figure.load else None,
                    "group": figure.load.group if figure.load else "",
                    "runs": tuple(run.value for run in figure.runs),
                    "within": figure.within,
                    "ratio": figure.scatter.ratio if figure.scatter else None,
                }
                for figure in worst
            ),
            **_unit(repeats),
        },
    )


def _unit(repeats: Repeats) -> dict[str, str | None]:
    """What the runs' loads are counted in."""
    unit = repeats.runs[repeats.counted[0]].unit
    return {"over": unit.over, "ramped": unit.group}


def _without_capacity(repeats: Repeats) -> Iterator[Finding]:
    if repeats.capacity is None:
        return
    without = [
        index + 1
        for bracket, index in zip(repeats.capacity.brackets, repeats.counted, strict=True)
        if bracket is None
    ]
    if without:
        yield Finding(
            "runs_without_capacity",
            "warning",
            numbers={"runs": tuple(without), "counted": len(repeats.counted)},
        )
