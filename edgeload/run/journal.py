"""Writes what the parent process knows into the log: header, steps, deaths of workers, end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from edgeload.box_records import BoxFacts, RoundTrip
from edgeload.core_plan import SWITCHED_OFF, CorePlan, NotPinned
from edgeload.plan import RampStep
from edgeload.records import (
    LOG_FORMAT_VERSION,
    Anchor,
    AskedAlone,
    End,
    GroupRecord,
    Header,
    Preflight,
    RampStepStart,
    SearchRecord,
    StepEnd,
    WallClock,
    WorkerDied,
)
from edgeload.run.answers_alone import AnswersAlone
from edgeload.run.box_watch import BoxWatch, SaidBefore, WatchBegin
from edgeload.run.counters import LiveCounts
from edgeload.run.environment import generator_machine, package_versions
from edgeload.run.keeping import KeptRun
from edgeload.run.kept_log import KeptLog
from edgeload.run.pinning import Pinning
from edgeload.run.plan_record import plan_record
from edgeload.run.preflight_rules import PreflightQuery
from edgeload.run.stolen_time import StolenTime
from edgeload.run.tasks import EndpointTask, WorkerTask
from edgeload.run.worker_processes import EndedWorker, WorkerProcesses
from edgeload.run.workers import Cluster, RunWorkers
from edgeload.settings import SettingError, Settings
from edgeload.untrusted_text import without_secrets_within


@dataclass(frozen=True)
class PreparedRun:
    """All that a run needs once its endpoint is reached."""

    task: WorkerTask
    """That of the first worker; the others differ in their index."""
    endpoint: dict[str, Any]
    groups: list[GroupRecord]
    queries: list[PreflightQuery]
    """Those before the ramp."""
    alone: list[AnswersAlone]
    """What the pictures got without load, if answers are compared with that."""
    box: BoxWatch | None = None
    """What watches the box beside the load."""
    said_before: SaidBefore | None = None
    """What the box said before the load."""
    kept: KeptRun | None = None
    """Where the run is kept beside LOG_FILE, if anywhere."""
    cluster: Cluster | None = None
    """The machines that make the load, if it is not this one."""
    endpoints: tuple[EndpointTask, ...] = ()
    """The endpoints that they load, if a target map names them; else all load that of `task`."""
    cores: CorePlan | NotPinned = SWITCHED_OFF
    """Where the workers of this machine run."""

    def workers(self) -> RunWorkers:
        """The workers of this run; none has been started."""
        if self.cluster is not None:
            return self.cluster.workers(self.endpoints)
        return WorkerProcesses(cores=self.cores)

    def watch_box(self, anchor: Anchor, settings: Settings) -> None:
        """The load begins: let the box be watched meanwhile."""
        if self.box is not None:
            self.box.begin(WatchBegin(self.task.log_file, anchor, settings.box_figures))

    def end_of_load(self, *, finished: bool) -> None:
        """Nothing is sent any more; a run that is finished asks the box for its facts again."""
        if self.box is not None:
            self.box.end(facts=finished)


class Journal:
    """The log of one run, as its parent process writes it. Making one overwrites the log file.

    Run time 0 is `lead_s` after it was made. Raises SettingError if the log cannot be written.
    Later on, nothing is raised: `log_refused` and `look` tell what has happened to it.
    """

    def __init__(
        self,
        prepared: PreparedRun,
        settings: Settings,
        lead_s: float,
        search: SearchRecord | None = None,
        pinning: Pinning | None = None,
    ) -> None:
        """`pinning`: where the workers of this machine run; None: they are not on this machine."""
        self._path = prepared.task.log_file
        try:
            self._log = KeptLog(self._path)
        except OSError as problem:
            raise self._not_written(problem.strerror or str(problem)) from problem
        self.anchor = Anchor(time.time() + lead_s, time.monotonic() + lead_s)
        self._clock = WallClock(self.anchor)
        self._stolen = None if pinning is None else StolenTime(self._clock, pinning.cpus)
        before = [*map(self._preflight, prepared.queries), *map(self._asked, prepared.alone)]
        said = self._said_before(prepared.said_before)
        records = [self._header(prepared, settings, search, pinning), *said, *before]
        # Most of its texts are the endpoint's: names, queries, labels.
        self._log.append(without_secrets_within(msgspec.to_builtins(records)))
        if self._log.refused is not None:
            self._log.close()
            raise self._not_written(self._log.refused)
        if prepared.kept is not None:
            prepared.kept.begin(self._path)

    def _not_written(self, why: str) -> SettingError:
        return SettingError(
            f"LOG_FILE = {str(self._path)!r}: cannot be written ({why}); must be on a disk with "
            "room, for example --log-file /tmp/load_test.log"
        )

    @property
    def log_refused(self) -> str | None:
        """Why the run has to stop: its log can no longer be written. None while it can."""
        if self._log.refused is None:
            return None
        return (
            f"the run was stopped because its log {self._path} could no longer be written "
            f"({self._log.refused})"
        )

    def refuse(self, why: str) -> None:
        """A worker could not write the log any more."""
        self._log.refused = self._log.refused or why

    def look(self) -> str | None:
        """What somebody has done to the log's file since the last look, in one line.

        Called often; once a second the log gets what this machine lost meanwhile.
        """
        self._note_stolen(self.now_s())
        return self._log.look()

    def _note_stolen(self, now_s: float, *, over: bool = False) -> None:
        if self._stolen is not None and (samples := self._stolen.look(now_s, over=over)):
            self._log.append(samples)

    def now_s(self) -> float:
        """Run time in seconds; negative before the first step."""
        return time.monotonic() - self.anchor.monotonic_s

    def close(self) -> None:
        """Close the log once everything is on the disk."""
        self._log.close()

    def _header(
        self,
        prepared: PreparedRun,
        settings: Settings,
        search: SearchRecord | None,
        pinning: Pinning | None,
    ) -> Header:
        task, plan = prepared.task, prepared.task.plan
        return Header(
            format_version=LOG_FORMAT_VERSION,
            run_id=task.run_id,
            asctime=self._clock.asctime(self.anchor.wall_s),
            ts=self.anchor.wall_s,
            anchor=self.anchor,
            plan=plan_record(plan, prepared.groups, search),
            settings=settings.public(),
            endpoint=prepared.endpoint,
            workers=task.workers,
            machine=generator_machine(pinning),
            versions=package_versions(),
            images={} if plan.is_mix else prepared.groups[0].images,
            command=settings.command(),
            cluster=None if prepared.cluster is None else prepared.cluster.record(),
        )

    def _said_before(self, said: SaidBefore | None) -> Iterator[BoxFacts | RoundTrip]:
        for record in () if said is None else (said.facts, said.round_trip):
            if record is not None:
                (at_s,) = self._run_times(record.at_s)
                yield msgspec.structs.replace(record, at_s=at_s, ts=self._clock.ts(at_s))

    def _preflight(self, query: PreflightQuery) -> Preflight:
        sent_s, done_s = self._run_times(query.sent_s, query.done_s)
        result = query.result
        return Preflight(
            ts=self._clock.ts(done_s),
            number=query.number,
            sent_s=sent_s,
            done_s=done_s,
            status=query.status,
            outcome=result.outcome,
            from_edge=result.from_edge,
            error=result.error,
            detector_id=query.detector_id,
        )

    def _asked(self, alone: AnswersAlone) -> AskedAlone:
        start_s, end_s = self._run_times(alone.start_s, alone.end_s)
        return AskedAlone(
            ts=self._clock.ts(end_s),
            group=alone.group,
            detector_id=alone.detector_id,
            pictures=len(alone.expected),
            unstable=alone.unstable,
            answers=alone.counts,
            models=alone.models,
            start_s=start_s,
            end_s=end_s,
        )

    def _run_times(self, *monotonic_s: float) -> list[float]:
        return [round(at_s - self.anchor.monotonic_s, 6) for at_s in monotonic_s]

    def step_begins(self, step: RampStep, now_s: float, *, is_trial: bool = False) -> None:
        """A step begins; that of a search is planned by this line alone."""
        ts = self._clock.ts(now_s)
        start = RampStepStart(
            asctime=self._clock.asctime(ts),
            ts=ts,
            step=step.index,
            clients=step.clients,
            start_s=step.start_s,
            at_s=round(now_s, 6),
            end_s=step.end_s if is_trial else None,
            cameras=list(step.cameras) if is_trial and step.cameras else None,
            speed=step.speed,
        )
        self._log.append([start])

    def trial_ended(self, step: RampStep, now_s: float, verdict: str) -> None:
        """A trial of a search is over; the end of `step` is that of the trial."""
        ts = self._clock.ts(now_s)
        end = StepEnd(
            asctime=self._clock.asctime(ts),
            ts=ts,
            step=step.index,
            end_s=step.end_s,
            at_s=round(now_s, 6),
            verdict=verdict,
        )
        self._log.append([end])

    def torn_line(self) -> None:
        """A worker has died: end the line that it may have left behind."""
        self._log.end_torn_line()

    def worker_died(self, worker: EndedWorker, now_s: float) -> None:
        """A worker process has ended too early."""
        ts = self._clock.ts(now_s)
        death = WorkerDied(
            asctime=self._clock.asctime(ts),
            ts=ts,
            worker=worker.index,
            pid=worker.pid,
            at_s=now_s,
            exit_code=worker.exit_code,
            signal=worker.signal,
            clients=worker.clients,
            node=worker.node,
            lost=worker.lost,
            known_until_s=None
            if worker.heard_s is None
            else round(worker.heard_s - self.anchor.monotonic_s, 6),
        )
        self._log.append([death])

    def ends(
        self, now_s: float, counts: LiveCounts, *, stopped_s: float, interrupted: bool, reason: str
    ) -> str | None:
        """The last line: nothing was sent from run time `stopped_s` on.

        What is wrong with the log, in one line; None: nothing. If the disk refused it, that line
        also says how many requests are in it.
        """
        self._note_stolen(now_s, over=True)
        ts = self._clock.ts(now_s)
        end = End(
            asctime=self._clock.asctime(ts),
            ts=ts,
            at_s=now_s,
            stopped_s=stopped_s,
            interrupted=interrupted,
            reason=reason,
            counted=counts.plain(),
        )
        problem = self._log.finish([end])
        if self._log.refused is None:
            return problem
        in_log = f"{self._log.requests():,} of the {counts.done:,} requests that ended are in it"
        return f"{in_log}; {problem}" if problem else in_log
