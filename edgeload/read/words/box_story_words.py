"""What the box says about itself, in lines and rows. Pure."""

from __future__ import annotations

from edgeload.box_records import BoxDetector, BoxFacts
from edgeload.plain_words import listed, plural, some_of
from edgeload.read.analysis.box_story import BoxChange, BoxStory
from edgeload.read.statistics.format import milliseconds

_MOST_NAMED = 3
_DIGEST = "sha256:"
_DIGEST_CHARS = 12
_NAMES = {
    "deploy_time": "deployment of the model of {about}",
    "pipeline": "pipeline of {about}",
    "mode": "mode of {about}",
    "query": "query of {about}",
    "enabled": "edge inference of {about}",
    "always_edge": "always_return_edge_prediction of {about}",
    "edge_only": "edge-only configuration of {about}",
    "min_time_between_escalations_s": "time between escalations of {about}",
    "image": "image of {about}",
    "audit_rate": "confident_audit_rate",
    "detector": "detector {about}",
}


def change_words(change: BoxChange) -> str:
    """`the image of inference-server, from …:1111 to …:2222`."""
    what = _NAMES[change.what].format(about=change.about)
    if change.before is None:
        return f"the {what}, which was added"
    if change.after is None:
        return f"the {what}, which was removed"
    return f"the {what}, from {_brief(change.before)} to {_brief(change.after)}"


def box_line(story: BoxStory | None) -> str:
    """The box in one line: its device, images, what else is loaded; empty if it says nothing."""
    facts = story.before if story else None
    if story is None or facts is None:
        return ""
    others = len(story.others or ())
    parts = [
        " ".join(
            [
                facts.device_name or facts.device_id or "",
                f"({facts.cpu_cores} cores)" if facts.cpu_cores else "",
                facts.flavour or "",
            ]
        ).strip(),
        *(f"{name} {_brief(image)}" for name, image in facts.images.items()),
        f"{plural(others, 'other detector')} loaded" if others else "",
        f"round trip {milliseconds(story.round_trip.tcp_s)} ms" if story.round_trip else "",
    ]
    said = "; ".join(" ".join(part.split()) for part in parts if part.strip())
    return f"Box: {said}." if said else ""


def box_rows(story: BoxStory | None) -> dict[str, str]:
    """The same as rows of a table: every fact by its name."""
    if story is None:
        return {}
    rows: dict[str, str | None] = {}
    facts = story.before or story.after
    if facts is not None:
        rows |= _rows_of(facts)
    if story.round_trip is not None:
        tls = story.round_trip.tls_s
        more = "" if tls is None else f", and {milliseconds(tls)} ms for the TLS handshake"
        rows["round trip of the network"] = f"{milliseconds(story.round_trip.tcp_s)} ms{more}"
    if story.changes:
        rows["changed during the run"] = "; ".join(map(change_words, story.changes))
    return {name: text for name, text in rows.items() if text}


def _rows_of(facts: BoxFacts) -> dict[str, str | None]:
    rate = facts.confident_audit_rate
    rows: dict[str, str | None] = {
        "device": " ".join(filter(None, (facts.device_name, facts.device_id))),
        "cores": str(facts.cpu_cores) if facts.cpu_cores else None,
        "inference flavour": facts.flavour,
        "confident audit rate": None if rate is None else f"{rate:g}",
    }
    rows |= {f"image of {name}": image for name, image in facts.images.items()}
    rows |= {f"detector {each.detector_id}": _detector(each) for each in facts.detectors or ()}
    return rows | {"not known": listed(facts.not_known) or None}


def _detector(detector: BoxDetector) -> str:
    kind = {True: "edge-only", False: "not edge-only", None: ""}[detector.edge_only]
    parts = (
        detector.name,
        detector.mode,
        f"“{detector.query}”" if detector.query else "",
        kind,
        detector.status,
        f"model deployed {detector.deploy_time}" if detector.deploy_time else "",
    )
    return ", ".join(part for part in parts if part)


def others_words(names: tuple[str, ...]) -> str:
    """Some of the other detectors by their names: `door, person and 3 more`."""
    return some_of(names, _MOST_NAMED)


def _brief(text: str) -> str:
    """A digest by its first characters."""
    name, found, digest = text.partition(_DIGEST)
    if not found:
        return text
    return f"{name.rpartition('/')[2].removesuffix('@')} {digest[:_DIGEST_CHARS]}".strip()
