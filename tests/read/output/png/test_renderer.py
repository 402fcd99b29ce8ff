"""A PNG shows what its specification says: checked on the artists that matplotlib draws."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import example_runs
import numpy as np
import pytest
import report_pages
import searched_log
import synthetic_log as sl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.text import Annotation, Text

from edgeload.camera_group import CameraGroup
from edgeload.plan import mix_plan
from edgeload.png_style import style
from edgeload.read.analysis.comparison import compare
from edgeload.read.figures.chart import Chart, Line, Picture
from edgeload.read.figures.comparison_shown import prepare_comparison
from edgeload.read.figures.shown import prepare_figures
from edgeload.read.output.png.renderer import figure_of


def _pictures(tmp_path: Path) -> Iterator[Picture]:
    """Every kind of picture, with hollow points, crosses, hatching, limits, bars and a heat map."""
    for name, played in (
        ("saturated", report_pages.saturated_run()),
        ("long", report_pages.long_run()),
        ("failed", report_pages.failing("timeout")),
    ):
        summary = example_runs.summary_of(tmp_path / name, played, slo=report_pages.OBJECTIVES)
        yield from (picture for picture in prepare_figures(summary) if picture.charts)
    invalid = example_runs.summary_of(
        tmp_path / "invalid",
        report_pages.clean_run(),
        workers=sl.cpu_samples(report_pages.clean_run().plan, 0.9),
    )
    yield from (picture for picture in prepare_figures(invalid) if picture.charts)
    for name, searched in (
        ("search", searched_log.box_search()),
        ("breaking", searched_log.breaking_search()),
    ):
        tiers = searched_log.summary_of(tmp_path / name, searched, slo=searched_log.TIERS)
        yield from (picture for picture in prepare_figures(tiers) if picture.charts)
    old, new = (
        [example_runs.saturated(tmp_path / "old")],
        [example_runs.summary_of(tmp_path, report_pages.saturated_run())],
    )
    yield from prepare_comparison(compare(old, new), old, new)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Picture, Figure]]:
    """The pictures, and the figures that are drawn of them, laid out."""
    found = []
    with style():
        for picture in _pictures(tmp_path_factory.mktemp("pictures")):
            figure = figure_of(picture)
            assert isinstance(figure.canvas, FigureCanvasAgg)
            figure.canvas.draw()  # type: ignore[no-untyped-call]
            found.append((picture, figure))
    assert len({picture.file_name for picture, _ in found}) == 9
    return found


def charts_drawn(rendered: list[tuple[Picture, Figure]]) -> Iterator[tuple[Chart, Axes]]:
    """Each chart with its axes; the scale of a heat map's colours has axes of its own."""
    for picture, figure in rendered:
        yield from zip(picture.charts, figure.axes[: len(picture.charts)], strict=True)


def _labels(chart: Chart) -> list[str]:
    return [*(line.label for line in chart.lines), *(key.label for key in chart.keys)]


def _texts(axis: Axes) -> Iterator[Text]:
    """The texts of the axes that are seen: matplotlib keeps labels of ticks beyond its ends."""
    unseen = {
        id(tick.label1)
        for one, (low, high) in ((axis.xaxis, axis.get_xlim()), (axis.yaxis, axis.get_ylim()))
        for tick in one.get_major_ticks()
        if not low <= tick.get_loc() <= high or not tick.label1.get_visible()
    }
    for text in axis.findobj(Text):
        if isinstance(text, Text) and id(text) not in unseen and text.get_text().strip():
            yield text


def _finite(values: Any) -> list[float]:
    return [float(value) for value in values if value is not None and np.isfinite(value)]


def test_a_picture_draws_the_lines_of_its_specification(
    rendered: list[tuple[Picture, Figure]],
) -> None:
    """Their order, labels, colours, dashes and every value; no line that is not specified."""
    compared = 0
    for chart, axis in charts_drawn(rendered):
        lines = [one for one in axis.get_lines() if not str(one.get_label()).startswith("_")]
        wanted = [line for line in chart.lines if line.kind not in ("bars", "ground")]
        assert [one.get_label() for one in lines] == [line.label for line in wanted]
        for line, drawn in zip(wanted, lines, strict=True):
            assert to_hex(str(drawn.get_color())) == line.colour.lower()
            assert drawn.is_dashed() == bool(line.dash)
            assert (drawn.get_marker() == "o") == bool(line.point_size)
            values = [span.due for span in chart.spans for _ in range(2)]
            values = values if line.kind == "planned" else list(line.values)
            assert _finite(drawn.get_ydata()) == _finite(values)
            compared += len(values)
    assert compared > 1000


def test_a_picture_draws_the_bars_of_its_specification(
    rendered: list[tuple[Picture, Figure]],
) -> None:
    """Each class on top of those before it, as wide as its window."""
    seen = 0
    for chart, axis in charts_drawn(rendered):
        wanted = [line for line in chart.lines if line.kind == "bars"]
        bars = [one for one in axis.containers if isinstance(one, BarContainer)]
        assert [one.get_label() for one in bars] == [line.label for line in wanted]
        for line, drawn in zip(wanted, bars, strict=True):
            assert to_hex(drawn.patches[0].get_facecolor()) == line.colour.lower()
            assert [bar.get_height() for bar in drawn.patches] == list(line.values)
            assert [bar.get_y() for bar in drawn.patches] == list(line.base)
            middles = [bar.get_x() + bar.get_width() / 2 for bar in drawn.patches]
            assert middles == pytest.approx(chart.x)
            seen += 1
    assert seen >= 3


def test_a_picture_draws_the_signs_of_its_specification(
    rendered: list[tuple[Picture, Figure]],
) -> None:
    """Hollow points and crosses stand where they are specified, and nowhere else."""
    seen = {"hollow": 0, "crosses": 0}

    def drawn(axis: Axes, kind: str, line: Line) -> list[Line2D]:
        return [one for one in axis.get_lines() if one.get_gid() == f"{kind}: {line.label}"]

    for chart, axis in charts_drawn(rendered):
        for line in chart.lines:
            if [each.label for each in chart.lines].count(line.label) > 1:
                continue
            for kind, places in (
                ("hollow", [point.place for point in line.hollow]),
                ("crosses", list(line.crosses)),
            ):
                found = [
                    float(x) for one in drawn(axis, kind, line) for x in _finite(one.get_xdata())
                ]
                assert found == [chart.x[place] for place in places]
                seen[kind] += len(places)
    assert min(seen.values()) > 5


def test_a_picture_fills_the_grounds_of_its_specification(
    rendered: list[tuple[Picture, Figure]],
) -> None:
    """From the lower to the upper limit at each place; an open end reaches the edge."""
    seen = 0
    for chart, axis in charts_drawn(rendered):
        for line in (line for line in chart.lines if line.kind == "ground"):
            (drawn,) = [one for one in axis.collections if one.get_label() == line.label]
            assert to_hex(np.asarray(drawn.get_facecolor())[0]) == line.colour.lower()
            (path,) = drawn.get_paths()
            inside = [max(x, chart.y_axis.low) for x in line.low if x is not None]
            tops = [chart.y_axis.high if x is None else x for x in line.high]
            found = np.array(path.vertices)[:, 1]
            assert set(inside) | {max(x, chart.y_axis.low) for x in tops} == set(found.tolist())
            seen += 1
    assert seen >= 6


def test_a_stretch_of_a_line_with_a_sign_has_it_above(
    rendered: list[tuple[Picture, Figure]],
) -> None:
    """Once for each unbroken stretch, above its middle: verdicts are told apart without colour."""
    seen = 0
    for chart, axis in charts_drawn(rendered):
        for line in (line for line in chart.lines if line.sign):
            signs = [text for text in axis.texts if text.get_text() == line.sign]
            found = sorted(sign.xy for sign in signs if isinstance(sign, Annotation))
            known = [(x, y) for x, y in zip(chart.x, line.values, strict=True) if y is not None]
            pairs = zip(known[::2], known[1::2], strict=True)  # start and end of a trial
            middles = sorted((((a or 0.0) + (b or 0.0)) / 2, y) for (a, y), (b, _) in pairs)
            assert np.array(found) == pytest.approx(np.array(middles))
            seen += len(found)
    assert seen >= 20


def test_a_picture_has_the_axes_of_its_specification(
    rendered: list[tuple[Picture, Figure]],
) -> None:
    """Limits, scale, ticks with their labels, what the axes are called, and the run as well."""
    for picture, figure in rendered:
        words = f"{picture.title} {picture.subject}".split()
        assert figure.get_suptitle().split() == words
    for chart, axis in charts_drawn(rendered):
        assert axis.get_xlim() == (chart.x_axis.low, chart.x_axis.high)
        assert axis.get_ylim() == (chart.y_axis.low, chart.y_axis.high)
        assert (axis.get_yscale() == "log") == chart.y_axis.log
        assert axis.get_ylabel().replace("\n", " ") == chart.y_axis.label
        for specified, drawn in ((chart.x_axis, axis.xaxis), (chart.y_axis, axis.yaxis)):
            if specified.ticks:
                texts = [one.get_text() for one in drawn.get_majorticklabels()]
                assert list(drawn.get_majorticklocs()) == [tick.at for tick in specified.ticks]
                assert texts in ([], [tick.label for tick in specified.ticks])  # one x for all
            if specified.whole:
                assert all(at == int(at) for at in drawn.get_majorticklocs())


def test_a_heat_map_has_the_shares_of_its_specification(
    rendered: list[tuple[Picture, Figure]],
) -> None:
    """Every cell, and nothing where nothing was."""
    heats = [(chart.heat, axis) for chart, axis in charts_drawn(rendered) if chart.heat]
    ((heat, axis),) = heats
    shown = axis.collections[0].get_array()
    assert shown is not None
    permille = np.array(heat.permille)
    assert (np.ma.getmaskarray(shown) == (permille == 0)).all()
    assert np.ma.filled(shown, 0.0) == pytest.approx(permille / 1000)


def test_legends_name_what_is_shown_and_nothing_else(
    rendered: list[tuple[Picture, Figure]],
) -> None:
    """The names of the lines and signs; the later charts of a picture have their titles there."""
    for picture, figure in rendered:
        texts: list[str] = []
        for place, (chart, axis) in enumerate(charts_drawn([(picture, figure)])):
            legend = axis.get_legend()
            told = [text.get_text() for text in legend.get_texts()] if legend else []
            assert set(told) <= set(_labels(chart))
            assert len(set(told)) == len(told)
            texts += told
            if place:
                assert legend is not None
                assert legend.get_title().get_text() == chart.title
        assert set(texts) == {label for chart in picture.charts for label in _labels(chart)}


def test_nothing_hides_anything(rendered: list[tuple[Picture, Figure]]) -> None:
    """Legends lie off every chart, texts outside the charts do not touch, and all lies inside."""
    for picture, figure in rendered:
        inside = figure.bbox
        charts = figure.axes[: len(picture.charts)]
        plots = [axis.get_window_extent() for axis in charts]
        legends = [one for axis in charts if isinstance(one := axis.get_legend(), Legend)]
        for legend in legends:
            box = legend.get_window_extent()
            assert not any(box.overlaps(plot) for plot in plots), picture.file_name
            assert box.x1 <= inside.x1, picture.file_name
        texts = [
            (text.get_text(), text.get_window_extent())
            for axis in figure.axes
            for text in _texts(axis)
            if text.get_window_extent().width > 1  # labels that no layout has given a place
        ]
        for words, box in texts:
            assert inside.x0 <= box.x0, (picture.file_name, words)
            assert box.x1 <= inside.x1 + 1, (picture.file_name, words)
        for (words, box), (others, other) in itertools.combinations(texts, 2):
            assert not box.overlaps(other), (picture.file_name, words, others)


def test_every_label_of_a_mix_lies_inside_its_picture(tmp_path: Path) -> None:
    """Also in panels of half the width, beside legends as long as they get."""
    groups = (*report_pages.MIX, CameraGroup("archive", 2, None))
    pools = {group.name: sl.Pool(1, sl.constant(0.4)) for group in groups}
    summary = example_runs.summary_of(tmp_path, sl.play_mix(mix_plan(groups, [1, 4], 60), pools))
    with style():
        for picture in prepare_figures(summary):
            if not picture.charts:
                continue
            figure = figure_of(picture)
            figure.draw_without_rendering()
            for axis in figure.axes:
                legend = axis.get_legend()
                parts = [
                    axis.xaxis.label,
                    axis.yaxis.label,
                    *(legend.get_texts() if legend else []),
                ]
                for text in (part for part in parts if part.get_text()):
                    box = text.get_window_extent()
                    assert box.x0 >= 0, text.get_text()
                    assert box.x1 <= figure.bbox.width, (picture.file_name, text.get_text())
