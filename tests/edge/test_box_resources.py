"""The box's own figures, from whatever it answers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeload.box_records import BoxResources
from edgeload.byte_sizes import GIBIBYTE
from edgeload.edge.box_facts import box_facts_of
from edgeload.edge.box_resources import NoResources, resources_of
from edgeload.simulator.resident_memory import MemoryLaw, Residents
from edgeload.simulator.status import NO_CLUSTER, MemoryNow, resources, zeros

IDS = ["det_A", "det_B"]
THERE = Residents(dict.fromkeys(IDS, False))
MEMORY = MemoryNow(THERE, THERE)
LAW = MemoryLaw(oodd=0.25)
ANSWER = resources(
    MEMORY,
    LAW,
    {"det_A": 0.5, "det_B": 0.25},
    {"det_A": 0.5, "det_B": 0.5},
    cpu_full=40.0,
    gpu_full=90.0,
)

anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(list(ANSWER)), inner)
    ),
    max_leaves=20,
)


def read(answer: Any) -> BoxResources:
    found = resources_of(answer)
    assert isinstance(found, BoxResources)
    return found


def test_the_figures_of_a_cluster() -> None:
    """Use of CPU and GPU in percent, in all and by detector; bytes of memory, used and in all."""
    found = read(ANSWER)
    assert found.cpu_percent is not None
    assert found.cpu_percent.detectors == 30.0
    assert found.cpu_percent.total == 30.0 + found.cpu_percent.edge_endpoint + 3.0  # type: ignore[operator]
    assert found.ram_bytes is not None
    assert found.ram_bytes.total == 4 * 2**30
    assert found.ram_total_bytes == 16 * 2**30
    assert found.gpu_percent is not None
    assert found.gpu_percent.total == 90.0
    assert [(gpu.index, gpu.name, gpu.gpu_percent) for gpu in found.gpus] == [
        (0, "simulated GPU", 90.0)
    ]
    assert [(each.detector_id, each.gpu_percent) for each in found.detectors] == [
        ("det_A", 45.0),
        ("det_B", 45.0),
    ]


def test_the_parts_of_a_detector_and_the_limit() -> None:
    """What each of its pods takes, null for one that it has not; and from when pods are evicted."""
    found = read(ANSWER)
    assert found.eviction_percent == 90.0
    (one, _) = found.detectors
    assert (one.ram_bytes, one.ram_primary_bytes, one.ram_oodd_bytes) == (
        GIBIBYTE / 2,
        GIBIBYTE / 2 * 0.75,
        GIBIBYTE / 2 * 0.25,
    )
    assert (one.vram_primary_bytes, one.vram_oodd_bytes) == (0.75 * 2**28, 0.25 * 2**28)
    alone = read(resources(MEMORY, MemoryLaw(), {}, {}, cpu_full=0.0, gpu_full=0.0))
    assert alone.detectors[0].vram_oodd_bytes is None


def test_an_error_is_no_data() -> None:
    """Not an idle machine; and outside of a cluster it stays so."""
    assert resources_of(NO_CLUSTER) == NoResources(
        "the box says: Not running in a Kubernetes cluster", for_good=True
    )
    later = resources_of({"error": "boom"})
    assert isinstance(later, NoResources)
    assert not later.for_good


def test_zeros_of_a_dead_metrics_server_are_no_data() -> None:
    """CPU and RAM of a machine in use are never zero; its GPU may be."""
    found = read(zeros(MEMORY, LAW))
    assert found.cpu_percent is None
    assert found.ram_bytes is None
    assert found.gpus[0].gpu_percent == 0.0


@given(anything)
def test_whatever_it_answers_is_read(answer: Any) -> None:
    """Anything else than figures is no data, and never an error."""
    assert isinstance(resources_of(answer), NoResources | BoxResources)
    box_facts_of(answer, answer)


@pytest.mark.parametrize("answer", [None, [], {}, {"system": {"ram": {"used_bytes": 5}}}])
def test_other_shapes_are_no_data(answer: Any) -> None:
    """Those of boxes of before May 2026, too."""
    assert isinstance(resources_of(answer), NoResources)
