"""Signals that end a wait."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from edgeload.signals import Stopped, StopSignals


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


def test_a_signal_leaves_what_is_being_done() -> None:
    """Whatever the main thread waits for; a second signal does not disturb the tidying up."""
    tidy = False
    with StopSignals() as stop:
        timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with pytest.raises(Stopped, match="SIGINT"), stop.raised():
            try:
                time.sleep(60.0)
            finally:
                os.kill(os.getpid(), signal.SIGTERM)
                tidy = True
        timer.join()
        assert (tidy, stop.count) == (True, 2)


def test_a_signal_from_before_leaves_what_follows() -> None:
    """Ctrl-C between two pieces of work counts for the next."""
    with StopSignals() as stop:
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(Stopped), stop.raised():
            time.sleep(60.0)
