"""The dog's furry parts as reliefs: height, colour, how the hair grows, and the light on them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from dog_space import GRID_PER_UNIT, Array, blur, mix, noise, smooth, unit

LIGHT = np.array([-0.48, -0.62, 0.62]) / math.sqrt(0.48**2 + 2 * 0.62**2)
RIM = np.array([0.75, -0.66, 0.0])
WHITE = (238, 230, 218)
TAN = (196, 126, 66)
CHESTNUT = (132, 74, 38)
SABLE = (70, 46, 34)


@dataclass(frozen=True)
class Relief:
    """One part of the dog on the grid: height, colour, and how its hair grows."""

    z: Array
    mask: Array  # 0 to 1: how much of its skin and hair is there
    albedo: Array  # (rows, columns, 3), 0 to 255
    flow: tuple[Array, Array]  # unit vectors along which the hair grows
    length: Array  # of a hair, head units
    order: Array  # hairs with the larger value lie underneath
    curl: float = 0.25


def bulges(x: Array, y: Array, parts: Sequence[Sequence[float]], blend: float) -> Array:
    """Melt ellipsoids (x, y, half width, half height, z, half depth) into one relief."""
    total = np.zeros_like(x)
    for cx, cy, rx, ry, cz, rz in parts:
        q = 1.0 - ((x - cx) / rx) ** 2 - ((y - cy) / ry) ** 2
        z = cz + rz * np.sign(q) * np.sqrt(np.abs(q)) * np.where(q < 0, 2.0, 1.0)
        total += np.exp(np.clip(z / blend, -60.0, 60.0))
    return np.asarray(blend * np.log(total + 1e-20))


def both_sides(*parts: Sequence[float]) -> list[list[float]]:
    """Mirror ellipsoids to the dog's other side."""
    return [[sign * part[0], *part[1:]] for part in parts for sign in (-1.0, 1.0)]


def body(x: Array, y: Array, rng: np.random.Generator) -> Relief:
    """Neck, chest and shoulders."""
    parts = [[0, 1.0, 0.74, 0.85, -0.5, 0.6], [0, 2.2, 0.95, 1.1, -0.55, 0.85]]
    z = bulges(x, y, parts + both_sides([0.72, 2.25, 0.55, 1.0, -0.7, 0.6]), 0.08)
    wobble = 0.07 * noise(x.shape, 14, rng)
    bib = 1 - smooth(0.28, 0.42, np.abs(x) + wobble - 0.12 * (y - 1.2))
    albedo = np.broadcast_to(np.array(TAN, dtype=float), (*x.shape, 3))
    albedo = mix(albedo, CHESTNUT, smooth(0.55, 1.0, np.abs(x) + wobble))
    albedo = mix(albedo, WHITE, bib)
    flow = unit(0.35 * x + 0.25 * noise(x.shape, 25, rng), np.ones_like(x))
    return Relief(
        z, np.where(z > -0.55, 1.0, 0.0), albedo, flow, 0.2 + 0.05 * smooth(1.2, 2, y), y, 0.5
    )


def jaw(x: Array, y: Array, rng: np.random.Generator) -> Relief:
    """Lower jaw and chin, which the open mouth shows."""
    z = bulges(x, y, [[0, 0.82, 0.30, 0.34, 0.2, 0.4]], 0.05)
    albedo = np.broadcast_to(np.array(WHITE, dtype=float) * 0.93, (*x.shape, 3))
    flow = unit(0.6 * x + 0.1 * noise(x.shape, 20, rng), np.ones_like(x))
    return Relief(z, np.where(z > 0.2, 1.0, 0.0), albedo, flow, np.full_like(x, 0.075), y)


def head(x: Array, y: Array, rng: np.random.Generator) -> Relief:
    """Skull, cheeks, brows and muzzle with the upper lips."""
    middle = [
        [0, -0.30, 0.72, 0.68, 0.0, 0.75],
        [0, 0.36, 0.34, 0.36, 0.50, 0.55],
        [0, 0.02, 0.15, 0.50, 0.62, 0.36],
    ]
    sides = both_sides(
        [0.38, 0.14, 0.40, 0.44, 0.10, 0.50],
        [0.25, -0.33, 0.24, 0.20, 0.44, 0.24],
        [0.18, 0.53, 0.25, 0.26, 0.72, 0.40],
    )
    z = bulges(x, y, middle + sides, 0.06)
    side = np.abs(x)
    wobble = 0.03 * noise(x.shape, 9, rng)
    blaze = 1 - smooth(0.0, 0.06, side + wobble - 0.05 - 0.10 * smooth(-0.7, 0.2, y))
    snout = 1 - smooth(0.86, 1.1, np.hypot(x / 0.50, (y - 0.52) / 0.40) + 2 * wobble)
    albedo = np.broadcast_to(np.array(TAN, dtype=float), (*x.shape, 3))
    albedo = mix(albedo, CHESTNUT, 0.7 * smooth(0.42, 0.75, side - 0.1 * y + 2 * wobble))
    socket = np.hypot((side - 0.33) / 0.22, (y + 0.06) / 0.17)
    albedo = mix(albedo, CHESTNUT, 0.5 * (1 - smooth(0.6, 1.3, socket + 2 * wobble)))
    albedo = mix(albedo, WHITE, np.maximum(blaze, snout))
    down = 0.9 * smooth(0.3, 0.65, side) + 1.2 * smooth(0.45, 0.75, y)
    out = 0.25 * np.sign(x) * smooth(-0.2, -0.7, y)
    flow = unit(x + out + 0.06 * noise(x.shape, 16, rng), y - 0.24 + down * 0.4)
    length = 0.05 + 0.05 * smooth(0.2, -0.4, y) + 0.09 * smooth(0.35, 0.7, side)
    return Relief(z, np.where(z > 0.02, 1.0, 0.0), albedo, flow, length, np.hypot(x, y - 0.24))


def ear(x: Array, y: Array, side: float, rng: np.random.Generator) -> Relief:
    """One floppy ear, hanging from the skull's upper corner; `side` is -1 or 1."""
    t = np.linspace(0, 1, 60)
    stops = np.linspace(0, 1, 6)
    spine_x = side * np.interp(t, stops, [0.46, 0.67, 0.84, 0.92, 0.91, 0.84])
    spine_y = np.interp(t, stops, [-0.76, -0.71, -0.42, 0.02, 0.40, 0.66])
    width = np.interp(t, stops, [0.17, 0.21, 0.24, 0.26, 0.24, 0.12])
    spine_x, spine_y, width = (
        np.convolve(np.pad(v, 6, "edge"), np.ones(13) / 13, "valid")
        for v in (spine_x, spine_y, width)
    )
    nearest = np.full_like(x, 9.0)
    along = np.zeros_like(x)
    for i in range(t.size):
        q = np.hypot(x - spine_x[i], y - spine_y[i]) / width[i]
        along = np.where(q < nearest, t[i], along)
        nearest = np.minimum(nearest, q)
    inside = np.clip(1 - nearest**2, 0, 1)
    fold = 0.10 * np.exp(-(((along - 0.22) / 0.10) ** 2)) - 0.06 * np.sin(9 * along + 6 * x * side)
    z = blur(0.35 + (0.06 + 0.2 * along) * np.sqrt(inside) + fold * inside, 4)
    tx = np.interp(along, t, np.gradient(spine_x))
    ty = np.interp(along, t, np.gradient(spine_y))
    flow = unit(*(blur(v, 8) for v in unit(tx, ty)))
    flow = unit(flow[0] + 0.12 * noise(x.shape, 18, rng), flow[1])
    albedo = np.broadcast_to(np.array(CHESTNUT, dtype=float), (*x.shape, 3))
    albedo = mix(albedo, SABLE, 0.75 * smooth(0.45, 0.95, along + 0.12 * noise(x.shape, 14, rng)))
    albedo = mix(albedo, TAN, 1 - smooth(0.0, 0.30, along))
    mask = (nearest < 1) * smooth(0.02, 0.20, along)
    return Relief(z, mask, albedo, flow, 0.13 + 0.07 * along, along, 0.35)


def light(relief: Relief) -> tuple[Array, Array]:
    """Soft daylight on a relief, 0 to about 1.3, and the sun's edge from behind, 0 to 1."""
    z = blur(relief.z, 2)
    dy, dx = np.gradient(z, 1.0 / GRID_PER_UNIT)
    size = np.sqrt(dx**2 + dy**2 + 1)
    nx, ny, nz = -dx / size, -dy / size, 1 / size
    key = np.clip(0.35 + 0.65 * (nx * LIGHT[0] + ny * LIGHT[1] + nz * LIGHT[2]), 0, 1)
    sky = 0.5 - 0.5 * ny
    hollow = np.clip((z - blur(z, 14)) * 2.2, -0.45, 0.2)
    rim = np.clip(nx * RIM[0] + ny * RIM[1], 0, 1) * (1 - nz) ** 2
    return 0.95 * key + 0.22 * sky + hollow, rim
