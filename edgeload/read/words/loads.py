"""A load in the user's unit: clients, or copies of a mix and the cameras that these are. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from edgeload.camera_group import CameraGroup
from edgeload.plain_words import listed, plural, rate_words, step_name
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.step_summary import StepSummary

_SHOWN_LOADS = 4


class Loads:
    """Says the loads of one run; a load is given by the number of its clients."""

    def __init__(self, summary: RunSummary) -> None:
        self._mix = bool(summary.groups or summary.group)
        self._plan = summary.log.plan
        self._steps = {step.clients: step for step in summary.steps}
        self._rate = summary.log.requests_per_second
        self.noun = "copy" if self._mix else "client"
        """What a load is counted in."""
        found = summary.interference
        self._rounds = {step.index: step.cameras for step in found.steps} if found else {}
        self._full = {alone.group: alone.cameras for alone in found.alone} if found else {}
        self._group = summary.group
        self._trials = summary.headroom is not None
        """Steps that differ in the cameras of one group of a mix: copies say nothing of them."""

    @property
    def known(self) -> bool:
        """Whether it is known how much was due: a log of the older form does not say it."""
        return self._mix or self._rate is not None

    def count(self, clients: int) -> int:
        """Clients, or copies."""
        return self._steps[clients].copies if clients in self._steps else clients

    def words(self, clients: int) -> str:
        """`38 clients`, or `3 copies`."""
        return plural(self.count(clients), self.noun)

    def of_step(self, step: StepSummary) -> str:
        """The same for a step; of an interference run, its name, as one of its groups sees it.

        `door alone`, `4 door beside 2 (half) person`; of the group door, `beside 2 (half) person`.
        """
        cameras = self._rounds.get(step.index)
        if self._trials and self._plan is not None:
            sent = self._cameras(step)
            return step_name(sent, sent)
        if cameras is None:
            return plural(step.copies, self.noun)
        return step_name(cameras, self._full, self._group)

    def over(self, step: StepSummary) -> int:
        """The number above a step on an axis of time: its load, or in an interference run its own.

        All steps of that have one load, and the table of steps says what each of them measures.
        """
        return step.index + 1 if self._rounds or self._trials else step.copies

    def _cameras(self, step: StepSummary) -> dict[str, int]:
        assert self._plan is not None
        planned = self._plan.steps[step.index]
        return {g.name: self._plan.cameras_of(i, planned) for i, g in enumerate(self._plan.groups)}

    @property
    def of_mix(self) -> str:
        """`clients`, `copies of the mix`, or `copies of person`: the label of an axis."""
        ramped = self._plan.ramp_group if self._plan else None
        return f"{self.nouns} of {ramped or 'the mix'}" if self._mix else self.nouns

    @property
    def nouns(self) -> str:
        """`clients`, or `copies`."""
        return plural(2, self.noun).split(" ")[1]

    @property
    def over_what(self) -> str:
        """What the numbers above an axis of time are: clients, copies, steps or trials."""
        if self._trials:
            return "trial"
        return "step" if self._rounds else self.nouns

    def several(self, loads: Sequence[int]) -> str:
        """`39, 40 and 41 clients`; no more than four of them."""
        counts = [self.count(clients) for clients in loads]
        shown = [f"{count:,}" for count in counts[:_SHOWN_LOADS]]
        more = len(counts) - len(shown)
        if more:
            shown.append(f"{more} more")
        noun = plural(1 if counts == [1] else 2, self.noun).split(" ", 1)[1]
        return f"{listed(shown)} {noun}"

    def of_mix_at(self, clients: int) -> str:
        """`3 copies of the mix`, or `3 copies of person beside the other groups`."""
        ramped = self._plan.ramp_group if self._plan else None
        whose = f"{ramped} beside the other groups" if ramped else "the mix"
        return f"{self.words(clients)} of {whose}"

    def full(self, clients: int) -> str:
        """`38 clients at 2 requests/s each`, or `3 copies of the mix: 12 door cameras at …`."""
        plan = self._plan
        if not self._mix or plan is None:
            each = f" at {rate_words(self._rate)} each" if self._rate else ""
            return f"{self.words(clients)}{each}"
        step = self._steps[clients]
        cameras = {
            group.name: cameras_at(plan.cameras_of(index, plan.steps[step.index]), group)
            for index, group in enumerate(plan.groups)
        }
        if plan.ramp_group is None:
            return f"{self.words(clients)} of the mix: {_joined(cameras.values())}"
        ramped = cameras.pop(plan.ramp_group)
        beside = f" beside {_joined(cameras.values())}" if cameras else ""
        return f"{self.words(clients)} of {plan.ramp_group}: {ramped}{beside}"


def cameras_at(count: int, group: CameraGroup) -> str:
    """`12 door cameras at 10/s`; in a closed loop they have no rate."""
    cameras = plural(count, f"{group.name} camera")
    return f"{cameras} in a closed loop" if group.closed else f"{cameras} at {group.rate:.4g}/s"


def _joined(texts: Iterable[str]) -> str:
    return listed(list(texts))
