"""What the box says about the detectors, and what the run is about to do, in sentences. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edgeload.camera_group import CameraGroup
from edgeload.edge.configuration import EdgeConfiguration
from edgeload.edge.detectors import KnownDetector
from edgeload.edge_facts import DEFAULT_AUDIT_RATE, NOTICEABLE_AUDIT_RATE
from edgeload.interference_plan import first_round, is_interference_plan, rounds_of
from edgeload.plain_words import listed, listed_numbers, plural, rate_words
from edgeload.plan import Plan, RampStep
from edgeload.run.box_watch import SaidBefore
from edgeload.settings import Settings
from edgeload.settings.search import axis_of
from edgeload.time_words import duration


def announcement(detectors: Sequence[tuple[KnownDetector, EdgeConfiguration]]) -> list[str]:
    """Lines to be read before the run; the last is a warning if the box audits its answers.

    What holds for several detectors is said once.
    """
    facts: dict[str, list[KnownDetector]] = {}
    for detector, configuration in detectors:
        facts.setdefault(_facts(detector, configuration), []).append(detector)
    lines = [f"{_who(alike)}: {text}." for text, alike in facts.items()]
    lines += dict.fromkeys(_own_cameras(*each) for each in detectors if not each[1].edge_only)
    audited = [c for _, c in detectors if c.edge_only is not True]
    rate = max((c.confident_audit_rate or 0.0 for c in audited), default=0.0)
    if rate >= NOTICEABLE_AUDIT_RATE:
        lines.append(
            f"WARNING: the box also sends {100 * rate:.3g} % of its confident answers to the cloud "
            f"(confident_audit_rate = {rate:g}), and with a threshold of 0.0 every answer is "
            f"confident. Set it back to {DEFAULT_AUDIT_RATE:.5f} for a load test, or make the "
            "detector edge-only."
        )
    return lines


def _who(alike: Sequence[KnownDetector]) -> str:
    if len(alike) > 1:
        return f"Detectors {listed([repr(each.name) if each.name else each.id for each in alike])}"
    name = f" ({alike[0].name!r})" if alike[0].name else ""
    return f"Detector {alike[0].id}{name}"


def _facts(detector: KnownDetector, configuration: EdgeConfiguration) -> str:
    kind = {
        True: "edge-only",
        False: "not edge-only",
        None: "edge-only or not (the box does not say)",
    }[configuration.edge_only]
    threshold, rate = detector.confidence_threshold, configuration.confident_audit_rate
    return (
        f"{kind}, confidence threshold {'unknown' if threshold is None else f'{threshold:g}'}, "
        f"audit rate {'unknown' if rate is None else f'{rate:g}'}"
    )


def _own_cameras(detector: KnownDetector, configuration: EdgeConfiguration) -> str:
    """How answers to the user's own cameras may differ from those to the run."""
    threshold = detector.confidence_threshold
    own = "the detector's own threshold" + ("" if threshold is None else f", {threshold:g}")
    asks = "The run asks with confidence_threshold=0.0, so the edge answers every query itself"
    below = {
        True: "the edge answers too, and the box sends the picture to the cloud afterwards",
        False: "the cloud answers, which takes longer",
        None: "the cloud may answer, which takes longer",
    }[configuration.always_edge]
    return f"{asks}. Your own cameras ask with {own}: below it, {below}."


def ramp_remarks(settings: Settings) -> list[str]:
    """What a user may not expect of the ramp that these settings make."""
    if settings.until_rollouts is not None:
        wanted = plural(settings.until_rollouts, "roll-out")
        verb = "is" if settings.until_rollouts == 1 else "are"
        limit = duration(settings.time_between_ramp)
        return [f"The run ends when {wanted} of a model {verb} over, or after {limit}."]
    if settings.mix or settings.find_capacity or settings.interference or settings.audit_cache:
        return []
    if settings.custom_ramp is not None:
        replaced = {"max_clients": "--max-clients", "step_size": "--step-size"}
        others = [option for name, option in replaced.items() if settings.typed(name)]
        return [f"--custom-ramp replaces {listed(others)}."] if others else []
    most, step = settings.max_clients, settings.step_size
    if step <= most:
        return []
    return [
        f"--step-size {step} is larger than --max-clients {most}: the ramp is one step of "
        f"{plural(most, 'client')}."
    ]


def monitor_words(url: str | None, said: SaidBefore | None, *, embedded: bool) -> list[str]:
    """Whether the monitor on the endpoint's host answers, and how well its clock is known.

    `embedded`: the endpoint is on our own host, so a monitor elsewhere watches another one.
    """
    if url is None:
        return []
    if said is None or said.clock_bound_s is None:
        why = (said.monitor_problem if said else None) or f"{url}: no answer"
        return [f"WARNING: no samples of the endpoint's host: {why}. The run goes on without them."]
    lines = [f"Monitor {url}: its clock is known to {1000 * said.clock_bound_s:.2g} ms."]
    if embedded and said.monitor_is_here is False:
        lines.append(
            "WARNING: ENDPOINT_URL is empty, so the load goes to the embedded endpoint on this "
            "host, but the monitor is on another one: its samples are of a machine without this "
            "load. To load that box, give its address (--endpoint-url)."
        )
    return lines


def intention(plan: Plan, workers: int) -> str:
    """What the run is about to do, in one line; of a mix, `copy_table` says more."""
    line = (
        f"{described_load(plan).rstrip(',')}, {plan.duration_s:g} s in all, from "
        f"{plural(workers, 'worker process')}"
    )
    if not plan.is_mix:
        return line
    cameras = plural(sum(group.cameras for group in plan.groups), "camera")
    return f"{line}; {'one copy' if plan.ramp_group is None else 'all groups once'}: {cameras}"


def search_intention(settings: Settings, workers: int) -> str:
    """What a search is about to do, in one line."""
    budget = "" if settings.budget is None else f", in at most {settings.budget:g} s"
    return (
        f"Searching for {search_goal(settings)}{budget}, from {plural(workers, 'worker process')}"
    )


def search_goal(settings: Settings) -> str:
    """`the most clients at 2 requests/s each that this endpoint serves within p95<300ms`."""
    plan, axis = settings.plan(), axis_of(settings)
    if axis.over == "clients":
        what = f"the most clients at {_rate(plan.groups[0])} each"
    elif axis.over == "copies":
        what = "the most copies of the mix"
    elif axis.over == "group":
        what = f"the most cameras of {axis.group} beside the other groups"
    elif axis.over == "headroom":
        base = f"{plural(axis.base, 'copy')} of the mix"
        what = f"how many more cameras of each group fit beside {base}, group by group"
    else:
        what = f"the highest rate of {plural(axis.clients, 'client')}"
    objectives = [objective.text for objective in settings.objectives()]
    within = f" within {', '.join(objectives)}" if objectives else ""
    served = "" if axis.over == "headroom" else " that this endpoint serves"
    return f"{what}{served}{within}"


def described_load(plan: Plan) -> str:
    """`10 clients at 2 requests/s each`; with a mix, its copies: see `copy_table`."""
    counts = [plan.copies(step) for step in plan.steps]
    first, *others = counts
    steps = listed_numbers(counts)
    if not plan.is_mix:
        clients = plural(first, "client") if not others else f"{steps} clients"
        each = " each" if plan.max_clients > 1 else ""
        return f"{clients} at {_rate(plan.groups[0])}{each}"
    noun = "copy" if counts == [1] else "copies"
    if is_interference_plan(plan):
        return _interference(plan)
    if plan.ramp_group is None:
        return f"{steps} {noun} of the mix"
    return f"{steps} {noun} of {plan.ramp_group}, the other groups once,"


def _interference(plan: Plan) -> str:
    """`8 rounds of 5 steps of 6 s: each group alone, then each pair …`."""
    once, copies = first_round(plan), plan.copies(plan.steps[0])
    steps = f"{plural(len(once), 'step')} of {once[0].duration_s:g} s"
    times = "" if copies == 1 else f", with {copies} copies of the mix"
    return (
        f"{plural(rounds_of(plan), 'round')} of {steps}: each group alone, then each pair with one "
        f"or both at full load{times},"
    )


def copy_table(plan: Plan, detectors: Mapping[str, str]) -> list[str]:
    """What one copy of a mix is made of: a head, a line for each group, and what `max` means.

    `detectors` has the detectors of each group in words, by its name.
    """
    rows = [("group", "cameras", "each/s", "due/s", "detector")]
    for group in plan.groups:
        each, due = ("max", "max")
        if not group.closed:
            each, due = f"{group.rate:.6g}", f"{group.cameras * group.rate:.6g}"
        rows.append((group.name, str(group.cameras), each, due, detectors[group.name]))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  " + "  ".join([name.ljust(widths[0]), *map(str.rjust, numbers, widths[1:]), detector])
        for name, *numbers, detector in rows
    ]
    if any(group.closed for group in plan.groups):
        lines.append(CLOSED_LOOP_NOTE)
    return lines


CLOSED_LOOP_NOTE = "max: a closed loop; a camera sends its next frame when it has its answer."


def detector_words(first: str, then: Sequence[tuple[str, int]]) -> str:
    """Detectors of one group in words: `find-vehicles, then 3 x plate, 1 x colour`."""
    further = ", ".join(f"{requests} x {detector}" for detector, requests in then)
    return f"{first}, then {further}" if further else first


def due_per_s(plan: Plan, step: RampStep, group: int | None = None) -> str:
    """Frames due per second in a step, of one group, by its index, or of all.

    `40`; `max` for a closed loop; `40+max` if there are both.
    """
    counted = range(len(plan.groups)) if group is None else (group,)
    sending = [index for index in counted if group is not None or plan.cameras_of(index, step)]
    rates = [plan.arrival_rate(step, index) for index in sending]
    due = [rate for rate in rates if rate is not None]
    known = f"{sum(due):,.6g}" if sum(due) < 1e6 else f"{sum(due):,.0f}"
    return "+".join([known] * bool(due) + ["max"] * (len(due) < len(rates)))


def _rate(group: CameraGroup) -> str:
    return "the rate of the answers (a closed loop)" if group.closed else rate_words(group.rate)
