"""The resource that limits, in sentences."""

from __future__ import annotations

import pytest

from edgeload.read.analysis.finding import Evidence, Finding
from edgeload.read.analysis.limit_result import Limit
from edgeload.read.words.limit_words import limit_advice, limit_evidence, limit_sentences

GPU: dict[str, Evidence] = {
    "gpu": 0,
    "name": "RTX",
    "percent": 97.4,
    "light_percent": 31.0,
    "controller_percent": 61.0,
    "power_w": 342.0,
    "power_limit_w": 350.0,
    "temperature_c": 71.0,
    "clock_mhz": 1695.0,
    "highest_clock_mhz": 1800.0,
    "thermal_share": 0.0,
    "power_share": 0.9,
}
ROOM = Finding("limit_room", "note", (3,), {"room": {"the host's CPU": 0.23, "the network": 0.0}})


def test_what_limits_and_what_has_room() -> None:
    """The name, how sure it is, what was seen; then what need not be made faster."""
    limit = Limit(
        "inference_gpu", "high", (Finding("limit_inference_gpu", "note", (3,), GPU), ROOM), "GPU 0"
    )
    assert " ".join(limit_sentences(limit)) == (
        "The limit is the inference GPU, GPU 0 (high confidence): it was busy 97 % of the time, "
        "and 31 % at a light load, held back by its power limit (memory controller 61 %, "
        "342 of 350 W, 71 °C, clock 1695 of 1800 MHz). "
        "The host's CPU (23 %) and the network (0 %) have room."
    )
    assert limit_evidence(limit)[1] == "The host's CPU (23 %) and the network (0 %) have room."
    assert (limit_advice(limit) or "").startswith("Use a smaller or faster model")


@pytest.mark.parametrize("limit", [None, Limit("unknown", None), Limit("generator", "high")])
def test_nothing_is_said_of_what_is_not_known(limit: Limit | None) -> None:
    """Nor of our own machine, which makes the run INVALID."""
    assert list(limit_sentences(limit)) == []


def test_the_pod_of_a_detector() -> None:
    """Its detector, the group that queues, and the others."""
    numbers: dict[str, Evidence] = {
        "detector": "person",
        "camera_group": "people",
        "per_s": 12.5,
        "others": ("door", "plate"),
    }
    limit = Limit(
        "detector_pod", "medium", (Finding("limit_detector_pod", "note", (1,), numbers),), "person"
    )
    assert list(limit_sentences(limit)) == [
        "The limit is the pod of detector person (medium confidence): only the requests of people "
        "queue at 12.5 frames/s, while door and plate are answered as fast as before."
    ]


def test_proxies_one_or_several() -> None:
    """Each has one thread, so one full core each is full."""

    def said(count: int) -> str:
        numbers: dict[str, Evidence] = {
            "process": "uvicorn",
            "count": count,
            "percent": 97.0,
            "cpu_percent": 60.0,
        }
        found = Finding("limit_proxy_cpu", "note", (1,), numbers)
        return " ".join(limit_sentences(Limit("proxy_cpu", "high", (found,))))

    assert "8 uvicorn processes each use 97 % of a core, and one has a single thread" in said(8)
    assert "1 uvicorn process uses 97 % of a core" in said(1)
