"""The parent process: one listening socket, N proxies, one inference process, and their ends.

All children hold the reading end of one pipe, the parent alone its writing end. They leave when
the pipe ends, so they leave when the parent wants it and when it is killed.
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
from edgeload.simulator.certificate import self_signed, server_context
from edgeload.simulator.inference_process import run_box
from edgeload.simulator.options import PROGRAM, Options, capacity_words
from edgeload.simulator.proxy import BACKLOG, run_proxy
from edgeload.simulator.truth import open_truth_log

_PATIENCE_S = 0.7
_STDIN = 0


class _Died(Exception):
    """A child ended unasked."""


class _Stopped(Exception):
    """The end is wanted."""


def run(options: Options) -> int:
    """Serve until told to stop; the exit code."""
    _allow_many_files()
    try:
        listener = socket.create_server(("127.0.0.1", options.port), backlog=BACKLOG)
        truth_log = None if options.truth_log is None else open_truth_log(options.truth_log)
        tls = _tls(options)
    except OSError as error:
        print(f"{PROGRAM}: {_where(options, error)}: {error.strerror}", file=sys.stderr)
        return BAD_SETTING
    scheme = "https" if tls is not None else "http"
    url = f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
    stop, told = os.pipe()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _tell(told))
    family = _Family(options, listener, tls, truth_log, (stop, told))
    with contextlib.suppress(_Stopped):
        try:
            family.await_ready()
            print(f"edge endpoint simulator at {url}  ({capacity_words(options)})", flush=True)
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
    """Each connection is a file; the soft limit is often 1024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _tls(options: Options) -> ssl.SSLContext | None:
    if not options.tls:
        return None
    certificate, key = self_signed()
    if options.write_cert is not None:
        options.write_cert.write_bytes(certificate)
    return server_context(certificate, key)


def _where(options: Options, error: OSError) -> str:
    return str(error.filename) if error.filename else f"argument --port {options.port}"


def _tell(pipe: int) -> None:
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
        signals: tuple[int, int],
    ) -> None:
        self._stop = signals[0]
        self._stdin = _STDIN if options.until_stdin_closes else None
        self._children: dict[int, tuple[str, ForkProcess]] = {}
        life, self._life_of_all = os.pipe()
        self._ready, ready = os.pipe()
        count = options.proxy_workers
        lines = [socket.socketpair() for _ in range(count)]
        box_ends, proxy_ends = [pair[0] for pair in lines], [pair[1] for pair in lines]
        not_theirs = [self._life_of_all, self._ready, *signals]
        gc.freeze()  # what is there now is shared with the children and need not be looked at
        self._start(
            "the inference process",
            lambda: run_box(options, box_ends, life, truth_log, ready),
            [listener, *proxy_ends],
            not_theirs,
        )
        not_a_proxys = [*not_theirs] + ([] if truth_log is None else [truth_log])
        for number, own in enumerate(proxy_ends):
            self._start(
                f"proxy process {number}",
                lambda own=own: run_proxy(options, listener, tls, own, life, ready),  # type: ignore[misc]
                [end for end in (*box_ends, *proxy_ends) if end is not own],
                not_a_proxys,
            )
        for end in (listener, *box_ends, *proxy_ends):
            end.close()
        for descriptor in (life, ready):
            os.close(descriptor)

    def _start(
        self,
        name: str,
        duty: Callable[[], None],
        sockets: list[socket.socket],
        descriptors: list[int],
    ) -> None:
        """Fork a child that first lets go of what is not its own, so that ends are noticed."""

        def main() -> None:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)  # the parent hears them, and ends the pipe
            for end in sockets:
                end.close()
            for descriptor in descriptors:
                os.close(descriptor)
            duty()

        child = multiprocessing.get_context("fork").Process(target=main, name=name)
        child.start()
        self._children[child.sentinel] = (name, child)

    def await_ready(self) -> None:
        """Return when every child takes requests. Raises _Died or _Stopped."""
        answers = 0
        while answers < len(self._children):
            self._wait_for(self._ready)
            answers += len(os.read(self._ready, len(self._children)))

    def watch(self) -> None:
        """Never return: raises _Died when a child ends, _Stopped when the end is wanted."""
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
        """End all children: first by the pipe, then by force."""
        os.close(self._life_of_all)
        until_s = time.monotonic() + _PATIENCE_S
        for _, child in self._children.values():
            child.join(max(0.0, until_s - time.monotonic()))
            if child.is_alive():
                child.kill()
                child.join()


def _cause(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return f"signal {signal.Signals(-exit_code).name}"
    return f"exit code {exit_code}"
