"""The folder of results: written together or not at all, and never over what was read."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeload.private_files import written_together
from edgeload.read.figures.chart import Picture
from edgeload.read.log.log_error import LogError
from edgeload.read.log.run_folder import files_of_run
from edgeload.read.output.painter import Painter


class ResultsError(LogError):
    """The disk refuses the results. The log, and all earlier results, are as they were."""


@contextlib.contextmanager
def results_in(
    output_dir: Path, outdated: Iterable[str] = (), keep: Sequence[Path | None] = ()
) -> Iterator[Path]:
    """`written_together`, which replaces nothing that was read. Raises ResultsError."""
    try:
        with written_together(output_dir, outdated) as folder:
            yield folder
            for written in folder.iterdir():
                target = output_dir / written.name
                if target.exists() and any(read.samefile(target) for read in _files(keep)):
                    raise LogError(
                        f"the results would replace {target}, which was read: "
                        "must be another --output-dir, for example results_again"
                    )
    except OSError as problem:
        raise ResultsError(f"cannot write results to {output_dir}: {problem.strerror}") from problem


@dataclass(frozen=True)
class Drawing:
    """Pictures that are being drawn, and the files that they will be in."""

    painter: Painter | None
    pictures: Sequence[Picture]
    folder: Path

    @property
    def files(self) -> list[Path]:
        """Where they will be."""
        return [self.folder / picture.file_name for picture in self.pictures if picture.charts]

    def finish(self) -> None:
        """Wait until they are drawn; what the painter could not do is done here."""
        if self.painter is None or self.painter.drawn() is None:
            from edgeload.read.output import png  # noqa: PLC0415  (the painter loads matplotlib)

            png.write(self.pictures, self.folder)


@contextlib.contextmanager
def drawing(
    painter: Painter | None, pictures: Sequence[Picture], folder: Path
) -> Iterator[Drawing]:
    """Let them be drawn meanwhile; if something fails, nobody writes into the folder any more."""
    if painter is not None:
        painter.begin(pictures, folder)
    try:
        yield Drawing(painter, pictures, folder)
    except BaseException:
        if painter is not None:
            painter.stop()
        raise


def keep_too(written: Path, kept_in: Path | None) -> None:
    """Give the files of a folder, while they are written, a second place. Raises ResultsError."""
    if kept_in is None:
        return
    with results_in(kept_in, ()) as folder:
        for file in written.iterdir():
            try:
                (folder / file.name).hardlink_to(file)
            except OSError:  # the file system has no links
                shutil.copyfile(file, folder / file.name)


def _files(given: Iterable[Path | None]) -> Iterator[Path]:
    for path in given:
        if path is not None and path.is_dir():
            yield from files_of_run(path)
        elif path is not None and path.is_file():
            yield path


def write_text(path: Path, text: str) -> Path:
    """Write a text as UTF-8; the path, so that a list of files can be made in one go."""
    path.write_text(text, encoding="utf-8")
    return path
