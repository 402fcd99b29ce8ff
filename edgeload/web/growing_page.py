"""The log of a run that goes on -> its report so far, as HTML."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

from edgeload.read.analysis.finding import Finding
from edgeload.read.analysis.findings import find
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.figures.shown import charts_of, prepare_figures
from edgeload.read.log.columns import RunLog
from edgeload.read.log.live_log import LiveLog
from edgeload.read.log.log_error import LogError
from edgeload.read.output.page import html_report

_OF_THE_STOP = ("interrupted", "missed")
"""Findings that only say that the run has not ended yet, if they are about the present step."""


class GrowingPage:
    """The report of the run whose log is written to `path` from the time `since_s` on.

    `since_s` is a wall clock's: what an earlier run left there is not shown.
    """

    def __init__(self, path: Path, since_s: float) -> None:
        self._path, self._since_s = path, since_s
        self._log: LiveLog | None = None
        self._inode: tuple[int, int] | None = None

    def html(self) -> str | None:
        """The page so far; None if there is nothing to show yet, or nothing that can be read."""
        try:
            log = self._so_far()
            return None if log is None else _page(log)
        except (OSError, LogError):
            return None

    def _so_far(self) -> RunLog | None:
        found = self._path.stat()
        if self._inode != (found.st_dev, found.st_ino):
            self._open()
        log = self._log.so_far() if self._log else None
        header = log.header if log else None
        if header is None or header.ts < self._since_s:
            self._forget()
            return None
        return log

    def _open(self) -> None:
        self._forget()
        self._log = LiveLog(self._path)
        found = self._path.stat()
        self._inode = (found.st_dev, found.st_ino)

    def _forget(self) -> None:
        """It may be an earlier run's, which is overwritten in a moment."""
        if self._log is not None:
            with contextlib.suppress(OSError):
                self._log.close()
        self._log, self._inode = None, None


def _page(log: RunLog) -> str:
    summary = analyse(log)
    if log.end is not None and log.end.counted:  # it has ended
        return html_report(summary, find(summary), charts_of(prepare_figures(summary)), [])
    summary = _with_present_step_open(summary)
    findings = [
        finding
        for finding in find(summary)
        if finding.code not in _OF_THE_STOP or not _is_of_present_step(finding, summary)
    ]
    figures = charts_of(prepare_figures(summary))
    return html_report(summary, findings, figures, [], live=_note(log))


def _with_present_step_open(summary: RunSummary) -> RunSummary:
    """The step that goes on is not cut off, and is not why anything is undecided.

    Its last requests are still in flight, which looks as if nobody had sent them.
    """
    *ended, present = summary.steps
    undecided = [load for load in summary.bracket.undecided if load.step != present.index]
    return replace(
        summary,
        steps=(*ended, replace(present, complete=True, doubts=())),
        doubts=tuple(doubt for doubt in summary.doubts if not _is_of_present_step(doubt, summary)),
        bracket=replace(summary.bracket, undecided=tuple(undecided)),
    )


def _is_of_present_step(finding: Finding, summary: RunSummary) -> bool:
    return set(finding.steps) <= {summary.steps[-1].index}


def _note(log: RunLog) -> str:
    """How far the run is; a search does not know how long it takes."""
    assert log.end is not None
    planned = log.header and log.plan and not log.header.plan.search
    of = f" of {log.plan.duration_s:.0f}" if planned and log.plan else ""
    return (
        f"The run is going on: {log.end.stopped_s:.0f}{of} s. All figures are so far, and so is "
        "the answer."
    )
