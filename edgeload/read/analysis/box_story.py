"""What the box said about itself before a run and after it, and what changed meanwhile. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from edgeload.box_records import BoxDetector, BoxFacts, RoundTrip
from edgeload.read.log.columns import RunLog

_OF_DETECTOR = (
    "deploy_time",
    "pipeline",
    "mode",
    "query",
    "enabled",
    "always_edge",
    "edge_only",
    "min_time_between_escalations_s",
)
"""What a change of makes a run's figures those of two boxes. A status comes and goes."""


@dataclass(frozen=True)
class BoxChange:
    """Something that was another after the run; None: it was not there.

    `what` is "image", "detector", "audit_rate", or the name of a field of BoxDetector. `about` is
    the container or the detector, whose id is `detector_id` if it was there before and after.
    """

    what: str
    about: str
    before: str | None
    after: str | None
    detector_id: str = ""


@dataclass(frozen=True)
class BoxStory:
    """`others` are the detectors that are loaded beside those of the run; None: not known."""

    before: BoxFacts | None
    after: BoxFacts | None
    changes: tuple[BoxChange, ...]
    others: tuple[str, ...] | None
    round_trip: RoundTrip | None


def box_story(log: RunLog) -> BoxStory | None:
    """What a log says of its box; None: nothing."""
    told = log.box_said(BoxFacts)
    before = next((facts for facts in told if facts.at_s < 0), None)
    after = next((facts for facts in reversed(told) if facts.at_s >= 0), None)
    round_trip = next(iter(log.box_said(RoundTrip)), None)
    if before is None and after is None and round_trip is None:
        return None
    changes = tuple(_changes(before, after)) if before and after else ()
    return BoxStory(before, after, changes, _others(log, before), round_trip)


def asked_detectors_of(log: RunLog) -> set[str]:
    """The ids of the detectors that a run asked, in lower case."""
    if log.header is None:
        return set()
    asked = {str(log.header.endpoint.get("detector_id") or "")}
    for group in log.header.plan.groups:
        asked |= {group.detector_id, *(link.detector_id for link in group.then)}
    return {each.lower() for each in asked if each}


def _others(log: RunLog, facts: BoxFacts | None) -> tuple[str, ...] | None:
    if facts is None or facts.detectors is None:
        return None
    asked = asked_detectors_of(log)
    return tuple(
        each.name or each.detector_id
        for each in facts.detectors
        if each.detector_id.lower() not in asked and each.enabled is not False
    )


def _changes(before: BoxFacts, after: BoxFacts) -> Iterator[BoxChange]:
    """What both say differently. What only one of them says may have been the same."""
    if before.images and after.images:
        yield from _different("image", before.images, after.images)
    rates = before.confident_audit_rate, after.confident_audit_rate
    if None not in rates and rates[0] != rates[1]:
        yield BoxChange("audit_rate", "", f"{rates[0]:g}", f"{rates[1]:g}")
    if before.detectors is None or after.detectors is None:
        return
    was = {each.detector_id: each for each in before.detectors}
    now = {each.detector_id: each for each in after.detectors}
    for detector_id in sorted(was.keys() | now.keys()):
        one, other = was.get(detector_id), now.get(detector_id)
        if one is None or other is None:
            name = (one or other or BoxDetector(detector_id)).name or detector_id
            there = ("loaded", None) if one else (None, "loaded")
            yield BoxChange("detector", name, *there)
        else:
            yield from _of_detector(one, other)


def _of_detector(one: BoxDetector, other: BoxDetector) -> Iterator[BoxChange]:
    for name in _OF_DETECTOR:
        before, after = getattr(one, name), getattr(other, name)
        if before is not None and after is not None and before != after:
            about = other.name or other.detector_id
            yield BoxChange(name, about, str(before), str(after), other.detector_id)


def _different(
    what: str, before: Mapping[str, str], after: Mapping[str, str]
) -> Iterator[BoxChange]:
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield BoxChange(what, name, before.get(name), after.get(name))
