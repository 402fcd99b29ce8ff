"""Reports of simulated runs, written to disk for tests that open them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import searched_log
import synthetic_log as sl
from searched_log import GROUP_OBJECTIVES, TIERS, Searched

from edgeload.camera_group import CameraGroup
from edgeload.plan import mix_plan
from edgeload.read.analysis.findings import find
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.figures.shown import charts_of, prepare_figures
from edgeload.read.log.open import read_log
from edgeload.read.output.page import html_report
from edgeload.read.output.summary_json import summary_json

HOSTILE = "</script><script>window.pwned=1</script><img src=http://127.0.0.1:9/x onerror=pwned=2>"
OBJECTIVES = ["p95<400ms", "each step: errors<1%", "p99.9 service<5s", "edge>=90%"]
HOSTILE_CLASS = "</script><b>bold</b>"


@dataclass(frozen=True)
class Page:
    """A report on disk, and what it was made of."""

    path: Path
    summary: RunSummary
    values: dict[str, Any]


def make(folder: Path, played: sl.Played | Searched, **settings: Any) -> Page:
    """Write the report of a simulated run, or of a search."""
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(played, Searched):
        log = searched_log.write(folder / "log", played, **settings)
    else:
        log = sl.write(folder / "log", played, **settings)
    summary = analyse(read_log(log))
    findings = find(summary)
    path = folder / "report.html"
    charts = charts_of(prepare_figures(summary))
    page = html_report(summary, findings, charts, ["summary.json", "a b&c.png"])
    path.write_text(page, encoding="utf-8")
    return Page(path, summary, json.loads(summary_json(summary, findings)))


def saturated_run() -> sl.Played:
    """10 and 30 clients fit into 80 requests/s; 60 do not."""
    return sl.play(sl.plan_of([10, 30, 60], 20, 2.0), servers=4, service=sl.exponential(0.05))


def failing(outcome: str) -> sl.Played:
    """Every request fails."""
    return sl.play(
        sl.plan_of([2, 4], 6, 5.0),
        servers=4,
        service=sl.constant(0.01),
        outcome=lambda chance, sent_s: outcome,
    )


def hostile_run() -> sl.Played:
    """Answers, and failures whose class and text are HTML."""
    played = sl.play(
        sl.plan_of([5], 10, 5.0),
        servers=4,
        service=sl.constant(0.01),
        outcome=lambda chance, sent_s: HOSTILE_CLASS if chance.random() < 0.2 else "ok",
    )
    played.requests[:] = [
        r
        if r.success
        else sl.request(
            r.worker_number,
            r.request_number,
            r.step or 0,
            r.due_s or 0.0,
            r.sent_s or 0.0,
            r.done_s or 0.0,
            HOSTILE_CLASS,
            HOSTILE,
        )
        for r in played.requests
    ]
    return played


def long_run() -> sl.Played:
    """Over two minutes, so with a heat map; failures of two classes."""
    return sl.play(
        sl.plan_of([5, 10], 70, 2.0),
        servers=2,
        service=sl.exponential(0.05),
        outcome=lambda chance, sent_s: chance.choice(["ok"] * 18 + ["timeout", "http_503"]),
    )


def clean_run() -> sl.Played:
    """Everything is answered at once."""
    return sl.play(sl.plan_of([5, 10], 20, 5.0), servers=20, service=sl.constant(0.01))


MIX = (
    CameraGroup("door", 4, 5.0),
    CameraGroup("person", 6, 2.0, late="latest"),
    CameraGroup("label", 2, 4.0, "poisson"),
)
MIX_OBJECTIVES = ["door: p95<300ms", "person: p95<500ms"]


def mix_run(ramp_group: str | None = None) -> sl.Played:
    """Three groups with a pool each; person's carries 40/s, and is due 48/s in the last step."""
    pools = {
        "door": sl.Pool(6, sl.exponential(0.04)),
        "person": sl.Pool(1, sl.constant(0.025)),
        "label": sl.Pool(4, sl.exponential(0.03)),
    }
    return sl.play_mix(mix_plan(MIX, [1, 2, 4], 20, ramp_group=ramp_group), pools)


def write_pages(folder: Path) -> dict[str, Page]:
    """One report of each kind, by name."""
    return {
        "saturated": make(folder / "saturated", saturated_run(), slo=OBJECTIVES),
        "clean": make(folder / "clean", clean_run()),
        "failed": make(folder / "failed", failing("refused")),
        "long": make(folder / "long", long_run()),
        "mix": make(folder / "mix", mix_run(), slo=MIX_OBJECTIVES),
        "search": make(folder / "search", searched_log.box_search(), slo=["p95<300ms"]),
        "tiers": make(folder / "tiers", searched_log.box_search(), slo=TIERS),
        "mix search": make(
            folder / "three_groups_search",
            searched_log.three_groups_search("group", "person"),
            slo=GROUP_OBJECTIVES,
        ),
        "hostile": make(folder / "hostile", hostile_run(), detector_query=HOSTILE),
    }
