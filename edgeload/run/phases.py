"""How a run goes from its first request to its end. Pure: events come in, no clock and no process.

    SENDING --- signal, ABORT_ON, roll-outs seen, node lost ---> DRAINING --- signal ---> CUT_OFF
    any of them --- the log can no longer be written ---> CUT_OFF

A run that is left alone stays in SENDING until its last answer has arrived. In DRAINING nothing is
sent any more, but requests in flight may still end. In CUT_OFF the workers end at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from edgeload.records import ROLLOUTS_SEEN

STOP_LEAD_S = 0.1
"""A stop takes effect this much later, at the same instant in every worker."""
CUT_OFF_WITHIN_S = 1.0
"""Workers that have not ended so long after a cut are killed."""
_GRACE_S = 3.0


class Phase(Enum):
    """What the run is doing."""

    SENDING = "sending"
    DRAINING = "draining"
    CUT_OFF = "cut off"


class Ending(Enum):
    """How a run ended."""

    FINISHED = "finished"
    """The plan was carried out."""
    SIGNAL = "stopped by a signal"
    ABORT_CONDITION = "ended by a condition of ABORT_ON"
    NODE_LOST = "ended because a node of the cluster was lost"
    ROLLOUTS_SEEN = "ended when the roll-outs of UNTIL_ROLLOUTS were over"
    CUT_OFF = "cut off by a further signal"
    LOG_REFUSED = "ended because the log could no longer be written"
    NOTHING_SENT = "stopped before anything was sent"


@dataclass(frozen=True)
class RunOutcome:
    """How a run ended, and why in words. What it measured is in the log."""

    ending: Ending
    reason: str


@dataclass(frozen=True)
class RunState:
    """A run at one moment: the phase, and what follows from it. Times are run times in seconds."""

    phase: Phase
    outcome: RunOutcome
    """How the run will have ended if nothing else happens."""
    sends_until_s: float
    """From then on nothing is sent."""
    kill_after_s: float
    """Workers that are alive later than this are killed."""
    answer_time_s: float
    """How long after `sends_until_s` answers are awaited."""

    def after_signal(self, name: str, now_s: float) -> RunState:
        """A signal has arrived: the first stops sending, the next cuts the run off."""
        if self.phase is Phase.SENDING:
            return self._draining(RunOutcome(Ending.SIGNAL, f"stopped by {name}"), now_s)
        if self.phase is Phase.CUT_OFF:
            return self
        again = "a second " if self.outcome.ending is Ending.SIGNAL else ""
        return replace(
            self,
            phase=Phase.CUT_OFF,
            outcome=RunOutcome(Ending.CUT_OFF, f"cut off by {again}{name}"),
            kill_after_s=now_s + CUT_OFF_WITHIN_S,
        )

    def after_breach(self, reason: str, now_s: float) -> RunState:
        """A condition of ABORT_ON is fulfilled. That ends a run only while it still sends."""
        if self.phase is not Phase.SENDING or now_s >= self.sends_until_s:
            return self
        return self._draining(RunOutcome(Ending.ABORT_CONDITION, reason), now_s)

    def after_rollouts(self, now_s: float) -> RunState:
        """The roll-outs that the run waited for are over."""
        if self.phase is not Phase.SENDING or now_s >= self.sends_until_s:
            return self
        return self._draining(RunOutcome(Ending.ROLLOUTS_SEEN, ROLLOUTS_SEEN), now_s)

    def after_node_lost(self, reason: str, now_s: float) -> RunState:
        """A node of the cluster was lost: the load is not the planned one any more.

        That may be known only when the plan is over.
        """
        outcome = RunOutcome(Ending.NODE_LOST, reason)
        if self.phase is not Phase.SENDING:
            return self
        if now_s >= self.sends_until_s:
            return replace(self, outcome=outcome)
        return self._draining(outcome, now_s)

    def after_log_refused(self, reason: str, now_s: float) -> RunState:
        """The disk takes no more records: what is measured from now on would be lost."""
        if self.outcome.ending is Ending.LOG_REFUSED:
            return self
        return replace(
            self,
            phase=Phase.CUT_OFF,
            outcome=RunOutcome(Ending.LOG_REFUSED, reason),
            sends_until_s=min(self.sends_until_s, max(0.0, now_s)),
            kill_after_s=now_s + CUT_OFF_WITHIN_S,
        )

    def _draining(self, outcome: RunOutcome, now_s: float) -> RunState:
        sends_until_s = min(self.sends_until_s, max(0.0, now_s) + STOP_LEAD_S)
        return replace(
            self,
            phase=Phase.DRAINING,
            outcome=outcome,
            sends_until_s=sends_until_s,
            kill_after_s=sends_until_s + self.answer_time_s,
        )


def sending(duration_s: float, timeout_s: float) -> RunState:
    """The state in which a run begins: a plan of that length, and the timeout of one request."""
    answer_time_s = timeout_s + _GRACE_S
    return RunState(
        Phase.SENDING,
        RunOutcome(Ending.FINISHED, "the plan was carried out"),
        duration_s,
        duration_s + answer_time_s,
        answer_time_s,
    )
