"""Laws of what is checked before a run begins."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from edgeload.camera_group import CameraGroup
from edgeload.plan import Plan, mix_plan, one_group_plan, ramp_steps
from edgeload.run.preflight import (
    check_before_run,
    check_open_files,
    check_prometheus,
    check_writable,
)
from edgeload.settings import SettingError, resolve


def plan_of(clients: int) -> Plan:
    return one_group_plan(ramp_steps([1, clients, 2], 1.0), 1.0)


def test_more_clients_than_files_are_refused_before_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The line names the numbers and what to do; what fits is let through."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 4096))
    check_open_files(2, plan_of(8000))
    with pytest.raises(SettingError, match=r"9,000 clients in 2 .* 4532 .* 4096; use more"):
        check_open_files(2, plan_of(9000))
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, resource.RLIM_INFINITY))
    check_open_files(1, plan_of(50_000))


def test_each_further_request_of_a_frame_needs_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the cameras that send them, and of no other; the worker with the most of them decides."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 1024))
    door, gate = CameraGroup("door", 701), CameraGroup("gate", 1, requests_per_frame=257)
    check_open_files(1, mix_plan((door, gate), [1], 1.0))  # 701 + 257 + 32
    with pytest.raises(SettingError, match=r"1,404 clients in 2 .* 1246 .* 1024; use more"):
        check_open_files(2, mix_plan((door, gate), [2], 1.0))
    check_open_files(1, mix_plan((door,), [1], 1.0))
    with pytest.raises(SettingError, match=r"4 clients in 1 .* 1060 "):
        check_open_files(1, mix_plan((gate,), [4], 1.0))


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"log_file": "{0}/file/run.log"}, r"LOG_FILE = '.*file/run.log': cannot be written"),
        ({"log_file": "{0}"}, r"LOG_FILE = '.*': cannot be written \(Is a directory\)"),
        ({"output_dir": "{0}/file"}, r"OUTPUT_DIR = '.*file': cannot be written"),
    ],
)
def test_what_cannot_be_written_is_said_before_the_run(
    tmp_path: Path, options: dict[str, str], line: str
) -> None:
    """Not after it, when the work is done and the results have nowhere to go.

    Looking leaves no log behind: a run that ends before its first request has none.
    """
    (tmp_path / "file").write_text("in the way")
    legal = {"log_file": str(tmp_path / "run.log"), "output_dir": str(tmp_path / "results")}
    check_writable(resolve({}, {"detector_name": "d", **legal}, {}))
    assert not (tmp_path / "run.log").exists()
    given = {name: value.format(tmp_path) for name, value in {**legal, **options}.items()}
    with pytest.raises(SettingError, match=line):
        check_writable(resolve({}, {"detector_name": "d", **given}, {}))


def test_both_are_checked_before_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that passes can be carried out; one that cannot be is refused, whatever the reason."""
    legal = {"log_file": str(tmp_path / "run.log"), "output_dir": str(tmp_path / "results")}
    settings = resolve({}, {"detector_name": "d", **legal}, {})
    check_before_run(settings, plan_of(10), 1)
    bad = resolve({}, {"detector_name": "d", **legal, "log_file": str(tmp_path)}, {})
    with pytest.raises(SettingError, match="LOG_FILE"):
        check_before_run(bad, plan_of(10), 1)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (64, 64))
    with pytest.raises(SettingError, match=r"90 clients in 1 worker process: .* --workers"):
        check_before_run(settings, plan_of(90), 1)


def test_a_missing_library_is_said_before_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs it, and only to those who need it."""
    monkeypatch.setattr("edgeload.run.preflight.find_spec", lambda name: None)
    check_prometheus(resolve({}, {"detector_name": "d"}, {}))
    wanted = resolve({}, {"detector_name": "d", "prometheus_port": "9101"}, {})
    with pytest.raises(SettingError, match=r"^PROMETHEUS_PORT = 9101: needs .*\[prometheus\]'$"):
        check_prometheus(wanted)
