"""A kept run in few words. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from edgeload.plain_words import plural
from edgeload.read.analysis.kept_answer import KeptAnswer, KeptCount
from edgeload.read.statistics.format import number


def answer_words(kept: KeptAnswer) -> str:
    """`38 clients (76.0/s)`, `3 runs: 36 to 40 clients`, or what was measured beside a capacity."""
    if kept.other:
        return kept.other
    if kept.runs == 1:
        unknown = "capacity unknown" if kept.verdict in ("VALID", "INVALID") else "-"
        return _capacity(kept.capacities[0]) if kept.capacities else unknown
    runs = plural(kept.runs, "run")
    if not kept.capacities:
        return runs
    values = [count.value for count in kept.capacities]
    span = " to ".join(dict.fromkeys((_exact(min(values)), _exact(max(values)))))
    least = "" if all(found.limited for found in kept.capacities) else "at least "
    left = kept.runs - len(kept.capacities)
    more = f", {left} unknown" if left else ""
    return f"{runs}: {least}{span} {_nouns(kept.capacities[0].noun, max(values))}{more}"


def how_to_remove(answers: Sequence[KeptAnswer], output_dir: str) -> str:
    """What all kept runs take, and how to have fewer."""
    taken = size_words(sum(kept.all_bytes for kept in answers))
    return (
        f"{plural(len(answers), 'kept run')}, {taken} in all. Nothing removes them by itself: to "
        f"forget one, delete its folder in {output_dir}."
    )


def size_words(size: int) -> str:
    """`512 B`, `12 kB`, `3.4 MB`."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.{0 if size >= 10 * factor else 1}f} {unit}"
    return f"{size} B"


def _capacity(found: KeptCount) -> str:
    text = f"{_exact(found.value)} {_nouns(found.noun, found.value)}"
    if found.searched:
        high = "no limit" if found.high is None else _exact(found.high)
        return text if found.low is None else f"{text} [{_exact(found.low)} to {high}]"
    rate = "" if found.per_s is None else f" ({number(found.per_s)}/s)"
    return f"{'' if found.limited else 'at least '}{text}{rate}"


def _exact(value: float) -> str:
    """As a summary has it: counts are whole."""
    return f"{value:,.10g}"


def _nouns(noun: str, value: float) -> str:
    if noun == "request/s":
        return "requests/s"
    return plural(1 if value == 1 else 2, noun).split()[1]
