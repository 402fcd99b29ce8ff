"""What the box says about the detectors, and what the run is about to do, in sentences. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from edgeload.edge.configuration import EdgeConfiguration
from edgeload.edge.detectors import KnownDetector
from edgeload.edge_facts import DEFAULT_AUDIT_RATE, NOTICEABLE_AUDIT_RATE
from edgeload.interference_plan import first_round, is_interference_plan, rounds_of
from edgeload.plain_words import listed, plural, rate_words
from edgeload.plan import CameraGroup, Plan


def announcement(detectors: Sequence[tuple[KnownDetector, EdgeConfiguration]]) -> list[str]:
    """Lines to be read before the run; the last is a warning if the box audits its answers.

    What a run asks means the same for detectors that are configured in the same way.
    """
    lines = [_facts(detector, configuration) for detector, configuration in detectors]
    lines += dict.fromkeys(_own_cameras(*each) for each in detectors)
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


def _facts(detector: KnownDetector, configuration: EdgeConfiguration) -> str:
    name = f" ({detector.name!r})" if detector.name else ""
    kind = {
        True: "edge-only",
        False: "not edge-only",
        None: "edge-only or not (the box does not say)",
    }[configuration.edge_only]
    threshold, rate = detector.confidence_threshold, configuration.confident_audit_rate
    return (
        f"Detector {detector.id}{name}: {kind}, confidence threshold "
        f"{'unknown' if threshold is None else f'{threshold:g}'}, audit rate "
        f"{'unknown' if rate is None else f'{rate:g}'}."
    )


def _own_cameras(detector: KnownDetector, configuration: EdgeConfiguration) -> str:
    threshold = detector.confidence_threshold
    own = "the detector's own threshold" + ("" if threshold is None else f", {threshold:g}")
    asks = "The run asks with confidence_threshold=0.0, so the edge answers every query itself"
    if configuration.edge_only:
        return f"{asks}, as it does for your own cameras."
    below = {
        True: "the edge answers too, and the box sends the picture to the cloud afterwards",
        False: "the cloud answers, which takes longer",
        None: "the cloud may answer, which takes longer",
    }[configuration.always_edge]
    return f"{asks}. Your own cameras ask with {own}: below it, {below}."


def intention(plan: Plan, url: str, workers: int) -> str:
    """What the run is about to do, in one line."""
    return (
        f"{described_load(plan)} against {url}, "
        f"{plan.duration_s:g} s in all, from {plural(workers, 'worker process')}"
    )


def described_load(plan: Plan) -> str:
    """`10 clients at 2 requests/s each`; with a mix, its copies and what one is made of."""
    counts = [plan.copies(step) for step in plan.steps]
    first, *others = counts
    if not plan.is_mix:
        clients = plural(first, "client") if not others else f"{_counts(counts)} clients"
        each = " each" if plan.max_clients > 1 else ""
        return f"{clients} at {_rate(plan.groups[0])}{each}"
    noun = "copy" if counts == [1] else "copies"
    groups = {group.name: _cameras(group) for group in plan.groups}
    if is_interference_plan(plan):
        return _interference(plan, list(groups.values()))
    if plan.ramp_group is None:
        return f"{_counts(counts)} {noun} of the mix ({listed(list(groups.values()))})"
    ramped = groups.pop(plan.ramp_group)
    return f"{_counts(counts)} {noun} of {ramped}, beside {listed(list(groups.values()))},"


def _interference(plan: Plan, groups: Sequence[str]) -> str:
    """`8 rounds of 5 steps of 6 s: each group alone, then each pair …`."""
    once, copies = first_round(plan), plan.copies(plan.steps[0])
    steps = f"{plural(len(once), 'step')} of {once[0].duration_s:g} s"
    times = "" if copies == 1 else f"{copies} copies of "
    return (
        f"{plural(rounds_of(plan), 'round')} of {steps}: each group alone, then each pair with one "
        f"or both at full load ({times}{listed(groups)})"
    )


def _counts(counts: Sequence[int]) -> str:
    return ", ".join(map(str, counts))


def _cameras(group: CameraGroup) -> str:
    cameras = plural(group.cameras, f"{group.name} camera")
    return f"{cameras} at {_rate(group)}{' each' if group.cameras > 1 else ''}"


def _rate(group: CameraGroup) -> str:
    if group.closed:
        return "the rate of the answers (a closed loop)"
    return rate_words(group.rate)
