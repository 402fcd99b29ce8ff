"""The endpoint in one line."""

from __future__ import annotations

from edgeload.simulator.command_line import parse_options
from edgeload.simulator.description import capacity_words


def described(*arguments: str) -> str:
    return capacity_words(parse_options(arguments))


def test_one_default_detector() -> None:
    """Its workers, its service time, its capacity and the faults; no name."""
    assert described() == "4 inference workers, 50 ms constant: capacity 80 requests/s"
    assert described("--service-time", "0") == (
        "4 inference workers, 0 ms constant: capacity not limited"
    )
    given = ("--service-time", "20ms", "--distribution", "lognormal", "--inference-workers", "1")
    assert described(*given, "--fault", "hang=0.25", "--fault", "status_503=0.5") == (
        "1 inference worker, 20 ms lognormal: capacity 50 requests/s; "
        "with injected faults: hang=0.25, status_503=0.5"
    )


def test_services_that_slow_each_other_down() -> None:
    """The capacity with the pool's own workers busy, and, where it differs, with all busy."""
    cores = ("--cores", "2")
    assert described(*cores) == (
        "4 inference workers, 50 ms constant: capacity 40 requests/s; on 2 cores with contention 1"
    )
    assert described(
        *cores, "--contention", "2", "--detector", "a", "--detector", "b:workers=2"
    ) == (
        "2 detectors: a: 4 inference workers, 50 ms constant: capacity 26.67 requests/s "
        "(16 requests/s beside busy pools); b: 2 inference workers, 50 ms constant: "
        "capacity 40 requests/s (8 requests/s beside busy pools); on 2 cores with contention 2"
    )


def test_labels_that_are_swapped_under_load() -> None:
    """The load is named with that fault, and with no other."""
    given = ("--fault", "swap_label=0.005", "--fault", "hang=0.1")
    assert described(*given).endswith("; with injected faults: swap_label=0.005, hang=0.1")
    assert described(*given, "--swap-above", "0.8").endswith(
        "; with injected faults: swap_label=0.005 above 80 % busy workers, hang=0.1"
    )


def test_several_detectors() -> None:
    """Each pool with its detectors; one that shares has its capacity only alone."""
    assert described("--detector", "door", "--detector", "cat:workers=1,service-time=10ms") == (
        "2 detectors: door: 4 inference workers, 50 ms constant: capacity 80 requests/s; "
        "cat: 1 inference worker, 10 ms constant: capacity 100 requests/s"
    )
    shared = ("--shared-workers", "2", "--detector", "a", "--detector", "b:service-time=100ms")
    assert described(*shared, "--fault", "hang=0.1") == (
        "2 detectors: a and b share 2 inference workers: "
        "a 50 ms constant: capacity 40 requests/s alone, "
        "b 100 ms constant: capacity 20 requests/s alone; with injected faults: hang=0.1"
    )
