"""The space the dog lives in: head units, the grid on them, a camera's view, and fields of numbers.

x runs to the right, y downwards, z towards the viewer; the head is about 1.5 units wide around
(0, 0). A field is an array with one number for each cell of the grid.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Array = NDArray[np.float64]
PIVOT = (0.0, 1.0)  # in the neck, where the head turns
GRID_PER_UNIT = 128
GRID_BOX = (-2.4, -1.7, 2.4, 2.9)  # left, top, right, bottom of the dog, in head units


@dataclass(frozen=True)
class View:
    """A picture to make: its file, size in pixels, and the part of the scene that it shows."""

    name: str
    width: int
    height: int
    centre: tuple[float, float]
    units_high: float
    oversampling: int
    target_bytes: int
    tilt: float = 0.0  # radians by which the scene is turned about PIVOT

    @property
    def scale(self) -> float:
        """Drawn pixels per head unit, before the picture is made smaller."""
        return self.height * self.oversampling / self.units_high

    def place(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Scene coordinates to drawn pixels."""
        cos, sin = math.cos(self.tilt), math.sin(self.tilt)
        u, v = x - PIVOT[0], y - PIVOT[1]
        left, top = self.corner
        return (
            (PIVOT[0] + u * cos - v * sin - left) * self.scale,
            (PIVOT[1] + u * sin + v * cos - top) * self.scale,
        )

    def affine(self) -> tuple[float, float, float, float, float, float]:
        """Undo `place`: x = a column + b row + c and y = d column + e row + f."""
        cos, sin = math.cos(self.tilt), math.sin(self.tilt)
        u, v = (edge - pivot for edge, pivot in zip(self.corner, PIVOT, strict=True))
        c, s = cos / self.scale, sin / self.scale
        return c, s, PIVOT[0] + u * cos + v * sin, -s, c, PIVOT[1] - u * sin + v * cos

    @property
    def size(self) -> tuple[int, int]:
        """Drawn pixels, columns and rows."""
        return self.width * self.oversampling, self.height * self.oversampling

    @property
    def corner(self) -> tuple[float, float]:
        """Scene coordinates of the picture's left upper corner."""
        half = self.units_high / 2
        return self.centre[0] - half * self.width / self.height, self.centre[1] - half


def grid() -> tuple[Array, Array]:
    """Scene coordinates of the grid on which the dog's parts are measured."""
    left, top, right, bottom = GRID_BOX
    columns = int((right - left) * GRID_PER_UNIT) + 1
    rows = int((bottom - top) * GRID_PER_UNIT) + 1
    x, y = np.meshgrid(np.linspace(left, right, columns), np.linspace(top, bottom, rows))
    return x, y


def smooth(low: float, high: float, value: Array) -> Array:
    """Rise from 0 to 1 between `low` and `high` without a corner."""
    t = np.clip((value - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t))


def blur(field: Array, radius: float) -> Array:
    """Blur a field of numbers by a Gaussian of `radius` cells."""
    image = Image.fromarray(field.astype(np.float32))
    small = max(1, int(radius / 2))
    size = (max(1, image.width // small), max(1, image.height // small))
    low = image.resize(size, Image.Resampling.BOX)
    kernel = np.exp(-0.5 * (np.arange(-6, 7) / (radius / small)) ** 2)
    kernel /= kernel.sum()
    values = np.pad(np.asarray(low, dtype=np.float64), 6, mode="edge")
    rows = sum(k * values[i : values.shape[0] - 12 + i, :] for i, k in enumerate(kernel))
    both = sum(k * rows[:, i : rows.shape[1] - 12 + i] for i, k in enumerate(kernel))
    back = Image.fromarray(np.asarray(both, dtype=np.float32))
    return np.asarray(back.resize(image.size, Image.Resampling.BICUBIC), dtype=np.float64)


def noise(shape: tuple[int, ...], cell: float, rng: np.random.Generator) -> Array:
    """Smooth random numbers around 0 whose bumps are `cell` grid cells wide."""
    rows, columns = (max(2, round(n / cell) + 1) for n in shape[:2])
    coarse = Image.fromarray(rng.standard_normal((rows, columns)).astype(np.float32))
    return np.asarray(
        coarse.resize((shape[1], shape[0]), Image.Resampling.BICUBIC), dtype=np.float64
    )


def mix(base: Array, colour: Sequence[float], weight: Array) -> Array:
    """Blend `colour` over `base` by `weight`, 0 to 1."""
    return np.asarray(base + (np.asarray(colour) - base) * weight[..., None])


def unit(dx: Array, dy: Array) -> tuple[Array, Array]:
    """Scale vectors to length 1."""
    size = np.hypot(dx, dy) + 1e-9
    return dx / size, dy / size


def project(view: View, field: Array) -> Array:
    """Resample a grid field to the drawn picture; outside the grid it is 0."""
    a, b, c, d, e, f = view.affine()
    c, f = c - GRID_BOX[0], f - GRID_BOX[1]
    image = Image.fromarray(field.astype(np.float32))
    coefficients = tuple(value * GRID_PER_UNIT for value in (a, b, c, d, e, f))
    drawn = image.transform(
        view.size, Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR
    )
    return np.asarray(drawn, dtype=np.float64)
