"""All that is shown of a run: one specification for page and PNG. Pure.

A new figure is one function that returns its chart, and a line here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.figures.age_charts import age_charts
from edgeload.read.figures.audit_chart import audit_charts, audit_times_charts
from edgeload.read.figures.box_figure import box_charts
from edgeload.read.figures.by_load import by_load_charts
from edgeload.read.figures.chart import Chart, Picture
from edgeload.read.figures.failures import failures_chart
from edgeload.read.figures.group_panels import (
    curve_panels,
    failure_panels,
    load_panels,
    throughput_panels,
    times_panels,
)
from edgeload.read.figures.headroom_figures import headroom_figures
from edgeload.read.figures.heat_map import heat_map_charts
from edgeload.read.figures.over_time import throughput_chart, times_charts
from edgeload.read.figures.percentile_curves import percentile_curve_charts
from edgeload.read.figures.rollout_marks import with_rollouts
from edgeload.read.figures.scales import with_shared_x
from edgeload.read.figures.search_figures import search_figures
from edgeload.read.words.legend_words import (
    BOX_HEADING,
    CURVES_BESIDE_TITLE,
    CURVES_OF_GROUPS_TITLE,
    FAILURES_OF_GROUPS_TITLE,
    TIMES_OF_GROUPS_TITLE,
)
from edgeload.read.words.run_names import run_words
from edgeload.read.words.search_titles import CURVES

_FILE_NAMES = (
    *("search.png", "capacity.png", "throughput.png", "times.png", "box.png", "age.png"),
    *("failures.png", "heat_map.png", "spectrum.png"),
)

_OF_GROUPS = {
    "times.png": TIMES_OF_GROUPS_TITLE,
    "failures.png": FAILURES_OF_GROUPS_TITLE,
    "spectrum.png": CURVES_OF_GROUPS_TITLE,
}


def prepare_figures(summary: RunSummary) -> tuple[Picture, ...]:
    """The pictures of a run, in the order of the page; empty ones for what it does not have."""
    marked = (
        replace(picture, charts=tuple(with_rollouts(chart, summary) for chart in picture.charts))
        for picture in _prepared(summary)
    )
    return about(run_words(summary), marked)


def about(subject: str, pictures: Iterable[Picture]) -> tuple[Picture, ...]:
    """Pictures whose titles begin with what they are about, for example the name of a run."""
    return tuple(replace(picture, subject=subject) for picture in pictures)


def _prepared(summary: RunSummary) -> tuple[Picture, ...]:
    if summary.search is not None:
        return _of_search(summary)
    if summary.headroom is not None:
        return _of_headroom(summary)
    if summary.groups and summary.steps:
        return _of_mix(summary)
    failures = failures_chart(summary)
    if summary.audit is not None:
        return pictures_of(
            {
                "capacity.png": (),
                "spectrum.png": audit_charts(summary),
                "times.png": audit_times_charts(summary),
                "throughput.png": (throughput_chart(summary),),
                "age.png": (),
                "failures.png": (failures,) if failures else (),
                "heat_map.png": heat_map_charts(summary),
            }
        )
    return pictures_of(
        {
            "search.png": (),
            "capacity.png": by_load_charts(summary),
            "throughput.png": (throughput_chart(summary),),
            "times.png": times_charts(summary),
            "box.png": box_charts(summary),
            "age.png": age_charts(summary),
            "failures.png": (failures,) if failures else (),
            "heat_map.png": heat_map_charts(summary),
            "spectrum.png": percentile_curve_charts(summary),
        },
        {"box.png": BOX_HEADING},
    )


def charts_of(pictures: Iterable[Picture]) -> tuple[Chart, ...]:
    """The charts of all pictures, in order: what the page shows."""
    return tuple(chart for picture in pictures for chart in picture.charts)


def _of_search(summary: RunSummary) -> tuple[Picture, ...]:
    """The pictures of a search, in the order of the page."""
    shown = search_figures(summary)
    headings = {"times.png": TIMES_OF_GROUPS_TITLE, "failures.png": FAILURES_OF_GROUPS_TITLE}
    return pictures_of(
        {name: shown.get(name, ()) for name in _FILE_NAMES},
        {**headings, "spectrum.png": CURVES} if summary.groups else {},
    )


def _of_headroom(summary: RunSummary) -> tuple[Picture, ...]:
    """The pictures of a search for headroom, in the order of the page."""
    shown = headroom_figures(summary)
    return pictures_of({name: shown.get(name, ()) for name in _FILE_NAMES}, _OF_GROUPS)


def _of_mix(summary: RunSummary) -> tuple[Picture, ...]:
    """The pictures of a mix: the rates of the whole, and everything else group by group.

    Times of groups that ask different detectors make no sense together; the heat map alone shows
    how those of all groups spread. The whole has a chart of times if an objective bounds them.
    """
    load, times = by_load_charts(summary)
    asked = any(objective.group is None for objective in summary.time_objectives)
    by_load = (load, *load_panels(summary), *((times,) if asked else ()))
    beside = summary.interference is not None
    return pictures_of(
        {
            "search.png": (),
            "capacity.png": () if beside else by_load,
            "throughput.png": (throughput_chart(summary), *throughput_panels(summary)),
            "times.png": times_panels(summary),
            "box.png": box_charts(summary),
            "age.png": age_charts(summary),
            "failures.png": failure_panels(summary),
            "heat_map.png": heat_map_charts(summary),
            "spectrum.png": curve_panels(summary),
        },
        {
            "times.png": TIMES_OF_GROUPS_TITLE,
            "box.png": BOX_HEADING,
            "failures.png": FAILURES_OF_GROUPS_TITLE,
            "spectrum.png": CURVES_BESIDE_TITLE if beside else CURVES_OF_GROUPS_TITLE,
        },
    )


def pictures_of(
    named: Mapping[str, tuple[Chart, ...]], headings: Mapping[str, str] = MappingProxyType({})
) -> tuple[Picture, ...]:
    """Pictures whose charts of one group share their x axis, also across pictures.

    Charts without anything to see are left out.
    """
    told = {name: _seen(charts) for name, charts in named.items()}
    shared = iter(with_shared_x(chart for charts in told.values() for chart in charts))
    return tuple(
        Picture(name, tuple(next(shared) for _ in charts), headings.get(name, ""))
        for name, charts in told.items()
    )


def _seen(charts: Iterable[Chart]) -> list[Chart]:
    """The charts that are not empty; half as wide only beside another one of its camera group."""
    seen = [chart for chart in charts if not chart.is_empty]
    halves = Counter(chart.part for chart in seen if chart.half)
    return [replace(chart, half=chart.half and halves[chart.part] % 2 == 0) for chart in seen]
