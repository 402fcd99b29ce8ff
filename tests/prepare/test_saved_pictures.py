"""Laws of saved pictures: they are those that the cloud gets; their names say what they show."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeload.prepare.priming_pictures import labelled_picture
from edgeload.prepare.saved_pictures import save_pictures
from edgeload.prepare.wanted import DetectorToMake

CARS = DetectorToMake("cars", "How many?", "count", ("car",), max_count=3, size=(64, 48))
BOXES = DetectorToMake("boxes", "Where?", "bounding_box", ("car",), max_count=3, size=(64, 48))
ODD = DetectorToMake("../a/b", "Which?", "multi_class", ("x/y", "x_y"), size=(64, 48))


def test_each_picture_is_the_labelled_one_and_says_what_it_shows(tmp_path: Path) -> None:
    """Its number and how many objects it has, or its class."""
    folder = tmp_path / "pictures"
    save_pictures([CARS, BOXES], 4, 1, folder)
    names = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert len(names) == 8
    for wanted in (CARS, BOXES):
        for index in range(4):
            picture = labelled_picture(wanted, index, 1)
            name = f"{wanted.name}_{index + 1:02d}_{len(picture.boxes)}.jpg"
            assert names[name] == picture.jpeg
    assert {name[-5] for name in names if name.startswith("cars")} == set("0123")


def test_odd_names_stay_in_the_folder_and_apart(tmp_path: Path) -> None:
    """A detector or a class may be called as a path is."""
    folder = tmp_path / "pictures"
    save_pictures([ODD], 2, 1, folder)
    assert sorted(name.name[-11:] for name in folder.iterdir()) in (
        ["1_x%2Fy.jpg", "b_02_x_y.jpg"[-11:]],
        ["2_x%2Fy.jpg", "b_01_x_y.jpg"[-11:]],
    )
    assert [path.name for path in tmp_path.iterdir()] == ["pictures"]


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """There is a file of its name."""
    (tmp_path / "pictures").touch()
    with pytest.raises(OSError, match="pictures"):
        save_pictures([CARS], 1, 1, tmp_path / "pictures")
