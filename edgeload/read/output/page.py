"""A run's results as one self-contained page: report.html. Needs no network and runs no eval."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, astuple
from functools import cache
from importlib.resources import files as resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from edgeload.plain_words import plural, sentence
from edgeload.read.analysis.finding import Finding
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.series import end_of
from edgeload.read.figures.chart import Chart
from edgeload.read.output.page_groups import (
    failure_rows,
    group_cards,
    group_sections,
    of_all_groups,
)
from edgeload.read.output.page_search import (
    search_cards,
    search_columns,
    search_rows,
    trial_choices,
)
from edgeload.read.output.page_steps import step_choices, step_columns, step_note, step_rows
from edgeload.read.output.summary_json import summary_values
from edgeload.read.words.audit_words import AUDIT_HEADS, AUDIT_NOTE, AUDIT_TITLE, audit_rows
from edgeload.read.words.box_plan_words import (
    BOX_PLAN_HEADS,
    BOX_PLAN_TITLE,
    box_plan_note,
    box_plan_rows,
    box_plan_sentences,
)
from edgeload.read.words.detector_words import DETECTOR_HEADS, detector_rows
from edgeload.read.words.finding_words import advice, message_with_steps
from edgeload.read.words.headline import headline, validity
from edgeload.read.words.interference_words import (
    INTERFERENCE_HEADS,
    INTERFERENCE_NOTE,
    INTERFERENCE_TITLE,
    interference_rows,
)
from edgeload.read.words.limit import limit
from edgeload.read.words.objective_words import MARKS, STATUSES, objective_lines
from edgeload.read.words.terminal_words import DETECTORS_TITLE, TEXTS_NOTE
from edgeload.read.words.trial_words import (
    MISSED_ON_PURPOSE,
    missed_on_purpose,
    trial_note,
    trial_rows,
)

_ASSETS = "html"


def html_report(
    summary: RunSummary,
    findings: Sequence[Finding],
    charts: Sequence[Chart],
    file_names: Sequence[str],
    live: str = "",
) -> str:
    """The page: verdict, findings, interactive figures, tables and settings of one run.

    `charts` are what its script draws, and `file_names` the files beside it, for links. Every text
    is escaped, and a Content-Security-Policy lets nothing run or load but the page's own scripts
    and styles, each by its hash. `live` says that the run goes on; the page then asks the server
    that it came from whether there is more.
    """
    values = summary_values(summary, findings)
    styles, scripts = _styles(), (*_scripts(), *(_live_scripts() if live else ()))
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            policy=_policy(scripts, styles, asks=bool(live)),
            live=live,
            styles=[Markup(text) for text in styles],
            scripts=[Markup(text) for text in scripts],
            headline=headline(summary).splitlines(),
            limit=limit(summary),
            validity=validity(summary),
            valid=summary.valid,
            no_result=summary.no_result,
            run_id=values["run_id"],
            endpoint=_tested(values["endpoint"] or {}),
            facts=_facts(summary, values, ended=not live),
            findings=[
                (f.severity, sentence(message_with_steps(f), f.group), advice(f)) for f in findings
            ],
            objectives=_objectives(summary),
            interference=_interference(summary),
            box_plan=_box_plan(summary),
            audit=_audit(summary),
            charts=charts,
            charts_json=_json([asdict(chart) for chart in charts]),
            cards=group_cards(summary),
            answers=search_cards(summary),
            **_table(summary),
            detectors=detector_rows(summary),
            detector_heads=DETECTOR_HEADS,
            detectors_title=DETECTORS_TITLE,
            failures=failure_rows(summary),
            failures_note=TEXTS_NOTE,
            of_mix=bool(summary.groups),
            sections=_sections(summary, values),
            files=file_names,
        )
    )


def waiting_page() -> str:
    """What is served before a run has anything to show."""
    styles, scripts = _styles(), _live_scripts()
    return (
        _environment()
        .get_template("waiting.html.j2")
        .render(
            policy=_policy(scripts, styles, asks=True),
            styles=[Markup(text) for text in styles],
            scripts=[Markup(text) for text in scripts],
        )
    )


def _table(summary: RunSummary) -> dict[str, Any]:
    """The table of steps, or of the trials of a search, and what figures are zoomed to."""
    if summary.search is None:
        return {
            "table": "Steps",
            "columns": step_columns(summary),
            "rows": step_rows(summary),
            "choices": step_choices(summary),
            "table_note": step_note(summary),
        }
    return {
        "table": "Trials",
        "columns": search_columns(summary),
        "rows": search_rows(summary),
        "choices": trial_choices(summary),
        "table_note": trial_note(summary, trial_rows(summary)),
    }


def _interference(summary: RunSummary) -> dict[str, Any] | None:
    """The table of an interference run."""
    if summary.interference is None:
        return None
    return {
        "title": INTERFERENCE_TITLE,
        "heads": INTERFERENCE_HEADS,
        "rows": interference_rows(summary.interference),
        "note": INTERFERENCE_NOTE,
    }


def _box_plan(summary: RunSummary) -> dict[str, Any] | None:
    """How many boxes are needed, and the table for other rates."""
    plan = summary.box_plan
    if plan is None:
        return None
    rows = box_plan_rows(plan)
    return {
        "title": BOX_PLAN_TITLE,
        "answer": " ".join(box_plan_sentences(plan)),
        "heads": BOX_PLAN_HEADS,
        "rows": rows,
        "note": box_plan_note(plan) if rows else "",
    }


def _audit(summary: RunSummary) -> dict[str, Any] | None:
    """The table of a cache audit."""
    if summary.audit is None:
        return None
    rows = [astuple(row) for row in audit_rows(summary.audit)]
    return {"title": AUDIT_TITLE, "heads": AUDIT_HEADS, "rows": rows, "note": AUDIT_NOTE}


def _tested(endpoint: Mapping[str, Any]) -> str:
    """The endpoint's URL; the embedded one is called a simulator, by its own description."""
    return endpoint.get("embedded") or endpoint.get("url") or "an edge endpoint"


def _objectives(summary: RunSummary) -> list[dict[str, str]]:
    lines = objective_lines(summary, step=_noun(summary))
    return [
        {
            "verdict": line.status,
            "mark": f"{MARKS[line.status]} {STATUSES[line.status]}",
            "text": line.text,
            "step": line.scope,
            "measured": line.measured,
            "more": line.more,
        }
        for line in lines
    ]


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("edgeload.read.output", _ASSETS),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_clean,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _clean(value: Any) -> Any:
    """Texts without control and direction characters; escaping follows."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return "".join(c if c.isprintable() else " " for c in value)
    return value


def _asset(name: str) -> str:
    return (resources("edgeload.read.output") / _ASSETS / name).read_text("utf-8")


@cache
def _styles() -> tuple[str, ...]:
    return (_asset("uplot/uPlot.min.css"), _asset("report.css"))


@cache
def _scripts() -> tuple[str, ...]:
    """uPlot under its licence, and the page's own script."""
    licence = "/*\n" + _asset("uplot/LICENSE") + "*/\n"
    own = _asset("drawing.js") + _asset("report.js")
    return (licence + _asset("uplot/uPlot.iife.min.js"), own)


@cache
def _live_scripts() -> tuple[str, ...]:
    return (_asset("live.js"),)


def _policy(scripts: Iterable[str], styles: Iterable[str], *, asks: bool = False) -> str:
    """Nothing may load or run but these texts, known by their SHA-256 (CSP level 3).

    `asks`: the page may also ask the server that it came from.
    """
    parts = [
        "default-src 'none'",
        "script-src " + " ".join(map(_hash, scripts)),
        "style-src " + " ".join(map(_hash, styles)),
        *(["connect-src 'self'"] if asks else []),
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]
    return "; ".join(parts)


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _json(values: Any) -> Markup:
    """JSON that may stand inside a script element: no text in it can end the element."""
    text = json.dumps(values, allow_nan=False, separators=(",", ":"))
    escaped = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Markup(escaped)


def _facts(summary: RunSummary, values: Mapping[str, Any], *, ended: bool) -> list[tuple[str, str]]:
    totals = summary.totals
    facts = [
        ("started", values["started_at"]),
        ("load", f"{plural(len(summary.steps), _noun(summary))}, {end_of(summary):.0f} s"),
        ("sent", f"{totals.sent:,}"),
        ("answered", f"{totals.ok:,}"),
        ("failed", f"{totals.failed:,}"),
    ]
    if totals.missed is not None:
        why = f", all in {MISSED_ON_PURPOSE}" if missed_on_purpose(summary) else ""
        facts.append(("missed", f"{totals.missed:,}{why}"))
    if summary.interrupted and ended:
        facts.append(("ended", "interrupted"))
    return facts


def _noun(summary: RunSummary) -> str:
    return "trial" if summary.searches else "step"


def _sections(summary: RunSummary, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """How the run was made; what each camera group of a mix has of its own stands with it."""
    named = {
        "To repeat it": {"command": values["command"]} if values["command"] else None,
        **group_sections(summary),
        "Settings": of_all_groups(summary, values["settings"]),
        "Endpoint": of_all_groups(summary, values["endpoint"]),
        "Machine that made the load": values["machine"],
        "Versions": values["versions"],
        "Pictures": values["images"],
    }
    return [
        {"name": name, "entries": [(key.replace("_", " "), _plain(v)) for key, v in group.items()]}
        for name, group in named.items()
        if group
    ]


def _plain(value: Any) -> str:
    """A setting as people write it."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_plain(item) for item in value) or "-"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_plain(item)}" for key, item in value.items())
    return f"{value:.6g}" if isinstance(value, float) else str(value)
