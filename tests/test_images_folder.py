"""Laws of the pictures in images/: their sizes, their texture, and that the script makes them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageOps

FOLDER = Path(__file__).parents[1] / "images"
SMALL = FOLDER / "dog_resized_256x256.jpeg"
LARGE = FOLDER / "dog_1920x1080.jpeg"

FUR = (slice(180, 250), slice(50, 200))  # the chest in the small picture: rows, columns
GARDEN = (slice(0, 90), slice(0, 45))


@pytest.fixture(scope="module")
def script() -> Iterator[Any]:
    """Import images/make_images.py as running it would: with its folder on the module path."""
    sys.path.insert(0, str(FOLDER))
    try:
        yield import_module("make_images")
    finally:
        sys.path.remove(str(FOLDER))


def pixels(image: Image.Image) -> NDArray[np.float64]:
    return np.asarray(image.convert("RGB"), dtype=np.float64)


def mean_difference(one: Image.Image, other: Image.Image) -> float:
    """Mean absolute difference in levels of 255."""
    return float(np.mean(np.abs(pixels(one) - pixels(other))))


def detail(image: Image.Image) -> NDArray[np.float64]:
    """High-frequency part: each brightness against the mean of its four neighbours."""
    grey = np.asarray(image.convert("L"), dtype=np.float64)
    around = sum(np.roll(grey, shift, axis) for shift in (-1, 1) for axis in (0, 1))
    return np.abs(grey - around / 4)


@pytest.mark.parametrize(
    ("path", "size", "least_bytes", "most_bytes"),
    [(SMALL, (256, 256), 18_000, 22_000), (LARGE, (1920, 1080), 300_000, 1_000_000)],
)
def test_dimensions_and_bytes(
    path: Path, size: tuple[int, int], least_bytes: int, most_bytes: int
) -> None:
    """The default picture needs no resizing on the edge and is about 20 KB; the other is 1080p."""
    with Image.open(path) as image:
        image.load()
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", size)
    assert least_bytes <= path.stat().st_size <= most_bytes


def test_the_script_makes_the_small_picture(script: Any) -> None:
    """The committed file is what the script draws, but for JPEG loss and library versions."""
    drawn = script.render(script.SMALL)
    with Image.open(SMALL) as committed:
        assert mean_difference(drawn, committed) < 4
        assert mean_difference(ImageOps.mirror(drawn), committed) > 12
    assert len(script.encode(drawn, script.SMALL.target_bytes)) == pytest.approx(
        SMALL.stat().st_size, rel=0.1
    )


@pytest.mark.slow
def test_the_script_makes_the_large_picture(script: Any) -> None:
    """The committed 1080p file shows what the script draws at a quarter of its size."""
    size = (480, 270)
    drawn = script.render(replace(script.LARGE, width=size[0], height=size[1]))
    with Image.open(LARGE) as committed:
        reduced = committed.resize(size, Image.Resampling.BOX)
    soft = ImageFilter.GaussianBlur(2)
    drawn, reduced = drawn.filter(soft), reduced.filter(soft)
    assert mean_difference(drawn, reduced) < 4
    assert mean_difference(ImageOps.mirror(drawn), reduced) > 12


def test_the_fur_has_the_texture_of_a_photograph() -> None:
    """Fur has fine detail nearly everywhere; a cartoon of the same picture has it at edges only."""
    with Image.open(SMALL) as image:
        cartoon = image.filter(ImageFilter.MedianFilter(9)).quantize(12)
        fur, flat = detail(image)[FUR], detail(cartoon)[FUR]
    assert np.mean(fur > 2) > 0.6
    assert np.mean(flat > 2) < 0.35
    assert np.mean(fur) > 2 * np.mean(flat)


def test_the_garden_is_out_of_focus() -> None:
    """As behind a lens near the dog: the background has grain, but far less detail than fur."""
    with Image.open(SMALL) as image:
        sharpness = detail(image)
    assert 0.2 < np.mean(sharpness[GARDEN]) < 0.4 * np.mean(sharpness[FUR])


def test_main_writes_every_picture_and_always_the_same(
    script: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`make_images.py --output-dir DIR` writes one JPEG a view, says so, and repeats itself."""
    monkeypatch.setattr(script, "HAIRS_PER_UNIT2", 300)
    for name in ("SMALL", "LARGE"):
        view = getattr(script, name)
        small = replace(view, width=view.width // 4, height=view.height // 4, oversampling=1)
        monkeypatch.setattr(script, name, small)
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        folder.mkdir()
        script.main(["--output-dir", str(folder)])
    assert {path.name for path in folders[0].iterdir()} == {SMALL.name, LARGE.name}
    for path in folders[0].iterdir():
        assert path.read_bytes() == (folders[1] / path.name).read_bytes()
    for line in capsys.readouterr().out.splitlines():
        name, facts = line.split(": ")
        with Image.open(folders[0] / name) as image:
            size = (folders[0] / name).stat().st_size
            assert facts == f"{image.width}x{image.height}, {size} bytes"


def test_a_size_that_no_quality_reaches_is_an_error(script: Any) -> None:
    """The script does not write a picture that is larger than it was asked to be."""
    with Image.open(SMALL) as image, pytest.raises(ValueError, match="below 100 bytes"):
        script.encode(image, 100)
