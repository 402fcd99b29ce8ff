"""The pool of pictures: many versions of one picture, encoded before the run starts.

An edge endpoint may cache the features of a picture by its content, so a load of identical
pictures would measure that cache. Every version made here decodes to different pixels, looks the
same to a person and has about the same size. Only the parent process imports this file.
"""

from __future__ import annotations

import contextlib
import hashlib
import random
import statistics
import struct
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import count as count_from
from itertools import islice
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops, JpegImagePlugin, UnidentifiedImageError

from edgeload.edge_facts import MAX_BODY_BYTES
from edgeload.plain_words import quoted
from edgeload.settings import SettingError
from edgeload.settings.fields import DEFAULT_PICTURE

JPEG_QUALITY = 95
"""Quality for a source that is not a JPEG; the Groundlight SDK encodes pictures with it too."""

_CELL_PX = 16  # distance between the random points of the field that is added to a picture
_NEUTRAL = 128  # the zero of the field in an 8-bit image
_ATTEMPTS_PER_VERSION = 20
_MOST_SIDE_PX = 65_500  # of libjpeg: JPEG_MAX_DIMENSION
_MOST_PX = 80_000_000
_LEGAL = "must be a JPEG or PNG file, for example images/dog_resized_256x256.jpeg"

_LEGAL_SIZE = (
    f"must have at most {_MOST_SIDE_PX:,} pixels in width and height and {_MOST_PX:,} in all, for "
    "example 640 x 480"
)


class ImageError(SettingError):
    """The picture cannot be sent; one line with the setting, its value and what is legal."""

    def __init__(self, path: Path, problem: str, legal: str = _LEGAL) -> None:
        super().__init__(f"IMAGE_PATH: {quoted(str(path))} {problem}; {legal}")


@dataclass(frozen=True)
class ImageFacts:
    """What the log's header says about the pictures of a run; sizes are of the encoded JPEGs.

    `pool_sha256` is the hash of the hashes of all versions, in their order. `name` is the name of
    the file without its folders, which mean nothing on another machine.
    """

    name: str
    width: int
    height: int
    count: int
    source_sha256: str
    pool_sha256: str
    min_bytes: int
    mean_bytes: float
    max_bytes: int


@dataclass(frozen=True)
class _Source:
    """A decoded picture, and the encoder options that give a copy of the same size."""

    pixels: Image.Image  # mode YCbCr, or L for a grey picture
    encoding: Mapping[str, Any]
    dc_step_levels: float  # grey levels per quantiser step of a block's mean


def make_pool(
    path: Path, count: int, seed: int, size: tuple[int, int] | None = None
) -> tuple[bytes, ...]:
    """Make `count` JPEG versions of the picture at `path` whose decoded pixels all differ.

    `size` is the width and height in pixels that they are scaled to; None leaves it as it is.

    The same picture, count and seed give the same pool, and a longer pool begins with the shorter
    one. Each version adds a faint, smooth random field to the brightness: a few of 255 levels,
    enough to survive the JPEG quantiser. The quantiser tables, the subsampling and the metadata of
    a JPEG source are kept, so size and quality stay close to the original's.

    Raises `ImageError` if the picture cannot be read or sent, or is too small for `count` different
    versions, and ValueError if `count` is below 1.
    """
    if count < 1:
        raise ValueError(f"count = {count}: must be 1 or more")
    pool = tuple(islice(picture_versions(path, seed, size), count))
    if len(pool) < count:
        with Image.open(BytesIO(pool[0])) as first:
            width, height = first.size
        raise ImageError(
            picture_file(path),
            f"({width}x{height} pixels) is too small for {count} different versions: only "
            f"{len(pool)} were found",
            "use a larger picture, a smaller --image-pool, or --same-image",
        )
    return pool


def picture_versions(path: Path, seed: int, size: tuple[int, int] | None = None) -> Iterator[bytes]:
    """Versions of a picture as in `make_pool`, until no more different ones are found.

    Raises `ImageError` if the picture cannot be read or sent.
    """
    path = picture_file(path)
    with _encoding(path):
        source = _read_source(path, size)
    seen: set[bytes] = set()
    for index in count_from(0):
        with _encoding(path):
            for version in _candidates(source, seed, index):
                digest = pixel_digest(version)
                if digest not in seen:
                    break
            else:
                return
        seen.add(digest)
        yield _sendable(path, version)


def single_image(path: Path, size: tuple[int, int] | None = None) -> tuple[bytes, ...]:
    """A pool of one picture for `--same-image`: a JPEG unchanged, any other encoded as JPEG.

    `size` is the width and height in pixels that it is scaled to; None leaves it as it is.

    Raises `ImageError` if the picture cannot be read or sent.
    """
    path = picture_file(path)
    image = _resized(_open(path), size)
    if _is_jpeg(image):
        return (_sendable(path, path.read_bytes()),)
    with _encoding(path):
        source = _as_source(image)
        encoded = _encode(source.pixels, source.encoding)
    return (_sendable(path, encoded),)


def image_facts(pool: Sequence[bytes], path: Path) -> ImageFacts:
    """Describe a pool that was made from the file at `path`."""
    path = picture_file(path)
    sizes_bytes = [len(version) for version in pool]
    with Image.open(BytesIO(pool[0])) as first:
        width, height = first.size
    digests = (hashlib.sha256(version).digest() for version in pool)
    return ImageFacts(
        name=path.name,
        width=width,
        height=height,
        count=len(pool),
        source_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        pool_sha256=hashlib.sha256(b"".join(digests)).hexdigest(),
        min_bytes=min(sizes_bytes),
        mean_bytes=statistics.fmean(sizes_bytes),
        max_bytes=max(sizes_bytes),
    )


def picture_file(path: Path) -> Path:
    """The file itself, or the copy in the package if it is the default and does not exist."""
    if path == DEFAULT_PICTURE and not path.exists():
        return Path(__file__).with_name(DEFAULT_PICTURE.name)
    return path


def pixel_digest(encoded: bytes) -> bytes:
    """SHA-256 of the decoded pixels of a picture, which does not depend on their encoding."""
    with Image.open(BytesIO(encoded)) as image:
        return hashlib.sha256(image.tobytes()).digest()


def _open(path: Path) -> Image.Image:
    """Decode the file at `path`; raises ImageError, whatever goes wrong."""
    if not path.exists():
        raise ImageError(path, "does not exist")
    if not path.is_file():
        raise ImageError(path, "is a directory" if path.is_dir() else "is not a regular file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # we have our own limit
            image: Image.Image = Image.open(path, formats=("JPEG", "PNG"))
        with image:
            _check_size(path, image)
            image.load()
        return image
    except ImageError:
        raise
    except UnidentifiedImageError:
        raise ImageError(path, "is not a picture that can be read") from None
    except Image.DecompressionBombError:
        raise ImageError(path, "has far too many pixels", _LEGAL_SIZE) from None
    except PermissionError:
        raise ImageError(path, "cannot be read, because this user has no permission") from None
    except (OSError, SyntaxError, ValueError) as error:  # Pillow reports broken PNGs as the latter
        raise ImageError(path, f"is damaged ({error})") from None


def _check_size(path: Path, image: Image.Image) -> None:
    """Raise ImageError for a picture that no JPEG can be made of, or not in reasonable time."""
    width, height = image.size
    if max(width, height) > _MOST_SIDE_PX or width * height > _MOST_PX:
        raise ImageError(path, f"has {width:,} x {height:,} pixels", _LEGAL_SIZE)


def _resized(image: Image.Image, size: tuple[int, int] | None) -> Image.Image:
    """The image in another size; it is no JPEG any more, so it is encoded anew."""
    if size is None or image.size == size:
        return image
    plain = image if image.mode in ("1", "L", "LA") else image.convert("RGB")
    return plain.convert("L" if plain is image else "RGB").resize(size, Image.Resampling.LANCZOS)


def _read_source(path: Path, size: tuple[int, int] | None) -> _Source:
    """Decode the file at `path`; the encoder options of a JPEG are those that give its size."""
    image = _resized(_open(path), size)
    source = _as_source(image)
    if not _is_jpeg(image):
        return source
    target_bytes = path.stat().st_size
    # Pillow's optimised and progressive encoders fail if they need more than 2 bytes per pixel.
    if target_bytes > 1.5 * image.width * image.height:
        return source
    # A file does not say how its Huffman tables were made, but its size shows it.
    optimised = {**source.encoding, "optimize": True}
    encodings = [source.encoding, optimised]
    if image.info.get("progressive"):
        encodings.append({**optimised, "progressive": True})
    nearest = min(encodings, key=lambda it: abs(len(_encode(source.pixels, it)) - target_bytes))
    return _Source(source.pixels, nearest, source.dc_step_levels)


def _as_source(image: Image.Image) -> _Source:
    """Separate an image into brightness and colour, and choose the encoding of its copies."""
    if image.mode.startswith("I"):  # 16 bits per pixel; convert() would cut values off at 255
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    grey = image.mode in ("1", "L", "LA")
    pixels = image.convert("L") if grey else image.convert("RGB").convert("YCbCr")
    kept = {key: image.info[key] for key in ("exif", "icc_profile") if image.info.get(key)}
    if grey:
        kept.pop("icc_profile", None)
    if not isinstance(image, JpegImagePlugin.JpegImageFile) or image.mode not in ("L", "RGB"):
        return _Source(pixels, {**kept, "quality": JPEG_QUALITY, "subsampling": "4:2:0"}, 0.0)
    tables = image.quantization
    encoding: dict[str, Any] = {**kept, "qtables": tables}
    sampling = JpegImagePlugin.get_sampling(image)
    if sampling >= 0:
        encoding["subsampling"] = sampling
    # Annex A.3.3 of ITU-T T.81: the DC coefficient of an 8x8 block is 8 times its mean.
    return _Source(pixels, encoding, tables[min(tables)][0] / 8)


def _is_jpeg(image: Image.Image) -> bool:
    return isinstance(image, JpegImagePlugin.JpegImageFile)


def _candidates(source: _Source, seed: int, index: int) -> Iterator[bytes]:
    """Yield a few candidates for version `index`, each with a seed of its own."""
    for attempt in range(_ATTEMPTS_PER_VERSION):
        rng = random.Random(f"{seed}/{index}/{attempt}")
        yield _encode(_perturbed(source, rng), source.encoding)


def _perturbed(source: _Source, rng: random.Random) -> Image.Image:
    """Add a smooth random field of a few grey levels to the brightness."""
    brightness, *colours = source.pixels.split()
    field = _field(brightness.size, _amplitude_levels(source.dc_step_levels), rng)
    changed = ImageChops.add(brightness, field, offset=-_NEUTRAL)
    return Image.merge(source.pixels.mode, (changed, *colours)) if colours else changed


def _amplitude_levels(dc_step_levels: float) -> int:
    """Levels of 255: one quantiser step, which survives encoding, but at most what nobody sees."""
    return round(min(max(dc_step_levels, 3.0), 8.0))


def _field(size: tuple[int, int], amplitude: int, rng: random.Random) -> Image.Image:
    """A smooth field around `_NEUTRAL`: random points `_CELL_PX` apart, joined bicubically."""
    columns, rows = (max(2, -(-length // _CELL_PX) + 1) for length in size)
    levels = 2 * amplitude + 1
    points = bytes(_NEUTRAL - amplitude + value % levels for value in rng.randbytes(columns * rows))
    grid = Image.frombytes("L", (columns, rows), points)
    return grid.resize(size, Image.Resampling.BICUBIC)


def _encode(pixels: Image.Image, encoding: Mapping[str, Any]) -> bytes:
    buffer = BytesIO()
    pixels.save(buffer, format="JPEG", **encoding)
    return buffer.getvalue()


@contextlib.contextmanager
def _encoding(path: Path) -> Iterator[None]:
    """While entered, a picture that no JPEG can be made of is an ImageError, whatever the cause."""
    try:
        yield
    except ImageError:
        raise
    except (OSError, ValueError, struct.error) as error:  # for example metadata of over 64 KiB
        raise ImageError(path, f"cannot be made a JPEG ({error})") from None


def _sendable(path: Path, encoded: bytes) -> bytes:
    """Return `encoded`, or raise ImageError if the edge would refuse its size."""
    if len(encoded) > MAX_BODY_BYTES:
        raise ImageError(
            path,
            f"has {len(encoded)} bytes as a JPEG, which the edge would refuse with status 413",
            f"must have at most {MAX_BODY_BYTES} bytes",
        )
    return encoded
