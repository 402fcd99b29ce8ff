"""What is not the same on two sides of a comparison, and for which logs nobody can tell. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from edgeload.read.analysis.run_summary import RunSummary
from edgeload.records import Header
from edgeload.settings.fields import not_measured

Side = Sequence[RunSummary]
"""One side of a comparison: the runs of one or several logs."""


@dataclass(frozen=True)
class Difference:
    """A setting, version or fact that is not the same in all runs, as texts.

    `old` and `new` have each value that the runs of the side have, once.
    """

    name: str
    old: str
    new: str


def differences(old: Side, new: Side) -> tuple[Difference, ...]:
    """What else was not the same: settings, machine, versions, pictures, endpoint.

    All runs that say it are looked at, also those of one side among each other. What only one
    side's version of the log says is left out: it may have been the same.
    """
    before, after = ([dict(_facts(header)) for header in _headers(side)] for side in (old, new))
    if not before or not after:
        return ()
    names = dict.fromkeys(name for facts in (*before, *after) for name in facts)
    found = []
    for name in names:
        texts = [
            list(dict.fromkeys(_text(facts[name]) for facts in side if name in facts))
            for side in (before, after)
        ]
        if not all(texts):
            continue
        if len({*texts[0], *texts[1]}) > 1:
            found.append(Difference(name, *(" | ".join(each) for each in texts)))
    return tuple(found)


def without_header(old: Side, new: Side) -> tuple[str, ...]:
    """Names of the logs that do not say with which settings, machine and versions they were made.

    Those are logs of the older form.
    """
    names = (run.log.path.name for run in chain(old, new) if run.log.header is None)
    return tuple(dict.fromkeys(names))


def measured_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that change what is measured, sorted by name."""
    ignored = not_measured()
    return {name: settings[name] for name in sorted(settings) if name not in ignored}


def endpoint_facts(endpoint: Mapping[str, Any]) -> dict[str, Any]:
    """The endpoint; the embedded one has another free port each time, also in its description."""
    if endpoint.get("embedded"):
        return {"embedded": str(endpoint["embedded"]).split("(", 1)[-1].removesuffix(")")}
    return dict(endpoint)


def _headers(side: Side) -> list[Header]:
    return [run.log.header for run in side if run.log.header is not None]


def _facts(header: Header) -> Iterator[tuple[str, Any]]:
    rooms: tuple[tuple[str, Mapping[str, Any]], ...] = (
        ("", measured_settings(header.settings)),
        ("endpoint", endpoint_facts(header.endpoint)),
        ("machine", header.machine),
        ("version of", header.versions),
        ("pictures", header.images),
    )
    for room, facts in rooms:
        for name in sorted(facts):
            yield f"{room} {name}".strip(), facts[name]


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return "-" if value is None else str(value)
