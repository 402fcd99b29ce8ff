"""The process around `inference`: its sockets, its timers and the truth log."""

from __future__ import annotations

import asyncio
import random
import selectors
import socket
import time
from collections.abc import Sequence

from edgeload.simulator.description import capacity_words
from edgeload.simulator.detectors import Detector, Detectors
from edgeload.simulator.inference import Inference
from edgeload.simulator.messages import (
    Call,
    Connected,
    Finished,
    FrameProtocol,
    FromProxy,
    Query,
    decode_from_proxy,
)
from edgeload.simulator.model_rollouts import ModelPods
from edgeload.simulator.options import Options
from edgeload.simulator.pods import Pods
from edgeload.simulator.resident_memory import ResidentLog
from edgeload.simulator.routes import Routes, SimulatedBox
from edgeload.simulator.status import GPU_OVER_S
from edgeload.simulator.truth import FLUSH_AFTER_S, TruthLog

_LAST_MESSAGES_S = 0.3


def run_inference_process(
    options: Options,
    proxies: Sequence[socket.socket],
    alive_pipe: int,
    truth_log: int | None,
    ready_pipe: int,
) -> None:
    """Serve until `alive_pipe` ends; write a byte to `ready_pipe` once queries are accepted.

    `proxies` are the sockets to the proxy processes, `truth_log` is a descriptor to append to.
    """
    # epoll rounds waits up to whole milliseconds. select counts in microseconds, and this process
    # has only a handful of descriptors.
    loop = asyncio.SelectorEventLoop(selectors.SelectSelector())
    try:
        loop.run_until_complete(
            _InferenceProcess(options, truth_log).serve(proxies, alive_pipe, ready_pipe)
        )
    finally:
        loop.close()


class _InferenceProcess:
    def __init__(self, options: Options, truth_log: int | None) -> None:
        self._log = None if truth_log is None else TruthLog(truth_log)
        unix_s, now_s = time.time(), time.monotonic()
        deployment = options.deployment
        detectors = Detectors(
            [
                Detector(one.id, one.name, one.query, unix_s, one.confidence_threshold)
                for one in deployment.detectors
            ],
            strict=options.strict_detector or not deployment.all_alike,
            chance=random.Random(f"{options.seed} detectors"),
        )
        self._inference = Inference(
            deployment=deployment,
            detectors=detectors,
            faults=options.faults,
            max_in_flight=options.max_in_flight,
            swap_above=options.swap_above,
            cache=options.cache,
            models=ModelPods(options.rollout, start_s=now_s, seed=options.seed),
            slowdown=options.slowdown,
            ready_from_s=now_s + (options.load_time_s or 0.0),
            pods=Pods(
                random.Random(f"{options.seed} pods"),
                load_s=options.configure_time_s or 0.0,
                cached_s=options.readiness_cache_s,
            ),
            residents=ResidentLog(
                [one.id for one in deployment.detectors],
                now_s + (options.load_time_s or 0.0),
                2 * options.figures_renewed_s + GPU_OVER_S,
            ),
            seed=options.seed,
            unix_minus_monotonic_s=unix_s - now_s,
            record=(lambda truth: None) if self._log is None else self._log.add,
        )
        self._routes = Routes(
            self._inference,
            detectors,
            capacity_words(options),
            audit_rate=options.audit_rate,
            offline=options.offline,
            on_demand=[one.id for one in deployment.detectors if not one.listed],
            box=SimulatedBox(
                options.resources,
                options.cpu_full,
                options.gpu_full,
                options.metrics_time_s,
                options.edge_inference,
                options.memory,
                options.figures_renewed_s,
                options.configure_time_s or 0.0,
            ),
        )
        self._lines: list[FrameProtocol[FromProxy]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._flush_timer: asyncio.TimerHandle | None = None

    async def serve(
        self, proxies: Sequence[socket.socket], alive_pipe: int, ready_pipe: int
    ) -> None:
        self._loop = asyncio.get_running_loop()
        ends = [self._loop.create_future() for _ in proxies]
        for worker, (line, end) in enumerate(zip(proxies, ends, strict=True)):
            await self._connect(worker, line, end)
        over = self._loop.create_future()
        self._loop.add_reader(alive_pipe, _settle, over)
        with open(ready_pipe, "wb") as pipe:
            pipe.write(b".")
        await over
        self._loop.remove_reader(alive_pipe)
        await asyncio.wait(ends, timeout=_LAST_MESSAGES_S)  # for the proxies' last messages
        self._inference.end(time.monotonic())
        self._flush()

    async def _connect(self, worker: int, line: socket.socket, end: asyncio.Future[None]) -> None:
        def received(message: FromProxy) -> None:
            self._received(worker, message)

        _, protocol = await self._loop.create_connection(
            lambda: FrameProtocol(decode_from_proxy, received, lambda: _settle(end)), sock=line
        )
        self._lines.append(protocol)

    def _received(self, worker: int, message: FromProxy) -> None:
        if isinstance(message, Query):
            reply = self._inference.receive(worker, message)
            if reply is not None:
                self._lines[worker].send(reply)
        elif isinstance(message, Finished):
            self._inference.finished(worker, message)
        elif isinstance(message, Connected):
            self._inference.connected()
        else:
            self._call(worker, message)
        self._rearm()

    def _call(self, worker: int, call: Call) -> None:
        reply = self._routes.reply(call, time.monotonic(), time.time())
        delay_s = self._routes.delay_s(call)
        if delay_s:
            self._loop.call_later(delay_s, self._lines[worker].send, reply)
        else:
            self._lines[worker].send(reply)

    def _rearm(self) -> None:
        """Set the timer to the end of the next service, and the one that writes the truth log."""
        due_s = self._inference.next_due_s()
        if self._timer is not None and self._timer.when() != due_s:
            self._timer.cancel()
            self._timer = None
        if self._timer is None and due_s is not None:
            self._timer = self._loop.call_at(
                due_s, self._deliver
            )  # the loop uses the monotonic clock too
        if self._log is not None and self._log.pending and self._flush_timer is None:
            self._flush_timer = self._loop.call_later(FLUSH_AFTER_S, self._flush)

    def _deliver(self) -> None:
        self._timer = None
        for worker, reply in self._inference.due(time.monotonic()):
            self._lines[worker].send(reply)
        self._rearm()

    def _flush(self) -> None:
        self._flush_timer = None
        if self._log is not None:
            self._log.flush()


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
