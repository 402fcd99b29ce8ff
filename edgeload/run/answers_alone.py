"""What pictures got without load, before the run: what follows from it, in values and words. Pure.

Each picture is asked twice. A model may by itself give a picture now this answer and now that one,
and then a change under load would mean nothing.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from edgeload.failure_classes import failure_class
from edgeload.plain_words import listed, plural
from edgeload.run.picture_answers import Expected
from edgeload.run.preflight_rules import PreflightQuery, answered
from edgeload.run.tasks import DetectorTask, GroupTask, WorkerTask

PASSES = 2
"""How often each picture is asked."""
TRIES = 2
"""How often it is asked for one answer, before its failure ends the run."""
_MOST_NAMED = 4


@dataclass(frozen=True)
class AnswersAlone:
    """What the pictures of a group got from one detector, one request at a time.

    `start_s` and `end_s` are seconds on the host's monotonic clock.
    """

    group: str
    detector_id: str
    expected: Expected
    start_s: float
    end_s: float

    @property
    def unstable(self) -> int:
        """How many pictures got two different answers."""
        return self.expected.count(None)

    @property
    def counts(self) -> dict[str, int]:
        """How many of the others got each answer, the most frequent first."""
        return dict(Counter(one.answer.said for one in self.expected if one).most_common())

    @property
    def models(self) -> list[str]:
        """The keys of the models that gave them, as far as the answers name them."""
        return sorted({one.answer.model for one in self.expected if one and one.answer.model})


Pairs = Mapping[tuple[str, str], Expected]
"""The expected answers by the group's name and the detector's id."""


def detectors_of(group: GroupTask) -> tuple[DetectorTask, ...]:
    """Every detector that gets a group's pictures, those of its chain included."""
    return (group.detector, *(link.detector for link in group.then))


def asked_pairs(groups: Sequence[GroupTask]) -> dict[tuple[str, str], tuple[GroupTask, str]]:
    """For each group and detector the ones to ask: groups with the same pictures share them."""
    first: dict[tuple[object, str], tuple[GroupTask, str]] = {}
    pairs = {}
    for group in groups:
        for detector in detectors_of(group):
            detector_id = detector.detector_id
            asked = first.setdefault((group.pictures, detector_id), (group, detector_id))
            pairs[group.name, detector_id] = asked
    return pairs


def with_expected(task: WorkerTask, expected: Pairs) -> WorkerTask:
    """The task of a worker that compares answers with these."""

    def known(group: GroupTask, detector: DetectorTask) -> DetectorTask:
        return replace(detector, expected=expected[group.name, detector.detector_id])

    groups = tuple(
        replace(
            group,
            detector=known(group, group.detector),
            then=tuple(replace(link, detector=known(group, link.detector)) for link in group.then),
        )
        for group in task.groups
    )
    return replace(task, groups=groups)


def usual_s(queries: Sequence[PreflightQuery]) -> dict[str, float]:
    """The median time in seconds of a good query before the run, by the detector's id."""
    times: dict[str, list[float]] = {}
    for query in queries:
        if query.good:
            times.setdefault(query.detector_id, []).append(query.done_s - query.sent_s)
    return {detector_id: statistics.median(own) for detector_id, own in times.items()}


def intended(pictures: Mapping[str, int], query_s: Mapping[str, float]) -> str:
    """What is about to be asked, and how long that takes if it is known; one line.

    `pictures` and `query_s` are by the detector's id: how many it gets, and how long one takes.
    """
    queries = PASSES * sum(pictures.values())
    about = ""
    if pictures.keys() <= query_s.keys():
        seconds = sum(PASSES * count * query_s[one] for one, count in pictures.items())
        about = f", about {seconds:.2g} s" if seconds < 100 else f", about {seconds:.0f} s"
    return (
        "Every picture is asked twice without load, for the answers to compare with: "
        f"{queries:,} image queries, one after the other{about}."
    )


def found(alone: AnswersAlone, *, is_mix: bool = False) -> list[str]:
    """What the pictures got, in lines; a warning if some of them cannot be compared."""
    pictures, unstable, counts = len(alone.expected), alone.unstable, alone.counts
    whose = f"Detector {alone.detector_id} without load"
    if is_mix:
        whose += f", pictures of group {alone.group}"
    lines = []
    if len(counts) == 1 and pictures > 1 and not unstable:
        lines.append(
            f"{whose}: {next(iter(counts))} for all {pictures:,} pictures, so an answer to the "
            "wrong picture would not show."
        )
    elif counts:
        named = [f"{said} for {count:,}" for said, count in counts.items()]
        rest = len(named) - _MOST_NAMED
        if rest > 0:
            named = [*named[:_MOST_NAMED], f"{plural(rest, 'other answer')}"]
        lines.append(f"{whose}: {listed(named)} of {plural(pictures, 'picture')}.")
    if unstable:
        lines.append(
            f"WARNING: {unstable:,} of {plural(pictures, 'picture')}"
            f"{answers_of_group(alone.group, is_mix)} got two different answers from detector "
            f"{alone.detector_id} without any load; they "
            "are not compared. It gives "
            "changing answers by itself, so others of them may change in the run too."
        )
    return lines


def answers_of_group(name: str, is_mix: bool) -> str:
    """Whose pictures they are; with a single group that need not be said."""
    return f" of group {name}" if is_mix else ""


def no_answer(url: str, picture: str, query: PreflightQuery) -> str:
    """The line for a picture, `12` or `12 of group door`, that twice got no good answer."""
    return (
        f"ENDPOINT_URL = {url}: picture {picture} got {answered(query)} from detector "
        f"{query.detector_id} without load, {TRIES} times; "
        f"{failure_class(query.result.outcome).advice}; --no-check-answers sends the load all the "
        "same"
    )


def nothing_to_compare(url: str, picture: str, detector_id: str) -> str:
    """The line for an answer that says nothing about its picture that could be compared."""
    return (
        f"ENDPOINT_URL = {url}: the answer of detector {detector_id} to picture {picture} has "
        "neither a label nor a count, so it cannot be compared; --no-check-answers sends the load "
        "all the same"
    )
