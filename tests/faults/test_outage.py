"""An endpoint that goes away during a run and comes back: what the results say of it."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import as_a_user as user
import pytest

from edgeload.simulator.launch import running_simulator

DOWN_S, UP_S = 1.5, 1.0
TIMEOUT_S = 0.4
SOON_S = 1.0  # also on a busy machine


@dataclass(frozen=True)
class Away:
    """When the endpoint went and came back, between two instants of the monotonic clock each."""

    outcome: str
    went_s: tuple[float, float]
    back_s: tuple[float, float]


class Endpoint:
    """An embedded endpoint that can be taken away in several ways."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self._stack = stack
        self._simulator = stack.enter_context(running_simulator(("--inference-workers", "4")))
        self.url = self._simulator.url

    def restart(self) -> Away:
        """Kill it and start it again on its port: connections end, and new ones are refused."""
        before_s = time.monotonic()
        os.killpg(self._simulator.pid, signal.SIGKILL)
        went_s = (before_s, time.monotonic())
        time.sleep(DOWN_S)
        again_s = time.monotonic()
        port = str(urlsplit(self.url).port)
        self._simulator = self._stack.enter_context(running_simulator(("--port", port)))
        return Away("refused", went_s, (again_s, time.monotonic()))

    def reset(self) -> Away:
        """Reset the connection of each query."""
        before_s = time.monotonic()
        self._simulator.set_faults(reset=1.0)
        went_s = (before_s, time.monotonic())
        time.sleep(DOWN_S)
        again_s = time.monotonic()
        self._simulator.set_faults()
        return Away("reset", went_s, (again_s, time.monotonic()))

    def stall(self) -> Away:
        """Answer no query for a while, and keep all connections."""
        before_s = time.monotonic()
        self._simulator.stall(DOWN_S)
        after_s = time.monotonic()
        time.sleep(DOWN_S)
        return Away("timeout", (before_s, after_s), (before_s + DOWN_S, after_s + DOWN_S))


@pytest.mark.slow
def test_an_outage_is_named_with_its_time_and_its_end(tmp_path: Path) -> None:
    """When it began, what failed, how many requests were lost, and when it was over.

    The endpoint is restarted, resets connections and stalls, one after the other. Each outage
    stands in summary.json and in the report, and every planned request stands in the log.
    """
    with contextlib.ExitStack() as stack:
        endpoint = Endpoint(stack)
        process = user.start(
            tmp_path, "load_test.py", "--endpoint-url", endpoint.url, "--custom-ramp", "4",
            "--time-between-ramp", "9", "--requests-per-second", "8",
            "--timeout", str(TIMEOUT_S), "--detector-id", user.DETECTOR_ID,
        )  # fmt: skip
        user.wait_for_answers(tmp_path, 20)
        made = []
        for way in (endpoint.restart, endpoint.reset, endpoint.stall):
            made.append(way())
            time.sleep(UP_S)
        ended = user.finish(process)
    zero_s = user.header_of(tmp_path).anchor.monotonic_s
    summary = user.summary(tmp_path)
    user.check_done(tmp_path, ended)
    assert [outage["outcome"] for outage in summary["outages"]] == [away.outcome for away in made]
    for outage, away in zip(summary["outages"], made, strict=True):
        assert away.went_s[0] - SOON_S < outage["start_s"] + zero_s < away.went_s[1] + SOON_S
        assert away.back_s[0] - 0.1 < outage["recovered_s"] + zero_s < away.back_s[1] + SOON_S
        assert outage["frames_lost"] >= outage["failures"] > 10
        assert f"{outage['recovered_s']:.1f}" in ended.out
    failed = summary["totals"]["failed"]
    assert sum(outage["failures"] for outage in summary["outages"]) == pytest.approx(failed, abs=5)
