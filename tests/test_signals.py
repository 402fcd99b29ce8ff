"""Signals that end a wait."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable

import pytest

from edgeload.signals import Stopped, StopSignals, interruptible


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


def test_work_that_is_not_interrupted_gives_its_result_or_its_error() -> None:
    """As if it had been called: the value that it returns, or what it raises."""
    with StopSignals() as stop:
        assert interruptible(stop, lambda pause: 7) == 7
        with pytest.raises(ZeroDivisionError):
            interruptible(stop, lambda pause: 1 // 0)


def test_work_is_left_at_once_when_a_signal_comes() -> None:
    """Even if it hangs; and its next pause tells the thread that it is not wanted any more."""
    began, over, ended = threading.Event(), threading.Event(), threading.Event()

    def work(pause: Callable[[float], None]) -> None:
        began.set()
        over.wait(60.0)
        try:
            pause(60.0)
        except Stopped:
            ended.set()
            raise

    with StopSignals() as stop:

        def press() -> None:
            began.wait(60.0)
            os.kill(os.getpid(), signal.SIGINT)

        presser = threading.Thread(target=press)
        presser.start()
        with pytest.raises(Stopped):
            interruptible(stop, work)
        presser.join()
        over.set()
        assert ended.wait(60.0)


def test_a_signal_from_before_leaves_the_work_too() -> None:
    """Ctrl-C between two pieces of work counts for the next."""
    with StopSignals() as stop:
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.wait(10.0)
        with pytest.raises(Stopped):
            interruptible(stop, lambda pause: pause(60.0))
