"""A history of runs in one line: what changed, when, and which runs were left out. Pure."""

from __future__ import annotations

from datetime import datetime, timezone

from edgeload.plain_words import listed, plural
from edgeload.read.analysis.history import History, HistoryChange, LeftOut
from edgeload.read.statistics.change_point import LEAST_RUNS
from edgeload.read.statistics.format import milliseconds, number

_LEFT_OUT: dict[LeftOut, str] = {
    "other_settings": "of another box or with other settings",
    "invalid": "INVALID",
    "later": "later than the new run",
    "unreadable": "no summary of a run",
}


def history_words(history: History) -> str:
    """One line: the verdict, the newest changes, and how many runs were looked at."""
    return f"History: {_said(history)}{_left_out(history)}."


def _said(history: History) -> str:
    if history.verdict == "too few runs":
        return (
            f"too few runs to tell: {plural(history.runs, 'run')} of the same box and settings, "
            f"and it takes {LEAST_RUNS} with the same load"
        )
    runs = f"in the newest {plural(history.runs, 'run')} of the same box and settings"
    if not history.changes:
        return f"no change {runs}"
    new = [change for change in history.changes if change.is_new]
    if not new:
        return f"no new change {runs}; the last was {_change(history.changes[0])}"
    first = next(change for change in new if change.verdict == history.verdict)
    more = f" (and {plural(len(new) - 1, 'more figure')})" if len(new) > 1 else ""
    return f"{history.verdict}: {_change(first)}{more}, {runs}"


def _change(change: HistoryChange) -> str:
    group = f"{change.group} " if change.group else ""
    at = ""
    if change.copies is not None:
        at = f" at {plural(change.copies, 'copy')}"
    elif change.clients is not None:
        at = f" at {plural(change.clients, 'client')}"
    before, after = (_value(change, v) for v in (change.point.before, change.point.after))
    since = datetime.fromtimestamp(change.started_s, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    newest = "run" if change.runs_ago == 1 else f"{change.runs_ago} runs"
    return f"{group}{change.quantity}{at} {before} -> {after} since {since}, the newest {newest}"


def _value(change: HistoryChange, value: float) -> str:
    if change.quantity == "errors":
        return f"{value * 100:.2f} %"
    if change.quantity == "throughput":
        return f"{number(value, digits=4)}/s"
    if change.quantity == "capacity" and change.noun == "request/s":
        return f"{number(value, digits=4)} requests/s"
    if change.quantity == "capacity" and change.noun:
        return plural(round(value), change.noun)
    if change.quantity == "capacity":
        return plural(round(value), "copy" if change.of_mix else "client")
    return f"{milliseconds(value, digits=4)} ms"


def _left_out(history: History) -> str:
    left_out = history.left_out
    counts = [f"{left_out[why]} {words}" for why, words in _LEFT_OUT.items() if why in left_out]
    return f"; left out: {listed(counts)}" if counts else ""
