"""When figures of memory are new and rest: copies are not steadiness."""

from __future__ import annotations

from edgeload.box_memory.settling import Settling
from edgeload.box_records import BoxResources, DetectorUsage, Usage
from edgeload.edge.box_resources import NoResources

GIB = 2.0**30
EVERY_S = 15.0


def figures(ram: float, *, cpu: float = 3.0, vram: float = 1.0, loading: float = 0) -> BoxResources:
    """RAM and VRAM in GiB."""
    return BoxResources(
        ts=0.0,
        at_s=0.0,
        took_s=0.0,
        cpu_percent=Usage(total=cpu),
        ram_bytes=Usage(total=ram * GIB, loading_detectors=loading * GIB),
        vram_bytes=Usage(total=vram * GIB),
    )


def after(*told: tuple[float, BoxResources | NoResources], visible: bool = True) -> Settling:
    """A change at 0 s, done at once; then these answers, each at its instant."""
    settling = Settling(EVERY_S, figures(4.0), visible)
    settling.is_done(0.0)
    for at_s, each in told:
        settling.add(at_s, each)
    return settling


def test_copies_of_before_are_no_rest() -> None:
    """However many there are; after five renewals' time they are called what they are."""
    settling = after(*((float(second), figures(4.0)) for second in range(1, 75)))
    assert settling.state(40.0) == "moving"
    assert settling.state(75.0) == "not renewed"


def test_one_renewal_may_still_be_of_before_two_are_not() -> None:
    """Or the time of two, if the second one says the same."""
    assert after((5.0, figures(4.5))).state(5.0) == "moving"
    assert after((5.0, figures(4.5)), (20.0, figures(4.501))).state(20.0) == "settled"
    assert after((5.0, figures(4.5)), (29.0, figures(4.5))).state(29.0) == "moving"
    assert after((5.0, figures(4.5)), (30.0, figures(4.5))).state(30.0) == "settled"


def test_what_moves_has_not_settled() -> None:
    """RAM by more than 1 % between renewals, VRAM between answers, or something being loaded."""
    assert after((5.0, figures(4.5)), (20.0, figures(4.6))).state(20.0) == "moving"
    moving = after((5.0, figures(4.5)), (20.0, figures(4.501, vram=1.1)))
    assert moving.state(20.0) == "moving"
    loading = after((5.0, figures(4.5)), (20.0, figures(4.501, loading=0.5)))
    assert loading.state(20.0) == "moving"
    assert loading.state(12 * EVERY_S) == "not settled"


def test_where_nothing_was_changed_nothing_has_to_change() -> None:
    """Two renewals' time is enough then."""
    assert after((1.0, figures(4.0)), visible=False).state(29.0) == "moving"
    assert after((1.0, figures(4.0)), visible=False).state(30.0) == "settled"


def test_no_answer_says_nothing() -> None:
    """Nor does a change that is not complete."""
    assert after((5.0, NoResources("down"))).state(100.0) == "moving"
    loading = Settling(EVERY_S, figures(4.0))
    loading.add(5.0, figures(4.5))
    assert loading.state(1000.0) == "moving"


def test_a_detector_that_is_listed_is_no_renewal() -> None:
    """The list comes from elsewhere; a figure of one that was there before is one."""

    def with_one(ram: float) -> BoxResources:
        told = figures(4.0)
        return BoxResources(
            0.0, 0.0, 0.0, told.cpu_percent, told.ram_bytes, vram_bytes=told.vram_bytes,
            detectors=[DetectorUsage("a", 0.0, ram)],
        )  # fmt: skip

    listed = after((5.0, with_one(0.0)), (40.0, with_one(0.0)))
    assert listed.state(75.0) == "not renewed"
    assert after((5.0, with_one(0.0)), (20.0, with_one(1.0))).state(35.0) == "settled"


def test_what_never_goes_is_given_up() -> None:
    """A detector that the box lists for ten minutes after it was taken out."""
    settling = Settling(EVERY_S, figures(4.0), gone=frozenset(["det_x"]))
    settling.is_done(0.0)
    for second in range(0, 600, 15):
        told = figures(4.0 + second / 1e5)
        listed = [DetectorUsage("det_X", 0.0, 1.0)]
        settling.add(
            float(second),
            BoxResources(
                0.0, 0.0, 0.0, told.cpu_percent, told.ram_bytes, detectors=listed
            ),
        )  # fmt: skip
        assert settling.state(float(second)) == "moving"
    assert settling.state(600.0) == "not settled"
