"""The part of a run that one of several endpoints is: its nodes, its load, its times. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from edgeload.read.analysis.step_summary import State, StepSummary


@dataclass(frozen=True)
class EndpointPart:
    """One endpoint of a run whose nodes loaded several: the steps as only its own clients see them.

    `judged`: whether its steps can say that its load was carried. Those of a mix cannot, because
    that is told group by group; nor those of clients that drop frames, because the log counts what
    they dropped for all endpoints together.
    """

    url: str
    nodes: tuple[str, ...]
    steps: tuple[StepSummary, ...]
    judged: bool

    @property
    def clients(self) -> int:
        """Its clients in the largest step."""
        return max((step.clients for step in self.steps), default=0)

    def state(self, step: StepSummary) -> State | None:
        """What one of its steps says about its load; None: it cannot say."""
        return step.state if self.judged else None
