"""Signals that end a wait."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import weakref

import as_a_user as user
import pytest

from edgeload import signals
from edgeload.signals import Stopped, StopSignals, withheld


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_wait(number: signal.Signals) -> None:
    """A signal in the middle of a long wait ends it, and later waits end at once."""
    with StopSignals() as stop:
        assert not stop.wait(0.0)
        timer = threading.Timer(0.1, os.kill, (os.getpid(), number))
        timer.start()
        start_s = time.monotonic()
        assert stop.wait(60.0)
        assert stop.wait(60.0)
        assert time.monotonic() - start_s < 30.0
        timer.join()


def test_the_handlers_from_before_come_back() -> None:
    """After leaving, a signal does what it did before; many signals inside do no harm."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with StopSignals() as stop:
        for _ in range(100):
            os.kill(os.getpid(), signal.SIGTERM)
        assert stop.wait(0.0)
    assert {number: signal.getsignal(number) for number in before} == before


def test_signals_are_counted_and_named() -> None:
    """Each adds one; after `clear` a wait is for the next."""
    with StopSignals() as stop:
        assert (stop.count, stop.last) == (0, "")
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.wait(10.0)
        stop.clear()
        assert not stop.wait(0.0)
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.wait(10.0)
        assert (stop.count, stop.last) == (2, "SIGTERM")


def test_the_same_signal_a_moment_later_is_no_second_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """`timeout` sends each signal twice: to the program, and to its group. Nothing is cut off."""
    ended: list[str] = []
    monkeypatch.setattr(signals, "end_now", lambda: ended.append("at once"))
    monkeypatch.setattr(signals, "_ENDED_WITHIN_S", 0.01)  # of the watchdog, which counts as well
    with StopSignals() as stop:
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.1)
        assert (stop.count, stop.last, ended) == (1, "SIGTERM", [])


def test_a_signal_leaves_what_is_being_done() -> None:
    """Whatever the main thread waits for."""
    with StopSignals() as stop:
        timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with pytest.raises(Stopped, match="SIGINT"), stop.raised():
            time.sleep(60.0)
        timer.join()
        assert stop.count == 1


def test_a_signal_in_a_callback_is_not_lost(capfd: pytest.CaptureFixture[str]) -> None:
    """Python prints what is raised there and goes on. It is raised again, and nothing is printed.

    The callbacks of weak references run at any time, for example while modules are imported.
    """

    class Short:
        """Something that a weak reference can be made to."""

    short = Short()
    reference = weakref.ref(short, lambda _: os.kill(os.getpid(), signal.SIGTERM))
    with StopSignals() as stop:
        with pytest.raises(Stopped, match="SIGTERM"), stop.raised():
            del short
            time.sleep(60.0)
        assert (stop.count, reference()) == (1, None)
    assert capfd.readouterr().err == ""


TIDIES_UP_FOR_EVER = """
try:
    with stop.raised():
        os.kill(os.getpid(), signal.SIGINT)
finally:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(60)
"""
IN_C_CODE = """
with stop.raised():
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
    hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9)  # many minutes, as a resolver of names may take
"""
DOES_NOT_END = """
os.kill(os.getpid(), signal.SIGINT)
time.sleep(0.3)
os.kill(os.getpid(), signal.SIGINT)
time.sleep(60)
"""


@pytest.mark.parametrize("program", [TIDIES_UP_FOR_EVER, IN_C_CODE, DOES_NOT_END])
def test_a_program_that_does_not_end_is_ended(program: str) -> None:
    """By the second signal; by the first one if Python does not come to hear of it."""
    head = (
        "import hashlib, os, signal, threading, time\n"
        "from edgeload.signals import StopSignals\n"
        "with StopSignals() as stop:\n"
    )
    body = "".join(f"    {line}\n" for line in program.splitlines())
    done = subprocess.run(
        [sys.executable, "-c", head + body],
        cwd=user.ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (130, "Interrupted.\n")


@pytest.mark.parametrize("ignored", [False, True])
def test_nohup_keeps_a_program_going(ignored: bool) -> None:
    """A closed terminal counts, unless its signal was ignored before."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)
    try:
        with StopSignals() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            assert (stop.count, stop.last) == ((0, "") if ignored else (1, "SIGHUP"))
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_process_that_is_started_without_signals_never_gets_one() -> None:
    """It goes on to its end; what started it gets the signal afterwards, also beside a thread."""
    code = "import os, signal; os.kill(os.getpid(), signal.SIGTERM); print('goes on')"
    end = threading.Event()
    takes_them = threading.Thread(target=end.wait, daemon=True)
    with StopSignals() as stop:
        takes_them.start()
        with withheld():
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.05)
            assert stop.count == 0
            done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        end.set()
        takes_them.join()
        assert (done.stdout, stop.count) == (b"goes on\n", 1)


def test_a_signal_from_before_leaves_what_follows() -> None:
    """Ctrl-C between two pieces of work counts for the next."""
    with StopSignals() as stop:
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(Stopped), stop.raised():
            time.sleep(60.0)
