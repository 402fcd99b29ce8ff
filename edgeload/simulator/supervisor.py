"""The parent process: opens the listening socket and runs N proxies and one inference process.

All children hold the reading end of the alive pipe, and only the parent holds its writing end. They
end when that pipe ends, that is, when the parent closes it and also when the parent is killed.
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import resource
import signal
import socket
import ssl
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess

from edgeload.exit_codes import BAD_SETTING, INTERNAL_ERROR, OK
from edgeload.simulator.command_line import PROGRAM
from edgeload.simulator.description import capacity_words
from edgeload.simulator.inference_process import run_inference_process
from edgeload.simulator.options import Options
from edgeload.simulator.proxy import BACKLOG, run_proxy
from edgeload.simulator.truth import open_truth_log
from edgeload.stopping import stopping_signals

_END_WITHIN_S = 0.7
_STDIN = 0


class _Died(Exception):
    """A child has ended although it should not."""


class _Stopped(Exception):
    """The simulator has been asked to end."""


def run(options: Options) -> int:
    """Serve until asked to stop; returns the exit code."""
    _allow_many_files()
    try:
        listener = socket.create_server(("127.0.0.1", options.port), backlog=BACKLOG)
        truth_log = None if options.truth_log is None else open_truth_log(options.truth_log)
        tls = _tls(options)
    except OSError as error:
        print(f"{PROGRAM}: {_cause_of(options, error)}: {error.strerror}", file=sys.stderr)
        return BAD_SETTING
    scheme = "https" if tls is not None else "http"
    url = f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
    stop_pipe, stop_writer = os.pipe()
    for number in stopping_signals():
        signal.signal(number, lambda *_: _wake(stop_writer))
    family = _Family(options, listener, tls, truth_log, (stop_pipe, stop_writer))
    with contextlib.suppress(_Stopped):
        try:
            family.await_ready()
            print(f"edge endpoint simulator at {url} ({capacity_words(options)})", flush=True)
            family.watch()
        except _Died as error:
            print(f"{PROGRAM}: {error}", file=sys.stderr)
            return INTERNAL_ERROR
        except BrokenPipeError:
            return INTERNAL_ERROR
        finally:
            family.end()
    return OK


def _allow_many_files() -> None:
    """Raise the limit of open files: each connection is one, and the limit is often 1024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _tls(options: Options) -> ssl.SSLContext | None:
    if not options.tls:
        return None
    from edgeload.simulator.certificate import (  # noqa: PLC0415  (its library is an extra)
        self_signed,
        server_context,
    )

    certificate, key = self_signed()
    if options.write_cert is not None:
        options.write_cert.write_bytes(certificate)
    return server_context(certificate, key)


def _cause_of(options: Options, error: OSError) -> str:
    return str(error.filename) if error.filename else f"argument --port {options.port}"


def _wake(pipe: int) -> None:
    with contextlib.suppress(OSError):
        os.write(pipe, b".")


class _Family:
    """The child processes."""

    def __init__(
        self,
        options: Options,
        listener: socket.socket,
        tls: ssl.SSLContext | None,
        truth_log: int | None,
        stop_pipe: tuple[int, int],
    ) -> None:
        self._stop = stop_pipe[0]
        self._stdin = _STDIN if options.until_stdin_closes else None
        self._children: dict[int, tuple[str, ForkProcess]] = {}
        alive_pipe, self._alive_writer = os.pipe()
        self._ready, ready_pipe = os.pipe()
        count = options.proxy_workers
        pairs = [socket.socketpair() for _ in range(count)]
        inference_ends, proxy_ends = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        not_theirs = [self._alive_writer, self._ready, *stop_pipe]
        gc.freeze()  # existing objects are shared with the children; do not scan them
        self._start(
            "the inference process",
            lambda: run_inference_process(
                options, inference_ends, alive_pipe, truth_log, ready_pipe
            ),
            [listener, *proxy_ends],
            not_theirs,
        )
        not_a_proxys = [*not_theirs] + ([] if truth_log is None else [truth_log])
        for number, own in enumerate(proxy_ends):
            self._start(
                f"proxy process {number}",
                lambda own=own: run_proxy(  # type: ignore[misc]
                    options, listener, tls, own, alive_pipe, ready_pipe
                ),
                [end for end in (*inference_ends, *proxy_ends) if end is not own],
                not_a_proxys,
            )
        for end in (listener, *inference_ends, *proxy_ends):
            end.close()
        for descriptor in (alive_pipe, ready_pipe):
            os.close(descriptor)

    def _start(
        self,
        name: str,
        work: Callable[[], None],
        sockets: list[socket.socket],
        descriptors: list[int],
    ) -> None:
        """Fork a child that closes what is not its own, because open ends would hide an end."""

        def main() -> None:
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)  # the parent obeys, and closes the pipe
            signal.set_wakeup_fd(-1)  # which is the parent's
            for end in sockets:
                end.close()
            for descriptor in descriptors:
                os.close(descriptor)
            work()

        child = multiprocessing.get_context("fork").Process(target=main, name=name)
        child.start()
        self._children[child.sentinel] = (name, child)

    def await_ready(self) -> None:
        """Return when every child is ready. Raises _Died or _Stopped."""
        answers = 0
        while answers < len(self._children):
            self._wait_for(self._ready)
            answers += len(os.read(self._ready, len(self._children)))

    def watch(self) -> None:
        """Never returns: raises _Died if a child ends, and _Stopped if the simulator shall end."""
        while True:
            self._wait_for(None)

    def _wait_for(self, descriptor: int | None) -> None:
        sources = [self._stop, *self._children]
        sources += [extra for extra in (descriptor, self._stdin) if extra is not None]
        happened = wait(sources)
        if self._stop in happened:
            raise _Stopped
        if self._stdin in happened and not os.read(_STDIN, 65536):
            raise _Stopped
        for sentinel in happened:
            if sentinel in self._children:
                name, child = self._children[sentinel]
                child.join()
                raise _Died(f"{name} (pid {child.pid}) died: {_cause(child.exitcode)}")

    def end(self) -> None:
        """End all children: first by closing the pipe, then by force."""
        os.close(self._alive_writer)
        until_s = time.monotonic() + _END_WITHIN_S
        for _, child in self._children.values():
            child.join(max(0.0, until_s - time.monotonic()))
            if child.is_alive():
                child.kill()
                child.join()


def _cause(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return f"signal {signal.Signals(-exit_code).name}"
    return f"exit code {exit_code}"
