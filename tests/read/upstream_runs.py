"""Writes logs as upstream's load tests write them, and tells what happened in them.

Clients work as upstream's do: each sends, waits, and sleeps for the rest of its period. A line has
the second in which its request ended, the same as a number, and the latency to 0.1 ms.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

T0 = 1_780_000_000.25
SDK_ERROR = "(503)\nReason: Service Unavailable\nHTTP response body: b'upstream is down'\n"

Values = dict[str, Any]
Latency = Callable[[float], float]
"""Seconds that an answer takes, by when its request was sent."""


@dataclass(frozen=True)
class Asked:
    """One request that was sent: what upstream's own tools would know of it."""

    place: tuple[str, int, int]
    """Lens, copy and camera; of a ramp, no name, 0 and the client."""
    frame: int
    stage: str | None
    sent_s: float
    done_s: float
    ok: bool


@dataclass(frozen=True)
class LensOf:
    """A lens of the harness: cameras of one kind, on one detector or on copies of it."""

    name: str
    cameras: int = 1
    fps: float = 5.0
    """Frames per second of one camera; 0: as many as it can."""
    objects: int | None = None
    """Further requests about each frame, side by side; None: there are none."""
    copies: int = 1
    latency: Latency = field(default=lambda sent_s: 0.05)
    silent: tuple[tuple[int, int], ...] = ()
    """Copies and cameras whose processes ended before their first request."""
    fails: Callable[[int], bool] = field(default=lambda frame: False)


def asctime(at_s: float) -> str:
    """The second of an instant, in the zone of the machine that wrote it."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(int(at_s)))


def cpu_line(at_s: float, cpu: float, memory: float) -> Values:
    """The host's CPU, as its monitor writes it down."""
    return {
        **{"asctime": asctime(at_s), "ts": at_s, "event": "cpu"},
        **{"cpu_percent": round(cpu, 2), "memory_percent": round(memory, 2)},
    }


def gpu_line(at_s: float, gpu: float, vram: float) -> Values:
    """The host's GPUs, all in one."""
    return {
        **{"asctime": asctime(at_s), "ts": at_s, "event": "gpu"},
        **{"gpu_utilization": round(gpu, 2), "vram_utilization": round(vram, 2)},
    }


def _request(asked: Asked, worker: int, number: int, error: str) -> Values:
    values: Values = {"asctime": asctime(asked.done_s), "ts": asked.done_s, "event": "request"}
    lens, copy, camera = asked.place
    if lens:
        values |= {"lens_name": lens, "copy": copy, "camera": camera}
    latency_s = round(asked.done_s - asked.sent_s, 4)
    values |= {"worker_number": worker, "request_number": number, "latency": latency_s}
    values["success"] = asked.ok
    if asked.stage is not None:
        values["stage"] = asked.stage
    return values if asked.ok else values | {"error": error}


def ramp_of(most: int, size: int) -> list[int]:
    """The steps that upstream makes of its options, which are not always what was asked for."""
    return [size * i for i in range(1, round(most / size) + 1)]


def write_ramp(
    folder: Path,
    *,
    clients: Sequence[int] = (2, 4),
    step_s: int = 10,
    rate: int = 10,
    latency: Latency = lambda sent_s: 0.04,
    fails: Callable[[int], bool] = lambda number: False,
    host: Callable[[float], tuple[float, float, float, float] | None] = lambda at_s: None,
    host_every_s: float = 1.0,
) -> list[Asked]:
    """A run of the multiple-client throughput test: its log, and the results beside it.

    `host` tells CPU, memory, GPU and GPU memory of the seconds since T0; None: polling failed.
    """
    end_s = T0 + step_s * len(clients)
    lines: list[tuple[float, str]] = []
    found: list[Asked] = []
    running = 0
    for index, count in enumerate(clients):
        began_s = T0 + step_s * index
        lines.append((began_s, f"RAMP {count} ts={began_s}"))
        for client in range(running, count):
            for number, (sent_s, done_s) in enumerate(
                _paced(began_s + 0.2 + client / 100, end_s, 1 / rate, latency), 1
            ):
                ok = not fails(number)
                asked = Asked(("", 0, client), number, None, sent_s, done_s, ok)
                found.append(asked)
                lines.append((done_s, json.dumps(_request(asked, client, number, SDK_ERROR))))
        running = max(running, count)
    at_s = T0 - 1.0
    while at_s < end_s + 1.0:
        if told := host(at_s - T0):
            lines += [(at_s, json.dumps(cpu_line(at_s, *told[:2])))]
            lines += [(at_s, json.dumps(gpu_line(at_s, *told[2:])))]
        at_s += host_every_s
    folder.mkdir(parents=True, exist_ok=True)
    text = "\n".join(line for _, line in sorted(lines, key=lambda pair: pair[0])) + "\n"
    (folder / "load_test.log").write_text(text)
    results = {
        "inputs": {"detector_mode": "BINARY", "max_clients": max(clients), "step_size": 2}
        | {"time_between_ramp": step_s, "requests_per_second": rate},
        "outputs": {"throughput_summary": {"maximum_rps": 0.0}},
        "metadata": {"detector_mode": "BINARY", "image_size": "640x480"},
    }
    (folder / "load_test_results.json").write_text(json.dumps(results, indent=2))
    return found


def _paced(
    begin_s: float, end_s: float, period_s: float, latency: Latency
) -> Iterator[tuple[float, float]]:
    at_s = begin_s
    while at_s < end_s:
        done_s = at_s + latency(at_s - T0)
        yield at_s, done_s
        at_s = max(done_s + 1e-4, at_s + period_s)


def write_lens_run(
    folder: Path,
    lenses: Sequence[LensOf],
    *,
    warm_up_s: float = 5.0,
    length_s: float = 20.0,
    host: Callable[[float], tuple[float, float, float, float] | None] = lambda at_s: None,
    failures: Sequence[Values] = (),
) -> list[Asked]:
    """A run folder of the application benchmark: a log per camera, the host's, and the summary.

    Workers begin at T0, and are counted from `warm_up_s` later on.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found: list[Asked] = []
    worker = 0
    for lens in lenses:
        for copy in range(lens.copies):
            for camera in range(lens.cameras):
                place = f"{lens.name}_copy{copy}" if lens.copies > 1 else lens.name
                if (copy, camera) not in lens.silent:
                    lines = list(_of_camera(lens, copy, camera, worker, warm_up_s + length_s))
                    found += [asked for asked, _ in lines]
                    text = "".join(json.dumps(line) + "\n" for _, line in lines)
                    (folder / f"camera_{place}_{camera}.log").write_text(text)
                worker += 1
    seconds = [told for told in range(int(warm_up_s + length_s)) if host(told) is not None]
    system = [
        line
        for at in seconds
        if (told := host(at)) is not None
        for line in (cpu_line(T0 + at, *told[:2]), gpu_line(T0 + at, *told[2:]))
    ]
    (folder / "system.log").write_text("".join(json.dumps(line) + "\n" for line in system))
    meta = {
        "run_index": 0,
        "lens_objects": {lens.name: lens.objects for lens in lenses if lens.objects is not None},
        "lens_cameras": {lens.name: lens.cameras for lens in lenses},
        "lens_copies": {lens.name: lens.copies for lens in lenses},
        "lenses": [
            {
                "name": lens.name,
                "type": "single_binary" if lens.objects is None else "bbox_to_binary",
                **{"cameras": lens.cameras, "copies": lens.copies, "target_fps": lens.fps},
                "image_size": [640, 480],
            }
            for lens in lenses
        ],
        **{"duration_seconds": length_s, "warmup_seconds": warm_up_s},
        **{"main_start_ts": T0 + warm_up_s, "main_end_ts": T0 + warm_up_s + length_s},
        "worker_failures": list(failures),
    }
    (folder / "summary.json").write_text(json.dumps({"meta": meta, "cameras": []}, indent=2))
    return found


def _of_camera(
    lens: LensOf, copy: int, camera: int, worker: int, length_s: float
) -> Iterator[tuple[Asked, Values]]:
    """The lines of one camera, in the order in which its requests end."""
    place = (lens.name, copy, camera)
    period_s = 1 / lens.fps if lens.fps else 0.0
    at_s = T0 + 0.3 + worker / 50
    frame, number = 1, 1
    while at_s < T0 + length_s:
        first = None if lens.objects is None else "bbox"
        ok = not lens.fails(frame)
        asked = Asked(place, frame, first, at_s, at_s + lens.latency(at_s - T0), ok)
        yield asked, _request(asked, worker, number, SDK_ERROR)
        number += 1
        done_s = asked.done_s
        side_by_side = [
            Asked(place, frame, "binary", done_s, done_s + 0.02 + 0.01 * ((i * 7) % 5), True)
            for i in range(lens.objects or 0)
        ]
        for i, more in sorted(enumerate(side_by_side), key=lambda pair: pair[1].done_s):
            yield more, _request(more, worker, number + i, SDK_ERROR)
        number += len(side_by_side)
        frame += 1
        done_s = max([done_s, *(more.done_s for more in side_by_side)])
        at_s = max(done_s + 1e-4, at_s + period_s)
