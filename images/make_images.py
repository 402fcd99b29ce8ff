"""Draw the project's own pictures: a dog's portrait, small and large, from numbers alone.

Run `python images/make_images.py`; it needs numpy and Pillow and writes two JPEG files beside
itself. No photograph went in, so there is no licence to heed, and the seed makes it repeatable.

Each part of the dog is a relief (dog_coat.py) whose hairs are drawn one by one along the way they
grow, or a bare part shaded pixel by pixel (dog_face.py), in the space of dog_space.py.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
from dog_coat import Relief, body, ear, head, jaw, light
from dog_face import Shader, collar, eye, eyelid, mouth, nose, tag, tongue
from dog_space import GRID_BOX, GRID_PER_UNIT, Array, View, blur, grid, mix, noise, project, smooth
from PIL import Image, ImageChops, ImageDraw, ImageFilter

SEED = 20240
HEAD_TILT = 0.085  # radians: it holds its head a little askew
HAIRS_PER_UNIT2 = 15_000
SMALL = View("dog_resized_256x256.jpeg", 256, 256, (-0.04, 0.30), 3.2, 4, 20_480)
LARGE = View("dog_1920x1080.jpeg", 1920, 1080, (0.75, 0.34), 3.7, 2, 800_000)


def mask_image(weight: Array) -> Image.Image:
    """Turn weights 0 to 1 into a mask for pasting."""
    return Image.fromarray(np.clip(weight * 255, 0, 255).astype(np.uint8))


def colour_image(pixels: Array) -> Image.Image:
    """Turn colours 0 to 255 into a picture."""
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def paint(
    canvas: Image.Image,
    covered: Image.Image,
    view: View,
    relief: Relief,
    rng: np.random.Generator,
) -> None:
    """Put one part of the dog on the canvas: its shadow, its skin, then its hairs.

    `covered` is the mask of the parts painted so far: they catch the shadow, the garden does not.
    """
    shade, rim = light(relief)
    shadow = np.roll(blur(relief.mask, 14), (15, 7), (0, 1))
    shadow_mask = ImageChops.multiply(covered, mask_image(project(view, 0.65 * shadow)))
    canvas.paste((26, 18, 14), mask=shadow_mask)
    skin = relief.albedo * (0.72 * shade)[..., None]
    drawn = np.stack([project(view, skin[..., i]) for i in range(3)], axis=-1)
    skin_mask = mask_image(project(view, relief.mask))
    canvas.paste(colour_image(drawn), mask=skin_mask)
    covered.paste(ImageChops.lighter(covered, skin_mask))
    hairs(canvas, view, relief, shade, rim, rng)


def hairs(
    canvas: Image.Image,
    view: View,
    relief: Relief,
    shade: Array,
    rim: Array,
    rng: np.random.Generator,
) -> None:
    """Draw the hairs of one part, the lower ones first, each lighter towards its tip."""
    rows, columns = np.nonzero(relief.mask > rng.random(relief.mask.shape))
    count = int(rows.size / GRID_PER_UNIT**2 * HAIRS_PER_UNIT2)
    chosen = rng.integers(0, rows.size, count)
    row, column = rows[chosen], columns[chosen]
    rank = np.argsort(-(relief.order[row, column] + rng.normal(0, 0.04, count)))
    row, column = row[rank], column[rank]
    x = GRID_BOX[0] + (column + rng.random(count)) / GRID_PER_UNIT
    y = GRID_BOX[1] + (row + rng.random(count)) / GRID_PER_UNIT
    angle = rng.normal(0, 0.16, count)
    bend = rng.normal(0, relief.curl, count)
    step = relief.length[row, column] * rng.uniform(0.6, 1.25, count) / 4
    dx, dy = relief.flow[0][row, column], relief.flow[1][row, column]
    points = [(x, y)]
    for i in range(4):
        turn = angle + bend * i / 2
        x = x + step * (dx * np.cos(turn) - dy * np.sin(turn))
        y = y + step * (dx * np.sin(turn) + dy * np.cos(turn))
        points.append((x, y))
    # Hairs in a lock share their tone, as damp or brushed fur does.
    lock = 0.10 * noise(relief.z.shape, 7, rng)[row, column]
    tone = shade[row, column] * np.clip(rng.normal(1.0, 0.15, count) + lock, 0.5, 1.5)
    colour = relief.albedo[row, column] * rng.normal(1, 0.03, (count, 3)) * tone[:, None]
    colour += (rim[row, column] * rng.uniform(0.5, 1.2, count))[:, None] * (255, 226, 170)
    pixels = np.stack([np.stack(view.place(*point), axis=-1) for point in points], axis=1)
    strokes(canvas, pixels, colour, max(1, round(view.scale / 260)))


def strokes(canvas: Image.Image, pixels: Array, colour: Array, width: int) -> None:
    """Draw polylines (n, points, 2) in their order, from 0.7 to 1.12 times their colour."""
    draw = ImageDraw.Draw(canvas, "RGBA")
    margin = 60
    seen = np.all((pixels > -margin) & (pixels < np.array(canvas.size) + margin), axis=(1, 2))
    tones = np.clip(colour[seen][:, None, :] * np.linspace(0.7, 1.12, 4)[:, None], 0, 255)
    for line, shades in zip(pixels[seen].tolist(), tones.astype(int).tolist(), strict=True):
        for i, (red, green, blue) in enumerate(shades):
            draw.line((*line[i], *line[i + 1]), fill=(red, green, blue, 215 - 25 * i), width=width)


def stamp(canvas: Image.Image, view: View, box: Sequence[float], shader: Shader) -> None:
    """Shade each pixel of a box of the scene: `shader(x, y)` gives colours and their cover."""
    xs, ys = view.place(*np.meshgrid(np.array(box[0::2]), np.array(box[1::2])))
    left, right = math.floor(xs.min()), math.ceil(xs.max())
    top, bottom = math.floor(ys.min()), math.ceil(ys.max())
    columns, rows = np.meshgrid(np.arange(left, right) + 0.5, np.arange(top, bottom) + 0.5)
    a, b, c, d, e, f = view.affine()
    x, y = a * columns + b * rows + c, d * columns + e * rows + f
    colours, cover = shader(x, y)
    canvas.paste(colour_image(colours), (left, top), mask_image(cover))


def lips(canvas: Image.Image, view: View) -> None:
    """Draw the split below the nose and the dark edge of the upper lips."""
    t = np.linspace(0, 1, 24)
    edge_x, edge_y = 0.42 * t, 0.63 + 0.17 * np.sin(math.pi * t**0.8) + 0.02 * t
    draw = ImageDraw.Draw(canvas, "RGBA")
    for side in (-1.0, 1.0):
        line = np.stack(view.place(side * edge_x, edge_y), axis=-1)
        for i, (start, end) in enumerate(zip(line[:-1].tolist(), line[1:].tolist(), strict=True)):
            width = max(1, round(view.scale * 0.022 * (1 - i / 30)))
            draw.line((*start, *end), fill=(42, 26, 24, 150), width=width)
    split = np.stack(view.place(np.zeros(2), np.array([0.40, 0.62])), axis=-1).ravel().tolist()
    draw.line(split, fill=(48, 32, 30, 190), width=max(1, round(view.scale * 0.02)))


def whiskers(canvas: Image.Image, view: View, rng: np.random.Generator) -> None:
    """Draw the whiskers and the dark spots that they grow from."""
    count = 18
    side = np.where(np.arange(count) % 2 == 0, -1.0, 1.0)
    x, y = side * rng.uniform(0.16, 0.33, count), rng.uniform(0.44, 0.60, count)
    reach, drop = rng.uniform(0.35, 0.6, count), rng.uniform(-0.06, 0.22, count)
    s = np.linspace(0, 1, 5)[:, None]
    path = view.place(x + side * reach * s, y + drop * s + 0.12 * s**2)
    strokes(canvas, np.stack(path, axis=-1).swapaxes(0, 1), np.full((count, 3), 225.0), 1)
    draw = ImageDraw.Draw(canvas, "RGBA")
    for dot_x, dot_y in zip(*(v.tolist() for v in view.place(x, y)), strict=True):
        r = view.scale * 0.011
        draw.ellipse((dot_x - r, dot_y - r, dot_x + r, dot_y + r), fill=(92, 70, 60, 170))


def background(view: View, rng: np.random.Generator) -> Image.Image:
    """Paint a garden far out of focus: trees, lawn, and light through leaves as soft discs."""
    width, height = view.width // 2, view.height // 2
    x, y = np.meshgrid(np.linspace(0, width / height, width), np.linspace(0, 1, height))
    shape = x.shape
    leaves = noise(shape, height / 5, rng) + 0.6 * noise(shape, height / 11, rng)
    pixels = mix(np.full((*shape, 3), (74.0, 98, 62)), (150, 172, 128), smooth(-1.2, 1.6, leaves))
    pixels = mix(pixels, (214, 220, 196), 0.55 * smooth(0.5, 0.0, y + 0.06 * leaves))
    lawn = smooth(0.60, 0.74, y + 0.02 * leaves)
    grass = noise(shape, height / 14, rng)
    pixels = mix(pixels, (104, 136, 58), lawn)
    pixels = mix(pixels, (146, 168, 84), 0.4 * lawn * smooth(-0.5, 1.5, grass))
    for _ in range(70):
        cx, cy = rng.uniform(0, width / height), rng.uniform(0, 0.62)
        radius, strength = rng.uniform(0.02, 0.065), rng.uniform(0.12, 0.6)
        r = np.hypot(x - cx, y - cy) / radius
        disc = (1 - smooth(0.88, 1.05, r)) * (0.75 + 0.25 * smooth(0.5, 0.95, r))
        colour = (255, 250, 214) if rng.random() < 0.6 else (196, 222, 150)
        pixels = mix(pixels, colour, strength * disc)
    soft = colour_image(pixels).filter(ImageFilter.GaussianBlur(height / 90))
    return soft.resize(view.size, Image.Resampling.BICUBIC)


def render(view: View) -> Image.Image:
    """Draw the scene and take its picture: lens, vignette and film grain."""
    rng = np.random.default_rng(SEED)
    canvas = background(view, np.random.default_rng(SEED + 1))
    covered = Image.new("L", view.size)
    x, y = grid()
    paint(canvas, covered, view, body(x, y, rng), rng)
    stamp(canvas, view, (-0.8, 1.0, 0.8, 1.55), collar)
    stamp(canvas, view, (-0.15, 1.46, 0.15, 1.78), tag)
    view = replace(view, tilt=HEAD_TILT)
    paint(canvas, covered, view, jaw(x, y, rng), rng)
    stamp(canvas, view, (-0.35, 0.45, 0.35, 1.1), mouth)
    stamp(canvas, view, (-0.25, 0.55, 0.3, 1.32), tongue)
    paint(canvas, covered, view, head(x, y, rng), rng)
    for side in (-1.0, 1.0):
        box = (side * 0.325 - 0.22, -0.25, side * 0.325 + 0.22, 0.15)
        stamp(canvas, view, box, eyelid(side))
        stamp(canvas, view, box, eye(side))
    lips(canvas, view)
    whiskers(canvas, view, rng)
    stamp(canvas, view, (-0.25, 0.08, 0.25, 0.45), nose(np.random.default_rng(SEED + 3)))
    for side in (-1.0, 1.0):
        paint(canvas, covered, view, ear(x, y, side, rng), rng)
    picture = canvas.resize((view.width, view.height), Image.Resampling.LANCZOS)
    return develop(picture, np.random.default_rng(SEED + 2))


def develop(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Darken the corners and add grain, strongest in the middle tones."""
    pixels = np.asarray(picture, dtype=np.float64)
    rows, columns = pixels.shape[:2]
    x, y = np.meshgrid(np.linspace(-1, 1, columns), np.linspace(-1, 1, rows))
    pixels = pixels * (1 - 0.16 * smooth(0.5, 1.5, np.hypot(x, y)))[..., None]
    level = pixels.mean(axis=-1) / 255
    grain = rng.normal(0, 1, level.shape) * (1.0 + 6 * level * (1 - level))
    return colour_image(pixels + grain[..., None] + rng.normal(0, 0.8, pixels.shape))


def encode(picture: Image.Image, target_bytes: int) -> bytes:
    """Encode as the finest JPEG of at most `target_bytes`."""
    for quality in range(95, 9, -1):
        buffer = BytesIO()
        picture.save(buffer, "JPEG", quality=quality, subsampling="4:2:0")
        if len(buffer.getvalue()) <= target_bytes:
            return buffer.getvalue()
    raise ValueError(f"no JPEG quality brings the picture below {target_bytes} bytes")


def main(arguments: Sequence[str] | None = None) -> None:
    """Write every picture into the folder that `--output-dir` names, or beside this script."""
    parser = argparse.ArgumentParser(description="Draw the pictures that the load tester sends.")
    parser.add_argument("--output-dir", type=Path, default=Path(__file__).parent, metavar="DIR")
    output_dir: Path = parser.parse_args(arguments).output_dir
    for view in (SMALL, LARGE):
        encoded = encode(render(view), view.target_bytes)
        (output_dir / view.name).write_bytes(encoded)
        print(f"{view.name}: {view.width}x{view.height}, {len(encoded)} bytes")


if __name__ == "__main__":
    main()
