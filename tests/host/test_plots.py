"""The monitor's figures: what they say, and that nothing in them hides anything else."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import host_examples
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from PIL import Image

from edgeload.host.columns import Columns
from edgeload.host.plots import GPU_FIGURE, HOST_FIGURE, draw_host_figures, gpu_figure, host_figure
from edgeload.host.samples import HostHeader, HostSample
from edgeload.png_style import style


@pytest.fixture(autouse=True)
def _in_our_style() -> Iterator[None]:
    """As `draw_host_figures` draws them: titles stand on the left, for example."""
    with style():
        yield


def run(seconds: int, cores: int, gpus: int) -> tuple[HostHeader, list[HostSample]]:
    """A load that rises and falls once; the last GPU is lost half-way."""
    samples = []
    for second in range(1, seconds + 1):
        percent = 90 * math.sin(math.pi * second / (seconds + 1))
        told = [host_examples.gpu(i, utilization_percent=percent) for i in range(gpus)]
        if gpus > 1 and second > seconds / 2:
            told[-1] = host_examples.lost_gpu(gpus - 1)
        busy = [percent + core % 10 for core in range(cores)]
        samples.append(
            host_examples.sample(float(second), cpu_percent=percent, cores=busy, gpus=told)
        )
    return host_examples.header(gpus=gpus, cores=cores), samples


def rendered(figure: Figure) -> Figure:
    """The figure after its layout is done, when every text knows its place."""
    assert isinstance(figure.canvas, FigureCanvasAgg)
    figure.canvas.draw()  # type: ignore[no-untyped-call]
    return figure


def extents_of(axis: Axes, *texts: str) -> list[Bbox]:
    """Where on the picture these texts of the axes stand; empty texts stand nowhere."""
    found = [one for one in axis.findobj(Text) if isinstance(one, Text) and one.get_text() in texts]
    return [one.get_window_extent() for one in found if one.get_text()]


def title(figure: Figure) -> str:
    return " ".join(figure.get_suptitle().split())


@pytest.mark.parametrize(("cores", "gpus"), [(1, 1), (8, 2), (64, 8)])
def test_nothing_hides_anything(cores: int, gpus: int) -> None:
    """Legends lie outside every plotting area, and all text lies inside the picture."""
    header, samples = run(30, cores, gpus)
    columns = Columns.of(header, samples)
    for figure in (host_figure(header, columns), gpu_figure(header, columns)):
        rendered(figure)
        areas = [axis.get_window_extent() for axis in figure.axes]
        for axis in figure.axes:
            legend = axis.get_legend()
            boxes = extents_of(axis, axis.get_title("left"), axis.get_xlabel())
            if legend is not None:
                box = legend.get_window_extent()
                assert not any(box.overlaps(other) for other in [*areas, *boxes])
                boxes.append(box)
            for box in boxes:
                assert box.x0 >= 0
                assert box.x1 <= figure.bbox.x1
        assert figure.get_suptitle()


def test_the_title_says_the_main_point() -> None:
    """Peak CPU, number of cores and memory; peak GPU, its memory, and a GPU that was lost."""
    header, samples = run(31, 8, 2)
    columns = Columns.of(header, samples)
    assert title(host_figure(header, columns)) == (
        "CPU peaked at 90 % of 8 cores; memory in use reached 12.0 of 16.0 GiB"
    )
    assert title(gpu_figure(header, columns)) == (
        "GPU utilisation peaked at 90 % (GPU 0); GPU memory at most 25 % full (GPU 0); "
        "GPU 1 gave no figures from 16.0 s on"
    )


def test_lines_are_the_samples() -> None:
    """A short run is drawn sample by sample: time since the start, CPU in percent."""
    header, samples = run(20, 4, 0)
    cpu = host_figure(header, Columns.of(header, samples)).axes[0]
    line = next(line for line in cpu.get_lines() if line.get_label() == "all cores")
    assert np.asarray(line.get_xdata()).tolist() == pytest.approx(list(range(1, 21)))
    assert np.asarray(line.get_ydata()).tolist() == [sample.cpu_percent for sample in samples]


def test_a_long_run_is_thinned_with_its_peak() -> None:
    """A day of samples is drawn with at most a thousand points a line, and the peak of a single
    sample is still there."""
    samples = [
        host_examples.sample(float(k), cpu_percent=99.0 if k == 5001 else 10.0)
        for k in range(1, 86_400, 4)
    ]
    header = host_examples.header()
    figure = host_figure(header, Columns.of(header, samples))
    lines = [line for axis in figure.axes for line in axis.get_lines()]
    assert max(len(np.asarray(line.get_xdata())) for line in lines) <= 1000
    bands = [path.vertices for band in figure.axes[0].collections for path in band.get_paths()]
    assert max(np.asarray(band)[:, 1].max() for band in bands) == 99.0


def test_many_cores_are_a_heat_map() -> None:
    """Up to eight cores are lines; more are one coloured row each, with a scale."""
    for cores in (8, 9):
        header, samples = run(10, cores, 0)
        axis = host_figure(header, Columns.of(header, samples)).axes[1]
        meshes = [mesh for mesh in axis.collections if mesh.get_array() is not None]
        if cores == 8:
            assert len(axis.get_lines()) == 8
        else:
            colours = meshes[0].get_array()
            assert colours is not None
            assert colours.size == 9 * 10
            assert np.asarray(colours).reshape(9, 10)[3, 4] == samples[4].cpu_per_core_percent[3]


def test_what_no_gpu_reports_has_no_row() -> None:
    """A quantity that no GPU supports is named below the figure, not drawn as an empty row."""
    header = host_examples.header(gpus=1)
    samples = [
        host_examples.sample(float(k), gpus=[host_examples.gpu(0, power_w=None)]) for k in (1, 2)
    ]
    figure = gpu_figure(header, Columns.of(header, samples))
    assert not any("Power" in axis.get_title("left") for axis in figure.axes)
    assert figure.axes[-1].get_xlabel().endswith("Not reported here: power")


def test_a_gpu_lost_from_the_start_is_still_drawn() -> None:
    """Without a single value there is a figure that says so."""
    header = host_examples.header(gpus=1)
    lost = [host_examples.sample(float(k), gpus=[host_examples.lost_gpu(0)]) for k in (1, 2)]
    figure = rendered(gpu_figure(header, Columns.of(header, lost)))
    assert title(figure) == "GPU 0 gave no figures from 1.0 s on"


def test_a_host_without_a_network_has_no_row_for_it() -> None:
    """As in a container with the loopback alone: three rows, and the reason below them."""
    header = host_examples.header()
    samples = [host_examples.sample(float(k), network=None) for k in (1, 2)]
    figure = rendered(host_figure(header, Columns.of(header, samples)))
    titles = [axis.get_title("left") for axis in figure.axes]
    assert [title.split(",")[0] for title in titles] == ["CPU", "CPU", "Memory in use"]
    assert figure.axes[-1].get_xlabel().endswith("Not reported here: network")


def test_figures_are_files(tmp_path: Path) -> None:
    """Pictures at least 800 pixels wide; a GPU figure only with a GPU, and none of an older run."""
    samples = tmp_path / "samples.jsonl"
    host_examples.write(samples, *run(5, 4, 1))
    assert draw_host_figures(samples, tmp_path) == [tmp_path / HOST_FIGURE, tmp_path / GPU_FIGURE]
    for name in (HOST_FIGURE, GPU_FIGURE):
        with Image.open(tmp_path / name) as picture:
            assert picture.format == "PNG"
            assert picture.width >= 800
            assert len(picture.convert("RGB").getcolors(1 << 24) or []) > 10
    host_examples.write(samples, *run(5, 4, 0))
    assert draw_host_figures(samples, tmp_path) == [tmp_path / HOST_FIGURE]
    assert not (tmp_path / GPU_FIGURE).exists()
    host_examples.write(samples, host_examples.header(), [])
    assert draw_host_figures(samples, tmp_path) == []


@pytest.mark.parametrize(("interval_s", "unit"), [(1.0, "s"), (100.0, "min"), (10_000.0, "days")])
def test_long_samplings_count_in_longer_units(interval_s: float, unit: str) -> None:
    """The time axis has few round numbers, whatever the length; so have the others."""
    samples = [host_examples.sample(interval_s * (second + 1)) for second in range(60)]
    header = host_examples.header()
    figure = rendered(host_figure(header, Columns.of(header, samples)))
    last = figure.axes[-1]
    assert last.get_xlabel().startswith(f"{unit} since ")
    for axis in figure.axes:
        for ticks in (last.get_xticklabels(), axis.get_yticklabels()):
            at = [float(tick.get_text().replace("\N{MINUS SIGN}", "-")) for tick in ticks]
            assert 2 <= len(at) <= 13
            assert f"{at[1] - at[0]:.6e}"[0] in "125", at
