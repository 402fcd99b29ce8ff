"""How fast is the log written, and read? `python -m benchmarks.log_and_read --records 10000000`

Writes a log of that many requests through the recorder that the workers use, reads it back into the
full summary, and says what each took: CPU us per record written (the reference is a file that is
opened, appended to and closed for each record, with the standard library's json), seconds and peak
memory to analyse.
"""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from benchmarks.core_share import Timing, children_cpu_s, look_at_machine, share_of_others
from benchmarks.ours import ROOT
from benchmarks.table import markdown, parser, present, spread
from edgeload.plan import Due, Plan, one_group_plan, ramp_steps
from edgeload.records import Anchor, End, Header, PlanRecord, Request, StepRecord
from edgeload.run.counters import SLOTS, WorkerCounters
from edgeload.run.recorder import Recorder
from edgeload.run.wire import RequestResult
from edgeload.runlog import LogWriter, create_log

_CLIENTS, _RATE, _BATCH = 500, 2.0, 1000
_OK = RequestResult("ok", True, None)

_ANALYSE = """
import resource, sys, time
from pathlib import Path
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
start = time.monotonic()
summary = analyse(read_log(Path(sys.argv[1])))
seconds = time.monotonic() - start
print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, summary.totals.ok)
"""


def write(path: Path, count: int) -> float:
    """A log of `count` successes of 30 ms, and its CPU seconds per record."""
    seconds = count / (_CLIENTS * _RATE)
    plan = one_group_plan(ramp_steps([_CLIENTS], seconds), _RATE)
    anchor = Anchor(time.time(), 0.0)
    create_log(path)
    log = LogWriter(path)
    log.append([_header(plan, anchor)])
    recorder = Recorder(log, WorkerCounters(bytearray(8 * SLOTS)), anchor, 0)
    started_s = time.process_time()
    for index in range(count):
        number, client = divmod(index, _CLIENTS)
        due_s = (number + client / _CLIENTS) / _RATE
        due = Due(number + 1, 0, due_s)
        recorder.request(client, due, due_s + 2e-5, due_s + 0.03, 200, _OK, 20_000)
        if index % _BATCH == _BATCH - 1:
            recorder.flush()
    recorder.flush()
    used_s = time.process_time() - started_s
    counted = {"sent": count, "ok": count, "failed": 0, "missed": 0}
    log.append([End("", 0.0, seconds, seconds, False, "written", counted)])
    return used_s / count


def _header(plan: Plan, anchor: Anchor) -> Header:
    steps = [StepRecord(step.clients, step.start_s, step.end_s) for step in plan.steps]
    only = plan.groups[0]
    record = PlanRecord(steps, only.requests_per_second, only.arrivals, only.late, plan.seed)
    return Header(1, "0" * 16, "", anchor.wall_s, anchor, record, {}, {}, 1, {}, {}, {})


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
class Analysed:
    """What reading took, in a process of its own."""

    seconds: float
    peak_mb: float


def analyse_log(path: Path, count: int) -> Analysed:
    """Read a log into the full summary, and check that nothing was lost."""
    command = [sys.executable, "-c", _ANALYSE, str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    seconds, peak_mb, ok = (float(word) for word in done.stdout.split())
    assert ok == count, f"{ok:.0f} of {count} records came back"
    return Analysed(seconds, peak_mb)


def timed_analysis(path: Path, count: int) -> tuple[Timing, float]:
    """The same, with what others used of the machine meanwhile; and the peak of memory in MB."""
    start, used_s = look_at_machine(), children_cpu_s()
    found = analyse_log(path, count)
    others = share_of_others(start, look_at_machine(), children_cpu_s() - used_s)
    return Timing(found.seconds, others), found.peak_mb


def main() -> None:
    """The command."""
    options = parser(__doc__ or "", rounds=3)
    options.add_argument("--records", type=int, default=1_000_000, help="requests in the log")
    given = options.parse_args()
    ours, reference, analysed = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "big.log"
        for _ in range(given.rounds):
            ours.append(write(log, given.records) * 1e6)
            reference.append(write_one_by_one(Path(folder) / "one", 20_000) * 1e6)
            analysed.append(analyse_log(log, given.records))
        size = log.stat().st_size / given.records
    ratio = [a / b for a, b in zip(reference, ours, strict=True)]
    rows = [
        ["written, CPU us a record", spread(ours)],
        ["the same, file opened for each record", spread(reference)],
        ["ratio", spread(ratio)],
        ["bytes a record", f"{size:.0f}"],
        ["read and analysed, s", spread([a.seconds for a in analysed])],
        ["peak memory, MB", spread([a.peak_mb for a in analysed], 4)],
    ]
    table = markdown(["", "min / median / max"], rows)
    present(f"A log of {given.records:,} requests", table, given.output)


if __name__ == "__main__":
    main()
