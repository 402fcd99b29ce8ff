"""Is the limit named right? `python -m benchmarks.named_limits`

Each kind of bottleneck is made for real, and a load test is run against it as a user would: which
resource does its report name? A box that carries every load has none. A run in which our machine
could not drive the load, because other programs share it, is made once more.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.ending import NoFigures, end_with
from benchmarks.ours import ENVIRONMENT, PICTURE, ROOT, check
from benchmarks.process_tree import kill
from benchmarks.table import beginning, markdown, parser, present
from edgeload import exit_codes
from edgeload.simulator.launch import running_simulator

_TRIES = 2
_NONE = "none"
_INVALID = "INVALID"
_LINK = "16mbit"
"""Pictures of 20 kB over it: about 95 per second."""
_HOT_GPU = (
    "utilization=97 memory_controller=60 used=8000000000 total=24000000000 power=290000 "
    "limit=300000 temperature=92 sm_clock=900 memory_clock=9000 reasons=64 energy=1000"
)
"""One that heat slows down: bit 0x40 of the reasons is HW_THERMAL_SLOWDOWN."""
_NEVER_REST = """
import os, sys, time
from pathlib import Path
log, programs, seconds = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
while not (log.exists() and b'"due_s"' in log.read_bytes()):
    time.sleep(0.1)
end = time.monotonic() + seconds
for _ in range(programs - 1):
    if os.fork() == 0:
        os.setsid()
        break
while time.monotonic() < end:
    pass
"""
"""From the first request, and for no longer than the load lasts: else it never begins or ends.

A session of its own for each: Linux shares a core among sessions before it does so among programs.
"""
_STAND_IN = ROOT / "tests" / "host" / "nvml_stand_in.c"
_MIX = """\
- {name: door, detector_name: door, cameras: 4, requests_per_second: 4}
- {name: person, detector_name: person, cameras: 4, requests_per_second: 4}
- {name: label, detector_name: label, cameras: 4, requests_per_second: 4}
"""
_ONE_SLOW_POD = (
    "--detector door:workers=4,service-time=30ms --detector person:workers=1,service-time=50ms "
    "--detector label:workers=4,service-time=30ms"
)


@dataclass(frozen=True)
class LoadTest:
    """Options of a load test, and the words before it that put it into a place of its own."""

    options: tuple[str, ...]
    before: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bottleneck:
    """A resource that is full, for as long as `made` lasts in a folder."""

    name: str
    resource: str
    """As summary.json names it."""
    made: Callable[[Path], AbstractContextManager[LoadTest]]


def _ramp(steps: str, per_s: float, *more: str) -> tuple[str, ...]:
    return ("--custom-ramp", steps, "--requests-per-second", str(per_s), *more)


def _embedded(simulator: str, *options: str, before: tuple[str, ...] = ()) -> LoadTest:
    return LoadTest(("--endpoint-url", "", "--simulator-options", simulator, *options), before)


def _on_the_embedded(
    simulator: str, *options: str
) -> Callable[[Path], AbstractContextManager[LoadTest]]:
    return lambda _: contextlib.nullcontext(_embedded(simulator, *options))


@contextlib.contextmanager
def _one_detector_of_three(folder: Path) -> Iterator[LoadTest]:
    mix = folder / "mix.yaml"
    mix.write_text(_MIX, encoding="utf-8")
    yield _embedded(_ONE_SLOW_POD, "--mix", str(mix), "--custom-ramp", "1,3")


@contextlib.contextmanager
def _slow_link(folder: Path) -> Iterator[LoadTest]:
    """A network namespace whose loopback is slow."""
    unshare, ip, tc = (shutil.which(name) for name in ("unshare", "ip", "tc"))
    if not (unshare and ip and tc):
        raise NoFigures("unshare, ip or tc is not installed.")
    shape = f"{tc} qdisc add dev lo root tbf rate {_LINK} burst 64kb latency 200ms"
    shell = f'{ip} link set lo up && {shape} && exec "$@"'
    yield _embedded(
        "--inference-workers 16 --service-time 30ms",
        *_ramp("2,24", 5),
        before=(unshare, "--net", "sh", "-c", shell, "sh"),
    )


@contextlib.contextmanager
def _starved_generator(folder: Path) -> Iterator[LoadTest]:
    """While it sends, the load test shares one core with many programs that never rest.

    A request costs it no less than 10 µs (docs/benchmarks.md): 3 % of a core for 3,000 per second,
    twice what is its share. With a few such programs only, it was on time all the same.
    """
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        raise NoFigures("this needs two cores.")
    own = ("taskset", "-c", str(usable[-1]))
    with running_simulator(["--inference-workers", "100", "--service-time", "5ms"]) as box:
        process = psutil.Process(box.pid)
        for member in (process, *process.children(recursive=True)):
            member.cpu_affinity(usable[:1])
        others = subprocess.Popen(
            [*own, sys.executable, "-c", _NEVER_REST, str(folder / "log"), "60", "16"]
        )
        try:
            yield LoadTest(("--endpoint-url", box.url, *_ramp("10,100", 30)), own)
        finally:
            kill(others)


@contextlib.contextmanager
def _busy_proxy(folder: Path) -> Iterator[LoadTest]:
    """A proxy of one process that needs 8 ms of CPU for each request: 125 per second."""
    script = ROOT / "benchmarks" / "busy_proxy" / "uvicorn.py"
    with running_simulator(["--inference-workers", "16"]) as box:
        upstream = box.url.rpartition(":")[2]
        proxy = subprocess.Popen(
            [sys.executable, str(script), upstream, "8"], stdout=subprocess.PIPE
        )
        try:
            assert proxy.stdout is not None
            url = f"http://127.0.0.1:{int(proxy.stdout.readline())}"
            with _monitor(folder, "--processes", "uvicorn") as monitor:
                options = _ramp("4,40", 5, "--monitor", monitor)
                yield LoadTest(("--endpoint-url", url, *options))
        finally:
            kill(proxy)


@contextlib.contextmanager
def _hot_gpu(folder: Path) -> Iterator[LoadTest]:
    """A box whose workers are full while its GPU is slowed down by heat."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise NoFigures("there is no C compiler for the stand-in of the GPU's driver.")
    library = folder / "libnvidia-ml.so.1"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, _STAND_IN], check=True)
    gpu = {"LD_LIBRARY_PATH": str(folder), "NVML_STAND_IN_GPU_0": _HOT_GPU}
    with _monitor(folder, **gpu) as monitor:
        yield _embedded("--inference-workers 4", *_ramp("4,30", 4, "--monitor", monitor))


@contextlib.contextmanager
def _monitor(folder: Path, *options: str, **environment: str) -> Iterator[str]:
    """A host monitor that serves its samples: where."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
    process = subprocess.Popen(
        [
            sys.executable, str(ROOT / "monitor_cpu_gpu_usage.py"), "--until-stopped",
            "--interval", "0.5", "--serve", port, "--output", str(folder / "monitor"), *options,
        ],
        env={**ENVIRONMENT, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


BOTTLENECKS = (
    Bottleneck(_NONE, _NONE, _on_the_embedded("--inference-workers 4", *_ramp("4,8", 4))),
    Bottleneck(
        "inference workers",
        "inference_workers",
        _on_the_embedded("--inference-workers 4", *_ramp("4,30", 4)),
    ),
    Bottleneck("proxy workers", "proxy_cpu", _busy_proxy),
    Bottleneck(
        "connection limit",
        "connection_limit",
        _on_the_embedded(
            "--inference-workers 200 --service-time 400ms --max-in-flight", *_ramp("10,150", 2)
        ),
    ),
    Bottleneck("slow network", "network", _slow_link),
    Bottleneck("starved generator", "generator", _starved_generator),
    Bottleneck("hot GPU", "thermal", _hot_gpu),
    Bottleneck("one of three detectors", "detector_pod", _one_detector_of_three),
)


def named_once(bottleneck: Bottleneck, seed: int, seconds: float) -> str:
    """The resource that one run names; INVALID if our machine could not drive the load."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with bottleneck.made(folder) as wanted:
            command = [
                *wanted.before, sys.executable, str(ROOT / "load_test.py"), "--seed", str(seed),
                "--time-between-ramp", f"{seconds:g}", "--progress", "none",
                "--image-path", str(PICTURE), "--log-file", str(folder / "log"),
                "--output-dir", str(folder / "results"), *wanted.options,
            ]  # fmt: skip
            done = subprocess.run(
                command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False
            )
            code = check(
                done.returncode,
                done.stderr,
                (exit_codes.OK, exit_codes.OBJECTIVE_FAILED, exit_codes.INVALID),
            )
        summary = json.loads((folder / "results" / "summary.json").read_text())
    limit = summary["limit"]
    if code == exit_codes.INVALID and bottleneck.resource != "generator":
        return _INVALID
    return str(limit["resource"]) if limit else _NONE


def _tried(bottleneck: Bottleneck, seed: int, seconds: float) -> tuple[str, int]:
    """What the last try named, and how many tries before it were INVALID."""
    again = 0
    while True:
        named = named_once(bottleneck, seed, seconds)
        print(f"round {seed}, {bottleneck.name}: {named}", file=sys.stderr, flush=True)
        if named != _INVALID or again + 1 == _TRIES:
            return named, again
        again += 1


def _row(bottleneck: Bottleneck, said: Counter[str], again: int) -> list[str]:
    right = f"{said[bottleneck.resource]} of {said.total()}"
    return [bottleneck.name, right, _others(said, bottleneck), str(again)]


def _others(said: Mapping[str, int], bottleneck: Bottleneck) -> str:
    return ", ".join(f"{n} × {name}" for name, n in said.items() if name != bottleneck.resource)


def main() -> None:
    """The command."""
    made = parser(__doc__ or "", rounds=20)
    made.add_argument("--only", default="", help="only bottlenecks whose names start with this")
    made.add_argument("--seconds", type=float, default=6.0, help="of each of two steps")
    options = made.parse_args()
    chosen = beginning(made, options.only, BOTTLENECKS)
    said: list[Counter[str]] = [Counter() for _ in chosen]
    made_again = [0] * len(chosen)
    for seed in range(1, options.rounds + 1):
        for place, bottleneck in enumerate(chosen):
            named, again = _tried(bottleneck, seed, options.seconds)
            said[place][named] += 1
            made_again[place] += again
    rows = list(map(_row, chosen, said, made_again))
    table = markdown(["bottleneck", "named right", "named otherwise", "made again"], rows)
    present(
        "The limit that a report names, against the bottleneck that was made", table, options.output
    )


if __name__ == "__main__":
    end_with(main)
