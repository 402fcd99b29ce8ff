"""Measures the box as it is configured now: a search or a ramp, whose log is read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.run.phases import Ending
from edgeload.run.session import run_session
from edgeload.run.worker_processes import WorkersFailed
from edgeload.search.session import search_capacity
from edgeload.settings import Settings
from edgeload.variants.capacity_shown import capacity_shown
from edgeload.variants.measurement import Measurement, MeasureVariant

_BROKEN_OFF = (Ending.SIGNAL, Ending.CUT_OFF, Ending.LOG_REFUSED, Ending.NOTHING_SENT)


def as_set(
    settings: Settings, console: Console, no_cloud_set: Sequence[str] = ()
) -> MeasureVariant:
    """Measures as the settings say: with a search for the capacity, or with a ramp.

    A search takes no longer than BUDGET and its share of the time; a ramp, as long as its steps.
    `console` shows the progress; `no_cloud_set` are the detectors that were configured so.
    """

    def measure(log_file: Path, budget_s: float | None) -> Measurement:
        own = settings.without_variants(log_file)
        if own.find_capacity:
            bounds = [bound for bound in (own.budget, budget_s) if bound is not None]
            own = own.model_copy(update={"budget": min(bounds, default=None)})
        try:
            run = search_capacity if own.find_capacity else run_session
            outcome = run(own, console, no_cloud_set=no_cloud_set)
        except WorkersFailed as problem:
            return Measurement("invalid", why=str(problem))
        if outcome.ending in _BROKEN_OFF:
            logged = log_file if log_file.exists() else None
            return Measurement("interrupted", why=outcome.reason, log_file=logged)
        return capacity_shown(analyse(read_log(log_file)), log_file)

    return measure
