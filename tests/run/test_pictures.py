"""Laws of the pictures of all groups: sizes as they were asked for, and no picture made twice."""

from __future__ import annotations

import contextlib
import tempfile
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from edgeload.camera_group import CameraGroup
from edgeload.run.images import ImageError
from edgeload.run.picture_file import PictureFile
from edgeload.run.pictures import make_pictures, picture_bytes
from edgeload.settings import SettingError
from edgeload.settings.groups import DetectorChoice, GroupSettings, PictureChoice

ROOT = Path(__file__).parents[2]
DOG = ROOT / "images" / "dog_resized_256x256.jpeg"


def group(
    name: str, size: tuple[int, int] | None = None, count: int | None = 3, path: Path = DOG
) -> GroupSettings:
    pictures = PictureChoice(path, size, count)
    return GroupSettings(CameraGroup(name), DetectorChoice("det"), pictures, 10.0)


def decoded(file: PictureFile) -> list[Image.Image]:
    return [Image.open(BytesIO(view)) for view in file.map()]


@pytest.mark.parametrize("count", [None, 3])
@pytest.mark.parametrize("size", [(640, 480), (1, 300), (333, 77), (256, 256), (1920, 1080)])
def test_a_picture_has_exactly_the_size_that_was_asked_for(
    size: tuple[int, int], count: int | None
) -> None:
    """Each of the pool, larger or smaller than the file, and in another form; the log says it."""
    choice = group("a", size, count)
    with contextlib.ExitStack() as stack:
        made = make_pictures([choice], 1, stack)[choice.pictures]
        pictures = decoded(made.file)
        assert [picture.size for picture in pictures] == [size] * (count or 1)
        assert len({picture.tobytes() for picture in pictures}) == (count or 1)
    assert (made.facts["width"], made.facts["height"], made.facts["count"]) == (*size, count or 1)
    if count is None and size == (256, 256):
        assert made.facts["pool_sha256"] != made.facts["source_sha256"]
        assert made.facts["max_bytes"] == DOG.stat().st_size


def test_without_a_size_the_picture_keeps_its_own() -> None:
    """Byte for byte, if it is the only one."""
    choice = group("a", None, None)
    with contextlib.ExitStack() as stack:
        made = make_pictures([choice], 1, stack)[choice.pictures]
        assert [bytes(view) for view in made.file.map()] == [DOG.read_bytes()]


def _has_size(path: Path, size: int) -> bool:
    return path.exists() and path.stat().st_size == size


def test_groups_with_the_same_pictures_share_a_file_while_the_run_lasts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Same file, size and number: one set, made once. No folder has any of them, at any time."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    groups = [group("a"), group("b"), group("c", (64, 64)), group("d", count=4)]
    with contextlib.ExitStack() as stack:
        made = make_pictures(groups, 1, stack)
        files = [made[each.pictures].file.path for each in groups]
        assert files[0] == files[1]
        assert len(set(files)) == 3
        sizes = {path: path.stat().st_size for path in files}
        assert not list(tmp_path.iterdir())
    assert not [path for path, size in sizes.items() if _has_size(path, size)]


def test_the_size_in_bytes_is_that_of_one_picture() -> None:
    """By group; a scaled one is another picture."""
    sizes = picture_bytes([group("a", None), group("b", (64, 64))])
    assert sizes["a"] == DOG.stat().st_size
    assert 500 < sizes["b"] < sizes["a"]


@pytest.mark.parametrize(
    ("lines", "begin"),
    [
        (("image_path",), "mix.yaml, line 7, group 'a': image_path = "),
        (("image_size",), "mix.yaml, line 7, group 'a': image_size = 1x1: "),
        ((), "IMAGE_PATH: "),
    ],
)
def test_a_picture_that_cannot_be_used_is_named_where_it_stands(
    lines: tuple[str, ...], begin: str
) -> None:
    """In the mix file if it is given there, else as the run's setting."""
    bad = GroupSettings(
        CameraGroup("a"), DetectorChoice("det"), PictureChoice(DOG, (1, 1), 64), 10.0,
        file="mix.yaml", lines=(("", 5), *((key, 7) for key in lines)),
    )  # fmt: skip
    with contextlib.ExitStack() as stack, pytest.raises((SettingError, ImageError)) as caught:
        make_pictures([bad], 1, stack)
    assert str(caught.value).startswith(begin)
    assert "is too small for 64 different versions" in str(caught.value)
    assert "\n" not in str(caught.value)
