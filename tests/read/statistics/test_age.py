"""Ages over time: against a fine grid of instants, and against theory."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeload.read.statistics import age, grouped
from edgeload.read.statistics.age import AgeSpans, age_spans, joined_spans
from edgeload.read.statistics.windows import Floats, Window

_CELL = 1 / 32  # all instants of the tests below are whole eighths of a second

_EIGHTHS = st.integers(0, 80).map(lambda eighths: eighths / 8)
_ANSWERS = st.lists(st.tuples(st.integers(0, 2), _EIGHTHS, st.integers(0, 24)), max_size=30)
_SPANS = st.lists(st.tuples(_EIGHTHS, _EIGHTHS), min_size=3, max_size=3)
_CUT = st.tuples(_EIGHTHS, _EIGHTHS)


def _of(
    answers: list[tuple[int, float, int]],
    counted: list[tuple[float, float]],
    window: Window,
) -> AgeSpans:
    """Answers are (camera, when it came, eighths of a second since it was due)."""
    answered_s = np.array([at for _, at, _ in answers], dtype=np.float64)
    waited_s = np.array([eighths / 8 for _, _, eighths in answers], dtype=np.float64)
    return age_spans(
        np.array([camera for camera, _, _ in answers], dtype=np.int64),
        answered_s - waited_s,
        answered_s,
        np.array([begin for begin, _ in counted]),
        np.array([end for _, end in counted]),
        window,
    )


def _on_a_grid(
    answers: list[tuple[int, float, int]],
    counted: list[tuple[float, float]],
    window: Window,
) -> Floats:
    """The age in the middle of each cell of time of each camera that counts there."""
    ages = []
    middles = np.arange(window.start_s, window.end_s, _CELL) + _CELL / 2
    for camera, (begin, end) in enumerate(counted):
        for at in middles[(middles >= begin) & (middles < end)].tolist():
            known = [a - e / 8 for c, a, e in answers if c == camera and a <= at]
            ages.append(at - max(known, default=-math.inf))
    return np.array(ages)


@given(_ANSWERS, _SPANS, _CUT)
def test_ages_are_those_on_a_fine_grid(
    answers: list[tuple[int, float, int]],
    counted: list[tuple[float, float]],
    cut: tuple[float, float],
) -> None:
    """Answers out of order, cameras without one, any window: shares, percentiles, mean, most."""
    window = Window(*cut)
    spans = _of(answers, counted, window)
    grid = _on_a_grid(answers, counted, window)
    assert spans.time_s == pytest.approx(len(grid) * _CELL)
    if not len(grid):
        assert spans.age is None
        return
    # In a cell the age runs through one step of the lattice, so at the lattice it is exact.
    lattice = np.arange(0, 15, 1 / 8)
    for age_s in lattice.tolist():
        assert spans.share_above(age_s) == pytest.approx(float((grid > age_s).mean()), abs=1e-9)
    assert spans.mean_s == pytest.approx(float(grid.mean()))
    assert spans.max_s == pytest.approx(float(grid.max()) + _CELL / 2)
    ordered = np.sort(grid)
    for q in (0.01, 0.25, 0.5, 0.75, 0.95, 0.999):
        near = ordered[math.ceil(q * len(ordered) * (1 - 1e-12)) - 1]
        assert spans.quantile(q) == pytest.approx(float(near), abs=_CELL / 2 + 1e-9)


@given(_ANSWERS, _SPANS, _CUT, st.lists(_EIGHTHS, min_size=2, max_size=6, unique=True))
def test_bins_are_windows_of_their_own(
    answers: list[tuple[int, float, int]],
    counted: list[tuple[float, float]],
    cut: tuple[float, float],
    edges: list[float],
) -> None:
    """Spans cut at instants are those of the smaller windows; joined, they are the whole."""
    spans = _of(answers, counted, Window(*cut))
    edges_s = np.array(sorted(edges))
    parts = spans.split(edges_s)
    assert len(parts) == len(edges) - 1
    for part, begin, end in zip(parts, edges_s[:-1], edges_s[1:], strict=True):
        inside = Window(max(begin, cut[0]), min(end, cut[1]))
        same = _of(answers, counted, inside)
        assert part.time_s == pytest.approx(same.time_s)
        assert (part.age is None) == (same.age is None)
        if part.age and same.age:
            assert part.age.p50_s == pytest.approx(same.age.p50_s)
            assert part.age.mean_s == pytest.approx(same.age.mean_s)
            assert part.age.max_s == pytest.approx(same.age.max_s)
    whole = spans.split(np.array([0.0, *edges_s[(edges_s > 0) & (edges_s < 10)], 10.0]))
    together = joined_spans(list(whole))
    assert together.time_s == pytest.approx(spans.time_s)
    if spans.age:
        assert together.quantile(0.5) == pytest.approx(spans.quantile(0.5))


@given(_ANSWERS, _SPANS, _CUT, st.sampled_from([1, 2, 5]))
def test_ages_made_in_parts_are_those_of_the_whole(
    answers: list[tuple[int, float, int]],
    counted: list[tuple[float, float]],
    cut: tuple[float, float],
    rows: int,
) -> None:
    """However few answers are looked at together: the same spans, and the same four numbers."""
    whole = _of(answers, counted, Window(*cut))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(age, "ROWS_AT_ONCE", rows)
        patch.setattr(grouped, "ROWS_AT_ONCE", rows)
        parts = _of(answers, counted, Window(*cut))
        spans = [
            sorted(
                zip(of.start_s.tolist(), of.end_s.tolist(), of.newest_due_s.tolist(), strict=True)
            )
            for of in (parts, whole)
        ]
        assert spans[0] == spans[1]
        found = parts.age
    if whole.age is None or found is None:
        assert whole.age is found is None
        return
    assert found == whole.age
    assert [parts.share_above(x) for x in (0.5, 2.0)] == [whole.share_above(x) for x in (0.5, 2.0)]


def _periodic(period_s: float, response_s: float, cameras: int, periods: int) -> AgeSpans:
    """Cameras of one period at phases of their own, each answered after the same time."""
    number = np.arange(-20, periods + 1)
    phase_s = (np.arange(cameras) * 0.618034) % 1.0 * period_s
    due_s = (phase_s[:, None] + number * period_s).ravel()
    camera = np.repeat(np.arange(cameras), len(number))
    always = np.full(cameras, np.inf)
    window = Window(0.0, (periods - 1) * period_s)
    return age_spans(camera, due_s, due_s + response_s, -always, always, window)


@pytest.mark.parametrize(("period_s", "response_s"), [(0.5, 0.1), (1.0, 0.99), (0.2, 0.0)])
def test_a_steady_camera_has_ages_from_response_to_response_and_period(
    period_s: float, response_s: float
) -> None:
    """Answers that each take R, once in P: the age is uniform on [R, R + P], whatever the phase."""
    spans = _periodic(period_s, response_s, 7, 40)
    for q in (0.05, 0.5, 0.95):
        assert spans.quantile(q) == pytest.approx(response_s + q * period_s)
    assert spans.age is not None
    assert spans.age.mean_s == pytest.approx(response_s + period_s / 2)
    assert spans.age.max_s == pytest.approx(response_s + period_s)
    assert spans.share_above(response_s + 0.3 * period_s) == pytest.approx(0.7)


def test_a_camera_without_an_answer_is_of_infinite_age() -> None:
    """One camera of ten: over every bound for 10 % of the time, so p95 and the mean are never."""
    nine = _periodic(1.0, 0.1, 9, 11)
    silent = AgeSpans(np.zeros(1), np.full(1, 10.0), np.full(1, -np.inf))
    both = joined_spans([nine, silent])
    assert both.share_above(1e9) == pytest.approx(0.1)
    assert both.quantile(0.5) == pytest.approx(0.1 + 0.5 / 0.9)
    assert both.age is not None
    assert (both.age.p95_s, both.age.max_s, both.age.mean_s) == (math.inf,) * 3
    assert silent.quantile(0.01) == math.inf
    assert silent.share_above(5.0) == 1.0


def test_ages_over_time_leave_out_what_nobody_saw() -> None:
    """A camera from 2 s on, first answered at 3 s: no figure, then never, then a sawtooth."""
    spans = age_spans(
        np.zeros(2, np.int64),
        np.array([2.0, 4.0]),
        np.array([3.0, 4.5]),
        np.array([2.0]),
        np.array([6.0]),
        Window(0.0, 10.0),
    )
    found = spans.over_time(np.arange(0.0, 8.0))
    assert found.middle_s.tolist() == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5]
    for values in (found.p50_s, found.p95_s, found.max_s):
        assert np.isnan(values[[0, 1, 6]]).all()
        assert values[2] == math.inf
    assert found.max_s[3:6].tolist() == [2.0, 2.5, 2.0]
    # From 4 to 4.5 s the age is 2 to 2.5 s, then 0.5 to 1 s: half of the time is up to 1 s.
    assert found.p50_s[3:6].tolist() == pytest.approx([1.5, 1.0, 1.5])


def test_a_share_is_reached_whatever_floating_point_adds_to_it() -> None:
    """Of n spans of 0.1 s with gaps between their ages, the first k hold exactly k / n of the time.

    So the k/n-quantile is the end of the k-th, and not the start of the next.
    """
    for n in range(1, 40):
        start_s = np.zeros(n)
        spans = AgeSpans(start_s, start_s + 0.1, -10.0 * np.arange(n, dtype=np.float64))
        found = [spans.quantile(k / n) for k in range(1, n + 1)]
        assert found == pytest.approx([10.0 * k + 0.1 for k in range(n)])
