"""Cameras to serve: every legal text is read, and every other one is refused."""

from __future__ import annotations

import pytest

from edgeload.camera_group import CameraGroup
from edgeload.wanted_cameras import WantedCameras, not_told_by, parse_wanted, wanted_text

MIX = (CameraGroup("door", 4, 10.0), CameraGroup("person", 3, 2.0), CameraGroup("batch", 1, None))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("120@2", [WantedCameras("", 120, 2.0)]),
        (" 120 @ 0.5 ", [WantedCameras("", 120, 0.5)]),
        ("120", [WantedCameras("", 120)]),
        ("door:40@10", [WantedCameras("door", 40, 10.0)]),
        (
            "door:40, person 2 : 9@1.5,batch:2@max",
            [
                WantedCameras("door", 40),
                WantedCameras("person 2", 9, 1.5),
                WantedCameras("batch", 2, 0.0),
            ],
        ),
    ],
)
def test_a_text_is_read_and_written_again(text: str, wanted: list[WantedCameras]) -> None:
    """What the log has is read as the same cameras."""
    assert list(parse_wanted(text)) == wanted
    assert list(parse_wanted(wanted_text(wanted))) == wanted


@pytest.mark.parametrize(
    "text",
    ["", "@2", "120@", "120@0", "120@-1", "0@2", "120@20000", "1.5@2", "door@2", "a:1,a:2",
     "1@2,3@4", "a:1,2@3", "100000000@1", "door:4;person:2", "120 at 2"],
)  # fmt: skip
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    """One line that says what is legal."""
    with pytest.raises(ValueError, match=r"must be.*, for example 120@2") as refused:
        parse_wanted(text)
    assert "\n" not in str(refused.value)


def test_a_run_tells_of_its_own_cameras_only() -> None:
    """One kind by its number alone; a mix by all of its groups, at their rates."""
    one = (CameraGroup(requests_per_second=2.0),)
    assert not_told_by(parse_wanted("120@5"), one, False, "clients") is None
    assert "one kind" in str(not_told_by(parse_wanted("door:4"), one, False, "clients"))
    for text in ("40@10", "door:40,person:30", "door:40,person:30,batch:10,gate:1"):
        problem = not_told_by(parse_wanted(text), MIX, True, "copies")
        assert problem is not None and "door:40,person:30,batch:10" in problem
    same = parse_wanted("door:40@10,person:30@2,batch:10@max")
    assert not_told_by(same, MIX, True, "auto") is None
    other = not_told_by(parse_wanted("door:40@5,person:30,batch:10"), MIX, True, "copies")
    assert other is not None and "at 10/s" in other and "door:40@10" in other
    assert "closed loop" in str(
        not_told_by(parse_wanted("door:40,person:30,batch:10@2"), MIX, True, "copies")
    )


def test_copies_tell_of_their_own_proportions_only() -> None:
    """40 door and 30 person are ten copies; 41 and 30 need the headroom of each group."""
    skewed = parse_wanted("door:41,person:30,batch:10")
    assert "--search headroom" in str(not_told_by(skewed, MIX, True, "copies"))
    assert not_told_by(skewed, MIX, True, "headroom") is None
    for over in ("group", "rate"):
        same = parse_wanted("door:40,person:30,batch:10")
        assert "says nothing about copies" in str(not_told_by(same, MIX, True, over))
