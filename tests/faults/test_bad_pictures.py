"""Pictures that cannot be sent, and odd ones that can."""

from __future__ import annotations

import os
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from edgeload import exit_codes
from edgeload.commands import run
from edgeload.run.images import make_pool, single_image

DOG = Path(__file__).parents[2] / "images" / "dog_resized_256x256.jpeg"


@pytest.fixture(autouse=True)
def _warnings_are_errors() -> Iterator[None]:
    """As with PYTHONWARNINGS=error: a large picture is no reason for a word of the library."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def saved(image: Image.Image, kind: str = "PNG", **how: object) -> bytes:
    """A picture as a file has it."""
    buffer = BytesIO()
    image.save(buffer, kind, **how)
    return buffer.getvalue()


def chunk(name: bytes, content: bytes) -> bytes:
    """A part of a PNG file."""
    return (
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
    )


def claiming(width: int, height: int) -> bytes:
    """A PNG file whose head claims a size, and that ends there."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IEND", b"")


def with_text(kind: bytes) -> bytes:
    """A PNG file in which a few bytes unpack to 20 MB."""
    png = saved(dog())
    return png[:33] + chunk(kind, b"k\0\0" + zlib.compress(bytes(20_000_000))) + png[33:]


def dog() -> Image.Image:
    """The usual picture."""
    return Image.open(DOG).convert("RGB")


def large_metadata() -> bytes:
    """Legal in a PNG, but no JPEG holds it."""
    return saved(dog(), exif=b"Exif\0\0" + bytes(70_000))


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "65,501 pixels wide": (lambda: saved(Image.new("L", (65_501, 2))), "has 65,501 x 2 pixels"),
    "65,501 pixels high": (lambda: saved(Image.new("L", (2, 65_501))), "has 2 x 65,501 pixels"),
    "81 million pixels": (lambda: saved(Image.new("1", (9000, 9000))), "has 9,000 x 9,000 pixels"),
    "169 million pixels": (lambda: claiming(13_000, 13_000), "has 13,000 x 13,000 pixels"),
    "900 million pixels": (lambda: claiming(30_000, 30_000), "has far too many pixels"),
    "2 billion pixels wide": (lambda: claiming(2**31 - 1, 2**31 - 1), "has far too many pixels"),
    "no pixels": (lambda: claiming(0, 0), "is not a picture"),
    "0 bytes": (lambda: b"", "is not a picture"),
    "2 bytes": (lambda: DOG.read_bytes()[:2], "is not a picture"),
    "the head alone": (lambda: DOG.read_bytes()[:100], "is damaged"),
    "half a JPEG": (lambda: DOG.read_bytes()[:9000], "is damaged"),
    "half a PNG": (lambda: saved(dog())[:30_000], "is damaged"),
    "a bomb in its text": (lambda: with_text(b"zTXt"), "is damaged"),
    "a bomb in its colours": (lambda: with_text(b"iCCP"), "is damaged"),
    "too much metadata": (large_metadata, "cannot be made a JPEG"),
    "a GIF": (lambda: saved(dog(), "GIF"), "is not a picture"),
    "a text": (lambda: b"hello", "is not a picture"),
}


@pytest.mark.parametrize("what", BAD)
@pytest.mark.parametrize("same_image", [False, True], ids=["pool", "same image"])
def test_a_picture_that_cannot_be_sent(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], what: str, same_image: bool
) -> None:
    """One line names it and says what is legal, with exit code 2; the dry run says it, too."""
    make, says = BAD[what]
    path = tmp_path / "picture"
    path.write_bytes(make())
    words = ["--image-path", str(path), "--image-pool", "1", *(["--same-image"] * same_image)]
    code = run.main([*words, "--dry-run"], config_folders=())
    out, err = capfd.readouterr()
    assert (code, out) == (exit_codes.BAD_SETTING, ""), err
    assert err.startswith(f"IMAGE_PATH: '{path}' {says}")
    assert err.count("\n") == 1
    assert "; must " in err


def test_what_is_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder, a FIFO that nobody writes to, a device without end, nothing at all."""
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path, tmp_path / "fifo", Path("/dev/zero"), tmp_path / "none"):
        assert run.main(["--image-path", str(path), "--dry-run"], config_folders=()) == 2
        assert capsys.readouterr().err.startswith(f"IMAGE_PATH: '{path}' ")


ODD: dict[str, Callable[[], bytes]] = {
    "65,500 pixels wide": lambda: saved(Image.new("L", (65_500, 8))),
    "CMYK": lambda: saved(dog().convert("CMYK"), "JPEG"),
    "grey JPEG": lambda: saved(dog().convert("L"), "JPEG"),
    "palette": lambda: saved(dog().convert("P")),
    "palette with a transparent colour": lambda: saved(dog().convert("P"), transparency=0),
    "transparent": lambda: saved(dog().convert("RGBA")),
    "grey and transparent": lambda: saved(dog().convert("LA")),
    "black and white": lambda: saved(dog().convert("1")),
    "16 bits": lambda: saved(Image.frombytes("I;16", (256, 256), bytes(range(256)) * 512)),
    "animated": lambda: saved(dog(), save_all=True, append_images=[dog().rotate(9)]),
}


@pytest.mark.parametrize("what", ODD)
def test_an_odd_picture_that_can_be_sent(tmp_path: Path, what: str) -> None:
    """As JPEGs of the same size, all different."""
    path = tmp_path / "picture"
    path.write_bytes(ODD[what]())
    with Image.open(path) as source:
        width, height = source.size
    for pool in (make_pool(path, 3, 1), single_image(path)):
        assert len(set(pool)) == len(pool)
        for version in pool:
            image = Image.open(BytesIO(version), formats=("JPEG",))
            image.load()
            assert image.size == (width, height)


def test_a_turned_picture_stays_turned(tmp_path: Path) -> None:
    """Its pixels and its EXIF orientation are sent as the camera made them."""
    turned = Image.Exif()
    turned[0x0112] = 6
    path = tmp_path / "picture"
    path.write_bytes(saved(dog().crop((0, 0, 256, 100)), "JPEG", exif=turned))
    for version in (*make_pool(path, 2, 1), *single_image(path)):
        image = Image.open(BytesIO(version))
        assert (image.size, image.getexif()[0x0112]) == ((256, 100), 6)
