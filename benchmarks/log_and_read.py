"""How fast is the log written, and read? `python -m benchmarks.log_and_read --records 10000000`

Writes a log of that many requests through the recorder that the workers use, lets the program
rebuild all results from it, as a user would, and says what each took: CPU us per record written
(the reference is a file that is opened, appended to and closed for each record, with the standard
library's json), seconds until all results are on disk, and the most memory meanwhile.

The log is like that of a real run: instants to the nanosecond and due times to the last bit,
service times that are lognormal, the requests of two workers as these write them, one of a thousand
failed.
"""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from benchmarks import ours
from benchmarks.core_share import Timing, children_cpu_s, look_at_machine, share_of_others
from benchmarks.ending import NoFigures
from benchmarks.process_tree import peak_memory_mb
from benchmarks.table import markdown, parser, present, spread
from edgeload.plan import Due, Plan, one_group_plan, ramp_steps
from edgeload.records import Anchor, End, Header, PlanRecord, Request, StepRecord
from edgeload.run.counters import SLOTS, WorkerCounters
from edgeload.run.recorder import FLUSH_S, Recorder
from edgeload.run.wire import RequestResult
from edgeload.runlog import LogWriter, create_log

_CLIENTS, _RATE, _WORKERS = 500, 2.0, 2
_LAG_S, _SERVICE_S, _SPREAD, _LONGEST_S = 20e-6, 0.03, 0.5, 0.4
_OF_A_FAILURE = 1000
_OK = RequestResult("ok", True, None)
_FAILED = RequestResult("http_503", None, "the endpoint answered 503 Service Unavailable")


def write(path: Path, count: int) -> float:
    """A log of `count` requests, and its CPU seconds per record."""
    seconds = count / (_CLIENTS * _RATE)
    plan = one_group_plan(ramp_steps([_CLIENTS], seconds), _RATE)
    anchor = Anchor(time.time(), 0.0)
    create_log(path)
    log = LogWriter(path)
    log.append([_header(plan, anchor)])
    recorders = [
        Recorder(log, WorkerCounters(bytearray(8 * SLOTS)), anchor, worker)
        for worker in range(_WORKERS)
    ]
    used_s, failed = 0.0, 0
    for worker, ended in _flushes(plan, count):
        recorder, started_s = recorders[worker], time.process_time()
        for client, due, sent_s, done_s, fails in ended:
            recorder.request(
                client,
                due,
                sent_s,
                done_s,
                503 if fails else 200,
                _FAILED if fails else _OK,
                20_000,
            )
        recorder.flush()
        used_s += time.process_time() - started_s
        failed += sum(fails for *_, fails in ended)
    counted = {"sent": count, "ok": count - failed, "failed": failed, "missed": 0}
    log.append([End("", 0.0, seconds, seconds, False, "written", counted)])
    return used_s / count


_Ended = tuple[int, Due, float, float, bool]


def _flushes(plan: Plan, count: int) -> Iterator[tuple[int, list[_Ended]]]:
    """What each worker writes at once, in the order of the log.

    Of each request the client, when it was due, sent_s, done_s, and whether it fails.
    """
    chance = np.random.default_rng(1)
    phases_s = np.array(
        [plan.constant_span(client, plan.steps[0])[0] for client in range(_CLIENTS)]
    )
    number, client = np.divmod(np.arange(count), _CLIENTS)
    due_s = phases_s[client] + number / _RATE
    sent_s = _to_ns(due_s + chance.exponential(_LAG_S, count))
    service_s = _SERVICE_S * np.exp(_SPREAD * chance.standard_normal(count))
    done_s = _to_ns(sent_s + np.minimum(service_s, _LONGEST_S))
    fails = chance.random(count) < 1 / _OF_A_FAILURE
    worker, flush = client % _WORKERS, done_s // FLUSH_S
    order = np.lexsort((done_s, worker, flush))
    changes = [np.diff(each[order], append=-1) != 0 for each in (worker, flush)]
    ends = np.flatnonzero(changes[0] | changes[1])
    for first, last in pairwise([0, *(ends + 1).tolist()]):
        rows = order[first:last]
        dues = map(Due, (number[rows] + 1).tolist(), [0] * len(rows), due_s[rows].tolist())
        columns = (each[rows].tolist() for each in (sent_s, done_s, fails))
        yield int(worker[rows[0]]), list(zip(client[rows].tolist(), dues, *columns, strict=True))


def _to_ns(instants_s: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.round(instants_s, 9)


def _header(plan: Plan, anchor: Anchor) -> Header:
    steps = [StepRecord(step.clients, step.start_s, step.end_s) for step in plan.steps]
    only = plan.groups[0]
    record = PlanRecord(steps, only.requests_per_second, only.arrivals, only.late, plan.seed)
    return Header(1, "0" * 16, "", anchor.wall_s, anchor, record, {}, {}, _WORKERS, {}, {}, {})


def write_one_by_one(path: Path, count: int) -> float:
    """The reference: CPU seconds per record, opening and closing the file for each."""
    record = Request("", 0.0, 0, 1, 0.03, True, None, 0, 0.1, 0.1, 0.13, 200, "ok", True, 1)
    line = msgspec.structs.asdict(record)
    started_s = time.process_time()
    for _ in range(count):
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
    return (time.process_time() - started_s) / count


@dataclasses.dataclass(frozen=True)
class Rebuilt:
    """What it took to rebuild all results from a log."""

    timing: Timing
    peak_mb: float
    """The most memory at once that was the program's own, and that of all processes it started."""


def rebuild(log: Path, count: int) -> Rebuilt:
    """Let the program write all results of a log, and check that nothing was lost.

    Raises NoFigures if it fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        start, used_s = look_at_machine(), children_cpu_s()
        with subprocess.Popen(
            [sys.executable, "parse_load_test_logs.py", str(log), "--output-dir", folder],
            cwd=ours.ROOT, env=ours.ENVIRONMENT, stdout=subprocess.DEVNULL,
        ) as program:  # fmt: skip
            peak_mb = peak_memory_mb(program)
        end = look_at_machine()
        others = share_of_others(start, end, children_cpu_s() - used_s)
        if program.returncode:
            raise NoFigures(f"parse_load_test_logs.py {log} ended with {program.returncode}")
        totals = json.loads((Path(folder) / "summary.json").read_bytes())["totals"]
    assert totals["ok"] + totals["failed"] == count, f"{totals} of {count} records came back"
    return Rebuilt(Timing(end.at_s - start.at_s, others), peak_mb)


def main() -> None:
    """The command."""
    options = parser(__doc__ or "", rounds=3)
    options.add_argument("--records", type=int, default=1_000_000, help="requests in the log")
    given = options.parse_args()
    ours_us, reference_us, rebuilt = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "big.log"
        for _ in range(given.rounds):
            ours_us.append(write(log, given.records) * 1e6)
            reference_us.append(write_one_by_one(Path(folder) / "one", 20_000) * 1e6)
            rebuilt.append(rebuild(log, given.records))
        size = log.stat().st_size / given.records
    ratio = [a / b for a, b in zip(reference_us, ours_us, strict=True)]
    rows = [
        ["written, CPU us a record", spread(ours_us)],
        ["the same, file opened for each record", spread(reference_us)],
        ["ratio", spread(ratio)],
        ["bytes a record", f"{size:.0f}"],
        ["read, analysed, all results written, s", spread([r.timing.seconds for r in rebuilt])],
        ["most memory of all its processes, MB", spread([r.peak_mb for r in rebuilt], 4)],
        ["share of the machine that others used", spread([r.timing.others for r in rebuilt])],
    ]
    table = markdown(["", "min / median / max"], rows)
    present(f"A log of {given.records:,} requests", table, given.output)


if __name__ == "__main__":
    main()
