"""A roll-out of a model in words: when it was, and what it cost. Pure."""

from __future__ import annotations

from datetime import datetime, timezone

from edgeload.plain_words import listed, plural
from edgeload.read.analysis.model_spans import AnsweringModels
from edgeload.read.analysis.rollout_cost import LEAST_REQUESTS
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.statistics.format import milliseconds
from edgeload.read.words.finding_kind import Kind, Numbers
from edgeload.read.words.loads import Loads
from edgeload.time_words import duration

_MOST_CHARS = 40


def rollouts_headline(summary: RunSummary) -> str:
    """What all roll-outs cost together, in a run that waited for them."""
    costs = [rollout.cost for rollout in summary.rollouts]
    count = len(costs)
    wanted = summary.rollouts_wanted or 0
    came = f"{count:,} of {plural(wanted, 'roll-out')} came" if count < wanted else _came(count)
    if not costs:
        return f"{came}: there is nothing to measure."
    lost = sum(cost.more_lost or 0 for cost in costs)
    slow_s = sum(cost.worse_s or 0.0 for cost in costs)
    known = all(not cost.unknown and cost.more_lost is not None for cost in costs)
    unsent = any(cost.never_sent for cost in costs)
    found = [
        f"{plural(lost, 'request')} {'got no good answer' if unsent else 'failed'}" if lost else "",
        f"answers were slower or failed for {duration(slow_s)}" if slow_s else "",
    ]
    said = listed([part for part in found if part])
    if said and count > 1:
        said += " in all"
    if not said:
        said = "no cost was seen" if known else "whether that cost anything is not known, see below"
    elif not known:
        said += "; not all of it is known, see below"
    load = f"At a steady {Loads(summary).of_step(summary.steps[0])}, " if summary.steps else ""
    return f"{load}{_lower(came)}: {said}."


def _came(count: int) -> str:
    return f"{plural(count, 'roll-out')} came"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def rollout_clause(n: Numbers) -> str:
    """One sentence's words about a roll-out, from the numbers of its finding."""
    lost, slow = _lost(n), _slow(n)
    if n["more_lost"] == 0 and n["slow_s"] == 0:
        return f"{_what_happened(n)}; no cost was seen: {lost}, and {slow}"
    return f"{_what_happened(n)}: {lost}{'; ' if n['unknown'] else ' and '}{slow}"


def _what_happened(n: Numbers) -> str:
    name = n["detector"]
    clock = datetime.fromtimestamp(n["wall_s"], timezone.utc).strftime("%H:%M:%S")
    when = f"at {clock} UTC ({duration(n['at_s'])} into the run)"
    if n["withdrawn"]:
        answered = f", answered beside the old one for {duration(n['both_s'])}"
        return f"a new model of {name} came {when}{answered}, and was withdrawn"
    said = f"the model of {name} changed {when}"
    if n["going_on_before"]:
        said = f"the model of {name} was being changed when the run began"
    if not n["over"]:
        return f"{said}, and both still answered at the end"
    if n["both_s"]:
        return f"{said}, and both answered for {duration(n['both_s'])}"
    return said


def _lost(n: Numbers) -> str:
    failed, unsent, more = n["failed"], n["never_sent"], n["more_lost"]
    lost = failed + unsent
    if not lost:
        return "no request failed"
    if unsent:
        said = f"{plural(lost, 'request')} got no good answer, of which {unsent:,} were never sent"
    else:
        said = f"{plural(lost, 'request')} failed"
    if more is None:
        return f"{said}, which may be chance"
    if not more:
        return "no more requests failed than in the rest of this load"
    return said if more == lost else f"{said} ({more:,} more than in the rest of this load)"


def _slow(n: Numbers) -> str:
    if n["unknown"]:
        return f"whether answers were slower is not known, because {_why_unknown(n)}"
    before = f"{milliseconds(n['p95_before_s'])} ms"
    if n["slow_s"]:
        return (
            f"answers were slower for {duration(n['slow_s'])} "
            f"(p95 {milliseconds(n['p95_slow_s'])} ms instead of {before})"
        )
    limit = f"{milliseconds(n['p95_limit_s'])} ms"
    return (
        f"answers were not slower (p95 {before} before; a second with a p95 of {limit} would have "
        "been noticed)"
    )


def _why_unknown(n: Numbers) -> str:
    span = duration(n["seconds_before"])
    if not n["requests_before"]:
        return "nothing was measured under this load before it"
    return {
        "going_on_before": "it had begun before the run",
        "too_few": f"only {plural(n['requests_before'], 'request')} were answered in the {span} "
        f"of this load before it, and {LEAST_REQUESTS} are needed",
        "too_short": f"this load had lasted for {span} only",
        "too_uneven": "the times before it differed too much from second to second",
    }[n["unknown"]]


def _advise(n: Numbers) -> str:
    two = "The figures of this load are those of two models"
    said = f"{two}." if n["wanted"] else f"{two}: repeat the run for those of one."
    if n["more_lost"]:
        said += (
            " Newer versions of the edge-endpoint let the old pod finish first (since April 2026): "
            "see whether this box has one."
        )
    return said


def _missing(n: Numbers) -> str:
    seen = f"only {n['seen']:,} of them" if n["seen"] else "none"
    said = f"the run waited for {plural(n['wanted'], 'roll-out')}, and {seen} had come after "
    named = "" if n["named"] else ": the answers of this box do not name their models"
    return f"{said}{duration(n['ended_s'])}{named}"


def models_line(models: AnsweringModels) -> str:
    """The models that answered in one line: `Model: mlb_…`; empty if the answers name none."""
    rows = model_rows(models)
    if len(rows) == 1:
        return f"Model: {next(iter(rows.values()))}."
    said = "; ".join(f"{name.removeprefix('model of ')}: {row}" for name, row in rows.items())
    return f"Models: {said}." if said else ""


def model_rows(models: AnsweringModels) -> dict[str, str]:
    """The models that answered, detector by detector, for a table."""
    rows = {}
    for detector_id in models.detectors:
        spans = models.of(detector_id)
        rows[f"model of {detector_id}"] = ", then ".join(
            span.model if span.ongoing else f"{span.model} until {duration(span.last_s)}"
            for span in spans
        )
    return rows | {f"model of {each}": "changed all the time" for each in models.unclear}


MODEL_KINDS = {
    "model_changed": Kind(
        meaning="Another model of a detector answered from some moment of the run on.",
        cause="The box rolled a new model out: for a while two pods answer side by side, and the "
        "new one may be cold.",
        advice="The figures of this load are those of two models: repeat the run for those of one. "
        "`--until-rollouts` measures what roll-outs cost (docs/box.md).",
        message=rollout_clause,
        advise=_advise,
    ),
    "rollouts_missing": Kind(
        meaning="A run with --until-rollouts ended before so many roll-outs had come.",
        cause="Its time was over, or somebody stopped it. Answers of a box from before April 2026 "
        "name no model.",
        advice="Give the run more time (--time-between-ramp), and see to it that a new model is "
        "rolled out meanwhile. The exit code is 6.",
        message=_missing,
    ),
    "models_unclear": Kind(
        meaning="The answers named another model again and again.",
        cause="Something between here and the box mixes the answers of several boxes, or changes "
        "them.",
        advice="Ask one box, by its own address. Roll-outs of this run are not known.",
        message=lambda n: (
            "the answers named more models than anybody rolls out, for "
            f"{listed([each[:_MOST_CHARS] for each in n['detectors']])}"
        ),
    ),
}
