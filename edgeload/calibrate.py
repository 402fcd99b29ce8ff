"""Measures how much load this machine can generate, against an endpoint that only answers.

It makes two short runs over loopback and reads their logs like any other. The first has an arrival
rate that cannot be reached, to find the most requests per second. The second has a modest rate, to
find how punctually requests are sent.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
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
_SATURATING = {"clients": 8, "requests_per_second": 4000.0}  # per worker process
_PACED = {"clients": 100, "requests_per_second": 10.0}  # in all


@dataclass(frozen=True)
class Calibration:
    """What this machine achieved. It also ran the endpoint, so it can generate more than this."""

    workers: int
    picture_bytes: int
    requests_per_s: float
    cpu_us_per_request: float | None
    """CPU time of the worker processes per request, at the highest rate."""
    paced_per_s: float
    lag_p50_s: float | None
    lag_p99_s: float | None
    lag_p999_s: float | None

    @property
    def mbit_per_s(self) -> float:
        """Megabits of pictures per second at the highest rate."""
        return self.requests_per_s * self.picture_bytes * 8 / 1e6


def calibrate(settings: Settings) -> Calibration:
    """Make both runs with the picture and the workers of these settings, in about ten seconds.

    Of a mix nothing is used: the picture is that of IMAGE_PATH. It makes runs of its own, whatever
    kind of run the settings ask for.

    Raises OSError if the endpoint cannot be started, SettingError if there is no folder for
    temporary files, Stopped if a signal ends one of the runs, and whatever `run_session` raises.
    """
    workers = settings.workers if isinstance(settings.workers, int) else usable_cores()
    picture_bytes = len(single_image(settings.image_path)[0])
    with _temporary_folder() as folder, _null_endpoint(folder) as url:

        def trial(clients: int, requests_per_second: float) -> StepSummary:
            log = Path(folder) / "calibration.log"
            changed = settings.without_mix().model_copy(
                update={
                    "endpoint_url": url,
                    "detector_id": DETECTOR_ID,
                    "find_capacity": False,
                    "audit_cache": False,
                    "until_rollouts": None,
                    "preflight": False,
                    "client": "http",
                    "workers": workers,
                    "custom_ramp": (clients,),
                    "requests_per_second": requests_per_second,
                    "time_between_ramp": _SECONDS,
                    "warmup": 1.0,
                    "late": "skip",
                    "same_image": True,
                    "log_file": log,
                }
            )
            outcome = run_session(changed, Console(file=StringIO()))
            if outcome.ending is not Ending.FINISHED:
                raise Stopped(outcome.reason)
            return analyse(read_log(log)).steps[0]

        most = trial(int(_SATURATING["clients"]) * workers, _SATURATING["requests_per_second"])
        paced = trial(int(_PACED["clients"]), _PACED["requests_per_second"])
    rate = most.rates.throughput_per_s or 0.0
    return Calibration(
        workers=workers,
        picture_bytes=picture_bytes,
        requests_per_s=rate,
        cpu_us_per_request=(most.generator.cpu_cores or 0.0) * workers / rate * 1e6
        if rate
        else None,
        paced_per_s=_PACED["clients"] * _PACED["requests_per_second"],
        lag_p50_s=_lag(paced, "p50"),
        lag_p99_s=_lag(paced, "p99"),
        lag_p999_s=_lag(paced, "p999"),
    )


def _lag(step: StepSummary, name: str) -> float | None:
    quantile = step.generator.lag.quantile(name) if step.generator.lag else None
    return quantile.value if quantile else None


def print_calibration(found: Calibration, console: Console) -> None:
    """Print how much this machine can send, how punctually, and under which conditions."""
    console.print(
        f"This machine can send at least {found.requests_per_s:,.0f} requests/s of "
        f"{found.picture_bytes / 1000:.1f} kB ({found.mbit_per_s:,.0f} Mbit/s) from "
        f"{plural(found.workers, 'worker process')}; every answer is checked and logged.",
        highlight=False,
        soft_wrap=not console.is_terminal,
    )
    console.print(
        f"At {found.paced_per_s:,.0f} requests/s it sends this late (generator lag): "
        f"p50 {_us(found.lag_p50_s)}, p99 {_us(found.lag_p99_s)}, p99.9 {_us(found.lag_p999_s)}.",
        highlight=False,
        soft_wrap=not console.is_terminal,
    )
    facts = generator_machine()
    console.print(
        f"Measured over loopback on {plural(facts['usable_cores'], 'core')} "
        f"({facts['processor']}). The endpoint that answered used part of them, so this is a lower "
        "bound.",
        highlight=False,
        soft_wrap=not console.is_terminal,
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
def _null_endpoint(folder: str) -> Iterator[str]:
    """Start a null endpoint in a process of its own, which ends with ours; yields its URL.

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
            yield line[-1]
        finally:
            process.stdin.close()
