"""A run whose steps somebody else decides, against the embedded endpoint."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from edgeload.plan import RampStep
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.columns import RunLog
from edgeload.read.log.live_log import LiveLog
from edgeload.read.log.open import read_log
from edgeload.run.journal import PreparedRun
from edgeload.run.phases import Ending, RunOutcome
from edgeload.run.session import run_session
from edgeload.run.trials import TRIAL_LEAD_S, Trials
from edgeload.run.worker_processes import WorkerProcesses
from edgeload.settings import Settings, resolve
from edgeload.settings.search import search_record
from edgeload.signals import StopSignals

RATE = 10.0


@dataclass
class Script:
    """Drives a session: what to do with its trials, and what came of it."""

    act: Callable[[Trials, Settings], None]
    outcome: RunOutcome | None = None
    seen: dict[str, Any] = field(default_factory=dict)

    def run(self, folder: Path, **options: object) -> RunLog:
        """Run it against the embedded endpoint; the log."""
        settings = resolve(
            {},
            {
                "find_capacity": True,
                "requests_per_second": RATE,
                "workers": 2,
                "log_file": folder / "log",
                "output_dir": folder / "out",
                "simulator_options": "--inference-workers 4 --service-time 20ms",
                **options,
            },
            {},
        )
        with (folder / "progress").open("w") as progress:
            self.outcome = run_session(settings, Console(file=progress), self._drive)
        return read_log(settings.log_file)

    def _drive(
        self, prepared: PreparedRun, settings: Settings, stop: StopSignals, *_: object
    ) -> RunOutcome:
        record = search_record(settings)
        with Trials(prepared, settings, record, stop, lambda progress: None) as trials:
            self.act(trials, settings)
        return trials.outcome


def trial(trials: Trials, index: int, clients: int, length_s: float, planned_s: float) -> RampStep:
    """One trial, ended after about `length_s` seconds."""
    start_s = trials.now_s() + TRIAL_LEAD_S
    step = RampStep(index, clients, start_s, start_s + planned_s)
    trials.begin(step)
    trials.pause(start_s + length_s)
    return trials.end()


def test_trials_of_one_run_share_workers_and_connections(tmp_path: Path) -> None:
    """The log has each trial as long as it lasted, and all that was due in it; nobody connects
    again between trials; a trial that is read while the run goes on is the one of the report.
    """
    looked = []

    def act(trials: Trials, settings: Settings) -> None:
        live = LiveLog(settings.log_file)
        for index, (clients, planned_s) in enumerate([(2, 9.0), (6, 9.0), (3, 0.5)]):
            live.new_trial()
            step = trial(trials, index, clients, 0.8, planned_s)
            at_s = trials.now_s()
            looked.append(analyse(live.at(step, at_s), (), {index}).steps[0])
            trials.note(step, "pass")

    script = Script(act)
    log = script.run(tmp_path)
    summary = analyse(log)
    assert [step.clients for step in log.steps] == [2, 6, 3]
    assert [round(step.duration_s, 1) for step in log.steps] == [0.9, 0.9, 0.5]
    for step, summed, live in zip(log.steps, summary.steps, looked, strict=True):
        assert log.plan is not None
        due = log.plan.step_frames(step)
        assert (summed.counts.planned, summed.counts.ok) == (due, due)
        assert (live.counts, live.times.felt) == (summed.counts, summed.times.felt)
    keys = Counter(zip(log.requests.client.tolist(), log.requests.number.tolist(), strict=True))
    assert max(keys.values()) == 1
    assert log.plan is not None
    numbers = {client: due.number for client in range(6) for due in log.plan.client_dues(client)}
    assert all(max(n for c, n in keys if c == client) == numbers[client] for client in range(6))
    last = {sample.worker: sample for sample in log.workers}
    assert sum(sample.connects for sample in last.values()) == 6
    assert script.outcome == RunOutcome(Ending.FINISHED, "the search came to its end")
    assert summary.valid


@pytest.mark.parametrize("signals", [1, 2])
def test_a_signal_stops_the_trial_and_a_second_one_cuts_it_off(
    tmp_path: Path, signals: int
) -> None:
    """After the first, answers in flight still come in; after the second, nobody waits for them."""

    def act(trials: Trials, settings: Settings) -> None:
        start_s = trials.now_s() + TRIAL_LEAD_S
        trials.begin(RampStep(0, 3, start_s, start_s + 60.0))
        for number in range(signals):
            delay_s = TRIAL_LEAD_S + 0.5 + 0.4 * number
            threading.Timer(delay_s, os.kill, (os.getpid(), signal.SIGINT)).start()
        try:
            trials.pause(start_s + 30.0)
        finally:
            step = trials.end()
            trials.note(step, "undecided")

    script = Script(act)
    options = "--inference-workers 4 --service-time 1500ms" if signals == 2 else ""
    changes = {"simulator_options": options, "preflight": False} if options else {}
    log = script.run(tmp_path, **changes)
    assert script.outcome is not None
    ending = Ending.SIGNAL if signals == 1 else Ending.CUT_OFF
    assert (script.outcome.ending, log.end is not None) == (ending, True)
    assert log.end is not None and log.end.interrupted
    outcomes = {log.requests.outcomes[code] for code in log.requests.outcome.tolist()}
    assert outcomes == ({"ok"} if signals == 1 else {"aborted"})
    assert log.steps[0].end_s - log.steps[0].start_s < 60.0 or signals == 2


def test_a_worker_that_dies_hosted_its_share_of_the_trial(tmp_path: Path) -> None:
    """The log says how many clients were lost with it: of three on two workers, two or one."""

    def act(trials: Trials, settings: Settings) -> None:
        start_s = trials.now_s() + TRIAL_LEAD_S
        step = RampStep(0, 3, start_s, start_s + 60.0)
        trials.begin(step)
        trials.pause(start_s + 0.3)
        workers = trials._workers
        assert isinstance(workers, WorkerProcesses)
        os.kill(workers._members[0].process.pid, signal.SIGKILL)
        trials.pause(start_s + 1.0)
        trials.note(trials.end(), "invalid")

    log = Script(act).run(tmp_path, workers=2)
    assert [(death.worker, death.clients) for death in log.deaths] == [(0, 2)]
