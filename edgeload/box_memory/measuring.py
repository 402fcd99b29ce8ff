"""Adds detector after detector, waits until the box has settled, and reads its memory.

What acts on the box, the clock and the pauses come in as arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from edgeload.box_memory.limits import limit_of, no_room_for, overfull
from edgeload.box_memory.memory_words import (
    fills_up,
    no_answers,
    no_figures,
    no_ram,
    no_room,
    not_renewed,
    reading_line,
)
from edgeload.box_memory.reading import MemoryReading, MemoryState, used_bytes
from edgeload.box_memory.settling import Settling
from edgeload.box_records import BoxResources
from edgeload.edge.box_resources import NoResources

_POLLS_IN_A_RENEWAL = 7.5
_RESTS = 3.0
"""Times as long as an answer took, the box is left alone after it."""
_ANSWERS_AFTER, _ANSWERS_WITHIN, _ASKED_AT_LEAST = 2, 12, 3
"""Renewals' time that a detector has for its first answer: so long; longer if it was hardly asked.
"""
_NO_FIGURES_FOR = 4
"""Renewals' time without any answer about memory."""


class AnswerCounts(Protocol):
    """How the queries of a load have gone so far, of each detector in the order of being added."""

    good: list[int]
    asked: list[int]


class MeasuredBox(Protocol):
    """The box, as far as measuring needs it."""

    def figures(self) -> BoxResources | NoResources:
        """What it says now."""

    def configure(self, detectors: int, poll: Callable[[], None]) -> bool:
        """Let it load so many of our detectors, and wait until all are ready; `poll` meanwhile.

        False: it had just these already. Raises Unreachable.
        """

    def asked(self, detectors: int) -> AbstractContextManager[AnswerCounts]:
        """While entered, so many of our detectors are asked, gently."""


class BoxFull(Exception):
    """The box is about to run out of memory; the text says which."""


class NotMeasured(Exception):
    """The box says too little; the text is one line."""


@dataclass
class MemoryRun:
    """What was read, and why it ended before the last detector; empty: it did not."""

    readings: list[MemoryReading] = field(default_factory=list)
    ended_early: str = ""


@dataclass
class MemoryMeasurement:
    """One run through all numbers of detectors; `ids` are all that may be configured, and `names`
    what users call them.

    `run` holds what was read so far, also if it is interrupted; `keep` gets each reading at once.
    """

    box: MeasuredBox
    ids: Sequence[str]
    every_s: float
    clock: Callable[[], float]
    pause: Callable[[float], object]
    say: Callable[[str], object]
    keep: Callable[[MemoryReading], object] = lambda _: None
    names: Sequence[str] = ()
    run: MemoryRun = field(default_factory=MemoryRun)
    _settling: Settling | None = None
    _next_s: float = 0.0
    _last_figures_s: float = 0.0

    def measure(self, counts: Sequence[int]) -> MemoryRun:
        """Read the memory without our detectors, and then with so many each, idle and in use.

        Raises Unreachable, NotMeasured.
        """
        self._began_s = self._last_figures_s = self.clock()
        try:
            self._read(0, "idle")
            for count in counts:
                more = count - self.run.readings[-1].detectors
                if full := no_room_for(more, self.run.readings):
                    self.run.ended_early = no_room(full, self.run.readings[-1].detectors)
                    break
                self._read(count, "idle")
                self._read(count, "in_use")
                if not all(each.ram_renewed for each in self.run.readings[-2:]):
                    self.run.ended_early = not_renewed(count)
                    break
        except BoxFull as problem:
            self.run.ended_early = str(problem)
        return self.run

    def _read(self, count: int, state: MemoryState) -> None:
        """Change the box, wait until it rests, and take the reading."""
        before = self.run.readings[-1].figures if self.run.readings else self._first_figures()
        gone = frozenset(each.lower() for each in self.ids[count:])
        self._settling = settling = Settling(self.every_s, before, gone=gone)
        good = asked = 0
        if state == "idle":
            settling.visible = self.box.configure(count, self._poll)
            self._wait(settling)
        else:
            with self.box.asked(count) as counted:
                self._await_answers(counted)
                self._wait(settling)
                good, asked = sum(counted.good), sum(counted.asked)
        reading = self._reading(settling, count, state, (good, asked))
        self.run.readings.append(reading)
        self.keep(reading)
        self.say(reading_line(reading))

    def _await_answers(self, counted: AnswerCounts) -> None:
        """Return once each detector is in use. Raises NotMeasured if one does not answer."""
        began_s = self.clock()
        while silent := [place for place, good in enumerate(counted.good) if not good]:
            renewals = (self.clock() - began_s) / self.every_s
            asked = [counted.asked[place] for place in silent]
            enough = renewals >= _ANSWERS_AFTER and min(asked) >= _ASKED_AT_LEAST
            if enough or renewals >= _ANSWERS_WITHIN:
                names = self.names or self.ids
                raise NotMeasured(no_answers([names[place] for place in silent], sum(asked)))
            self._poll()
            self.pause(self._pause_s)

    def _wait(self, settling: Settling) -> None:
        settling.is_done(self.clock())
        while settling.state(self.clock()) == "moving":
            self._poll()
            self.pause(self._pause_s)

    def _reading(
        self, settling: Settling, count: int, state: MemoryState, answers: tuple[int, int]
    ) -> MemoryReading:
        assert settling.newest is not None
        how = settling.state(self.clock())
        return MemoryReading(
            detectors=count,
            state=state,
            at_s=self.clock() - self._began_s,
            figures=settling.newest,
            ids=tuple(self.ids[:count]),
            settled=how != "not settled",
            ram_renewed=how != "not renewed",
            answers=answers[0],
            queries=answers[1],
        )

    @property
    def _pause_s(self) -> float:
        return self.every_s / _POLLS_IN_A_RENEWAL

    def _first_figures(self) -> BoxResources:
        """Raises NotMeasured if there are none, before anything is changed.

        Without those of RAM the box could run out of it unnoticed.
        """
        told = self.box.figures()
        if isinstance(told, NoResources):
            raise NotMeasured(no_figures(told.reason))
        if limit_of(told, "ram") is None or used_bytes(told, "ram") is None:
            raise NotMeasured(no_ram())
        return told

    def _poll(self) -> None:
        """Ask the box, if it is time. Raises BoxFull, NotMeasured."""
        now_s = self.clock()
        if now_s < self._next_s or self._settling is None:
            return
        told = self.box.figures()
        took_s = self.clock() - now_s
        self._next_s = self.clock() + max(self._pause_s, _RESTS * took_s)
        if isinstance(told, NoResources):
            if now_s - self._last_figures_s > _NO_FIGURES_FOR * self.every_s:
                raise NotMeasured(no_figures(told.reason))
            return
        self._last_figures_s = self.clock()
        self._settling.add(self.clock(), told)
        if full := overfull(told):
            raise BoxFull(fills_up(full))
