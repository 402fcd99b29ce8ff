"""Where lines come from: a file, a pipe or standard input, packed or not, in UTF-8 or UTF-16.

Readers want a regular file of UTF-8 lines that they can open twice and cut into stretches. What is
one already is read where it lies; everything else is copied into a temporary file first.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import lzma
import os
import stat
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from edgeload.nameless_file import nameless_file
from edgeload.read.log.log_error import LogError

STANDARD_INPUT = Path("standard input")
"""What a report calls the log that was given as `-`."""

_STANDARD_INPUT_NAMES = ("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")
_MADE_BY = "; must be the log of a run: python load_test.py writes one, for example load_test.log"
_CHUNK_BYTES = 1 << 20
_HEAD_BYTES = 1 << 10

_Opener = Callable[[Path], Any]
_PACKED: tuple[tuple[bytes, str, _Opener], ...] = (
    (b"\x1f\x8b\x08", "gzip", gzip.open),
    (b"BZh", "bzip2", bz2.open),
    (b"\xfd7zXZ\x00", "xz", lzma.open),
)
_ARCHIVES = (
    (0, b"PK\x03\x04", "a zip archive"),
    (0, b"\x28\xb5\x2f\xfd", "compressed by zstd"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (257, b"ustar", "a tar archive"),
)
_UNPACKING_ERRORS = (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError)

# UTF-32 before UTF-16: its mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def is_standard_input(given: Path) -> bool:
    """Whether a path that a user gave stands for standard input."""
    return str(given) in _STANDARD_INPUT_NAMES


def read_once(given: Iterable[Path]) -> None:
    """Raises LogError if standard input is given for more than one file: it can be read once."""
    if sum(map(is_standard_input, given)) > 1:
        raise LogError("standard input (-) was given twice: it can be read only once")


def shown_name(given: Path) -> Path:
    """What a report calls a file that a user gave."""
    return STANDARD_INPUT if is_standard_input(given) else given


@contextmanager
def utf8_file(given: Path, what: str = "the log") -> Iterator[Path]:
    """A regular file with the lines of what was given, in UTF-8 without a byte order mark.

    A copy ends with the context. `what` names the kind of file in messages. Raises LogError, in
    one line, for what cannot be read: missing, a folder, a device, an archive, cut off.
    """
    subject = f"{what} {shown_name(given)}"
    with ExitStack() as stack:
        try:
            path = _regular(given, subject, stack)
            while (found := _packing(path, subject)) is not None:
                path = _unpacked(path, *found, subject, stack)
            encoding = _encoding(_head(path))
            if encoding is not None:
                path = _copied(stack, _in_utf8(path, encoding))
        except OSError as problem:
            raise _unreadable(given, what, problem) from problem
        yield path


def check_there(given: Path) -> None:
    """Raise LogError for a log that is not there, as `utf8_file` does: before much is loaded."""
    try:
        if not is_standard_input(given):
            given.stat()
    except OSError as problem:
        raise _unreadable(given, "the log", problem) from problem


def _unreadable(given: Path, what: str, problem: OSError) -> LogError:
    missing = isinstance(problem, FileNotFoundError) and what == "the log"
    hint = _MADE_BY if missing else ""
    return LogError(f"cannot read {what} {shown_name(given)}: {problem.strerror}{hint}")


def _regular(given: Path, subject: str, stack: ExitStack) -> Path:
    standard_input = is_standard_input(given)
    if not standard_input and stat.S_ISREG(given.stat().st_mode):
        return given
    with open(0 if standard_input else given, "rb", closefd=not standard_input) as file:
        if _is_device(file):
            content = "empty" if not file.read(1) else "a device"
            raise LogError(f"{subject} is {content}: must be a file or a pipe")
        return _copied(stack, _chunks(file))


def _is_device(file: IO[bytes]) -> bool:
    """Whether it is a device that may never end. A terminal ends with Ctrl-D."""
    mode = os.fstat(file.fileno()).st_mode
    return stat.S_ISBLK(mode) or (stat.S_ISCHR(mode) and not file.isatty())


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk


def _copied(stack: ExitStack, chunks: Iterable[bytes]) -> Path:
    file, path = stack.enter_context(nameless_file())
    file.writelines(chunks)
    file.flush()
    return path


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD_BYTES)


def _packing(path: Path, subject: str) -> tuple[str, _Opener] | None:
    """How a file is packed, by its content: its name may say otherwise. None: it is not."""
    head = _head(path)
    for offset, magic, kind in _ARCHIVES:
        if head[offset:].startswith(magic):
            raise LogError(f"{subject} is {kind}: unpack it first")
    return next(((name, opener) for magic, name, opener in _PACKED if head.startswith(magic)), None)


def _unpacked(path: Path, packer: str, opener: _Opener, subject: str, stack: ExitStack) -> Path:
    try:
        with opener(path) as file:
            return _copied(stack, _chunks(file))
    except _UNPACKING_ERRORS as problem:
        raise LogError(f"cannot unpack {subject} ({packer}): {problem}") from problem
    except OSError as problem:
        reason = problem.strerror or problem
        raise LogError(f"cannot unpack {subject} ({packer}): {reason}") from problem


def _encoding(head: bytes) -> str | None:
    """The encoding to decode from; None for UTF-8, which needs nothing.

    Without a byte order mark, UTF-16 of plain text shows itself by a zero in every other byte.
    """
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    pairs = len(head) // 2
    if pairs and not any(head[1 : 2 * pairs : 2]) and all(head[0 : 2 * pairs : 2]):
        return "utf-16-le"
    if pairs and not any(head[0 : 2 * pairs : 2]) and all(head[1 : 2 * pairs : 2]):
        return "utf-16-be"
    return None


def _in_utf8(path: Path, encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    with path.open("rb") as file:
        for chunk in _chunks(file):
            yield decoder.decode(chunk).encode("utf-8", "replace")
        yield decoder.decode(b"", final=True).encode("utf-8", "replace")
