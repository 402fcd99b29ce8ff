"""How many frames of a run have fallen due by now, counted on as the run goes. Pure."""

from __future__ import annotations

import math

from edgeload.plan import Plan


class Dues:
    """Counts the frames that a plan has made due, by group, for instants that only grow.

    Each due time is computed once in the whole run. Counting all of them again at every scrape
    (`Plan.step_frames`) would take CPU time from the workers.
    """

    def __init__(self, plan: Plan) -> None:
        clients = range(plan.max_clients)
        self._groups = [plan.member(client).group for client in clients]
        self._dues = [plan.client_dues(client) for client in clients]
        self._next_s = [-math.inf] * plan.max_clients
        self._counts = [0] * len(plan.groups)
        for group in self._groups:
            self._counts[group] -= 1  # the first of each client at -inf is no frame

    def until(self, run_s: float) -> tuple[int, ...]:
        """Frames due up to a run time in seconds, not infinite, of each group of the plan."""
        for client, dues in enumerate(self._dues):
            while self._next_s[client] <= run_s:
                self._counts[self._groups[client]] += 1
                due = next(dues, None)
                self._next_s[client] = math.inf if due is None else due.due_s
        return tuple(self._counts)
