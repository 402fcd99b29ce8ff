"""Which pool serves which detector, from what --detector says."""

from __future__ import annotations

import pytest

from edgeload.simulator.deployment import (
    SHARED_POOL,
    Deployment,
    DeploymentError,
    default_deployment,
    deployment_of,
)
from edgeload.simulator.detector_option import detector_option
from edgeload.simulator.queueing import ServiceTime


def deployed(*texts: str, shared_workers: int | None = None) -> Deployment:
    return deployment_of(
        [detector_option(text) for text in texts],
        query="Is it?",
        workers=4,
        service_time=ServiceTime("lognormal", 0.05, 0.7),
        shared_workers=shared_workers,
    )


def test_each_detector_has_a_pool_of_its_own() -> None:
    """What a detector does not say is as the options for all say; what it says is its own."""
    deployment = deployed("door", "cat:workers=2,service-time=7ms,query=A cat?,threshold=0.5")
    assert deployment.pools == {"door": 4, "cat": 2}
    door, cat = deployment.detectors
    assert (door.query, door.confidence_threshold) == ("Is it?", 0.9)
    assert door.service_time == ServiceTime("lognormal", 0.05, 0.7)
    assert (cat.query, cat.confidence_threshold, cat.pool) == ("A cat?", 0.5, "cat")
    assert cat.service_time == ServiceTime("lognormal", 0.007, 0.7)
    assert deployment.later_pool is None
    assert not deployment.all_alike


def test_detectors_that_name_one_pool_share_it() -> None:
    """The pool has the workers that one of them gives, whichever, else those for all."""
    for texts in (("a:pool=gpu,workers=3", "b:pool=gpu"), ("a:pool=gpu", "b:pool=gpu,workers=3")):
        deployment = deployed(*texts, "c")
        assert deployment.pools == {"gpu": 3, "c": 4}
        assert [one.name for one in deployment.sharers("gpu")] == ["a", "b"]
    assert deployed("a:pool=gpu", "b:pool=gpu").pools == {"gpu": 4}


def test_shared_workers_serve_all_that_have_none() -> None:
    """workers= or pool= keeps a detector out of the shared pool; later detectors are in it."""
    deployment = deployed("a", "b:workers=2", "c:service-time=1s", "d:pool=x", shared_workers=7)
    assert deployment.pools == {SHARED_POOL: 7, "b": 2, "x": 4}
    assert [one.name for one in deployment.sharers(SHARED_POOL)] == ["a", "c"]
    assert deployment.later_pool == SHARED_POOL


def test_the_default_detector_serves_all_alike() -> None:
    """One pool, which also serves whatever comes later."""
    service = ServiceTime("constant", 0.05)
    deployment = default_deployment("det_" + "0" * 27, "it", "Is it?", 4, service)
    assert deployment.pools == {"it": 4}
    assert deployment.later_pool == "it"
    assert deployment.all_alike


@pytest.mark.parametrize(
    ("texts", "shared_workers", "says"),
    [
        (("door", "door:workers=2"), None, "2 detectors have the name 'door'"),
        (
            (f"a:id=det_{'A' * 27}", f"b:id=det_{'a' * 27}"),
            None,
            "2 detectors have the id 'det_aaa",
        ),
        (("a:pool=x,workers=2", "b:pool=x,workers=3"), None, "'b': workers=3, but pool 'x' has "),
        (("a:pool=b", "b"), None, "pool 'b' has the name of a detector with a pool of its own"),
        (("a:workers=1", "b:pool=x"), 3, "no detector shares the workers of --shared-workers"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_refused(
    texts: tuple[str, ...], shared_workers: int | None, says: str
) -> None:
    """One line says which detectors, and what to do."""
    with pytest.raises(DeploymentError) as raised:
        deployed(*texts, shared_workers=shared_workers)
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)
