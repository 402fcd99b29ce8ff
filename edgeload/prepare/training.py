"""Waits until the cloud has trained the models of detectors, and says how far it is.

A detector has several pipelines. The one that counts is that of the edge, whose model the box
loads; the cloud may train it before it has taken in every label.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from edgeload.plain_words import listed, plural
from edgeload.prepare.cloud import CloudError, Pipeline
from edgeload.time_words import duration

ASK_EVERY_S = 5.0
SAY_EVERY_S = 30.0
_ENOUGH = 0.75
"""The share of the labels with which a model counts as trained."""
_WILL_NOT_CHANGE = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)


class NotTrained(Exception):
    """The time was over before all models were trained; one line."""


@dataclass(frozen=True)
class Training:
    """How far a detector is."""

    is_done: bool
    labels: int | None
    """How many labels its model has; None if there is none yet, or if nobody says so."""


def training_of(pipelines: Sequence[Pipeline], sent: int) -> Training:
    """How far a detector is to which so many labels were sent. Pure."""
    own = [each for each in pipelines if each.is_edge]
    own = own or [each for each in pipelines if each.is_active]
    trained = [each for each in own if each.is_trained]
    labels = max((each.labels for each in trained if each.labels is not None), default=None)
    least = math.ceil(_ENOUGH * sent)
    return Training(any(each.labels is None or each.labels >= least for each in trained), labels)


def await_training(
    sent: Mapping[str, int],
    how_far: Callable[[str], Sequence[Pipeline]],
    timeout_s: float,
    *,
    say: Callable[[str], object],
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], object] = time.sleep,
) -> None:
    """Return once every detector is trained. `sent` has the labels that each was sent, by name.

    `how_far` asks for the pipelines of one; if it raises CloudError, nothing is known at present.
    `say` gets a line for each that is done, and every half minute one. Raises NotTrained, and
    CloudError if waiting would not help.
    """
    began_s = said_s = clock()
    left = dict(sent)
    while left:
        states: dict[str, str] = {}
        for name, labels in list(left.items()):
            try:
                state = training_of(how_far(name), labels)
            except CloudError as problem:
                if problem.status in _WILL_NOT_CHANGE:
                    raise
                states[name] = str(problem)
                continue
            if state.is_done:
                del left[name]
                say(f"{name} is trained{_after(clock() - began_s)}.")
            else:
                states[name] = _so_far(state, labels)
        if not left:
            return
        waited_s = clock() - began_s
        if waited_s >= timeout_s:
            raise NotTrained(f"not trained within {duration(timeout_s)}: {_by_state(states)}")
        if clock() - said_s >= SAY_EVERY_S:
            said_s = clock()
            say(f"{duration(round(waited_s))}: waiting for {_by_state(states)}.")
        pause(min(ASK_EVERY_S, max(0.0, timeout_s - waited_s)))


def _after(seconds: float) -> str:
    return f" after {duration(round(seconds))}" if seconds >= 1 else ""


def _by_state(states: Mapping[str, str]) -> str:
    """`door and hall (no model yet), cars (its model has 3 of 30 labels)`."""
    names: dict[str, list[str]] = {}
    for name, state in states.items():
        names.setdefault(state, []).append(name)
    return ", ".join(f"{listed(found)} ({state})" for state, found in names.items())


def _so_far(state: Training, sent: int) -> str:
    if state.labels is None:
        return "no model yet"
    return f"its model has {state.labels} of {plural(sent, 'label')}"
