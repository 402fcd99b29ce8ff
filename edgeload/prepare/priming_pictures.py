"""Draws labelled pictures for priming: each shows what its label says, and where. No I/O.

A class is a colour and a shape. Objects that are counted or marked are discs of one colour. They
stand in the cells of a grid and never touch, so their number and their places are certain.
"""

from __future__ import annotations

import colorsys
import math
import random
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from edgeload.prepare.wanted import DetectorToMake

LEAST_CELL_PX = 12
"""A shape needs a square of so many pixels to be told from the artefacts of a JPEG."""
_MARGIN_PX = 2
_QUALITY = 95
_FEWEST_CORNERS, _MOST_CORNERS = 3, 6

Box = tuple[float, float, float, float]
"""Left, top, right and bottom of an object, as shares of the picture's width and height."""


@dataclass(frozen=True)
class LabelledPicture:
    """A picture as JPEG, and the truth about it."""

    jpeg: bytes
    label: str
    """As Groundlight's labels are: `YES`, a class, a count, `BOUNDING_BOX` or `NO_OBJECTS`."""
    boxes: tuple[Box, ...] = ()
    """Of all objects, for a detector that counts or marks them."""


def labelled_picture(wanted: DetectorToMake, index: int, seed: int) -> LabelledPicture:
    """The picture of this index for a detector; the same arguments give the same one.

    Each label comes once before any comes again.
    """
    labels = wanted.labels
    turn, place = divmod(index, len(labels))
    order = random.Random(f"{seed}/{wanted.name}/{turn}").sample(range(len(labels)), len(labels))
    chosen = order[place]
    chance = random.Random(f"{seed}/{wanted.name}/picture {index}")
    image = _background(wanted.size, chance)
    if wanted.mode in ("binary", "multi_class"):
        _draw_class(image, chosen, len(labels), chance)
        return LabelledPicture(_encoded(image), labels[chosen])
    boxes = _draw_objects(image, chosen, wanted.most_objects, chance)
    label = labels[chosen]
    if wanted.mode == "bounding_box":
        label = "BOUNDING_BOX" if boxes else "NO_OBJECTS"
    return LabelledPicture(_encoded(image), label, boxes)


def smallest_cell_px(size: tuple[int, int], objects: int) -> int:
    """The shorter side of a cell if so many objects have one each."""
    columns, rows = _grid(size, objects)
    return min(size[0] // columns, size[1] // rows)


def _grid(size: tuple[int, int], objects: int) -> tuple[int, int]:
    """Columns and rows of cells that are about square."""
    width, height = size
    columns = min(objects, max(1, round(math.sqrt(objects * width / height))))
    return columns, math.ceil(objects / columns)


def _background(size: tuple[int, int], chance: random.Random) -> Image.Image:
    """Dark grey, lighter to one side, so that no two pictures are the same."""
    dark = chance.randint(20, 60)
    ramp = Image.linear_gradient("L").rotate(chance.choice((0, 90, 180, 270)))
    lighter = chance.uniform(0.05, 0.2)
    return ramp.point(lambda level: dark + level * lighter).resize(size).convert("RGB")


def _draw_class(image: Image.Image, chosen: int, classes: int, chance: random.Random) -> None:
    """One shape whose colour and corners are those of the class."""
    width, height = image.size
    diameter = max(4.0, min(width, height) * chance.uniform(0.4, 0.7))
    x, y = (chance.uniform(diameter / 2, side - diameter / 2) for side in (width, height))
    corners = _FEWEST_CORNERS + chosen % (_MOST_CORNERS - _FEWEST_CORNERS + 1)
    turn = math.radians(chance.uniform(0, 360))
    points = [
        (x + diameter / 2 * math.cos(angle), y + diameter / 2 * math.sin(angle))
        for angle in (turn + math.tau * corner / corners for corner in range(corners))
    ]
    ImageDraw.Draw(image).polygon(points, fill=_colour(chosen / classes))


def _draw_objects(
    image: Image.Image, count: int, most: int, chance: random.Random
) -> tuple[Box, ...]:
    """So many discs, none of which touches another one; where they are."""
    columns, rows = _grid(image.size, most)
    cells = chance.sample(
        [(row, column) for row in range(rows) for column in range(columns)], count
    )
    cell_width, cell_height = image.width // columns, image.height // rows
    largest_px = min(cell_width, cell_height) - 2 * _MARGIN_PX
    colour, pen, boxes = _colour(chance.random()), ImageDraw.Draw(image), []
    for row, column in sorted(cells):
        diameter = max(4, round(largest_px * chance.uniform(0.6, 1.0)))
        left = column * cell_width + _somewhere(cell_width, diameter, chance)
        top = row * cell_height + _somewhere(cell_height, diameter, chance)
        right, bottom = left + diameter, top + diameter
        pen.ellipse((left, top, right - 1, bottom - 1), fill=colour)
        boxes.append(
            (left / image.width, top / image.height, right / image.width, bottom / image.height)
        )
    return tuple(boxes)


def _somewhere(cell_px: int, object_px: int, chance: random.Random) -> int:
    """Where an object begins in its cell, with a margin on both sides."""
    return chance.randint(_MARGIN_PX, cell_px - _MARGIN_PX - object_px)


def _colour(hue: float) -> tuple[int, int, int]:
    """A bright colour of this hue, 0 to 1."""
    red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb(hue, 0.85, 1.0))
    return red, green, blue


def _encoded(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, format="JPEG", quality=_QUALITY)
    return buffer.getvalue()
