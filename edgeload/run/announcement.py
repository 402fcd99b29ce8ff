"""What the box says about the detector, and what that means for the run, in sentences. Pure."""

from __future__ import annotations

from edgeload.edge.configuration import EdgeConfiguration
from edgeload.edge.detectors import KnownDetector
from edgeload.edge_facts import DEFAULT_AUDIT_RATE, NOTICEABLE_AUDIT_RATE


def announcement(detector: KnownDetector, configuration: EdgeConfiguration) -> list[str]:
    """Lines to be read before the run; the last is a warning if the box audits its answers."""
    lines = [_facts(detector, configuration), _own_cameras(detector, configuration)]
    rate = configuration.confident_audit_rate
    if configuration.edge_only is not True and rate is not None and rate >= NOTICEABLE_AUDIT_RATE:
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
