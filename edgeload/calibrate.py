"""Measures how much load this machine can generate, against an endpoint that only answers.

It makes short runs over loopback and reads their logs like any other. Over HTTP and over TLS, the
first has an arrival rate that cannot be reached, to find the most requests per second; the next
goes up in steps to find at how many its lag grows. Two more have a modest rate, to find how
punctually requests are sent, and what it costs to be more so.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from rich.console import Console

from edgeload.child_processes import command, environment
from edgeload.machine import usable_cores
from edgeload.plain_words import plural
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.run.environment import generator_machine
from edgeload.run.images import single_image
from edgeload.run.phases import Ending
from edgeload.run.picture_file import no_temporary_file
from edgeload.run.session import run_session
from edgeload.settings import Settings
from edgeload.signals import Stopped, withheld
from edgeload.simulator.null import DETECTOR_ID

_SECONDS = 4.0
"""Length of a run at the modest rate; the others are shares of it."""
_WARM_UP = 0.25
_SATURATING = {"clients": 8, "requests_per_second": 4000.0}  # per worker process
_PACED = {"clients": 100, "requests_per_second": 10.0}  # in all
_SHARES = (0.2, 0.4, 0.6, 0.8)
"""Loads of the steps, of the most requests per second."""
_CLIENTS_AT_MOST = 100  # per worker process
_ON_TIME_S = 0.001


@dataclass(frozen=True)
class Rungs:
    """How late a worker's requests are at each of some loads, in ascending order."""

    loads: tuple[tuple[float, float | None], ...]
    """(requests per second that are due, p99.9 of the generator's lag in seconds)."""

    @property
    def on_time_per_s(self) -> float | None:
        """The largest of the loads up to which p99.9 is at most 1 ms; None if there is none."""
        found: float | None = None
        for per_s, lag_s in self.loads:
            if lag_s is None or lag_s > _ON_TIME_S:
                break
            found = per_s
        return found

    @property
    def late_per_s(self) -> float | None:
        """The load above, whose p99.9 is more, or not known; None if there is none."""
        found = self.on_time_per_s or 0.0
        return next((per_s for per_s, _ in self.loads if per_s > found), None)


@dataclass(frozen=True)
class Reach:
    """How far this machine comes over one kind of connection."""

    requests_per_s: float
    """The most that it sent."""
    cpu_us_per_request: float | None
    """CPU time of the worker processes per request, at the highest rate."""
    rungs: Rungs


@dataclass(frozen=True)
class Punctuality:
    """How late requests are sent at a modest rate, and what each of them costs."""

    cpu_us_per_request: float | None
    lag_p50_s: float | None
    lag_p99_s: float | None
    lag_p999_s: float | None


@dataclass(frozen=True)
class Calibration:
    """What this machine achieved. It also ran the endpoint, so it can generate more than this."""

    workers: int
    picture_bytes: int
    http: Reach
    tls: Reach
    paced_per_s: float
    paced: Punctuality
    punctual: Punctuality
    """The same with the setting PUNCTUAL."""

    @property
    def mbit_per_s(self) -> float:
        """Megabits of pictures per second at the highest rate."""
        return self.http.requests_per_s * self.picture_bytes * 8 / 1e6


def calibrate(settings: Settings) -> Calibration:
    """Make all runs with the picture and the workers of these settings, in about 40 seconds.

    Of a mix nothing is used: the picture is that of IMAGE_PATH. It makes runs of its own, whatever
    kind of run the settings ask for.

    Raises OSError if the endpoint cannot be started, SettingError if there is no folder for
    temporary files, Stopped if a signal ends one of the runs, and whatever `run_session` raises.
    """
    workers = settings.workers if isinstance(settings.workers, int) else usable_cores()
    picture_bytes = len(single_image(settings.image_path)[0])
    with _temporary_folder() as folder, _null_endpoint(folder) as (url, tls_url):
        trials = _Trials(settings, workers, Path(folder) / "calibration.log")
        http, tls = trials.reach(url), trials.reach(tls_url)
        paced, punctual = (trials.punctuality(url, punctual=each) for each in (False, True))
    return Calibration(
        workers=workers,
        picture_bytes=picture_bytes,
        http=http,
        tls=tls,
        paced_per_s=_PACED["clients"] * _PACED["requests_per_second"],
        paced=paced,
        punctual=punctual,
    )


class _Trials:
    """Runs with the picture of some settings, each of which writes the same log anew."""

    def __init__(self, settings: Settings, workers: int, log: Path) -> None:
        self._workers = workers
        self._log = log
        self._settings = settings.without_mix().model_copy(
            update={
                "detector_id": DETECTOR_ID,
                "insecure": True,
                "find_capacity": False,
                "audit_cache": False,
                "until_rollouts": None,
                "preflight": False,
                "client": "http",
                "workers": workers,
                "late": "skip",
                "same_image": True,
                "log_file": log,
            }
        )

    def reach(self, url: str) -> Reach:
        """How far it comes: a run that cannot be driven, then one of several steps."""
        (most,) = self._run(
            url,
            (int(_SATURATING["clients"]) * self._workers,),
            _SATURATING["requests_per_second"],
            0.75 * _SECONDS,
        )
        per_s = most.rates.throughput_per_s or 0.0
        clients = _CLIENTS_AT_MOST * self._workers
        rungs: list[tuple[float, float | None]] = []
        if per_s:
            ramp = tuple(round(share * clients) for share in _SHARES)
            steps = self._run(url, ramp, per_s / clients, 0.5 * _SECONDS)
            rungs = [
                (count * per_s / clients, _lag(step, "p999"))
                for count, step in zip(ramp, steps, strict=True)
            ]
        return Reach(per_s, self._cpu_us(most, per_s), Rungs(tuple(rungs)))

    def punctuality(self, url: str, *, punctual: bool) -> Punctuality:
        """How late requests are sent at the modest rate."""
        rate = _PACED["requests_per_second"]
        (step,) = self._run(url, (int(_PACED["clients"]),), rate, _SECONDS, punctual=punctual)
        return Punctuality(
            self._cpu_us(step, step.rates.throughput_per_s or 0.0),
            *(_lag(step, name) for name in ("p50", "p99", "p999")),
        )

    def _run(
        self,
        url: str,
        ramp: tuple[int, ...],
        requests_per_second: float,
        step_s: float,
        *,
        punctual: bool = False,
    ) -> Sequence[StepSummary]:
        """Its steps. Raises Stopped."""
        changed = self._settings.model_copy(
            update={
                "endpoint_url": url,
                "custom_ramp": ramp,
                "requests_per_second": requests_per_second,
                "time_between_ramp": step_s,
                "warmup": _WARM_UP * step_s,
                "punctual": punctual,
            }
        )
        outcome = run_session(changed, Console(file=StringIO()))
        if outcome.ending is not Ending.FINISHED:
            raise Stopped(outcome.reason)
        return analyse(read_log(self._log)).steps

    def _cpu_us(self, step: StepSummary, per_s: float) -> float | None:
        """CPU time of the worker processes per request."""
        cores = step.generator.cpu_cores
        return None if cores is None or not per_s else cores * self._workers / per_s * 1e6


def _lag(step: StepSummary, name: str) -> float | None:
    quantile = step.generator.lag.quantile(name) if step.generator.lag else None
    return quantile.value if quantile else None


def print_calibration(found: Calibration, console: Console) -> None:
    """Print how much this machine can send, how punctually, and under which conditions."""
    facts = generator_machine()
    for sentence in (
        f"This machine can send at least {found.http.requests_per_s:,.0f} requests/s of "
        f"{found.picture_bytes / 1000:.1f} kB ({found.mbit_per_s:,.0f} Mbit/s) from "
        f"{plural(found.workers, 'worker process')}, and {found.tls.requests_per_s:,.0f}/s over "
        "TLS; every answer is checked and logged.",
        f"{_on_time('HTTP', found.http.rungs)} {_on_time('TLS', found.tls.rungs)}",
        f"At {found.paced_per_s:,.0f} requests/s over HTTP it sends this late (generator lag): "
        f"{_late(found.paced)}. With --punctual: {_late(found.punctual)}.",
        f"Measured over loopback on {plural(facts['usable_cores'], 'core')} "
        f"({facts['processor']}). The endpoint that answered used part of them, so this is a lower "
        "bound.",
    ):
        console.print(sentence, highlight=False, soft_wrap=not console.is_terminal)


def _on_time(kind: str, rungs: Rungs) -> str:
    """Up to which load 999 of 1,000 requests are sent within a millisecond."""
    on_time, late = rungs.on_time_per_s, rungs.late_per_s
    lag = f"Over {kind}, p99.9 of the lag"
    if on_time is None:
        if late is None:
            return f"{lag} was not measured."
        return f"{lag} is more than 1 ms already at {late:,.0f} requests/s, the least tried."
    end = "the most tried" if late is None else f"but not at {late:,.0f}/s"
    return f"{lag} is at most 1 ms up to {on_time:,.0f} requests/s, {end}."


def _late(found: Punctuality) -> str:
    cost = found.cpu_us_per_request
    return (
        f"p50 {_us(found.lag_p50_s)}, p99 {_us(found.lag_p99_s)}, p99.9 {_us(found.lag_p999_s)}, "
        f"for {_us(None if cost is None else cost / 1e6)} of CPU a request"
    )


def _us(seconds: float | None) -> str:
    return "unknown" if seconds is None else f"{seconds * 1e6:,.0f} us"


@contextmanager
def _temporary_folder() -> Iterator[str]:
    """A new folder that is deleted on exit. Raises SettingError."""
    try:
        made = tempfile.TemporaryDirectory(prefix="edgeload-")
    except OSError as problem:
        raise no_temporary_file(problem) from problem
    with made as folder:
        yield folder


@contextmanager
def _null_endpoint(folder: str) -> Iterator[tuple[str, str]]:
    """Start a null endpoint in a process of its own, which ends with ours; yields its two URLs.

    It then removes the folder, which this process cannot do if it is killed.
    """
    with withheld():
        process = subprocess.Popen(
            command("edgeload.simulator.null:main", folder),
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            line = process.stdout.readline().split()
            if not line:
                raise OSError("the null endpoint did not start")
            yield line[-2], line[-1]
        finally:
            process.stdin.close()
