"""From settings to the log of a finished search: its trials, and who decides about them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence

from rich.console import Console

from edgeload.edge.location import Unreachable
from edgeload.edge.readiness import await_ready
from edgeload.objectives import tiers_of
from edgeload.read.log.live_log import LiveLog
from edgeload.run.journal import PreparedRun
from edgeload.run.keeping import KeptRun
from edgeload.run.phases import RunOutcome
from edgeload.run.preflight import largest_load
from edgeload.run.session import run_session
from edgeload.run.supervisor import RunProgress
from edgeload.run.trials import Trials
from edgeload.run.workers import Cluster
from edgeload.search.driver import Search, SearchSetup
from edgeload.search.view import SearchView
from edgeload.settings import Settings
from edgeload.settings.search import axis_of, search_record
from edgeload.signals import StopSignals

_RECOVERS_WITHIN_S = 60.0
_ASK_EVERY_S = 0.5


def search_capacity(
    settings: Settings,
    console: Console,
    kept: KeptRun | None = None,
    no_cloud_set: Sequence[str] = (),
    cluster: Cluster | None = None,
) -> RunOutcome:
    """Carry out one search; what it measured is in `settings.log_file`, and in `kept`.

    Takes and raises what `run.session.run_session` does.
    """
    return run_session(settings, console, _drive, kept, no_cloud_set, cluster)


def _drive(
    prepared: PreparedRun,
    settings: Settings,
    stop: StopSignals,
    console: Console,
    export: Callable[[RunProgress], None],
) -> RunOutcome:
    plan, axis = prepared.task.plan, axis_of(settings)
    record = search_record(settings, largest_load(settings, plan, prepared.task.workers))
    tiers = tiers_of(settings.objectives())
    setup = SearchSetup(plan, axis, record, tiers, settings.warmup)
    with SearchView(console, setup, settings.progress) as view:
        trials = Trials(prepared, settings, record, stop, view.show)
        with trials, contextlib.closing(LiveLog(settings.log_file)) as live:
            search = Search(trials, live, setup, lambda: _recovers(prepared, stop), view.begins)
            try:
                search.run()
            finally:
                view.ends(search.last_verdict)
        return trials.outcome


def _recovers(prepared: PreparedRun, stop: StopSignals) -> bool:
    """Wait until an endpoint that broke is ready again; False: it is not within a minute.

    After a signal there is nothing to wait for.
    """
    until_s = time.monotonic() + _RECOVERS_WITHIN_S
    signals = stop.count
    while stop.count == signals:
        try:
            for group in prepared.task.groups:
                await_ready(
                    prepared.endpoint["url"],
                    group.detector.detector_id,
                    prepared.task.trust,
                    timeout_s=0.0,
                    pause=stop.wait,
                )
            return True
        except Unreachable:
            if time.monotonic() > until_s:
                return False
            stop.wait(_ASK_EVERY_S)
    return True
