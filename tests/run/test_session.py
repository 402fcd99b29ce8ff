"""Laws of what is settled before a run begins, and of how it is announced."""

from __future__ import annotations

import signal
import socket
import time
from pathlib import Path

import as_a_user as user
import pytest

from edgeload.plan import Plan, one_group_plan, ramp_steps
from edgeload.run.announcement import intention
from edgeload.run.session import worker_count
from edgeload.settings import resolve


def plan_of(*clients: int) -> Plan:
    return one_group_plan(ramp_steps(clients, 1.0), 1.0)


@pytest.mark.parametrize(
    ("options", "workers"),
    [
        ({"workers": "3"}, 3),
        ({"workers": "50"}, 10),
        ({"workers": "clients"}, 10),
        ({"client": "sdk", "workers": "3"}, 10),
    ],
)
def test_workers_are_as_set_and_never_more_than_clients(
    options: dict[str, object], workers: int
) -> None:
    """The SDK takes one process per client, whatever is set."""
    settings = resolve({}, {"detector_name": "d", **options}, {})
    assert worker_count(settings, plan_of(1, 10, 2)) == workers


@pytest.mark.parametrize(
    ("clients", "workers", "line"),
    [
        ((1,), 1, "1 client at 1 request/s, 1 s in all, from 1 worker process"),
        (
            (4,),
            2,
            "4 clients at 1 request/s each, 1 s in all, from 2 worker processes",
        ),
        (
            (3, 1),
            2,
            "3, 1 clients at 1 request/s each, 2 s in all, from 2 worker processes",
        ),
    ],
)
def test_the_intention_is_announced_in_plain_words(
    clients: tuple[int, ...], workers: int, line: str
) -> None:
    """One client is no "clients", and one process no "processes"."""
    assert intention(plan_of(*clients), workers) == line


PREPARING = {
    "pictures": ["--image-pool", "3000", "--image-path", "images/dog_1920x1080.jpeg"],
    "readiness": ["--endpoint-url", "{silent}", "--detector-id", user.DETECTOR_ID],
}


@pytest.mark.parametrize("stage", PREPARING)
@pytest.mark.parametrize("signals", [["SIGINT"], ["SIGTERM"], ["SIGINT", "SIGINT"]], ids="+".join)
def test_a_signal_stops_a_run_that_is_being_prepared(
    tmp_path: Path, stage: str, signals: list[str]
) -> None:
    """Minutes of pictures, or a silent endpoint: it ends, and the last run's log is still there."""
    (tmp_path / "run.log").write_text("RAMP 1 of the last run")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        words = [word.format(silent=url) for word in PREPARING[stage]]
        process = user.start(tmp_path, "load_test.py", *words)
        if stage == "pictures":
            user.wait_for(lambda: len(user.family(process)) >= 3, 30, "the embedded endpoint")
            time.sleep(0.5)
        else:
            silent.settimeout(30)
            kept = [silent.accept() for _ in range(2)]  # looking for it, then asking it
        for name in signals:
            process.send_signal(signal.Signals[name])
            time.sleep(0.02)
        ended = user.finish(process, timeout_s=8.0)
        if stage == "readiness":
            for peer, _ in kept:
                peer.close()
    assert ended.code == 130, ended.err
    told = [f"stopped by {signals[0]} before the load began", "Interrupted."]
    assert ended.err.splitlines()[-1] in told[: len(signals)]  # a second one means now
    assert (tmp_path / "run.log").read_text() == "RAMP 1 of the last run"
