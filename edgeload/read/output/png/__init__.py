"""The pictures as PNG files: one renderer of the specification, which decides nothing."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from edgeload.png_style import save, style
from edgeload.read.figures.chart import Picture
from edgeload.read.output.png.renderer import figure_of


def write(pictures: Iterable[Picture], folder: Path) -> list[Path]:
    """Draw the pictures into a folder (made if missing); the files written. Raises OSError.

    A file of an earlier run under the name of an empty picture is removed: it would pass for this
    run's.
    """
    drawn = (write_one(picture, folder) for picture in pictures)
    return [path for path in drawn if path is not None]


def write_one(picture: Picture, folder: Path) -> Path | None:
    """The same for one picture; None if it is empty."""
    path = folder / picture.file_name
    if not picture.charts:
        path.unlink(missing_ok=True)
        return None
    with style():
        return save(figure_of(picture), path)
