"""The specification of a chart: everything that is shown, as plain values. Pure.

Two renderers draw it and decide nothing: the script of report.html and `output/png`. Lengths are
in CSS pixels, as the page shows them; a PNG is made to be shown 800 of them wide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Values = tuple[float | None, ...]
"""One value for each x of a chart; None: no data."""


@dataclass(frozen=True)
class Hollow:
    """A point that is drawn hollow, by its place in the line's values, and why."""

    place: int
    why: str


@dataclass(frozen=True)
class Line:
    """One series of a chart.

    A "line" goes through its points. "planned" is drawn as stairs from the `due` of the chart's
    spans, which are exact to the step, and broken in pauses. "bars" are `bar_width` wide and stand
    on `base`. "ground" is filled from `low` to `high`, which hold until the next place; to the
    upper edge of the chart if only `low` is known.

    `dash` is on, off, on, off. A `joined` line goes over places without data; others break there.
    `never` are the places at which nothing was ever answered. `crosses` are those of them that are
    marked, at the upper edge; each label that has crosses has a row of its own there. `low` and
    `high` are the ends of whiskers. `pattern`, in white, tells bars apart without colour, and a
    `sign` of one character above each unbroken stretch does so for lines.
    """

    label: str
    colour: str
    values: Values
    kind: Literal["line", "planned", "bars", "ground"] = "line"
    dash: tuple[int, ...] = ()
    width: float = 1.75
    point_size: float = 0.0
    joined: bool = False
    base: Values = ()
    pattern: Literal["", "/", "\\", ".", "x"] = ""
    never: tuple[int, ...] = ()
    crosses: tuple[int, ...] = ()
    hollow: tuple[Hollow, ...] = ()
    low: Values = ()
    high: Values = ()
    sign: str = ""

    @property
    def is_seen(self) -> bool:
        """Whether anything of it is drawn."""
        return bool(self.crosses) or any(value is not None for value in (*self.values, *self.low))


@dataclass(frozen=True)
class Shade:
    """The ground of a span: filled, or hatched where `hatch` is not empty."""

    label: str
    colour: str
    hatch: Literal["", "/", "x"] = ""


@dataclass(frozen=True)
class Span:
    """A ramp step on the axis of time, seconds; `due` is its arrival rate per second.

    `load` counts clients, or copies of a mix; in an interference run it is the step's number, in a
    search what that counts.
    """

    start: float
    end: float
    load: float
    due: float | None
    shade: Shade | None = None


@dataclass(frozen=True)
class Mark:
    """A line across the chart: upright at `x`, named in the key; or level at `y`, with its label.

    One of the two is None. With `until`, an upright one is the ground from `x` to there. An arrow
    to the right stands at an `open` one: the true place is there or beyond. A `thin` one lets the
    lines behind it be seen.
    """

    label: str
    colour: str
    x: float | None = None
    y: float | None = None
    until: float | None = None
    open: bool = False
    thin: bool = False


@dataclass(frozen=True)
class Tick:
    """A labelled place on an axis."""

    at: float
    label: str


@dataclass(frozen=True)
class Axis:
    """An axis from `low` to `high`, with its ticks.

    `whole` axes have ticks at whole numbers only. A tick counts `unit`s: on an axis of seconds, 60
    for minutes. The page needs both to choose ticks for a part of the axis.
    """

    label: str
    low: float
    high: float
    log: bool = False
    whole: bool = False
    ticks: tuple[Tick, ...] = ()
    unit: float = 1.0


@dataclass(frozen=True)
class Heat:
    """A heat map: shares in thousandths, by band (between two of `bands`) and by window.

    A share has the colour `colours[i]` if it lies between `bounds[i]` and `bounds[i + 1]`; a share
    of 0 has none.
    """

    label: str
    edges: Values
    bands: Values
    permille: tuple[tuple[int, ...], ...]
    bounds: tuple[float, ...]
    colours: tuple[str, ...]


@dataclass(frozen=True)
class Key:
    """An entry of the legend beside the lines' names: a sample of something drawn, and its sense.

    Samples: a hollow point, a cross, whiskers, an upright mark, one with an arrow, a filled or
    hatched ground.
    """

    sample: Literal["hollow", "cross", "whisker", "mark", "bound", "fill", "hatch", "cross-hatch"]
    colour: str
    label: str


@dataclass(frozen=True)
class Chart:
    """Lines over one x, and what stands behind and between them.

    Charts of one `group` have one x axis, zoomed together. `unit` stands behind every value that a
    reader points at. `loads` is what the spans count. `part` is the camera group of a mix that
    a chart is about; such charts are small multiples, less high, and two that are `half` as wide
    stand side by side. Those that are `folded` are shown on the page on request only.
    """

    name: str
    title: str
    group: Literal["time", "clients", "copies", "load", "share"]
    unit: str
    x: Values
    x_axis: Axis
    y_axis: Axis
    lines: tuple[Line, ...]
    spans: tuple[Span, ...] = ()
    loads: str = "clients"
    marks: tuple[Mark, ...] = ()
    keys: tuple[Key, ...] = ()
    heat: Heat | None = None
    bar_width: float = 0.0
    part: str = ""
    half: bool = False
    folded: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to see on it but axes, or what the plan asked for."""
        measured = [line for line in self.lines if line.kind != "planned"]
        return self.heat is None and not any(line.is_seen for line in measured)


@dataclass(frozen=True)
class Picture:
    """A PNG: charts with one x axis, one above the other. Without charts there is nothing to show.

    `heading` is what it shows; if it is empty, the title of its first chart says that. `subject`
    is what the user calls the run that it is about.
    """

    file_name: str
    charts: tuple[Chart, ...]
    heading: str = ""
    subject: str = ""

    @property
    def title(self) -> str:
        """What the picture shows."""
        return self.heading or self.charts[0].title
