"""Programs by name: their names, the arithmetic of a window, and a made-up /proc."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from edgeload.host.processes import LOOK_EVERY_S, ProcessProbe, process_times, program_names


@pytest.mark.parametrize(
    ("line", "names"),
    [
        (["nginx: worker process"], ["nginx"]),
        (["/usr/sbin/nginx", "-g", "daemon off;"], ["nginx"]),
        (["/usr/bin/python3.11", "/opt/venv/bin/uvicorn", "app:app"], ["uvicorn", "python"]),
        (["python", "-X", "dev", "-m", "uvicorn", "app:app"], ["uvicorn", "python"]),
        (["python3", "serve.py", "--token", "secret"], ["serve", "python"]),
        (["python3", "-c", "from multiprocessing.spawn import spawn_main"], ["python"]),
        ([""], []),
    ],
)
def test_a_program_is_called_what_one_types(line: list[str], names: list[str]) -> None:
    """Without folder, version, title and arguments; Python's script comes before Python."""
    assert program_names(line) == names


def process(
    root: Path, pid: int, line: str, *, ticks: int, parent: int = 1, started: int = 50
) -> None:
    folder = root / "proc" / str(pid)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cmdline").write_text(line.replace(" ", "\0") + "\0")
    rest = f"S {parent} 0 0 0 0 0 0 0 0 0 {ticks} 0 0 0 0 0 0 0 {started} 0 3"
    (folder / "stat").write_text(f"{pid} (a (b) c) {rest}")


def test_processes_are_summed_by_name(tmp_path: Path) -> None:
    """CPU and memory of two nginx are added up; a worker of uvicorn is uvicorn; others are not
    there; 100 % is one core."""
    hertz, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    process(tmp_path, 10, "/usr/sbin/nginx", ticks=0)
    process(tmp_path, 11, "nginx: worker", ticks=0)
    process(tmp_path, 12, "python3 /bin/uvicorn app", ticks=0)
    process(tmp_path, 13, "python3 -c multiprocessing.spawn", ticks=0, parent=12)
    process(tmp_path, 14, "bash", ticks=0)
    probe = ProcessProbe(("nginx", "uvicorn"), tmp_path)
    probe.prime(100.0)
    process(tmp_path, 10, "/usr/sbin/nginx", ticks=hertz)
    process(tmp_path, 11, "nginx: worker", ticks=2 * hertz)
    process(tmp_path, 13, "python3 -c multiprocessing.spawn", ticks=hertz, parent=12)
    nginx, uvicorn = probe.read(102.0) or []
    assert (nginx.name, nginx.count, nginx.cpu_percent) == ("nginx", 2, 150.0)
    assert (nginx.busiest_percent, nginx.memory_bytes) == (100.0, 2 * 3 * page)
    assert (uvicorn.name, uvicorn.count, uvicorn.cpu_percent) == ("uvicorn", 2, 50.0)


def test_new_processes_are_found_within_seconds(tmp_path: Path) -> None:
    """/proc is looked through once in LOOK_EVERY_S. A process that came has no CPU figure for its
    first window; a pid that another process has now is not the one that was known."""
    process(tmp_path, 10, "bash", ticks=0)
    probe = ProcessProbe(("nginx",), tmp_path)
    probe.prime(0.0)
    process(tmp_path, 20, "nginx: master", ticks=500)
    assert probe.read(1.0) == []
    [group] = probe.read(LOOK_EVERY_S + 1) or []
    assert (group.count, group.cpu_percent) == (1, None)
    process(tmp_path, 20, "nginx: master", ticks=0, started=99)
    assert probe.read(LOOK_EVERY_S + 2) == []


def test_this_process_agrees_with_the_kernel() -> None:
    """The real file of this very process: its ticks are its CPU time."""
    stat = Path("/proc/self/stat")
    if not stat.exists():
        pytest.skip("no /proc on this system")
    told = process_times(stat.read_text())
    assert told.ticks / os.sysconf("SC_CLK_TCK") == pytest.approx(time.process_time(), abs=0.2)
    assert told.parent == os.getppid()


def test_a_system_without_proc_has_no_figures(tmp_path: Path) -> None:
    """None, not an empty list, which would say that no such program runs."""
    assert ProcessProbe(("nginx",), tmp_path).read(1.0) is None
