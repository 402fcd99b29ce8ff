"""The dog's bare parts, shaded pixel by pixel: eyes, nose, mouth, tongue, collar and tag.

A shader takes the scene coordinates of pixels and returns their colours, 0 to 255, and how much
they cover what lies below, 0 to 1.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from dog_space import Array, mix, noise, smooth

Shader = Callable[[Array, Array], tuple[Array, Array]]


def glint(x: Array, y: Array, cx: float, cy: float, rx: float, ry: float) -> Array:
    """Draw the mirror image of a window or the sky: a soft-edged ellipse, 0 to 1."""
    return 1 - smooth(0.6, 1.0, np.hypot((x - cx) / rx, (y - cy) / ry))


def eye(side: float) -> Shader:
    """Shade a brown eye with its dark rim, the lids' almond, and the sky mirrored in it."""
    cx, cy, radius = side * 0.325, -0.055, 0.125

    def shade(x: Array, y: Array) -> tuple[Array, Array]:
        u, v = (x - cx) / radius, (y - cy) / radius
        r = np.hypot(u, v)
        tilt = v + 0.12 * u * side
        almond = np.maximum(r, np.hypot(u * 0.80, tilt * 1.22 + 0.04))
        colours = np.broadcast_to(np.array((24.0, 15, 11)), (*x.shape, 3))
        spokes = 1 + 0.08 * np.sin(np.arctan2(v, u) * 23) + 0.06 * np.sin(np.arctan2(v, u) * 41)
        iris = (1 - smooth(0.72, 0.86, r)) * smooth(0.42, 0.54, r)
        brown = (
            np.array((112.0, 60, 24)) * (spokes * (0.55 + 0.6 * smooth(-0.8, 0.9, v)))[..., None]
        )
        colours = colours + (brown - colours) * iris[..., None]
        colours = colours * (1 - 0.55 * (1 - smooth(-0.75, -0.1, tilt)))[..., None]
        colours = mix(colours, (255, 255, 252), glint(u, v, -0.26, -0.34, 0.25, 0.22))
        colours = mix(colours, (190, 205, 225), 0.45 * glint(u, v, 0.28, 0.40, 0.34, 0.18))
        return colours, 1 - smooth(1.02, 1.2, almond)

    return shade


def eyelid(side: float) -> Shader:
    """Shade the dark skin around an eye, with its drawn-out inner corner."""
    cx, cy = side * 0.322, -0.045

    def shade(x: Array, y: Array) -> tuple[Array, Array]:
        u, v = (x - cx) * side, y - cy
        ring = np.hypot(u / 0.158, (v + 0.10 * u) / 0.126)
        corner = np.hypot((u + 0.135) / 0.055, (v - 0.045) / 0.028)
        cover = np.maximum(1 - smooth(0.82, 1.12, ring), 1 - smooth(0.6, 1.1, corner))
        return np.broadcast_to(np.array((34.0, 21, 16)), (*x.shape, 3)), 0.92 * cover

    return shade


def nose(rng: np.random.Generator) -> Shader:
    """Shade the wet, pebbled nose with two nostrils and the sky on its top."""

    def shade(x: Array, y: Array) -> tuple[Array, Array]:
        v = (y - 0.265) / 0.150
        half_width = 0.205 - 0.055 * smooth(-0.1, 1.0, v) - 0.012 * smooth(-0.5, -1.0, v)
        u = x / half_width
        shape = (np.abs(u) ** 2.5 + np.abs(v) ** 2.4) ** (1 / 2.45)
        pebble = noise(x.shape, max(2.0, x.shape[1] / 46), rng)
        relief = np.sqrt(np.clip(1 - shape**2, 0, 1))
        tone = 26 + 30 * relief * (1 - smooth(-0.7, 0.6, v)) + 5 * pebble * relief
        nostril = np.minimum(
            np.hypot((np.abs(u) - 0.50) / 0.27, (v - 0.18 + 0.25 * (np.abs(u) - 0.5)) / 0.27), 9
        )
        slit = np.hypot((np.abs(u) - 0.78) / 0.22, (v - 0.42) / 0.13)
        hole = np.maximum(1 - smooth(0.6, 1.05, nostril), 1 - smooth(0.5, 1.1, slit))
        groove = np.exp(-((u / 0.06) ** 2)) * smooth(0.1, 0.6, v)
        tone = tone * (1 - 0.85 * hole) * (1 - 0.6 * groove)
        wet = glint(u, v, -0.22, -0.56, 0.42, 0.20) + 0.5 * glint(u, v, 0.40, -0.52, 0.24, 0.15)
        tone = tone + (110 + 30 * pebble) * wet * (1 - hole)
        colours = tone[..., None] * np.array((1.0, 0.95, 0.96))
        return colours, 1 - smooth(0.93, 1.03, shape)

    return shade


def mouth(x: Array, y: Array) -> tuple[Array, Array]:
    """Shade the dark of the open mouth, behind the tongue and above the lower lip."""
    q = np.hypot(x / 0.27, (y - 0.80) / 0.26)
    colours = np.array((52.0, 20, 20)) * (1 - 0.5 * smooth(1.0, 0.7, y))[..., None]
    return colours, 1 - smooth(0.92, 1.02, q)


def tongue(x: Array, y: Array) -> tuple[Array, Array]:
    """Shade the tongue, which hangs over the lower lip, with its furrow and its wet shine."""
    half_width = 0.165 + 0.02 * smooth(0.75, 1.05, y)
    u = (x - 0.012 - 0.03 * smooth(0.8, 1.2, y)) / half_width
    tip = np.clip((y - 1.08) / 0.18, 0, 2)
    shape = np.hypot(u, tip)
    bulge = np.sqrt(np.clip(1 - shape**2, 0, 1))
    furrow = np.exp(-((u / 0.10) ** 2)) * (1 - smooth(1.02, 1.18, y))
    tone = 0.52 + 0.48 * bulge - 0.22 * furrow - 0.4 * (1 - smooth(0.80, 1.0, y))
    colours = np.array((226.0, 116, 122)) * tone[..., None]
    shine = 0.45 * glint(u, y, -0.45, 1.08, 0.28, 0.10) + 0.25 * glint(u, y, 0.45, 1.06, 0.18, 0.09)
    colours = mix(colours, (255, 235, 235), shine)
    return colours, (1 - smooth(0.95, 1.03, shape)) * smooth(0.60, 0.64, y)


def collar(x: Array, y: Array) -> tuple[Array, Array]:
    """Shade a red collar round the neck, a little sunk into the fur."""
    middle = 1.24 + 0.16 * (1 - (x / 0.72) ** 2)
    v = (y - middle) / 0.085
    tone = (1.0 - 0.35 * v**2) * (1 - 0.65 * np.clip(np.abs(x) / 0.8, 0, 1) ** 2)
    weave = 1 + 0.05 * np.sin(x * 210) * np.sin(y * 210)
    stitch = np.exp(-(((np.abs(v) - 0.72) / 0.07) ** 2)) * (np.sin(x * 95) > -0.2)
    colours = np.array((178.0, 32, 34)) * (tone * weave)[..., None]
    colours = mix(colours, (228, 176, 150), 0.5 * stitch)
    return colours, (1 - smooth(0.93, 1.05, np.abs(v))) * (1 - smooth(0.70, 0.76, np.abs(x)))


def tag(x: Array, y: Array) -> tuple[Array, Array]:
    """Shade the brass disc that hangs from the collar."""
    u, v = x / 0.115, (y - 1.61) / 0.115
    r = np.hypot(u, v)
    tone = 0.72 - 0.32 * (u + v) * 0.7 + 0.25 * np.exp(-(((u + v + 0.4) / 0.25) ** 2))
    tone = tone - 0.3 * np.exp(-(((r - 0.8) / 0.06) ** 2))
    colours = np.array((222.0, 174, 84)) * tone[..., None]
    return colours, 1 - smooth(0.95, 1.04, r)
