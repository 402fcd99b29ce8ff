"""A load of a search in the user's unit: clients, copies, cameras of a group, or a rate. Pure."""

from __future__ import annotations

from edgeload.plain_words import listed, plural
from edgeload.plan import RampStep
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.statistics.format import number
from edgeload.read.words.loads import cameras_at
from edgeload.search_axis import one_rate


class SearchLoads:
    """Says the loads of one search; a load is given in what the search counts."""

    def __init__(self, summary: RunSummary) -> None:
        assert summary.search is not None and summary.log.plan is not None
        self._axis, self._plan = summary.search.axis, summary.log.plan
        self._one_rate = one_rate(self._plan)

    @property
    def group(self) -> str:
        """The camera group that is counted; empty if it is not one alone."""
        return self._axis.group or ""

    @property
    def head(self) -> str:
        """The head of a column of loads: `clients`, `copies`, `cameras`, `each/s` or `rates`."""
        return self._axis.head(self._plan)

    def count(self, load: float) -> str:
        """The load as a bare number: `1,014`, or the rate of a client, `19.85`."""
        return self._axis.number(self._plan, load)

    def words(self, load: float) -> str:
        """`14 clients`, `1 copy`, `9 door cameras`, `19.85 requests/s`, `1.4 times the rates`."""
        return self._axis.words(self._plan, load)

    def span(self, low: float, high: float) -> str:
        """`13 to 15 clients`; one number if both read the same."""
        return self._axis.span(self._plan, low, high)

    @property
    def whose(self) -> str:
        """` for each of 4 clients` behind a rate; empty for other loads."""
        if self._axis.over != "rate" or not self._one_rate:
            return ""
        clients = self._axis.clients
        return " for the only client" if clients == 1 else f" for each of {clients:,} clients"

    def full(self, load: int) -> str:
        """`14 clients × 2.0/s (28.0/s)`, `3 copies of the mix (96.0 frames/s)`.

        `9 door cameras × 5.0/s (45.0/s) beside 6 person cameras at 2/s`.
        """
        by_rate = self._axis.over == "rate"
        if by_rate and self._one_rate:
            clients = plural(self._axis.clients, "client")
            return f"{clients} × {self.count(load)}/s ({number(self.per_s(load))}/s)"
        if by_rate:
            return (
                f"{self.count(load)} × the rates of the mix ({number(self.per_s(load))} frames/s)"
            )
        if self._axis.over == "copies":
            return f"{self.words(load)} of the mix ({number(self.per_s(load))} frames/s)"
        each = self._axis.per_load(self._plan)
        said = f"{self.words(load)} × {_rate(each)}/s ({number(each * load)}/s)"
        others = [
            cameras_at(self._axis.base * group.cameras, group)
            for group in self._plan.groups
            if group.name != self._axis.group
        ]
        return f"{said} beside {listed(others)}" if self._axis.over == "group" and others else said

    def per_s(self, load: int) -> float:
        """Frames of all groups that are due per second at a load."""
        return self._plan.arrival_rate(self.step(load)) or 0.0

    def step(self, load: int) -> RampStep:
        """A step of that load, for its cameras; its time means nothing."""
        return self._axis.step(self._plan, load, 0, 0.0, 1.0)


def _rate(per_s: float) -> str:
    """`2.0`, `0.25`, `12.5`: in as few digits as say it."""
    text = f"{per_s:.4g}"
    return text if "." in text or "e" in text else f"{text}.0"
