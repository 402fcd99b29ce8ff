"""Texts of a stranger in a log: the page and the terminal show them as text alone."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
import synthetic_log as sl
from rich.console import Console

from edgeload.read.results.run_results import write_results

_ESC, _OVERRIDE, _ISOLATE, _MARK, _BELL = "\x1b", "\u202e", "\u2066", "\u200f", "\x07"
_HOSTILE = (
    f"{_ESC}]0;owned{_BELL}{_ESC}[2J{_OVERRIDE}gnp.exe{_ISOLATE}{_MARK}\x00\x9b31m"
    "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>[red]{{ 7 * 7 }}</style>"
)


def _log(path: Path) -> Path:
    """A log in which every text that comes from outside is hostile."""
    played = sl.play(
        sl.plan_of([2, 4], 8, 5.0),
        servers=4,
        service=sl.constant(0.01),
        outcome=lambda chance, sent_s: chance.choice(["ok", "ok", "http_500", "bad_answer"]),
    )
    played.requests = [
        r if r.error is None else msgspec.structs.replace(r, error=f"{_HOSTILE} {r.outcome}")
        for r in played.requests
    ]
    sl.write(path, played)
    first, *others = path.read_text("utf-8").splitlines()
    header = json.loads(first)
    header["endpoint"] |= {"detector_name": _HOSTILE, "detector_query": _HOSTILE, "url": _HOSTILE}
    header["command"] = _HOSTILE
    header["machine"] |= {"processor": _HOSTILE, "host": _HOSTILE}
    header["settings"] |= {"endpoint_url": _HOSTILE}
    path.write_text("\n".join([json.dumps(header), *others]) + "\n", "utf-8")
    return path


def test_hostile_texts_in_a_log_are_only_texts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither the page nor the terminal has a character that controls a terminal, turns the
    direction of writing or is invisible; and none of the texts is an element of the page."""
    write_results(_log(tmp_path / "run.log"), tmp_path, console=Console(width=200))
    page, shown = (tmp_path / "report.html").read_text("utf-8"), capsys.readouterr().out
    assert "gnp.exe" in page
    assert "gnp.exe" in shown
    for text in (page, shown):
        for character in (_ESC, _OVERRIDE, _ISOLATE, _MARK, _BELL, "\x00", "\x9b"):
            assert character not in text
    for element in ("<script>alert", "<img src=x", "</style>[red]"):
        assert element not in page
    assert "{{ 7 * 7 }}" in page
