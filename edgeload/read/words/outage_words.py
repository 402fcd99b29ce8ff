"""An outage in words. Pure."""

from __future__ import annotations

from edgeload.plain_words import plural
from edgeload.read.analysis.outages import Outage
from edgeload.time_words import moment


def outage_words(outage: Outage) -> str:
    """Down from when, for how long, recovered when, and what it cost."""
    lost = f"{plural(outage.frames_lost, 'frame')} lost"
    endpoint = f"For {outage.group}, the endpoint" if outage.group else "The endpoint"
    if outage.silent and outage.recovered_s is not None:
        return (
            f"{endpoint} gave no answer for {moment(outage.recovered_s - outage.start_s)}, from "
            f"{moment(outage.start_s)} to {moment(outage.recovered_s)}."
        )
    if outage.recovered_s is None:
        return (
            f"{endpoint} was down from {moment(outage.start_s)} on and did not recover: {lost} "
            f"({outage.outcome})."
        )
    said = (
        f"{endpoint} was down for {moment(outage.recovered_s - outage.start_s)}, from "
        f"{moment(outage.start_s)} to {moment(outage.recovered_s)}: {lost} ({outage.outcome})"
    )
    if outage.caught_up_s is None:
        return f"{said}; its backlog was still there at the end."
    if outage.caught_up_s > outage.recovered_s:
        return f"{said}; its backlog was gone at {moment(outage.caught_up_s)}."
    return f"{said}."
