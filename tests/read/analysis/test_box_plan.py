"""From the capacity of one box to boxes: by arithmetic that anybody can check."""

from __future__ import annotations

import itertools
import math

import pytest

from edgeload.read.analysis.box_plan import (
    BoxCount,
    RateCapacity,
    boxes_for,
    copies_fit,
    headroom_fits,
)


def capacity(**changes: object) -> RateCapacity:
    """14 cameras at 2/s, between 13 and 15; an answer takes 50 ms."""
    known: dict[str, object] = {
        "rate": 2.0, "cameras": 14, "low": 13, "beyond": 16, "doubts": (), "most_tried": 28,
        "answer_s": 0.05,
    }  # fmt: skip
    return RateCapacity(**{**known, **changes})  # type: ignore[arg-type]


def test_the_boxes_of_the_issue() -> None:
    """120 / 14 = 8.6, 120 / 15 = 8, 120 / 13 = 9.2; 80 % of 13 are 10 cameras, so 12 boxes."""
    need = capacity().need(120, 2.0, 0.2)
    assert need.likely == BoxCount(9, (14,))
    assert (need.fewest.boxes, need.most.boxes, need.with_reserve.boxes) == (8, 10, 12)
    assert need.each is not None
    assert (need.each.likely, need.each.low, need.each.high) == (14, 13, 15)
    assert (need.basis, need.doubts) == ("measured", ())


@pytest.mark.parametrize("rate", [0.5, 1.0, 2.0, 3.0, 7.0])
def test_the_bottleneck_is_answers_per_second(rate: float) -> None:
    """A box answers 28/s, at least 26 and less than 32: no more cameras than that, and one more is
    too many.
    """
    each = capacity().need(120, rate, 0.0).each
    assert each is not None and each.high is not None
    assert each.likely * rate <= 28.0 < (each.likely + 1) * rate
    assert each.low * rate <= 26.0 < (each.low + 1) * rate
    assert each.high * rate < 32.0 <= (each.high + 1) * rate


def test_another_rate_is_never_called_measured() -> None:
    """Answers per second carry over; anything else that binds makes it an estimate."""
    assert capacity().need(120, 5.0, 0.2).basis == "carries_over"
    for doubt in ("objective", "clients", "other_limit"):
        known = capacity(doubts=(doubt,))
        assert known.need(120, 2.0, 0.2).basis == "measured"
        other = known.need(120, 5.0, 0.2)
        assert (other.basis, other.doubts) == ("estimate", (doubt,))


def test_more_cameras_than_were_ever_tried_are_an_estimate() -> None:
    """At 0.5/s a box would have 56 cameras, and no trial had more than 28."""
    need = capacity().need(120, 0.5, 0.2)
    assert (need.basis, need.doubts) == ("estimate", ("more_cameras",))
    assert capacity(most_tried=60).need(120, 0.5, 0.2).basis == "carries_over"


def test_a_camera_that_waits_for_answers_has_a_highest_rate() -> None:
    """With answers of 50 ms, no camera sends 20 frames/s, whatever the number of boxes."""
    assert capacity().need(120, 20.0, 0.2).too_fast
    assert not capacity().need(120, 19.0, 0.2).too_fast
    assert capacity(answer_s=None).need(120, 20.0, 0.2).too_fast is False


def test_without_an_upper_limit_there_are_no_fewest_boxes() -> None:
    """No load failed: a box may carry more, at any rate."""
    need = capacity(beyond=None, doubts=("at_least",)).need(120, 2.0, 0.2)
    assert need.fewest.boxes is None and need.doubts == ("at_least",)
    assert need.likely.boxes == 9


def test_a_box_that_carries_no_camera_is_no_answer() -> None:
    """None, and not an endless number of boxes."""
    need = capacity(cameras=1, low=1, beyond=2).need(120, 2.0, 0.2)
    assert need.likely.boxes == 120
    assert need.with_reserve.boxes is None, "80 % of one camera is none"
    assert capacity(cameras=1, low=0, beyond=2).need(120, 2.0, 0.2).most.boxes is None


@pytest.mark.parametrize("cameras", [1, 2, 13, 14, 15, 119, 120, 121, 5000])
@pytest.mark.parametrize("most", [1, 2, 14])
def test_the_least_number_of_boxes_is_found(cameras: int, most: int) -> None:
    """The ceiling of the quotient."""
    found = boxes_for((cameras,), lambda each: each[0] <= most)
    assert found.boxes == math.ceil(cameras / most)
    assert found.cameras is not None and found.cameras[0] <= most


def test_boxes_of_a_mix_have_whole_cameras_of_each_group() -> None:
    """Ten copies of (4, 3) at three copies a box: four boxes, of at most 10 and 8 cameras."""
    found = boxes_for((40, 30), copies_fit((4, 3), 3))
    assert found == BoxCount(4, (10, 8))
    assert boxes_for((40, 30), copies_fit((4, 3), 3, 0.8)).boxes == 5, "9 and 7 cameras a box"


def test_headroom_is_joined_by_straight_lines() -> None:
    """Every load that it lets through lies below the lines through the loads that were measured:
    the base (14, 3), (19, 3) and (14, 4), and those with fewer cameras.
    """
    fits = headroom_fits((14, 3), (5, 1))
    for door, person in itertools.product(range(22), range(6)):
        shares = max(0, door - 14) / 5 + max(0, person - 3) / 1
        assert fits((door, person)) == (shares <= 1)
    assert fits((19, 0)) and not fits((20, 0)), "never more of a group than was measured"
    assert not headroom_fits((14, 3), (0, 1))((15, 3))


def test_the_straight_lines_never_pass_a_shared_pools_frontier() -> None:
    """Below 10 door + 2 person = 200/s, whose headrooms from (14, 3) are 5 and 27."""
    fits = headroom_fits((14, 3), (5, 27))
    for door, person in itertools.product(range(25), range(40)):
        if fits((door, person)):
            assert 10 * door + 2 * person <= 200


def test_a_reserve_keeps_that_share_of_everything_free() -> None:
    """With 20 %, a load fits if 1.25 times of it does."""
    fits, kept = headroom_fits((14, 3), (5, 27)), headroom_fits((14, 3), (5, 27), 0.8)
    for door, person in itertools.product(range(0, 21, 4), range(0, 33, 4)):
        assert kept((door, person)) == fits((door * 1.25, person * 1.25))  # type: ignore[arg-type]
