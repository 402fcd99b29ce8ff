"""Does a long run keep its memory? `python -m benchmarks.soak --minutes 30`

A load test against an endpoint that only answers. While it sends, the memory that each of its
processes has for itself (USS) and its open descriptors are sampled. A line through ten means in
time gives the growth per second, with its 95 % interval: neighbouring samples are alike, so they
are not counted one by one. Flat means that the whole interval is below a bound. For memory it is
0.1 kB/s, at 500 requests/s a fifth of a byte per request: an object lost once in 200 requests
would show. For descriptors it is 0.005/s, so that the usual limit of 1024 lasts for two days.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import psutil
from scipy import stats

from benchmarks.ending import NoFigures, end_with
from benchmarks.ours import ENVIRONMENT, ROOT, check, command, log_in
from benchmarks.process_tree import kill
from benchmarks.table import markdown, output_file, present, where
from edgeload import child_processes
from edgeload.simulator.null import DETECTOR_ID

MEMORY_BOUND = 0.1
DESCRIPTOR_BOUND = 0.005
_WARM_UP = 0.2
"""Share of the time, at the start, that is left out: tables and caches still grow to their size."""
_BLOCKS = 10
_BEGIN_WITHIN_S = 60.0
_END_WITHIN_S = 600.0


@dataclass(frozen=True)
class Sample:
    """One process at one instant of the run."""

    at_s: float
    memory_kb: float
    descriptors: int


@dataclass(frozen=True)
class Growth:
    """Growth per second, the limits of its 95 % interval, and what that means for a bound.

    None: there are too few samples.
    """

    per_s: float | None
    low: float | None
    high: float | None
    verdict: str


@dataclass(frozen=True)
class Soaked:
    """One process over the run."""

    role: str
    samples: int
    first_kb: float
    last_kb: float
    memory: Growth
    descriptors: Growth


def growth(at_s: Sequence[float], values: Sequence[float], bound: float) -> Growth:
    """Growth of a series after its warm-up; too few samples for ten means are undecided."""
    times, series = np.asarray(at_s, float), np.asarray(values, float)
    late = times >= times[0] + _WARM_UP * (times[-1] - times[0])
    times, series = times[late], series[late]
    if len(times) < 2 * _BLOCKS:
        return Growth(None, None, None, "undecided")
    if np.ptp(series) == 0:
        return Growth(0.0, 0.0, 0.0, "flat")
    blocks = np.array_split(np.arange(len(times)), _BLOCKS)
    x, y = (np.array([column[block].mean() for block in blocks]) for column in (times, series))
    line = stats.linregress(x, y)
    half = float(stats.t.ppf(0.975, _BLOCKS - 2) * line.stderr)
    low, high = line.slope - half, line.slope + half
    verdict = "flat" if high <= bound else "grows" if low > bound else "undecided"
    return Growth(float(line.slope), float(low), float(high), verdict)


def soaked(role: str, samples: Sequence[Sample]) -> Soaked:
    """What the samples of one process say."""
    at_s = [sample.at_s for sample in samples]
    memory = growth(at_s, [sample.memory_kb for sample in samples], MEMORY_BOUND)
    descriptors = growth(at_s, [sample.descriptors for sample in samples], DESCRIPTOR_BOUND)
    first, last = samples[0].memory_kb, samples[-1].memory_kb
    return Soaked(role, len(samples), first, last, memory, descriptors)


def _roles(parent: psutil.Process) -> dict[str, psutil.Process]:
    """The processes of a load test, by what they are: workers are forked by the fork server."""
    found = {"parent": parent}
    for child in parent.children():
        if "multiprocessing.forkserver" in " ".join(child.cmdline()):
            found["fork server"] = child
            workers = sorted(child.children(), key=lambda process: process.pid)
            found |= {f"worker {number}": worker for number, worker in enumerate(workers, 1)}
    return found


@contextlib.contextmanager
def _null_endpoint(folder: Path) -> Iterator[str]:
    """The URL of an endpoint that only answers, and removes the folder at its end."""
    folder.mkdir()
    with subprocess.Popen(
        child_processes.command("edgeload.simulator.null:main", str(folder)),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()[-2]
        finally:
            process.stdin.close()


def soak(seconds: float, rate: float, clients: int, every_s: float, folder: Path) -> list[Soaked]:
    """Run the load test, sample its processes while it sends, and wait for its end."""
    series: dict[str, list[Sample]] = {}
    with _null_endpoint(folder / "null") as url:
        words = command(url, DETECTOR_ID, clients, rate / clients, seconds, folder)
        errors = folder / "errors"
        with errors.open("wb") as stderr:
            process = subprocess.Popen(
                words, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=stderr
            )
        try:
            start_s = _begin(process, log_in(folder), errors)
            roles = _roles(psutil.Process(process.pid))
            due_s = start_s
            with contextlib.suppress(psutil.NoSuchProcess):  # the workers end first
                while (due_s := due_s + every_s) < start_s + seconds:
                    time.sleep(max(0.0, due_s - time.monotonic()))  # until the next sample
                    for role, member in roles.items():
                        sample = _sample(member, time.monotonic() - start_s)
                        series.setdefault(role, []).append(sample)
            check(process.wait(_END_WITHIN_S), errors.read_text(encoding="utf-8"))
        finally:
            kill(process)
    return [soaked(role, samples) for role, samples in series.items()]


def _begin(process: subprocess.Popen[bytes], log: Path, errors: Path) -> float:
    """The instant at which requests are answered. Raises NoFigures if none is."""
    until_s = time.monotonic() + _BEGIN_WITHIN_S
    while not (log.exists() and b'"event":"request"' in log.read_bytes()):
        if process.poll() is not None:
            check(process.returncode, errors.read_text(encoding="utf-8"), ())
        if time.monotonic() > until_s:
            raise NoFigures(f"the load test has no answer after {_BEGIN_WITHIN_S:g} s")
        time.sleep(0.1)  # each look reads the log, which takes CPU from what is measured
    return time.monotonic()


def _sample(process: psutil.Process, at_s: float) -> Sample:
    """Raises psutil.NoSuchProcess for a process that has ended."""
    return Sample(at_s, process.memory_full_info().uss / 1024, process.num_fds())


def table_of(found: Sequence[Soaked]) -> str:
    """One line for each process."""
    rows = [
        [
            one.role, str(one.samples), f"{one.first_kb:,.0f}", f"{one.last_kb:,.0f}",
            _interval(one.memory), one.memory.verdict,
            _interval(one.descriptors), one.descriptors.verdict,
        ]
        for one in found
    ]  # fmt: skip
    head = ["process", "samples", "first kB", "last kB", "kB/s", "memory", "fds/s", "descriptors"]
    return markdown(head, rows)


def _interval(growth: Growth) -> str:
    if growth.per_s is None:
        return "too few samples"
    return f"{growth.per_s:.4f} [{growth.low:.4f} to {growth.high:.4f}]"


def verdict_of(found: Sequence[Soaked]) -> str:
    """`flat` if everything is, `grows` if anything does; `undecided` without samples."""
    verdicts = {one.verdict for each in found for one in (each.memory, each.descriptors)}
    return next((word for word in ("grows", "undecided", "flat") if word in verdicts), "undecided")


def main() -> int:
    """The command: exit code 0 if all is flat, 1 if not."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--minutes", type=float, default=30.0, help="length of the run (30)")
    options.add_argument("--requests-per-second", type=float, default=500.0, help="in all (500)")
    options.add_argument("--clients", type=int, default=50, help="that send them (50)")
    options.add_argument("--every", type=float, default=5.0, help="seconds between samples (5)")
    options.add_argument("--output", type=output_file, help="also write the table to this file")
    options.add_argument("--json", type=output_file, help="write the figures as JSON to this file")
    given = options.parse_args()
    seconds, rate = given.minutes * 60, given.requests_per_second
    with tempfile.TemporaryDirectory() as folder:
        found = soak(seconds, rate, given.clients, given.every, Path(folder))
        totals = json.loads((Path(folder) / "ours" / "summary.json").read_text())["totals"]
    verdict = verdict_of(found)
    title = (
        f"{seconds / 60:g} minutes at {rate:g} requests/s: {verdict} "
        f"({totals['ok']:,} of {totals['planned']:,} requests answered)"
    )
    present(title, table_of(found), given.output)
    if given.json:
        processes = [asdict(one) for one in found]
        facts = {"seconds": seconds, "requests_per_s": rate, "answered": totals["ok"]}
        document = {"verdict": verdict, **facts, "machine": where(), "processes": processes}
        given.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return 0 if verdict == "flat" else 1


if __name__ == "__main__":
    end_with(main)
