"""A run's results as one self-contained page: report.html. Needs no network and runs no eval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from typing import Any

from edgeload.plain_words import plural, sentence
from edgeload.read.analysis.finding import Finding
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.series import end_of
from edgeload.read.figures.chart import Chart
from edgeload.read.output.page_frame import page
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
from edgeload.read.words.box_story_words import box_rows
from edgeload.read.words.detector_words import DETECTOR_HEADS, detector_rows
from edgeload.read.words.endpoint_words import (
    ENDPOINT_HEADS,
    ENDPOINT_TEXTS,
    ENDPOINTS_TITLE,
    all_urls,
    endpoint_rows,
)
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
from edgeload.read.words.rollout_words import model_rows
from edgeload.read.words.run_names import notes_words, run_words
from edgeload.read.words.soak_words import SOAK_HEADS, soak_note, soak_rows, soak_title
from edgeload.read.words.terminal_words import DETECTORS_TITLE, TEXTS_NOTE
from edgeload.read.words.trial_words import (
    MISSED_ON_PURPOSE,
    missed_on_purpose,
    trial_note,
    trial_rows,
)
from edgeload.time_words import duration, time_unit


def html_report(
    summary: RunSummary,
    findings: Sequence[Finding],
    charts: Sequence[Chart],
    file_names: Sequence[str],
    live: str = "",
) -> str:
    """The page: verdict, findings, interactive figures, tables and settings of one run.

    `charts` are what its script draws, and `file_names` the files beside it, for links.
    `live` says that the run goes on; the page then asks the server that it came from for more.
    """
    values = summary_values(summary, findings)
    return page(
        "report.html.j2",
        charts,
        live=live,
        headline=headline(summary).splitlines(),
        limit=limit(summary),
        validity=validity(summary),
        valid=summary.valid,
        no_result=summary.no_result,
        run_id=values["run_id"],
        run_words=run_words(summary),
        notes=notes_words(summary),
        endpoint=all_urls(summary.endpoints) or _tested(values["endpoint"] or {}),
        facts=_facts(summary, values, ended=not live),
        findings=[
            (f.severity, sentence(message_with_steps(f), f.group), advice(f)) for f in findings
        ],
        objectives=_objectives(summary),
        interference=_interference(summary),
        box_plan=_box_plan(summary),
        audit=_audit(summary),
        soaks=_soaks(summary),
        cards=group_cards(summary),
        answers=search_cards(summary),
        **_table(summary),
        endpoints=endpoint_rows(summary),
        endpoint_heads=ENDPOINT_HEADS,
        endpoint_texts=ENDPOINT_TEXTS,
        endpoints_title=ENDPOINTS_TITLE,
        detectors=detector_rows(summary),
        detector_heads=DETECTOR_HEADS,
        detectors_title=DETECTORS_TITLE,
        failures=failure_rows(summary),
        failures_note=TEXTS_NOTE,
        of_mix=bool(summary.groups),
        sections=_sections(summary, values),
        files=file_names,
        time_unit=time_unit(end_of(summary)),
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


def _soaks(summary: RunSummary) -> list[dict[str, Any]]:
    """A table for each step of ten minutes or more."""
    named = len(summary.steps) > 1
    return [
        {
            "title": soak_title(soak.step if named else None),
            "heads": SOAK_HEADS,
            "rows": soak_rows(soak),
            "note": soak_note(soak),
        }
        for soak in summary.soaks
    ]


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


def _facts(summary: RunSummary, values: Mapping[str, Any], *, ended: bool) -> list[tuple[str, str]]:
    totals = summary.totals
    facts = [
        ("started", values["started_at"]),
        ("load", f"{plural(len(summary.steps), _noun(summary))}, {duration(end_of(summary))}"),
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
        "The box, by its own word": box_rows(summary.box),
        "The models that answered": model_rows(summary.models),
        "Machine that made the load": None if values["cluster"] else values["machine"],
        "Nodes that made the load": _node_rows(values["cluster"]),
        "Machine of the driver": values["machine"] if values["cluster"] else None,
        "Versions": values["versions"],
        "Pictures": values["images"],
    }
    return [
        {"name": name, "entries": [(key.replace("_", " "), _plain(v)) for key, v in group.items()]}
        for name, group in named.items()
        if group
    ]


def _node_rows(cluster: Mapping[str, Any] | None) -> dict[str, str]:
    """A row for each node of a cluster run."""
    return {
        node["name"]: (
            f"{plural(len(node['workers']), 'worker process')}, {node['sent']:,} requests"
            + (f" to {node['endpoint']}" if node["endpoint"] else "")
            + f", clock within {node['clock_error_s'] * 1000:.2g} ms"
            + (f", lost at {node['lost_s']:.1f} s: {node['lost']}" if node["lost"] else "")
        )
        for node in (cluster or {}).get("nodes", ())
    }


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
