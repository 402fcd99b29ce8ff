"""The resource that limits the endpoint, in sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from edgeload.plain_words import sentence
from edgeload.read.analysis.limit_result import Limit
from edgeload.read.words.finding_words import advice, message

_NAMES = {
    "inference_gpu": "the inference GPU, {about}",
    "inference_workers": "the inference workers",
    "detector_pod": "the pod of detector {about}",
    "proxy_cpu": "the CPU of the endpoint's proxy",
    "host_cpu": "the host's CPU",
    "connection_limit": "the proxy's number of connections",
    "network": "the network to the endpoint",
    "thermal": "the heat of {about}",
    "power": "the power limit of {about}",
    "memory": "the host's memory",
    "generator": "this machine, which generates the load",
    "cloud": "the cloud",
    "unknown": "not known",
}
_ROOM = "limit_room"


def limit_name(limit: Limit) -> str:
    """The resource by its name: `the inference workers`, `the pod of detector door`."""
    return _NAMES[limit.resource].format(about=limit.about)


def limit_sentences(limit: Limit | None) -> Iterator[str]:
    """What limits, how sure that is, what shows it, and what has room. Nothing if nothing is known.

    Our own machine's limit is said by what makes the run INVALID, and is no answer about the
    endpoint.
    """
    if limit is None or limit.resource in ("unknown", "generator"):
        return
    shown = [message(each) for each in limit.evidence if each.code != _ROOM]
    yield sentence(
        f"The limit is {limit_name(limit)} ({limit.confidence} confidence): {'; '.join(shown)}"
    )
    for each in limit.evidence:
        if each.code == _ROOM:
            yield sentence(message(each))


def limit_evidence(limit: Limit) -> list[str]:
    """Each piece of evidence as a sentence."""
    return [sentence(message(each)) for each in limit.evidence]


def limit_advice(limit: Limit) -> str | None:
    """What to try; None if nothing was found."""
    first = next((each for each in limit.evidence if each.code != _ROOM), None)
    return advice(first) if first is not None else None
