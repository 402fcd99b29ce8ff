"""The colours of every figure, by word, on white paper and on a dark screen. Pure.

Specifications hold those on white; `ON_DARK` says what each of them is on the dark page. On its
own background, each colour of a line, point or text has a contrast of 3:1 or more (WCAG 2.2,
criterion 1.4.11), and any two that stand in one figure differ by 10 or more (CIE 1976) for
readers of all three kinds of colour blindness as well; tests/test_palette.py computes both.
"""

from __future__ import annotations

WHITE, DARK = "#FFFFFF", "#14181D"
"""The backgrounds of the page."""

_LINES = {
    "blue": ("#05549F", "#4A90E0"),
    "orange": ("#C47600", "#F5C040"),
    "green": ("#0C7F4D", "#43CA8E"),
    "vermilion": ("#B33300", "#F07840"),
    "purple": ("#9E4F8D", "#C688C4"),
    "sky": ("#138FD8", "#A0D0FF"),
    "black": ("#000000", "#F0F3F6"),
    "grey": ("#828281", "#98A0A0"),
}
_GROUNDS = {
    "blue": ("#D6E6F4", "#183349"),
    "orange": ("#FAEBCC", "#3D3014"),
    "green": ("#CDEBE1", "#1B3A2C"),
    "vermilion": ("#FBEBE0", "#3A2418"),
    "purple": ("#F5E1EC", "#38233A"),
    "sky": ("#E0F1FB", "#1E3348"),
    "grey": ("#CFCFCF", "#4A5158"),
}
_IN_ORDER = (
    *(("#440154", "#FFEC2C"), ("#402373", "#B1DB2A"), ("#3E4989", "#67CC5C")),
    *(("#31678E", "#2CB37B"), ("#24828E", "#189587"), ("#27A08E", "#21788A")),
)
_HEAT = (
    *(("#E2ECF4", "#2E3543"), ("#C1D4E9", "#374960"), ("#9FBDDE", "#405D7E")),
    *(("#7BA6D2", "#48739D"), ("#5290C7", "#4E89BD"), ("#3179B4", "#679FD3")),
    *(("#23629A", "#8DB4DE"), ("#144C81", "#B0CAE8"), ("#033768", "#D1E0F2")),
    ("#002351", "#F1F7FC"),
)

PALETTE = {word: light for word, (light, _) in _LINES.items()}
"""Of lines, points and texts."""
PALE = {word: light for word, (light, _) in _GROUNDS.items()}
"""Of the grounds behind them."""
IN_ORDER = tuple(light for light, _ in _IN_ORDER)
"""Of curves that are in order, from the smallest load to the largest; after viridis."""
HEAT = tuple(light for light, _ in _HEAT)
"""Of shares in a heat map, from few to many: from nearly the background to far from it."""
ON_DARK = dict((*_LINES.values(), *_GROUNDS.values(), *_IN_ORDER, *_HEAT))
"""Each of these colours on the dark page."""
