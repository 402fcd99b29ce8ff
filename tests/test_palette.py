"""The colours of the figures: contrast by WCAG, and readers who see fewer colours."""

from __future__ import annotations

import re
from importlib.resources import files as resources
from itertools import combinations, pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeload.palette import DARK, HEAT, IN_ORDER, ON_DARK, PALE, PALETTE, WHITE

Numbers = NDArray[np.float64]
LEAST_CONTRAST = 3.0
LEAST_DIFFERENCE = 10.0

# Machado, Oliveira and Fernandes 2009 (IEEE TVCG 15(6), table 1), severity 1.0, for linear RGB.
_SEEN_BY = {
    "most readers": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
# IEC 61966-2-1: linear RGB to XYZ under D65.
_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)


def _linear(colour: str) -> Numbers:
    parts = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear: Numbers = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return linear


def contrast(one: str, other: str) -> float:
    """WCAG 2.2: (L1 + 0.05) / (L2 + 0.05), of the relative luminances, the lighter first."""
    low, high = sorted(float(_linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (one, other))
    return (high + 0.05) / (low + 0.05)


def _lab(colour: str, seen_by: str) -> Numbers:
    """CIE 1976 L*a*b*, as such readers see it."""
    seen = np.clip(_SEEN_BY[seen_by] @ _linear(colour), 0.0, 1.0)
    t = (_TO_XYZ @ seen) / (_TO_XYZ @ np.ones(3))
    f = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def _difference(one: str, other: str, seen_by: str) -> float:
    return float(np.linalg.norm(_lab(one, seen_by) - _lab(other, seen_by)))


def _on(background: str, colours: list[str]) -> list[str]:
    return [ON_DARK[each] for each in colours] if background == DARK else colours


@pytest.mark.parametrize("background", [WHITE, DARK])
def test_lines_stand_out_from_their_background(background: str) -> None:
    """3:1 or more for each, also on the ground of a step whose load was not carried."""
    grounds = [background, *_on(background, [PALE["vermilion"]])]
    for colour in _on(background, [*PALETTE.values(), *IN_ORDER]):
        assert contrast(colour, background) >= LEAST_CONTRAST, colour
    for colour in _on(background, list(PALETTE.values())):
        assert min(contrast(colour, ground) for ground in grounds) >= LEAST_CONTRAST, colour


def test_the_formula_is_that_of_wcag() -> None:
    """Black on white is 21:1, and the grey #767676 the darkest that has 4.54:1 (as W3C says)."""
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize("background", [WHITE, DARK])
@pytest.mark.parametrize("seen_by", _SEEN_BY)
def test_colours_of_one_figure_differ_for_every_reader(background: str, seen_by: str) -> None:
    """All pairs of line colours, since failures take every one; and all curves in order."""
    for together in (list(PALETTE.values()), list(IN_ORDER)):
        for one, other in combinations(_on(background, together), 2):
            assert _difference(one, other, seen_by) >= LEAST_DIFFERENCE, (one, other)


@pytest.mark.parametrize("background", [WHITE, DARK])
@pytest.mark.parametrize("seen_by", _SEEN_BY)
def test_a_heat_map_goes_from_its_background_to_the_other_end(
    background: str, seen_by: str
) -> None:
    """On white from nearly white to dark, on dark the other way; each step is seen."""
    lightness = [_lab(colour, seen_by)[0] for colour in [background, *_on(background, list(HEAT))]]
    steps = [after - before for before, after in pairwise(lightness)]
    assert max(steps) < -4 if background == WHITE else min(steps) > 4
    assert abs(steps[0]) < 20
    assert abs(lightness[-1] - lightness[0]) > 75


def _own_colours(background: str) -> dict[str, str]:
    """What report.css calls the colours of the page itself, by name."""
    css = (resources("edgeload.read.output") / "html" / "report.css").read_text("utf-8")
    light, dark = re.findall(r":root[^{]*\{([^}]*)\}", css)[:2]
    found = re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", dark if background == DARK else light)
    return {name: colour.upper() for name, colour in found}


@pytest.mark.parametrize("background", [WHITE, DARK])
def test_texts_of_the_page_are_readable(background: str) -> None:
    """4.5:1 or more (WCAG 2.2, criterion 1.4.3), on the page and on the grounds they stand on."""
    own = _own_colours(background)
    assert own["paper"] == background
    for text in ("ink", "soft", "good", "bad", "odd", "link"):
        grounds = ["paper", "note-ground", "head-ground"]
        grounds += [f"{text}-ground"] if f"{text}-ground" in own else []
        for ground in grounds if text != "link" else ["paper"]:
            assert contrast(own[text], own[ground]) >= 4.5, (text, ground)
    for ground in ("good-ground", "bad-ground", "odd-ground"):
        assert min(contrast(own[text], own[ground]) for text in ("ink", "soft")) >= 4.5, ground
    assert contrast(own["focus"], own["paper"]) >= LEAST_CONTRAST


def test_both_pages_have_the_same_colours() -> None:
    """Each name has a value for white and one for dark."""
    assert set(_own_colours(WHITE)) == set(_own_colours(DARK))


def test_grounds_stay_in_the_background() -> None:
    """What is behind the lines hardly stands out, and every colour has one on the dark page."""
    for light in (PALE[word] for word in PALE if word != "grey"):
        assert contrast(light, WHITE) < 1.5
        assert contrast(ON_DARK[light], DARK) < 1.5
    assert {*PALETTE.values(), *PALE.values(), *IN_ORDER, *HEAT} == set(ON_DARK)
