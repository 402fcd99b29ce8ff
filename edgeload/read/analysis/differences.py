"""What is not the same on two sides of a comparison, and for which logs nobody can tell. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import msgspec

from edgeload.kept_runs import log_label
from edgeload.read.analysis.box_story import asked_detectors_of
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.records import GroupRecord
from edgeload.settings.fields import not_measured

OWN_CHANCE = ("seed", "pictures")
"""What differs between the runs of a series on purpose begins with these: each has its own seed."""

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
    side's version of the log says is left out: it may have been the same. Two series with the same
    seeds on each side do not differ in them.
    """
    before, after = ([facts_of(run) for run in side if run.log.header] for side in (old, new))
    if not before or not after:
        return ()
    names = dict.fromkeys(name for facts in (*before, *after) for name in facts)
    found = []
    for name in names:
        texts = [
            list(dict.fromkeys(facts[name] for facts in side if name in facts))
            for side in (before, after)
        ]
        if not all(texts):
            continue
        alike = set(texts[0]) == set(texts[1]) and name.startswith(OWN_CHANCE)
        if len({*texts[0], *texts[1]}) > 1 and not alike:
            found.append(Difference(name, *(" | ".join(each) for each in texts)))
    return tuple(found)


def facts_of(run: RunSummary) -> dict[str, str]:
    """Settings, machine, versions, pictures and endpoint of a run as texts; none in older logs."""
    return {name: _text(value) for name, value in _facts(run)} if run.log.header else {}


def without_header(old: Side, new: Side) -> tuple[str, ...]:
    """Names of the logs that do not say with which settings, machine and versions they were made.

    Those are logs of the older form.
    """
    names = (log_label(run.log.path) for run in chain(old, new) if run.log.header is None)
    return tuple(dict.fromkeys(names))


def measured_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that change what is measured, sorted by name."""
    ignored = not_measured()
    return {name: settings[name] for name in sorted(settings) if name not in ignored}


def endpoint_facts(endpoint: Mapping[str, Any]) -> dict[str, Any]:
    """The endpoint; the embedded one has another free port each time, also in its description.

    How it answers counts, and not who has configured it so.
    """
    if endpoint.get("embedded"):
        return {"embedded": str(endpoint["embedded"]).split("(", 1)[-1].removesuffix(")")}
    return {name: fact for name, fact in endpoint.items() if name != "no_cloud_set"}


def _facts(run: RunSummary) -> Iterator[tuple[str, Any]]:
    header = run.log.header
    assert header is not None
    groups = header.plan.groups if run.groups else []
    yield "camera groups", [group.name for group in groups] or None
    rooms: tuple[tuple[str, Mapping[str, Any]], ...] = (
        *((f"group {group.name}", _group_facts(group)) for group in groups),
        *((f"pictures of {group.name}", group.images) for group in groups),
        ("", measured_settings(header.settings)),
        ("endpoint", endpoint_facts(header.endpoint)),
        ("box", _box_facts(run)),
        ("model of", {each: _models(run, each) for each in run.models.detectors}),
        ("machine", {n: fact for n, fact in header.machine.items() if n != "worker_cpus"}),
        ("version of", header.versions),
        ("pictures", header.images),
    )
    for room, facts in rooms:
        for name in sorted(facts):
            yield f"{room} {name}".strip(), facts[name]


def _models(run: RunSummary, detector_id: str) -> str:
    """The keys of a detector's models, in the order in which they answered."""
    return ", then ".join(span.model for span in run.models.of(detector_id))


def _box_facts(run: RunSummary) -> dict[str, Any]:
    """What the box said of itself before the run, without what it did not say."""
    facts = run.box.before if run.box else None
    if run.box is None or facts is None:
        return {}
    asked = asked_detectors_of(run.log)
    own = [d for d in facts.detectors or () if d.detector_id.lower() in asked]
    told: dict[str, Any] = {
        "device": facts.device_id,
        "cores": facts.cpu_cores,
        "flavour": facts.flavour,
        **{f"image of {name}": image for name, image in facts.images.items()},
        "other detectors loaded": None if run.box.others is None else len(run.box.others),
        **{f"model of {d.name or d.detector_id} deployed": d.deploy_time for d in own},
        **{f"pipeline of {d.name or d.detector_id}": d.pipeline for d in own},
    }
    if run.log.header and run.log.header.endpoint.get("embedded"):  # deployed anew each time
        told = {name: value for name, value in told.items() if not name.endswith(" deployed")}
    return {name: value for name, value in told.items() if value is not None}


def _group_facts(group: GroupRecord) -> dict[str, Any]:
    """What is said about a camera group, beside its pictures."""
    facts = msgspec.structs.asdict(group)
    del facts["name"], facts["images"]
    if group.requests_per_second is None:
        facts["requests_per_second"] = "max"  # as a mix file says it
    facts["then"] = [f"{link.requests} to {link.detector_id}" for link in group.then]
    return facts


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return "-" if value is None else str(value)
