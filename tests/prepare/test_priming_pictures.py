"""Laws of pictures for priming: what their labels say is what one sees in them."""

from __future__ import annotations

from collections import Counter
from io import BytesIO

import numpy as np
import pytest
import scipy.ndimage
from PIL import Image

from edgeload.prepare.priming_pictures import LabelledPicture, labelled_picture
from edgeload.prepare.wanted import DetectorToMake

COUNT = DetectorToMake("cars", "How many?", "count", ("car",), max_count=12)
BOXES = DetectorToMake("boxes", "Where?", "bounding_box", ("car",), max_count=5)
CLASSES = ("red", "green", "blue", "sky", "pink", "sand", "lime")


def pixels_of(picture: LabelledPicture) -> np.ndarray:
    with Image.open(BytesIO(picture.jpeg)) as image:
        assert image.format == "JPEG"
        return np.asarray(image.convert("RGB")).astype(int)


def seen_objects(pixels: np.ndarray) -> list[tuple[slice, slice]]:
    """What an eye takes for objects: connected areas of a bright colour (scipy)."""
    saturated = pixels.max(axis=2) - pixels.min(axis=2) > 90
    areas, _ = scipy.ndimage.label(saturated, structure=np.ones((3, 3)))
    found = scipy.ndimage.find_objects(areas)
    return [area for area in found if min(s.stop - s.start for s in area) > 2]


@pytest.mark.parametrize("size", [(640, 480), (97, 301), (1280, 200)])
@pytest.mark.parametrize("wanted", [COUNT, BOXES], ids=["count", "boxes"])
def test_objects_are_as_many_as_the_label_says_and_where_the_boxes_are(
    wanted: DetectorToMake, size: tuple[int, int]
) -> None:
    """Counted and measured in the decoded JPEG by a library that knows nothing of the drawing."""
    width, height = size
    own = DetectorToMake(
        wanted.name, wanted.query, wanted.mode, wanted.class_names, wanted.max_count, size=size
    )
    for index in range(12):
        picture = labelled_picture(own, index, seed=1)
        pixels = pixels_of(picture)
        assert pixels.shape == (height, width, 3)
        seen = seen_objects(pixels)
        assert len(seen) == len(picture.boxes)
        if wanted.mode == "count":
            assert picture.label == str(len(seen))
        else:
            assert picture.label == ("BOUNDING_BOX" if seen else "NO_OBJECTS")
        measured = sorted((s[1].start, s[0].start, s[1].stop, s[0].stop) for s in seen)
        told = sorted(
            (left * width, top * height, right * width, bottom * height)
            for left, top, right, bottom in picture.boxes
        )
        assert np.allclose(measured, told, atol=2.0)


@pytest.mark.parametrize(
    "wanted",
    [
        DetectorToMake("door", "Is it open?", "binary"),
        DetectorToMake("light", "Which?", "multi_class", CLASSES),
    ],
    ids=["binary", "classes"],
)
def test_a_class_shows_by_its_colour(wanted: DetectorToMake) -> None:
    """The hue of the one shape is that of its label, and of no other label."""
    hues: dict[str, set[int]] = {}
    for index in range(2 * len(wanted.labels)):
        picture = labelled_picture(wanted, index, seed=3)
        pixels = pixels_of(picture)
        (area,) = seen_objects(pixels)
        rows, columns = area
        middle = pixels[(rows.start + rows.stop) // 2, (columns.start + columns.stop) // 2]
        red, green, blue = (int(part) for part in middle)
        hue = int(np.asarray(Image.new("RGB", (1, 1), (red, green, blue)).convert("HSV"))[0, 0, 0])
        hues.setdefault(picture.label, set()).add(round(hue / 256 * len(wanted.labels)))
        assert picture.boxes == ()
    places = [{hue % len(wanted.labels) for hue in found} for found in hues.values()]
    assert all(len(found) == 1 for found in places)
    assert len(set.union(*places)) == len(wanted.labels) == len(hues)


@pytest.mark.parametrize("wanted", [COUNT, BOXES, DetectorToMake("door", "?", "binary")])
def test_every_label_comes_equally_often_and_no_picture_twice(wanted: DetectorToMake) -> None:
    """In each turn through the labels; the same arguments give the same pictures."""
    turns = 3
    pictures = [labelled_picture(wanted, i, seed=1) for i in range(turns * len(wanted.labels))]
    if wanted.mode != "bounding_box":
        assert Counter(each.label for each in pictures) == dict.fromkeys(wanted.labels, turns)
    assert len({each.jpeg for each in pictures}) == len(pictures)
    assert labelled_picture(wanted, 4, seed=1) == pictures[4]
    assert labelled_picture(wanted, 4, seed=2).jpeg != pictures[4].jpeg
