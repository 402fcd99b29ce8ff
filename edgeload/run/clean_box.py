"""What speaks against a box as the only thing that is measured. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from edgeload.edge.configuration import EdgeConfiguration
from edgeload.plain_words import plural, some_of
from edgeload.run.box_watch import SaidBefore

BUSY_PERCENT = 10.0
"""A box that does nothing is less busy than this."""
_MOST_NAMED = 3


def against_clean_box(
    said: SaidBefore | None, asked: Collection[str], configurations: Sequence[EdgeConfiguration]
) -> list[str]:
    """Each reason as a clause; `asked` are the ids of the run's detectors. None: it is clean.

    What the box does not say is a reason as well: nobody knows then.
    """
    return list(_reasons(said, {each.lower() for each in asked}, configurations))


def _reasons(
    said: SaidBefore | None, asked: set[str], configurations: Sequence[EdgeConfiguration]
) -> Iterator[str]:
    if said is None or said.facts.detectors is None:
        yield "the box does not say which detectors are loaded"
    else:
        others = [
            each.name or each.detector_id
            for each in said.facts.detectors
            if each.detector_id.lower() not in asked and each.enabled is not False
        ]
        if others:
            named = some_of(others, _MOST_NAMED)
            verb = "is" if len(others) == 1 else "are"
            yield f"{plural(len(others), 'other detector')} {verb} loaded ({named})"
    use = {} if said is None else {"CPU": said.cpu_percent, "GPU": said.gpu_percent}
    for name, busy in use.items():
        if busy is not None and busy > BUSY_PERCENT:
            yield f"its {name} is {busy:.0f} % busy before the run"
    if any(each.edge_only is not True for each in configurations):
        yield "a detector is not edge-only, so queries may go to the cloud"
