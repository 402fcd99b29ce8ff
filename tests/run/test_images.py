"""Laws of the pool of unique pictures: different pixels, same look, same weight, clear errors."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin

from edgeload.edge_facts import MAX_BODY_BYTES
from edgeload.run.images import (
    ImageError,
    image_facts,
    make_pool,
    pixel_digest,
    single_image,
)
from edgeload.settings.fields import DEFAULT_PICTURE

DOG = Path(__file__).parents[2] / "images" / "dog_resized_256x256.jpeg"
LARGE_DOG = DOG.with_name("dog_1920x1080.jpeg")
Make = Callable[[Path, int], tuple[bytes, ...]]


def decoded(picture: bytes | Path, mode: str = "RGB") -> NDArray[np.uint8]:
    """Pixels as an array, decoded here and not by the code under test."""
    with Image.open(BytesIO(picture) if isinstance(picture, bytes) else picture) as image:
        return np.asarray(image.convert(mode))


def psnr_db(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Peak signal-to-noise ratio: 10 log10(255^2 / mean squared difference)."""
    difference = one.astype(np.float64) - other.astype(np.float64)
    return float(10 * np.log10(255.0**2 / np.mean(difference**2)))


def save_dog(path: Path, mode: str = "RGB", **options: object) -> Path:
    """Write the dog in another encoding."""
    with Image.open(DOG) as image:
        image.convert(mode).save(path, **options)
    return path


SOURCES: dict[str, Callable[[Path], Path]] = {
    "the default picture": lambda _: DOG,
    "1080p": lambda _: LARGE_DOG,
    "coarse": lambda folder: save_dog(folder / "a.jpg", quality=15),
    "usual": lambda folder: save_dog(folder / "a.jpg", quality=75),
    "fine, full colour": lambda folder: save_dog(folder / "a.jpg", quality=97, subsampling=0),
    "half colour": lambda folder: save_dog(folder / "a.jpg", quality=85, subsampling=1),
    "progressive": lambda folder: save_dog(folder / "a.jpg", quality=80, progressive=True),
    "optimised": lambda folder: save_dog(folder / "a.jpg", quality=40, optimize=True),
    "grey": lambda folder: save_dog(folder / "a.jpg", "L", quality=80),
    "CMYK": lambda folder: save_dog(folder / "a.jpg", "CMYK", quality=80),
    "PNG": lambda folder: save_dog(folder / "a.png"),
    "PNG with a palette": lambda folder: save_dog(folder / "a.png", "P"),
    "PNG with transparency": lambda folder: save_dog(folder / "a.png", "RGBA"),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_versions_look_like_their_source(kind: str, tmp_path: Path) -> None:
    """A version has its source's width and height, and differs from it by less than -30 dB.

    What a PNG loses as a JPEG is not the pool's doing: the source is what --same-image sends.
    """
    path = SOURCES[kind](tmp_path)
    source = decoded(single_image(path)[0])
    for version in make_pool(path, 5, seed=3):
        with Image.open(BytesIO(version)) as image:
            assert image.format == "JPEG"
        assert decoded(version).shape == source.shape
        assert psnr_db(decoded(version), source) > 30


@pytest.mark.parametrize("kind", [kind for kind in SOURCES if kind != "CMYK"])
def test_versions_weigh_what_the_single_picture_weighs(kind: str, tmp_path: Path) -> None:
    """The pool puts as many bytes on the wire as --same-image does, within 10 %."""
    path = SOURCES[kind](tmp_path)
    (single,) = single_image(path)
    for version in make_pool(path, 5, seed=3):
        assert len(version) == pytest.approx(len(single), rel=0.10)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_thousand_versions_of_the_default_picture_differ(seed: int) -> None:
    """No two of 1000 versions decode to the same pixels, by an independent decode."""
    pool = make_pool(DOG, 1000, seed)
    assert len({decoded(version).tobytes() for version in pool}) == 1000


@pytest.mark.parametrize("colour", ["black", "white", "gray"])
def test_a_thousand_versions_of_a_flat_small_picture_differ(colour: str, tmp_path: Path) -> None:
    """Even 24x24 pixels without any texture, at either end of the scale, give 1000 versions."""
    path = tmp_path / "flat.png"
    Image.new("RGB", (24, 24), colour).save(path)
    pool = make_pool(path, 1000, seed=5)
    assert len({decoded(version).tobytes() for version in pool}) == 1000


@given(
    width=st.integers(24, 90),
    height=st.integers(24, 90),
    mode=st.sampled_from(["L", "RGB"]),
    quality=st.integers(10, 100),
    seed=st.integers(-(2**70), 2**70),
)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_picture_gives_versions_that_differ(
    tmp_path: Path, width: int, height: int, mode: str, quality: int, seed: int
) -> None:
    """Distinct pixels and kept dimensions hold for any size, colour, JPEG quality and seed."""
    path = tmp_path / "any.jpg"
    with Image.open(DOG) as image:
        image.convert(mode).resize((width, height)).save(path, quality=quality)
    pool = make_pool(path, 12, seed)
    assert len({decoded(version).tobytes() for version in pool}) == 12
    assert {decoded(version).shape for version in pool} == {(height, width, 3)}


def test_the_seed_decides_everything() -> None:
    """Same seed, same bytes; a longer pool begins with the shorter; other seeds share nothing."""
    pool = make_pool(DOG, 20, seed=7)
    assert make_pool(DOG, 20, seed=7) == pool
    assert make_pool(DOG, 8, seed=7) == pool[:8]
    assert not {pixel_digest(v) for v in pool} & {pixel_digest(v) for v in make_pool(DOG, 20, 8)}


def test_versions_keep_the_sources_jpeg_setting(tmp_path: Path) -> None:
    """Quantiser tables, subsampling and EXIF are the source's, so size and quality follow it."""
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held on its side
    path = save_dog(tmp_path / "a.jpg", quality=62, subsampling=1, exif=exif)
    with (
        Image.open(path) as source,
        Image.open(BytesIO(make_pool(path, 1, seed=1)[0])) as version,
    ):
        assert isinstance(source, JpegImagePlugin.JpegImageFile)
        assert isinstance(version, JpegImagePlugin.JpegImageFile)
        assert version.quantization == source.quantization
        assert JpegImagePlugin.get_sampling(version) == JpegImagePlugin.get_sampling(source) == 1
        assert version.getexif()[0x0112] == 6


def test_same_digest_for_same_pixels_in_another_file(tmp_path: Path) -> None:
    """Metadata does not make a picture different: only decoded pixels count."""
    one, other = save_dog(tmp_path / "a.png"), save_dog(tmp_path / "b.png", compress_level=1)
    assert one.read_bytes() != other.read_bytes()
    assert pixel_digest(one.read_bytes()) == pixel_digest(other.read_bytes())
    assert pixel_digest(DOG.read_bytes()) != pixel_digest(make_pool(DOG, 1, 1)[0])


def test_same_image_sends_a_jpeg_untouched_and_encodes_a_png(tmp_path: Path) -> None:
    """--same-image sends a JPEG file byte for byte; a PNG goes as one JPEG of the same pixels."""
    assert single_image(DOG) == (DOG.read_bytes(),)
    path = save_dog(tmp_path / "a.png")
    (encoded,) = single_image(path)
    assert encoded.startswith(b"\xff\xd8\xff")
    assert psnr_db(decoded(encoded), decoded(path)) > 30


def test_a_16_bit_grey_picture_keeps_its_look(tmp_path: Path) -> None:
    """A 16-bit PNG is brought to 8 bits by scaling, not by cutting its bright part off."""
    grey = decoded(DOG, "L")
    path = tmp_path / "deep.png"
    Image.fromarray(grey.astype(np.uint16) * 257).save(path)
    for picture in (*make_pool(path, 1, seed=1), *single_image(path)):
        assert psnr_db(decoded(picture, "L"), grey) > 30


def test_a_dense_picture_is_no_trap(tmp_path: Path) -> None:
    """Pure noise at full quality, beyond Pillow's buffer for optimising, still makes a pool."""
    noise = np.random.default_rng(2).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    path = tmp_path / "dense.jpg"
    Image.fromarray(noise).save(path, quality=100, subsampling=0)
    assert path.stat().st_size > 2 * 200 * 300
    pool = make_pool(path, 10, seed=1)
    assert len({decoded(version).tobytes() for version in pool}) == 10
    assert [len(v) for v in pool] == pytest.approx([path.stat().st_size] * 10, rel=0.1)


def test_facts_describe_the_pool() -> None:
    """The log's header can be checked against the pool by anyone with hashlib."""
    pool = make_pool(DOG, 9, seed=2)
    facts = image_facts(pool, DOG)
    sizes = [len(version) for version in pool]
    assert (facts.name, facts.width, facts.height, facts.count) == (DOG.name, 256, 256, 9)
    assert facts.source_sha256 == hashlib.sha256(DOG.read_bytes()).hexdigest()
    joined = b"".join(bytes.fromhex(hashlib.sha256(v).hexdigest()) for v in pool)
    assert facts.pool_sha256 == hashlib.sha256(joined).hexdigest()
    assert facts.pool_sha256 != image_facts(pool[::-1], DOG).pool_sha256
    assert (facts.min_bytes, facts.max_bytes) == (min(sizes), max(sizes))
    assert facts.mean_bytes == pytest.approx(sum(sizes) / 9)


def _pool(path: Path, count: int = 2) -> tuple[bytes, ...]:
    return make_pool(path, count, seed=1)


def _single(path: Path, _count: int = 1) -> tuple[bytes, ...]:
    return single_image(path)


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _directory(path: Path) -> Path:
    path.mkdir()
    return path


def _pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def _half_png(path: Path) -> Path:
    content = save_dog(path.with_suffix(".png")).read_bytes()
    return _written(path, content[: len(content) // 2])


def _bad_png_chunk(path: Path) -> Path:
    content = bytearray(save_dog(path.with_suffix(".png")).read_bytes())
    content[20] ^= 0xFF  # inside the header chunk, so that its checksum fails
    return _written(path, bytes(content))


BAD_FILES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "missing": (lambda path: path, "does not exist"),
    "directory": (_directory, "is a directory"),
    "pipe": (_pipe, "is not a regular file"),
    "empty": (lambda path: _written(path, b""), "is not a picture"),
    "text": (lambda path: _written(path, b"no picture\n" * 99), "is not a picture"),
    "GIF": (lambda path: save_dog(path.with_suffix(".gif"), "P"), "is not a picture"),
    "half a JPEG": (lambda path: _written(path, DOG.read_bytes()[:9000]), "is damaged"),
    "half a PNG": (_half_png, "is damaged"),
    "broken PNG": (_bad_png_chunk, "is "),
}


@pytest.mark.parametrize("make", [_pool, _single])
@pytest.mark.parametrize("kind", BAD_FILES)
def test_a_bad_file_gets_one_clear_line(kind: str, make: Make, tmp_path: Path) -> None:
    """The line names the setting, its value, what is wrong and what is legal; nothing is sent."""
    prepare, problem = BAD_FILES[kind]
    path = prepare(tmp_path / "picture")
    with pytest.raises(ImageError) as caught:
        make(path, 2)
    line = str(caught.value)
    assert line.startswith(f"IMAGE_PATH: {str(path)!r} ")
    assert problem in line
    assert "must be a JPEG or PNG file, for example" in line
    assert len(line.splitlines()) == 1


@pytest.mark.parametrize("make", [_pool, _single])
def test_a_file_without_permission_gets_one_clear_line(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that the system will not open is named as such (root may open all: so simulated)."""

    def refuse(*_args: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = save_dog(tmp_path / "a.jpg")
    monkeypatch.setattr(Image, "open", refuse)
    with pytest.raises(
        ImageError, match="cannot be read, because this user has no permission; must"
    ):
        make(path, 2)


@pytest.mark.parametrize("make", [_pool, _single])
def test_a_picture_over_the_body_limit_is_refused(make: Make, tmp_path: Path) -> None:
    """What the edge would answer with 413 is refused before the run, with both sizes."""
    noise = np.random.default_rng(1).integers(0, 256, (2300, 2300, 3), dtype=np.uint8)
    path = tmp_path / "huge.jpg"
    Image.fromarray(noise).save(path, quality=100, subsampling=0)
    assert path.stat().st_size > MAX_BODY_BYTES
    with pytest.raises(ImageError, match=rf"413; must have at most {MAX_BODY_BYTES} bytes"):
        make(path, 1)


def test_a_decompression_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture with more pixels than Pillow deems safe is an error line, not a traceback."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(ImageError, match="too many pixels"):
        make_pool(DOG, 1, seed=1)


def test_a_picture_too_small_for_its_pool_is_refused(tmp_path: Path) -> None:
    """One pixel cannot come in 1000 versions: the search ends, and says how to go on."""
    path = tmp_path / "dot.png"
    Image.new("RGB", (1, 1), "gray").save(path)
    with pytest.raises(ImageError, match=r"\(1x1 pixels\) is too small for 1000 .*--image-pool"):
        make_pool(path, 1000, seed=1)


@pytest.mark.parametrize("count", [0, -3])
def test_an_empty_pool_is_refused(count: int) -> None:
    """There is no load without a picture."""
    with pytest.raises(ValueError, match="must be 1 or more"):
        make_pool(DOG, count, seed=1)


def test_the_default_picture_is_found_in_every_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy in the package serves; a file of that name in the working folder comes first."""
    shipped = Path(__file__).parents[2] / DEFAULT_PICTURE
    monkeypatch.chdir(tmp_path)
    assert single_image(DEFAULT_PICTURE) == (shipped.read_bytes(),)
    assert image_facts(single_image(DEFAULT_PICTURE), DEFAULT_PICTURE).name == shipped.name
    with pytest.raises(ImageError, match="does not exist"):
        single_image(Path("images/other.jpeg"))
    (tmp_path / DEFAULT_PICTURE).parent.mkdir()
    Image.new("RGB", (64, 64)).save(tmp_path / DEFAULT_PICTURE)
    assert image_facts(single_image(DEFAULT_PICTURE), DEFAULT_PICTURE).width == 64
