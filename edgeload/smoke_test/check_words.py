"""The lines of a smoke test for people, and as JSON. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from edgeload.plain_words import listed, plural
from edgeload.smoke_test.check_line import CheckLine, exit_code_of

SIGNS = {"ok": "✓", "warning": "!", "failed": "✗", "unknown": "–", "skipped": "–"}
_WIDTH = 14
_TOTALS = (("ok", "✓"), ("failed", "✗"), ("warning", "!"), ("unknown", "not known"),
           ("skipped", "skipped"))  # fmt: skip


def check_text(line: CheckLine) -> str:
    """One line: its sign, what was checked, what was seen, and what to do."""
    seen = f"skipped: {line.seen}" if line.verdict == "skipped" else line.seen
    whose = f"{line.detector}: " if line.detector else ""
    advice = f"; {line.advice}" if line.advice else ""
    return f"{SIGNS[line.verdict]} {line.name:<{_WIDTH}} {whose}{seen}{advice}"


def checks_summary(lines: Sequence[CheckLine], took_s: float) -> str:
    """How many checks there were, and how they went."""
    counts = Counter(line.verdict for line in lines)
    parts = [f"{counts[verdict]} {name}" for verdict, name in _TOTALS if counts[verdict]]  # type: ignore[index]
    done = f"{plural(len(lines), 'check')} in {took_s:.1f} s: {listed(parts)}."
    return f"{_verdict(lines)} {done}"


def _verdict(lines: Sequence[CheckLine]) -> str:
    counts = Counter(line.verdict for line in lines)
    if counts["failed"]:
        return f"Not ready: {plural(counts['failed'], 'check')} failed."
    if exit_code_of(lines):
        return "Not known whether a load test can start."
    warned = f", with {plural(counts['warning'], 'warning')}" if counts["warning"] else ""
    return f"A load test can start{warned}."


def checks_json(lines: Sequence[CheckLine], url: str, took_s: float) -> str:
    """All of it as one object, for programs."""
    checks = [
        {
            "name": line.name,
            "detector": line.detector or None,
            "verdict": line.verdict,
            "seen": line.seen,
            "advice": line.advice or None,
            "took_s": None if line.took_s is None else round(line.took_s, 6),
        }
        for line in lines
    ]
    whole = {"url": url, "exit_code": exit_code_of(lines), "took_s": round(took_s, 3)}
    return json.dumps({**whole, "checks": checks}, indent=2, ensure_ascii=False)
