"""Why loads are undecided, and what would tell. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgeload.plain_words import listed, sentence
from edgeload.read.analysis.capacity import LoadShortfall
from edgeload.read.analysis.finding import Finding
from edgeload.read.words.finding_words import message
from edgeload.read.words.loads import Loads
from edgeload.read.words.longer_steps import repeat_with
from edgeload.read.words.objective_words import to_tell

_TOO_SHORT = {"too_short", "undecided"}


def undecided_loads(undecided: Sequence[LoadShortfall], loads: Loads) -> Iterator[str]:
    """A sentence for the loads of each reason: what is unknown, and what would tell."""
    for alike, reason in by_reason(undecided):
        clients = [load.clients for load in alike]
        verb = "is" if [loads.count(each) for each in clients] == [1] else "are"
        yield sentence(f"{loads.several(clients)} {verb} undecided: {reason}")


def by_reason(loads: Sequence[LoadShortfall]) -> Iterator[tuple[list[LoadShortfall], str]]:
    """Loads by why they are undecided: the backlog, an objective, or whatever else."""
    objective = [load for load in loads if {s.code for s in load.shortfalls} == {"undecided"}]
    backlog = [
        load
        for load in loads
        if load not in objective and {s.code for s in load.shortfalls} <= _TOO_SHORT
    ]
    if backlog:
        yield backlog, _too_short(backlog)
    if objective:
        yield objective, _objective_undecided(objective)
    others: dict[str, list[LoadShortfall]] = {}
    for load in loads:
        if load not in backlog and load not in objective:
            reason = "; ".join(message(shortfall) for shortfall in _that_count(load))
            others.setdefault(reason, []).append(load)
    for reason, alike in others.items():
        yield alike, reason


def _that_count(load: LoadShortfall) -> Sequence[Finding]:
    """Of an INVALID step that alone: whatever else it shows may be our own machine's doing."""
    return [each for each in load.shortfalls if each.code == "invalid"] or load.shortfalls


def _too_short(loads: Sequence[LoadShortfall]) -> str:
    """What steps would tell; the least length of all is not enough for most loads."""
    found = [s for load in loads for s in load.shortfalls if s.code == "too_short"]
    known = [s.numbers["step_s"] for s in found if s.numbers["measured"]]
    least = [s.numbers["step_s"] for s in found if not s.numbers["measured"]]
    steps = "the step is" if len(loads) == 1 else "the steps are"
    groups = list(dict.fromkeys(s.group for s in found if s.group))
    said = f"{steps} too short to tell whether the endpoint keeps up"
    if groups:
        said += f" with {listed(groups)}"
    if known:
        return f"{said}: {repeat_with(_longest(known))}"
    if least:
        few = "cameras" if groups else "clients"
        return (
            f"{said}: {repeat_with(_longest(least))} or more, several times as much with few {few} "
            "or near the capacity"
        )
    return said


def _objective_undecided(loads: Sequence[LoadShortfall]) -> str:
    found = [shortfall for load in loads for shortfall in load.shortfalls]
    texts = dict.fromkeys(
        f"{s.group}: {condition}" if s.group else condition
        for s in found
        for condition in [str(s.numbers["objective"]).rpartition(": ")[2]]
    )
    needed = [s.numbers["step_s_to_tell"] for s in found]
    longest = _longest(needed) if all(isinstance(s, float) for s in needed) else None
    have = "has" if len(loads) == 1 else "have"
    the = "the step" if len(loads) == 1 else "the steps"
    return f"{the} {have} too few answers for {listed(list(texts))}{to_tell(longest)}"


def _longest(seconds: Sequence[object]) -> float:
    return max(s for s in seconds if isinstance(s, float | int))
