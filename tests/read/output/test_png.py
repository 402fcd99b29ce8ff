"""Pictures as files: PNG of a readable size, nothing left over, the user's style left alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import example_runs
import matplotlib as mpl
import pytest
import report_pages
import synthetic_log as sl
from PIL import Image

from edgeload.read.figures.shown import prepare_figures
from edgeload.read.output import png

OF_ANSWERS = ["capacity.png", "throughput.png", "times.png"]
OF_A_SHORT_RUN = ["capacity.png", "times.png"]


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (example_runs.saturated, [*OF_ANSWERS, "spectrum.png"]),
        (example_runs.failed, [*OF_ANSWERS[:2], "failures.png"]),
        (example_runs.short, OF_A_SHORT_RUN),
        (example_runs.long, [*OF_ANSWERS, "failures.png", "heat_map.png", "spectrum.png"]),
    ],
)
def test_pictures_are_of_a_readable_size(tmp_path: Path, make: Any, names: list[str]) -> None:
    """Each that the run has something for decodes as PNG, 800 pixels wide or more, not one flat
    colour."""
    files = png.write(prepare_figures(make(tmp_path)), tmp_path / "out")
    assert [path.name for path in files] == names
    for path in files:
        with Image.open(path) as picture:
            picture.load()
            assert picture.format == "PNG"
            assert picture.width >= 800
            assert len(picture.convert("RGB").getcolors(1 << 24) or []) > 50


def test_a_picture_of_an_earlier_run_does_not_stay(tmp_path: Path) -> None:
    """Where this run has nothing to show, the older picture is taken away; other files stay."""
    out = tmp_path / "out"
    png.write(prepare_figures(example_runs.failed(tmp_path / "f")), out)
    (out / "notes.png").write_bytes(b"")
    png.write(prepare_figures(example_runs.short(tmp_path / "s")), out)
    assert {path.name for path in out.iterdir()} == {*OF_A_SHORT_RUN, "notes.png"}


def test_a_users_matplotlibrc_changes_nothing(tmp_path: Path) -> None:
    """Neither the pictures, TeX in it included, nor after drawing what the user has set."""
    log = sl.write(tmp_path / "log", report_pages.clean_run())
    rc = tmp_path / "matplotlibrc"
    rc.write_text("text.usetex: True\nlines.linewidth: 9\naxes.facecolor: red\nfont.size: 30\n")
    code = (
        "import sys, pathlib, matplotlib;"
        "from edgeload.read.analysis.summarising import analyse;"
        "from edgeload.read.log.open import read_log;"
        "from edgeload.read.figures.shown import prepare_figures;"
        "from edgeload.read.output import png;"
        "before = dict(matplotlib.rcParams);"
        "summary = analyse(read_log(pathlib.Path(sys.argv[1])));"
        "png.write(prepare_figures(summary), pathlib.Path(sys.argv[2]));"
        "assert dict(matplotlib.rcParams) == before;"
        "print(before['text.usetex'])"
    )
    said = []
    for name, more in (("plain", {}), ("users", {"MATPLOTLIBRC": str(rc)})):
        done = subprocess.run(
            [sys.executable, "-c", code, str(log), str(tmp_path / name)],
            cwd=Path(__file__).parents[3],
            env={**os.environ, **more},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        said.append(done.stdout.strip())
    assert said == ["False", "True"]
    for picture in (tmp_path / "plain").iterdir():
        assert picture.read_bytes() == (tmp_path / "users" / picture.name).read_bytes()


def test_drawing_leaves_matplotlib_as_it_was(tmp_path: Path) -> None:
    """Whoever imports us and draws something of their own has their own style."""
    with mpl.rc_context({"font.size": 17.0}):
        png.write(prepare_figures(example_runs.short(tmp_path)), tmp_path / "out")
        assert mpl.rcParams["font.size"] == 17.0
