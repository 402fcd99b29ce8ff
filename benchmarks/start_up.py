"""How long does a user wait before anything happens? `python -m benchmarks.start_up`

Seconds from the start of a process, in rounds in which all take their turn: until the first request
of a load test of 100 clients is due (before nginx, with the usual checks and image queries before
the run), until the help of each program stands there, until the results of a small log and the plan
of 10,000 steps do. The least counts, because what disturbs a program only adds to it. A round in
which others used more than 5 % of the machine is disturbed.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks import ours
from benchmarks.core_share import (
    MachineAccount,
    Timing,
    children_cpu_s,
    enough,
    look_at_machine,
    share_of_others,
)
from benchmarks.ending import NoFigures, end_with
from benchmarks.log_and_read import write
from benchmarks.nginx import DETECTOR_ID, nginx
from benchmarks.process_tree import cpu_s, kill
from benchmarks.table import markdown, parser, present, significant, spread
from edgeload.records import Header, Request
from edgeload.runlog import read_records

_SMALL_LOG_RECORDS = 2500
_DUE_WITHIN_S = 30.0
_COMMANDS = (
    "run", "report", "compare", "check", "cluster-check", "memory", "prepare", "cleanup", "list",
    "monitor", "simulate",
)  # fmt: skip
PROGRAMS = (
    ("load_test.py",),
    ("parse_load_test_logs.py",),
    ("monitor_cpu_gpu_usage.py",),
    ("-m", "edgeload"),
    *(("-m", "edgeload", command) for command in _COMMANDS),
)
FIRST_DUE, HELP, SMALL_LOG, DRY_RUN = (
    "first request due, 100 clients", "--help, the slowest program", "results of a small log",
    "--dry-run, 10,000 steps",
)  # fmt: skip
GOALS_S = {FIRST_DUE: 1.0, HELP: 0.2, SMALL_LOG: 1.2, DRY_RUN: 1.0}


@dataclass
class Timings:
    """All rounds of one program."""

    rounds: list[Timing]

    @property
    def least_s(self) -> float:
        """What disturbs a program only adds to it."""
        return min(timing.seconds for timing in self.rounds)

    @property
    def undisturbed(self) -> int:
        """So many rounds."""
        return sum(timing.kept for timing in self.rounds)

    @property
    def quiet(self) -> bool:
        """Whether enough rounds were undisturbed."""
        return enough(self.undisturbed, len(self.rounds))


def timed(command: Sequence[str]) -> Timing:
    """Run a program to its end. Raises NoFigures if it fails."""
    start, used_s = look_at_machine(), children_cpu_s()
    done = subprocess.run(
        [sys.executable, *command], cwd=ours.ROOT, env=ours.ENVIRONMENT, capture_output=True,
        check=False,
    )  # fmt: skip
    timing = _timing(start, children_cpu_s() - used_s)
    if done.returncode:
        last = (done.stderr.decode(errors="replace").strip() or "no words").splitlines()[-1]
        raise NoFigures(f"{' '.join(command[:3])} ended with {done.returncode}: {last}")
    return timing


def _timing(start: MachineAccount, used_s: float) -> Timing:
    end = look_at_machine()
    return Timing(end.at_s - start.at_s, share_of_others(start, end, used_s))


def until_first_due(url: str, folder: Path) -> Timing:
    """From the start of a load test to the due time of its first request. Raises NoFigures."""
    log, more = ours.log_in(folder), ("--preflight",)
    log.unlink(missing_ok=True)
    command = ours.command(url, DETECTOR_ID, 100, 10.0, 10.0, folder, *more)
    start = look_at_machine()
    with (folder / "errors").open("wb") as errors:
        process = subprocess.Popen(
            command, cwd=ours.ROOT, env=ours.ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=errors
        )
    try:
        tree = psutil.Process(process.pid)
        while (due_s := first_due_s(log)) is None:
            if process.poll() is not None or time.monotonic() - start.at_s > _DUE_WITHIN_S:
                raise NoFigures("the load test sent nothing")
            time.sleep(0.05)  # each look costs CPU
        return Timing(due_s - start.at_s, _timing(start, cpu_s(tree)).others)
    finally:
        kill(process)


def first_due_s(log: Path) -> float | None:
    """On the monotonic clock, when the first request of a log was due; None: it has none yet."""
    anchor_s, dues_s = None, []
    with contextlib.suppress(OSError):
        for chunk in read_records(log):
            for record in chunk:
                if isinstance(record, Header):
                    anchor_s = record.anchor.monotonic_s
                elif isinstance(record, Request):
                    dues_s.append(record.due_s)
    return anchor_s + min(dues_s) if anchor_s is not None and dues_s else None


def measure_all(rounds: int) -> dict[str, Timings]:
    """All in turn, round by round; the help of each program by itself. Raises NoFigures."""
    found: dict[str, Timings] = {}
    with nginx() as server, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small = folder / "small.log"
        write(small, _SMALL_LOG_RECORDS)
        kinds: dict[str, Callable[[], Timing]] = {
            FIRST_DUE: lambda: until_first_due(server.url, folder),
            SMALL_LOG: lambda: timed(
                ["parse_load_test_logs.py", str(small), "--output-dir", f"{folder}/results"]
            ),
            DRY_RUN: lambda: timed(
                ["load_test.py", "--dry-run", "--max-clients", "10000", "--step-size", "1"]
            ),
        }
        for _ in range(rounds):
            for kind, measure in kinds.items():
                found.setdefault(kind, Timings([])).rounds.append(measure())
            for program in PROGRAMS:
                words = f"{' '.join(program).removeprefix('-m ')} --help"
                found.setdefault(words, Timings([])).rounds.append(timed([*program, "--help"]))
    return found


def slowest_help(found: dict[str, Timings]) -> Timings:
    """Of all programs, the one whose least time is the largest."""
    helps = [timings for name, timings in found.items() if name.endswith("--help")]
    return max(helps, key=lambda timings: timings.least_s)


def start_table(found: dict[str, Timings]) -> str:
    """A row for each."""
    rows = [
        [
            name,
            significant(timings.least_s),
            spread([timing.seconds for timing in timings.rounds]),
            f"{timings.undisturbed} of {len(timings.rounds)}",
        ]
        for name, timings in found.items()
    ]
    return markdown(["until", "least, s", "min / median / max, s", "undisturbed rounds"], rows)


def main() -> None:
    """The command."""
    given = parser(__doc__ or "", rounds=5).parse_args()
    present("Seconds until something happens", start_table(measure_all(given.rounds)), given.output)


if __name__ == "__main__":
    end_with(main)
