"""Opens a log of either form and reads it into columns, or into a pandas table for notebooks."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from edgeload.camera_group import CameraGroup
from edgeload.plan import Plan, RampStep, one_group_plan
from edgeload.read.log.columns import Requests, RunLog
from edgeload.read.log.frames import frames_of, group_indices
from edgeload.read.log.header_checks import header_problem, plan_problem, step_problem
from edgeload.read.log.host_axis import joined_samples
from edgeload.read.log.log_error import LogError
from edgeload.read.log.older_rows import looks_older
from edgeload.read.log.run_folder import read_older_file, read_run_folder
from edgeload.read.log.source import shown_name, utf8_file
from edgeload.read.log.stretches import Stretch, read_whole
from edgeload.read.log.table_builder import Tally
from edgeload.records import (
    LOG_FORMAT_VERSION,
    ROLLOUTS_SEEN,
    Header,
    PlanRecord,
    RampStepStart,
    StepEnd,
)
from edgeload.runlog import DamagedLine, read_lines

if TYPE_CHECKING:
    import pandas as pd

ANSWERS_WITHIN_S = 86_400.0
"""What would have happened later than this after the plan's end has a damaged instant."""
_OLDER_BEGINNINGS = ("RAMP ", '{"asctime": ')
_HEADER = re.compile(rb'"event"\s*:\s*"header"')


def load_log(path: str | Path, *, requests_per_second: float | None = None) -> pd.DataFrame:
    """One row per request that was sent, in the log's order. Raises LogError.

    Columns: `client`, its `group`, `request_number` (of the frame), `part` (0 for a frame's first
    request, from 1 on for those that its answer led to), `step`; the instants `due_s` (of the
    frame), `sent_s`, `done_s` in seconds of run time; `service_s` = done - sent and `response_s` =
    done - due; `outcome` ("ok" or the failure's class) and `ok`; `error` (its text); `status`,
    `from_edge`, `bytes`. What a log of the
    older form does not say is missing (NaN, NA). Requests that were never sent have no row:
    `analyse(read_log(path))` counts them.

    >>> df = load_log("load_test.log")                             # doctest: +SKIP
    >>> df[df.ok].groupby("step").service_s.quantile(0.95)         # doctest: +SKIP
    """
    import pandas as pd  # noqa: PLC0415  half a second that only this table needs

    log = read_log(Path(path), requests_per_second=requests_per_second)
    r = log.sent_requests
    names = [group.name for group in log.plan.groups] if log.plan else []
    groups = group_indices(r.client, log.plan) if log.plan else np.full(len(r), -1)
    texts = [error.text for error in r.errors]
    table: pd.DataFrame = pd.DataFrame(
        {
            "client": r.client,
            "group": pd.Categorical.from_codes(groups.tolist(), pd.Index(names, dtype=object)),
            "request_number": r.number,
            "part": np.zeros(len(r), np.int16) if r.part is None else r.part,
            "step": r.step,
            "due_s": r.due_s,
            "sent_s": r.sent_s,
            "done_s": r.done_s,
            "service_s": r.done_s - r.sent_s,
            "response_s": r.done_s - r.due_s,
            "outcome": pd.Categorical.from_codes(r.outcome.tolist(), pd.Index(r.outcomes)),
            "ok": r.ok,
            "error": pd.array([texts[i] if i >= 0 else None for i in r.error], dtype="string"),
            "status": pd.arrays.IntegerArray(r.status.copy(), r.status == 0),
            "from_edge": pd.arrays.BooleanArray(r.from_edge == 1, r.from_edge < 0),
            "bytes": r.bytes,
        }
    )
    return table


def read_log(path: Path, *, requests_per_second: float | None = None) -> RunLog:
    """A log of either form. Raises LogError, in one line, for a file that is not a log.

    The file may be packed or a pipe, and `-` is standard input (see `source`). A folder is that of
    a run of upstream's application benchmark.
    `requests_per_second` is a client's arrival rate, for older logs, which do not say it.
    """
    if path.is_dir():
        return read_run_folder(path, requests_per_second)
    with utf8_file(path) as file:
        return _read(file, shown_name(path), requests_per_second)


def _read(file: Path, name: Path, requests_per_second: float | None) -> RunLog:
    with file.open("rb") as opened:
        head = opened.read(1 << 20)
    if not head.strip():
        raise LogError(f"the log {name} is empty")
    if _HEADER.search(head):
        return _read_present_form(file, name)
    if looks_older(head.splitlines()):
        return read_older_file(file, name, requests_per_second)
    raise LogError(
        f"{name} is not the log of a load test: it has neither a header line nor lines of "
        "the older form"
    )


def _read_present_form(file: Path, name: Path) -> RunLog:
    whole = read_whole(file)
    if whole.header is not None:
        _check_is_one_run(whole, file, name)
    return run_log(whole, name)


def run_log(whole: Stretch, name: Path) -> RunLog:
    """What a stretch of a log says, as a log: all of it, or what is known of a run that goes on.

    Raises LogError if it has no header, or one that cannot be read.
    """
    whole = _ended_as_wanted(whole)
    header = whole.header
    if header is None:
        raise LogError(f"the log {name} has no header that can be read: {_first(whole.tally)}")
    _check(header_problem(_known(header, name)), name)
    plan = _plan(header.plan, _steps(header.plan, whole), name)
    _check(plan_problem(plan), name)
    latest_s = max((step.end_s for step in plan.steps), default=0.0) + ANSWERS_WITHIN_S
    whole = _plausible(whole, latest_s)
    requests_read, tally = _within(whole.table.columns(), plan, latest_s, whole.tally)
    last_s = whole.last_s
    frames = frames_of(requests_read, plan)
    if len(requests_read):
        last_s = max(last_s, float(requests_read.done_s.max()))
    return RunLog(
        path=name,
        header=header,
        plan=plan,
        steps=plan.steps,
        requests_per_second=None if plan.is_mix else plan.groups[0].requests_per_second,
        wall_s=header.anchor.wall_s,
        last_s=last_s,
        requests=frames,
        parts=None if frames is requests_read else requests_read,
        missed=dict(tally.missed),
        retried=dict(tally.retried),
        workers=tuple(whole.workers),
        deaths=tuple(whole.deaths),
        end=whole.end,
        damage=tally.total,
        asked_alone=tuple(whole.asked_alone),
        step_ends=tuple(whole.step_ends),
        box=tuple(whole.box),
        node_clocks=tuple(whole.node_clocks),
        machines=tuple(whole.machines),
        host=joined_samples(whole.box, header.anchor.wall_s),
    )


def _ended_as_wanted(whole: Stretch) -> Stretch:
    """A run that ended when it had seen what it waited for: its step was to end then."""
    header, end = whole.header, whole.end
    if header is None or end is None or end.reason != ROLLOUTS_SEEN or not header.plan.steps:
        return whole
    steps = list(header.plan.steps)
    if not steps[-1].start_s < end.stopped_s < steps[-1].end_s:
        return whole
    steps[-1] = msgspec.structs.replace(steps[-1], end_s=end.stopped_s)
    plan = msgspec.structs.replace(header.plan, steps=steps)
    return replace(
        whole,
        header=msgspec.structs.replace(header, plan=plan),
        end=msgspec.structs.replace(end, interrupted=False),
    )


def _check_is_one_run(whole: Stretch, file: Path, name: Path) -> None:
    """Raises LogError for joined logs, whose requests would be added up, and for other texts."""
    if whole.headers > 1:
        raise LogError(f"the log {name} holds several runs{_where_to_divide(file)}")
    first = whole.tally.first_damage
    if first is None:
        return
    if first.number == 1 and 2 * whole.tally.damaged > whole.lines:
        raise LogError(
            f"{name} is not the log of a load test: {whole.tally.damaged:,} of its "
            f"{whole.lines:,} lines are something else"
        )
    if first.text.startswith(_OLDER_BEGINNINGS):
        raise LogError(
            f"the log {name} has a header line, but line {first.number} is of the older form: two "
            "logs were joined"
        )


def _where_to_divide(file: Path) -> str:
    """Where the second run begins, and how to divide the log there; empty if that is not seen.

    A newline may be missing before it, and damage can hide the words by which headers are found.
    """
    found = (
        (number, line)
        for first, lines in read_lines(file)
        for number, line in enumerate(lines, first)
        for _ in _HEADER.findall(line)
    )
    second = next(itertools.islice(found, 1, None), None)
    if second is None:
        return ""
    number, line = second
    said = f", and the second begins in line {number}: "
    try:
        msgspec.json.decode(line)
    except msgspec.DecodeError:
        return f"{said}begin a new line there, and then divide it"
    return f"{said}divide it, for example with head -n {number - 1} and tail -n +{number}"


def _first(tally: Tally) -> str:
    line = tally.first_damage
    return f"line {line.number}: {line.problem}" if line else "not one line is whole"


def _known(header: Header, path: Path) -> Header:
    if header.format_version > LOG_FORMAT_VERSION:
        raise LogError(
            f"the log {path} has format {header.format_version}, newer than this program's "
            f"{LOG_FORMAT_VERSION}: read it with the version that wrote it"
        )
    return header


def _check(problem: str | None, name: Path) -> None:
    if problem is not None:
        raise LogError(f"the header of the log {name} is damaged: {problem}")


def _steps(record: PlanRecord, whole: Stretch) -> tuple[RampStep, ...]:
    """The steps of the plan: those in the header, or the trials that a search decided about."""
    if record.search is None:
        return tuple(
            RampStep(
                i,
                s.clients,
                s.start_s,
                s.end_s,
                tuple(s.cameras) if s.cameras else None,
                s.round,
                s.speed,
            )
            for i, s in enumerate(record.steps)
        )
    return trial_steps(whole.step_starts, whole.step_ends)


def trial_steps(starts: Sequence[RampStepStart], ends: Sequence[StepEnd]) -> tuple[RampStep, ...]:
    """The trials of a search, each as long as it lasted; one that was cut off as long as planned.

    A trial whose beginning is not in the log, and all later ones, cannot be known.
    """
    ended_s = {end.step: end.end_s for end in ends}
    steps: list[RampStep] = []
    for start in sorted(starts, key=lambda start: start.step):
        if start.step != len(steps) or start.end_s is None:
            break
        end_s = ended_s.get(start.step, start.end_s)
        cameras = tuple(start.cameras) if start.cameras else None
        step = RampStep(start.step, start.clients, start.start_s, end_s, cameras, speed=start.speed)
        if step_problem(step) is not None:
            break
        steps.append(step)
    return tuple(steps)


def _plan(record: PlanRecord, steps: tuple[RampStep, ...], path: Path) -> Plan:
    rates = [group.requests_per_second for group in record.groups] or [record.requests_per_second]
    if not (steps or record.search) or any(rate is not None and rate <= 0 for rate in rates):
        raise LogError(f"the log {path} has a plan without load: {msgspec.json.encode(record)!r}")
    names = [group.name for group in record.groups]
    if not names and record.requests_per_second is None:
        raise LogError(f"the log {path} has a plan without a rate and without camera groups")
    if len(set(names)) < len(names) or any(group.cameras < 1 for group in record.groups):
        raise LogError(f"the log {path} has a plan whose camera groups are not whole: {names}")
    if not record.groups:  # a log of before there were groups
        arrivals, late = record.arrivals or "constant", record.late or "queue"
        return one_group_plan(steps, record.requests_per_second, arrivals, late, record.seed)
    return Plan(
        steps=steps,
        groups=tuple(
            CameraGroup(
                group.name,
                group.cameras,
                group.requests_per_second,
                group.arrivals,
                group.late,
                1 + sum(link.requests for link in group.then),
            )
            for group in record.groups
        ),
        seed=record.seed,
        ramp_group=record.ramp_group,
    )


def _plausible(whole: Stretch, latest_s: float) -> Stretch:
    """Without what would have happened after `latest_s`: that is damage."""
    workers = [each for each in whole.workers if each.at_s <= latest_s]
    deaths = [each for each in whole.deaths if each.at_s <= latest_s]
    end = whole.end
    if end is not None and max(end.at_s, end.stopped_s) > latest_s:
        end = None
    box = [each for each in whole.box if each.at_s <= latest_s]
    lost = len(whole.workers) - len(workers) + len(whole.deaths) - len(deaths)
    lost += len(whole.box) - len(box)
    lost += end is not whole.end
    if not lost and whole.last_s <= latest_s:
        return whole
    whole.tally.damage([DamagedLine(0, "", "an instant in it is after the run")] * lost)
    known = [each.at_s for each in workers] + [each.at_s for each in deaths]
    known += [each.at_s for each in whole.step_starts] + [each.at_s for each in whole.step_ends]
    return replace(
        whole,
        workers=workers,
        deaths=deaths,
        box=box,
        end=end,
        last_s=max((at_s for at_s in known if at_s <= latest_s), default=0.0),
    )


def _within(
    requests: Requests, plan: Plan, latest_s: float, tally: Tally
) -> tuple[Requests, Tally]:
    """Rows of the plan's steps and clients, and of its time; others are damage."""
    good = (requests.step >= 0) & (requests.step < len(plan.steps))
    good &= (requests.client >= 0) & (requests.client < plan.max_clients)
    for at_s in (requests.due_s, requests.sent_s, requests.done_s):
        good &= (at_s >= -1.0) & (at_s <= latest_s)
    if good.all():
        return requests, tally
    for row in np.flatnonzero(~good).tolist():
        text = f"request {requests.number[row]} of client {requests.client[row]}"
        why = f"step {requests.step[row]} of this client, or an instant of it, is not in the plan"
        tally.damage([DamagedLine(0, text, why)])
    return requests.rows(good), tally
