"""Measures the box as it is configured now: runs the ramp of the settings, and reads its log."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.run.phases import Ending
from edgeload.run.session import run_session
from edgeload.settings import Settings
from edgeload.variants.capacity_shown import capacity_shown
from edgeload.variants.measurement import Measure, Measurement

_BROKEN_OFF = (Ending.SIGNAL, Ending.CUT_OFF, Ending.NOTHING_SENT)


def by_ramp(settings: Settings, console: Console) -> Measure:
    """Measures with the ramp of these settings, which takes as long as its steps.

    `console` shows the progress.
    """

    def measure(log_file: Path, budget_s: float | None) -> Measurement:
        outcome = run_session(settings.without_variants(log_file), console)
        if outcome.ending in _BROKEN_OFF:
            logged = log_file if log_file.exists() else None
            return Measurement("interrupted", why=outcome.reason, log_file=logged)
        return capacity_shown(analyse(read_log(log_file)), log_file)

    return measure
