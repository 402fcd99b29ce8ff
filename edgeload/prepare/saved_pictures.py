"""Saves the labelled pictures of detectors, so that the groups of a mix can send them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from edgeload.prepare.priming_pictures import labelled_picture
from edgeload.prepare.wanted import DetectorToMake
from edgeload.private_files import written_together


def save_pictures(
    detectors: Sequence[DetectorToMake], pictures: int, seed: int, folder: Path
) -> None:
    """Write so many pictures of each detector into a folder, or none at all. Raises OSError.

    `cars_03_5.jpg` is the third of the detector `cars`; it shows five objects, or has that class.
    """
    with written_together(folder) as unfinished:
        for wanted in detectors:
            for index in range(pictures):
                picture = labelled_picture(wanted, index, seed)
                is_class = wanted.mode in ("binary", "multi_class")
                shows = picture.label if is_class else str(len(picture.boxes))
                words = (_in_a_name(wanted.name), f"{index + 1:02d}", _in_a_name(shows))
                (unfinished / f"{'_'.join(words)}.jpg").write_bytes(picture.jpeg)


def _in_a_name(text: str) -> str:
    """As part of the name of a file; two texts never become the same."""
    return quote(text, safe=" ")
