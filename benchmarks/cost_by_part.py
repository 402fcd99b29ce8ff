"""Where do the microseconds of a request go? `python -m benchmarks.cost_by_part`

Each part of a request's way through the generator is timed by itself, in a loop of the functions
that a worker process calls; then all of them together in a client whose connection only plays
answers. What is left is what the client spends between its parts. The system calls are timed in a
loop that only sends and receives, with nginx on another core. CPU time of the thread, least of all
rounds; the system calls by the clock, as the median.
"""

from __future__ import annotations

import os
import select
import socket
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from benchmarks.ending import NoFigures, end_with
from benchmarks.nginx import DETECTOR_ID, cores, nginx
from benchmarks.ours import PICTURE
from benchmarks.table import markdown, parser, present, significant
from edgeload.camera_group import DEFAULT_GROUP
from edgeload.edge.location import Target
from edgeload.plan import Due, RampStep, one_group_plan
from edgeload.records import Anchor, Request, encode
from edgeload.run.answer_reader import plain_answer
from edgeload.run.client import HttpClient
from edgeload.run.counters import SLOTS, WorkerCounters
from edgeload.run.model_watch import ModelWatch
from edgeload.run.pacing import ClientSchedule, schedule_of
from edgeload.run.poller import READABLE
from edgeload.run.recorder import Recorder
from edgeload.run.request_template import RequestTemplate
from edgeload.run.wire import check_answer, id_prefix, request_head
from edgeload.runlog import LogWriter
from edgeload.simulator.query import same_answer

_RATE = 1e5
_RUN_ID = "0" * 32
_FLUSH_AFTER = 500
_CONNECTIONS = 32


@dataclass(frozen=True)
class PartCost:
    """What one part of a request costs."""

    name: str
    what: str
    us: float


def answers(count: int) -> list[bytes]:
    """Answers as nginx sends them, each with an id of its own."""
    body = same_answer(DETECTOR_ID).decode()
    texts = (body.replace("iq_" + "0" * 27, f"iqe_{number:026d}") for number in range(count))
    return [
        b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sat, 28 Nov 2026 11:00:00 GMT\r\n"
        b"Content-Type: application/json\r\nContent-Length: %d\r\nConnection: keep-alive\r\n\r\n%b"
        % (len(text), text.encode())
        for text in texts
    ]


class _Played:
    """A connection that accepts every request and plays answers."""

    fd = -1
    open = True
    sending = False

    def __init__(self, played: Sequence[bytes]) -> None:
        following = iter(played)
        self.receive: Callable[[int], bytes] = lambda _: next(following)

    def send(self, head: bytes, body: memoryview) -> bool:
        return True

    def close(self) -> None:
        pass


class _PlayingHost:
    """The host of one client that is never early, so that it sends as soon as it has its answer."""

    def __init__(self, recorder: Recorder, zero_ns: int) -> None:
        self.recorder = recorder
        self._zero_ns = zero_ns

    def now(self) -> float:
        return (time.monotonic_ns() - self._zero_ns) / 1e9

    def watch(self, client: HttpClient, fd: int, events: int) -> None:
        pass

    def change(self, fd: int, events: int) -> None:
        pass

    def forget(self, fd: int) -> None:
        pass

    def arm(self, client: HttpClient, number: int, sent_s: float) -> None:
        pass

    def freed(self, client: HttpClient, ended: Due, now_s: float, *, answered: bool) -> None:
        client.begin()


@dataclass(frozen=True)
class _Stage:
    """What the parts work on."""

    log: LogWriter
    counts: WorkerCounters
    recorder: Recorder
    template: RequestTemplate
    zero_ns: int
    """The run began long ago: every request is overdue."""

    def schedule(self) -> ClientSchedule:
        made = schedule_of(one_group_plan((RampStep(0, 1, 0.0, 1000.0),), _RATE), 0)
        assert isinstance(made, ClientSchedule)
        return made


def _stage(folder: Path) -> _Stage:
    picture = memoryview(PICTURE.read_bytes())
    monotonic_s = time.monotonic() - 500.0
    log = LogWriter(folder / "parts.log")
    counts = WorkerCounters(bytearray(SLOTS * 8))
    template = RequestTemplate(
        target=Target("http", "127.0.0.1", 1, socket.AF_INET, "127.0.0.1"),
        tls=None,
        head=request_head("127.0.0.1:1", DETECTOR_ID, "token_of_a_benchmark", [len(picture)]),
        images=[picture],
        detector_id=DETECTOR_ID,
        run_id=_RUN_ID,
        confidence_threshold=0.9,
        models=ModelWatch(DETECTOR_ID),
    )
    recorder = Recorder(log, counts, Anchor(time.time() - 500.0, monotonic_s), 0)
    return _Stage(log, counts, recorder, template, round(monotonic_s * 1e9))


def _us(each: Callable[[int], object], count: int) -> float:
    """CPU microseconds of one call, in a loop without the loop's own."""
    began = time.thread_time()
    for _ in range(count):
        pass
    empty_s = time.thread_time() - began
    began = time.thread_time()
    for number in range(count):
        each(number)
    return (time.thread_time() - began - empty_s) / count * 1e6


def python_parts(folder: Path, count: int) -> list[PartCost]:
    """One round of all parts in Python, and what is left of the whole."""
    stage = _stage(folder)
    played = answers(count)
    parsed = [plain_answer(each) for each in played]
    bodies = [each.body for each in parsed if each is not None]
    if len(bodies) < count:
        raise NoFigures("the answers are not plain")
    results = [check_answer(200, body, DETECTOR_ID, 0.9) for body in bodies]
    head, prefix, schedule = stage.template.head, id_prefix(_RUN_ID, 0), stage.schedule()
    models, host = stage.template.models, _PlayingHost(stage.recorder, stage.zero_ns)
    due = Due(1, 0, 1.0)

    def choose(_: int) -> None:
        schedule.take()
        schedule.free_at(400.0)

    def check(number: int) -> None:
        body = bodies[number]
        check_answer(200, body, DETECTOR_ID, 0.9)
        body.startswith(models.mark, models.at)

    def keep(number: int) -> None:
        stage.recorder.request(0, due, 1.0, 1.0 + number / 1e7, 200, results[number], 20_000)

    parts = [
        PartCost("schedule", "take the next request, and ask what was missed", _us(choose, count)),
        PartCost("clock", "read it twice", 2 * _us(lambda _: host.now(), count)),
        PartCost("head", "write it", _us(lambda n: head.render(0, prefix, n), count)),
        PartCost("parse", "read the answer's head", _us(lambda n: plain_answer(played[n]), count)),
        PartCost("check", "decode the answer and judge it", _us(check, count)),
        PartCost("keep", "keep what is known until records are flushed", _us(keep, count)),
    ]  # fmt: skip
    flush_us, records = _flush(stage, count)
    lines = encode(records)
    encode_us = _us(lambda _: encode(records), 3) / count
    write_us = _us(lambda _: stage.log.write(lines), 3) / count
    count_us = _us(lambda _: stage.counts.finished(records), 3) / count
    parts += [
        PartCost("record", "make it", max(0.0, flush_us - encode_us - write_us - count_us)),
        PartCost("count", "count it for the live view", count_us),
        PartCost("encode", "as a line of JSON", encode_us),
        PartCost("write", "append the lines to the log", write_us),
    ]
    whole = _whole(stage, played)
    left = max(0.0, whole - sum(part.us for part in parts))
    return [*parts, PartCost("between", "the client's way from one part to the next", left)]


def _flush(stage: _Stage, count: int) -> tuple[float, list[Request]]:
    """CPU microseconds of a flush per request that waits, and records like those."""
    began = time.thread_time()
    stage.recorder.flush()
    us = (time.thread_time() - began) / count * 1e6
    name = "2026-11-28 11:00:00,123"
    return us, [
        Request(name, 1795863600.123 + n / 1e3, 0, n, n / 1e7, True, None, 0, 1.0, 1.0,
                1.0 + n / 1e7, 200, "ok", True, 20_000, DEFAULT_GROUP)
        for n in range(1, count + 1)
    ]  # fmt: skip


def _whole(stage: _Stage, played: Sequence[bytes]) -> float:
    """CPU microseconds of a request, from its answer to the next one that is sent."""
    host = _PlayingHost(stage.recorder, stage.zero_ns)
    with patch("edgeload.run.client.connect", lambda *_: _Played(played)):
        client = HttpClient(0, stage.schedule(), stage.template, host)
        client.open_ahead()
        client.begin()
        began = time.thread_time()
        for number in range(1, len(played)):
            client.on_ready(READABLE)
            if number % _FLUSH_AFTER == 0:
                stage.recorder.flush()
        stage.recorder.flush()
    return (time.thread_time() - began) / (len(played) - 1) * 1e6


def system_calls(port: int, seconds: float) -> list[PartCost]:
    """Sending, waiting and receiving alone, over several connections in a closed loop."""
    picture = PICTURE.read_bytes()
    head = request_head(f"127.0.0.1:{port}", DETECTOR_ID, "token_of_a_benchmark", [len(picture)])
    request = (head.render(0, id_prefix(_RUN_ID, 0), 1), picture)
    ready = select.epoll()
    sockets = dict(_connected(port, ready))
    send_ns, receive_ns, wait_ns, requests = [], [], 0, 0
    for each in sockets.values():
        each.sendmsg(request)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.perf_counter_ns()
        found = ready.poll(0)
        wait_ns += time.perf_counter_ns() - began if found else 0
        for fd, _ in found:
            a = time.perf_counter_ns()
            sockets[fd].recv(1 << 16)
            b = time.perf_counter_ns()
            sockets[fd].sendmsg(request)
            send_ns.append(time.perf_counter_ns() - b)
            receive_ns.append(b - a)
        requests += len(found)
    for each in sockets.values():
        each.close()
    if not requests:
        raise NoFigures("nginx answered nothing")
    return [
        PartCost("send", "sendmsg of head and picture", statistics.median(send_ns) / 1e3),
        PartCost("wait", "epoll, shared by all that are ready", wait_ns / requests / 1e3),
        PartCost("receive", "recv of the answer", statistics.median(receive_ns) / 1e3),
    ]


def _connected(port: int, ready: select.epoll) -> Iterator[tuple[int, socket.socket]]:
    for _ in range(_CONNECTIONS):
        made = socket.create_connection(("127.0.0.1", port))
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ready.register(made.fileno(), select.EPOLLIN)
        yield made.fileno(), made


def least(rounds: Sequence[Sequence[PartCost]]) -> list[PartCost]:
    """Each part as it was in the round in which it cost least."""
    return [min(same, key=lambda part: part.us) for same in zip(*rounds, strict=True)]


def parts_table(parts: Sequence[PartCost]) -> str:
    """The parts with their shares of the whole."""
    whole = sum(part.us for part in parts)
    rows = [
        [part.name, part.what, significant(part.us, 2), f"{part.us / whole:.0%}"] for part in parts
    ]
    return markdown(
        ["part", "what", "µs a request", "share"], [*rows, ["all", "", significant(whole), "100%"]]
    )


@contextmanager
def _kept_on(core: int) -> Iterator[None]:
    """This process runs on one core meanwhile."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def main() -> None:
    """The command."""
    options = parser(__doc__ or "", rounds=5)
    options.add_argument("--requests", type=int, default=10_000, help="in each loop")
    options.add_argument("--seconds", type=float, default=2.0, help="of system calls in each round")
    given = options.parse_args()
    server_core, core = cores()
    python: list[list[PartCost]] = []
    calls: list[list[PartCost]] = []
    with nginx(server_core) as server, TemporaryDirectory() as folder, _kept_on(core):
        port = int(server.url.rpartition(":")[2])
        for _ in range(given.rounds):
            python.append(python_parts(Path(folder), given.requests))
            calls.append(system_calls(port, given.seconds))
    table = parts_table([*least(calls), *least(python)])
    present(
        "A request by its parts, one after the other as fast as answers come", table, given.output
    )


if __name__ == "__main__":
    end_with(main)
