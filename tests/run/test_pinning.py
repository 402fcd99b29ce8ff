"""Real processes on the cores that a plan gives them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import psutil
import pytest
from recording_server import DETECTOR_ID, recording_server
from rich.console import Console

from edgeload.core_plan import CorePlan
from edgeload.read.log.open import read_log
from edgeload.records import Header
from edgeload.run import session
from edgeload.run.journal import PreparedRun
from edgeload.run.phases import RunOutcome
from edgeload.run.pinning import PINNED, Pinning
from edgeload.run.supervisor import RunProgress, Supervisor
from edgeload.settings import Settings, resolve
from edgeload.signals import StopSignals

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2,
    reason="needs Linux and two cores",
)


def two_cores() -> CorePlan:
    """A worker on the last CPU, the rest on the others."""
    *rest, last = sorted(os.sched_getaffinity(0))
    return CorePlan(workers=((last,),), rest=tuple(rest))


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process


def test_worker_and_rest_are_apart_until_the_end(child: subprocess.Popen[bytes]) -> None:
    """This process with all of its threads, and its other children; afterwards all is as before."""
    plan, everywhere = two_cores(), os.sched_getaffinity(0)
    over, seen = threading.Event(), []
    thread = threading.Thread(target=over.wait, daemon=True)
    thread.start()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        pinning = Pinning(plan)
        pinning.pin(child.pid)
        pinning.confine_rest()
        try:
            for each in (child.pid, os.getpid(), thread.native_id or 0, other.pid):
                seen.append(os.sched_getaffinity(each))
        finally:
            pinning.restore()
        for each in (child.pid, os.getpid(), thread.native_id or 0, other.pid):
            assert os.sched_getaffinity(each) == everywhere
        over.set()
        thread.join()
        assert other.stdin is not None
        other.stdin.close()
    assert seen == [set(plan.workers[0]), *[set(plan.rest)] * 3]
    assert pinning.words == PINNED
    assert pinning.worker_cpus == [str(plan.workers[0][0])]


def test_a_system_that_refuses_is_no_error(
    child: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container may forbid it: then nothing is pinned, and the log says why."""
    everywhere = os.sched_getaffinity(0)

    def refuse(pid: int, cpus: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "sched_setaffinity", refuse)
    pinning = Pinning(two_cores())
    pinning.pin(child.pid)
    pinning.confine_rest()
    pinning.restore()
    assert pinning.words == "none: the system refused it (Operation not permitted)"
    assert pinning.worker_cpus is None
    assert os.sched_getaffinity(0) == os.sched_getaffinity(child.pid) == everywhere


def test_a_worker_that_has_ended_is_not_our_trouble() -> None:
    """Its parent sees that it has ended, and says why."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    pinning = Pinning(two_cores())
    pinning.pin(process.pid)
    assert pinning.words == PINNED


@pytest.mark.parametrize("pinned", [True, False])
def test_a_run_has_its_workers_where_its_header_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pinned: bool
) -> None:
    """With the plan of a machine that has enough cores, and with --no-pin."""
    seen: dict[int, set[int]] = {}
    everywhere = os.sched_getaffinity(0)

    def drive(
        prepared: PreparedRun, settings: Settings, stop: StopSignals, *_: object
    ) -> RunOutcome:
        def look(progress: RunProgress) -> None:
            processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
            seen.update((each.pid, os.sched_getaffinity(each.pid)) for each in processes)

        return Supervisor(prepared, settings, stop, look).run()

    if pinned:
        monkeypatch.setattr(session, "plan_of_cores", lambda *_: two_cores())
    with recording_server() as server:
        options = {
            "endpoint_url": server.url,
            "detector_id": DETECTOR_ID,
            "groundlight_api_token": "t",
            "preflight": False,
            "custom_ramp": (1,),
            "time_between_ramp": 0.4,
            "workers": 1,
            "image_pool": 1,
            "pin": pinned,
            "log_file": tmp_path / "log",
            "output_dir": tmp_path / "out",
        }
        session.run_session(resolve({}, options, {}), Console(file=StringIO()), drive)
    log = read_log(tmp_path / "log")
    assert isinstance(log.header, Header)
    worker = log.workers[0].pid
    plan, said = two_cores(), log.header.machine
    assert len(log.machines) >= 2  # what a hypervisor takes is looked at, too
    if pinned:
        assert seen.pop(worker) == set(plan.workers[0])
        assert said["pinning"] == PINNED
        assert said["worker_cpus"] == [str(plan.workers[0][0])]
        assert all(cpus == set(plan.rest) for cpus in seen.values())
    else:
        assert said["pinning"] == "none: it was switched off (--no-pin)"
        assert said["worker_cpus"] is None
        assert all(cpus == everywhere for cpus in seen.values())
    assert os.sched_getaffinity(0) == everywhere
