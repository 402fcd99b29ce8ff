"""The pictures of all camera groups: groups that send the same ones share one file."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from edgeload.run.audit_pictures import audit_pool
from edgeload.run.images import (
    ImageError,
    image_facts,
    make_pool,
    picture_versions,
    single_image,
)
from edgeload.run.picture_file import PictureFile, written_pictures
from edgeload.settings import SettingError
from edgeload.settings.groups import GroupSettings, PictureChoice


class MadePictures(NamedTuple):
    """The pictures of a choice, and what the log says about them."""

    file: PictureFile
    facts: dict[str, Any]


PictureSets = Mapping[PictureChoice, MadePictures]


def make_pictures(
    groups: Sequence[GroupSettings], seed: int, stack: contextlib.ExitStack
) -> PictureSets:
    """Make the pictures of all groups, in files that last as long as `stack`.

    Raises ImageError, or another SettingError with the line for a picture of a mix file.
    """
    made: dict[PictureChoice, MadePictures] = {}
    for group in groups:
        choice = group.pictures
        if choice in made:
            continue
        with _named(group):
            pool = _made(choice, seed)
        facts = dataclasses.asdict(image_facts(pool, choice.path))
        made[choice] = MadePictures(stack.enter_context(written_pictures(pool)), facts)
    return made


def _made(choice: PictureChoice, seed: int) -> tuple[bytes, ...]:
    if choice.count is None:
        return single_image(choice.path, choice.size)
    if choice.new:
        versions = picture_versions(choice.path, seed, choice.size)
        return audit_pool(versions, choice.count, choice.new)
    return make_pool(choice.path, choice.count, seed, choice.size)


def picture_bytes(groups: Sequence[GroupSettings]) -> dict[str, float]:
    """The size of one picture in bytes, by the group's name. Raises as `make_pictures`."""
    sizes: dict[str, float] = {}
    for group in groups:
        with _named(group):
            picture, *_ = single_image(group.pictures.path, group.pictures.size)
        sizes[group.load.name] = len(picture)
    return sizes


@contextlib.contextmanager
def _named(group: GroupSettings) -> Iterator[None]:
    """Say where a picture that cannot be used stands in the mix file, if it stands there."""
    try:
        yield
    except ImageError as error:
        keys, size = dict(group.lines), group.pictures.size
        text = str(error).removeprefix("IMAGE_PATH: ")
        if "image_path" in keys:
            raise SettingError(f"{group.where('image_path')}image_path = {text}") from error
        if "image_size" in keys and size is not None:
            where = group.where("image_size")
            raise SettingError(f"{where}image_size = {size[0]}x{size[1]}: {text}") from error
        raise
