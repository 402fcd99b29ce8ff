"""The colours of every figure, by word. Pure."""

from __future__ import annotations

PALETTE = {
    "blue": "#0072B2",
    "orange": "#E69F00",
    "green": "#009E73",
    "vermilion": "#D55E00",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "yellow": "#F0E442",
    "black": "#000000",
    "grey": "#767676",
}
"""Colours that colour-blind readers can tell apart (Okabe and Ito, 2008), and a grey."""
