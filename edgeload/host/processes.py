"""Reads CPU and memory of named programs from /proc, summed over the processes of each name.

Sources: proc(5), /proc/PID/stat and cmdline. Programs are looked for every few seconds only;
between, only the processes that were found are read.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeload.host.samples import ProcessGroup

DEFAULT_PROGRAMS = ("nginx", "uvicorn", "python")
LOOK_EVERY_S = 5.0


@dataclass(frozen=True)
class ProcessTimes:
    """One process: CPU ticks since its start (which names it, beside its pid), and memory."""

    started: int
    ticks: int
    pages: int
    parent: int


def process_times(stat: str) -> ProcessTimes:
    """What /proc/PID/stat says. The program's name in it may hold spaces and brackets."""
    words = stat[stat.rindex(")") + 2 :].split()
    return ProcessTimes(
        parent=int(words[1]),
        ticks=int(words[11]) + int(words[12]),
        started=int(words[19]),
        pages=int(words[21]),
    )


def program_names(arguments: Sequence[str]) -> list[str]:
    """What one would type to start it: the most telling name first.

    A title that a program gave itself (`nginx: worker process`) counts up to the colon. Behind
    Python stands the script or module that it runs: `python -m uvicorn` is uvicorn, then python.
    """
    if not arguments or not arguments[0]:
        return []
    own = arguments[0].split(":")[0].split()[0] if arguments[0].strip() else ""
    own = own.rsplit("/", 1)[-1]
    if not own.startswith("python"):
        return [own]
    script = _script(arguments[1:])
    return [*([script] if script else []), "python"]


def _script(arguments: Sequence[str]) -> str | None:
    words = iter(arguments)
    for word in words:
        if word == "-c":
            return None
        if word == "-m":
            return next(words, "").split(".")[0] or None
        if word in ("-W", "-X"):
            next(words, None)
        elif not word.startswith("-"):
            return word.rsplit("/", 1)[-1].removesuffix(".py")
    return None


def groups(
    names: Mapping[int, str],
    before: Mapping[int, ProcessTimes],
    after: Mapping[int, ProcessTimes],
    window_s: float,
    *,
    ticks_per_s: int,
    page_bytes: int,
) -> list[ProcessGroup]:
    """The processes by name. CPU is that of those which lived through the whole window."""
    found = []
    for name in sorted({names[pid] for pid in after}):
        members = {pid: now for pid, now in after.items() if names[pid] == name}
        percents = [
            100.0 * (now.ticks - before[pid].ticks) / ticks_per_s / window_s
            for pid, now in members.items()
            if pid in before and before[pid].started == now.started and window_s > 0
        ]
        found.append(
            ProcessGroup(
                name=name,
                count=len(members),
                cpu_percent=round(sum(percents), 3) if percents else None,
                busiest_percent=round(max(percents), 3) if percents else None,
                memory_bytes=page_bytes * sum(now.pages for now in members.values()),
            )
        )
    return found


class ProcessProbe:
    """Call `prime` once, then `read` at the end of each window. Leaves itself out."""

    def __init__(self, programs: Sequence[str], root: Path = Path("/")) -> None:
        self._wanted = programs
        self._proc = root / "proc"
        self._there = bool(_list(self._proc))
        self._own = os.getpid()
        self._known: dict[int, tuple[int, str | None]] = {}
        """By pid: when it started, and its program if that is wanted."""
        self._young: set[int] = set()
        """Pids that were new at the last look: a fork may have become another program since."""
        self._names: dict[int, str] = {}
        self._looked_s = float("-inf")
        self._ticks_per_s, self._page_bytes = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
        self.prime(0.0)

    def prime(self, at_s: float) -> None:
        """Start the first window at `at_s`, on the monotonic clock."""
        if not self._looked_s <= at_s < self._looked_s + LOOK_EVERY_S:
            self._looked_s = at_s
            self._look()
        self._at_s, self._before = at_s, self._times()

    def read(self, at_s: float) -> list[ProcessGroup] | None:
        """End the window, and begin the next one. None if this system has no /proc."""
        if not self._there:
            return None
        before, window_s = self._before, at_s - self._at_s
        self.prime(at_s)
        return groups(
            self._names,
            before,
            self._before,
            window_s,
            ticks_per_s=self._ticks_per_s,
            page_bytes=self._page_bytes,
        )

    def _look(self) -> None:
        """Find the processes of the wanted programs. One that is known costs nothing."""
        pids = {int(name) for name in _list(self._proc) if name.isdigit()}
        new = pids - self._known.keys()
        known = {pid: told for pid, told in self._known.items() if pid in pids}
        for pid in sorted(new | (self._young & pids)):
            if (times := self._stat(pid)) is not None:
                known[pid] = (times.started, self._program(pid, times.parent, known))
        self._known, self._young = known, new
        self._names = {pid: name for pid, (_, name) in known.items() if name is not None}

    def _program(
        self, pid: int, parent: int, known: Mapping[int, tuple[int, str | None]]
    ) -> str | None:
        if self._own in (pid, parent):
            return None
        try:
            line = (self._proc / str(pid) / "cmdline").read_bytes()
        except OSError:
            return None
        arguments = line.decode(errors="replace").rstrip("\0").split("\0")
        names = program_names(arguments)
        if "python" in names and any("multiprocessing" in word for word in arguments[1:]):
            family = known.get(parent, (0, None))[1]  # a worker is called what its parent is
            names = [family, *names] if family else names
        return next((name for name in names if name in self._wanted), None)

    def _times(self) -> dict[int, ProcessTimes]:
        """Those that are still there. Another process may have the pid: the next look names it."""
        found = {}
        for pid in self._names:
            times = self._stat(pid)
            if times is not None and times.started == self._known[pid][0]:
                found[pid] = times
            else:
                self._known.pop(pid, None)
        self._names = {pid: self._names[pid] for pid in found}
        return found

    def _stat(self, pid: int) -> ProcessTimes | None:
        try:
            return process_times((self._proc / str(pid) / "stat").read_text(errors="replace"))
        except (OSError, ValueError, IndexError):  # it has ended
            return None


def _list(folder: Path) -> list[str]:
    try:
        return [path.name for path in folder.iterdir()]
    except OSError:
        return []
