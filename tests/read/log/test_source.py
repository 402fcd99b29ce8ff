"""However a log comes, it gives the same columns; what cannot be read is said in one line."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import synthetic_log as sl
from hypothesis import given
from hypothesis import strategies as st

from edgeload.read.log.columns import RunLog
from edgeload.read.log.log_error import LogError
from edgeload.read.log.open import read_log
from edgeload.read.log.source import read_once, utf8_file

_ROOT = Path(__file__).parents[3]
_OLDER = Path(__file__).parents[1] / "yesterday" / "older_with_ts.log.gz"


def _present_form(folder: Path) -> bytes:
    played = sl.play(sl.plan_of([4, 8], 5, 5.0), servers=8, service=sl.constant(0.01))
    return sl.write(folder / "plain", played).read_bytes()


def _both_forms(folder: Path) -> list[bytes]:
    return [_present_form(folder), gzip.decompress(_OLDER.read_bytes())]


def _same(one: RunLog, other: RunLog) -> None:
    assert one.steps == other.steps
    assert one.damage == other.damage
    for column in ("client", "number", "step", "sent_s", "done_s", "outcome", "status"):
        np.testing.assert_array_equal(
            getattr(one.requests, column), getattr(other.requests, column)
        )


DISGUISES: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "gz_of_two_parts": lambda log: gzip.compress(log[:5000]) + gzip.compress(log[5000:]),
    "gz_of_gz": lambda log: gzip.compress(gzip.compress(log)),
    "bom": lambda log: b"\xef\xbb\xbf" + log,
    "utf_16": lambda log: log.decode().encode("utf-16"),
    "utf_16_be": lambda log: "\ufeff".encode("utf-16-be") + log.decode().encode("utf-16-be"),
    "utf_16_without_mark": lambda log: log.decode().encode("utf-16-le"),
    "utf_32": lambda log: log.decode().encode("utf-32"),
    "crlf": lambda log: log.replace(b"\n", b"\r\n"),
    "crlf_utf_16_gz": lambda log: gzip.compress(
        log.replace(b"\n", b"\r\n").decode().encode("utf-16")
    ),
    "no_last_newline": lambda log: log.removesuffix(b"\n"),
}


@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_log_in_any_disguise_gives_the_same_columns(tmp_path: Path, disguise: str) -> None:
    """Packed, in another encoding, with other line ends: found by content, whatever the name."""
    for index, log in enumerate(_both_forms(tmp_path)):
        plain, dressed = tmp_path / f"{index}.log", tmp_path / f"{index}.dressed.log"
        plain.write_bytes(log)
        dressed.write_bytes(DISGUISES[disguise](log))
        _same(read_log(dressed), read_log(plain))


def test_a_plain_file_is_read_where_it_lies(tmp_path: Path) -> None:
    """A plain file is not copied; the copy of any other has gone afterwards."""
    path = tmp_path / "log"
    path.write_bytes(b"a\nb\n")
    with utf8_file(path) as found:
        assert found == path
    path.write_bytes(gzip.compress(b"a\nb\n"))
    with utf8_file(path) as copy:
        assert copy.read_bytes() == b"a\nb\n"
    assert not copy.exists()


def test_a_pipe_is_read(tmp_path: Path) -> None:
    """A named pipe, as a shell's <(zcat run.log.gz) is: the same columns as from the file."""
    log = _present_form(tmp_path)
    (tmp_path / "file").write_bytes(log)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(log,))
    writer.start()
    found = read_log(pipe)
    writer.join()
    assert found.path == pipe
    _same(found, read_log(tmp_path / "file"))


@given(text=st.text(st.characters(min_codepoint=1, exclude_categories=["Cs"]), min_size=1))
def test_every_text_survives_its_encoding(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    """Whatever stands in a file with a byte order mark, its lines come out in UTF-8."""
    path = tmp_path_factory.mktemp("text") / "log"
    for encoding in ("utf-8-sig", "utf-16", "utf-32"):
        path.write_bytes(text.encode(encoding))
        with utf8_file(path) as found:
            assert found.read_bytes().decode() == text


def _zip(log: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("load_test.log", log)
    return packed.getvalue()


def _tar_gz(log: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo("load_test.log")
        member.size = len(log)
        archive.addfile(member, io.BytesIO(log))
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (_zip(b"RAMP 1\n"), "is a zip archive: unpack it first"),
        (_tar_gz(b"RAMP 1\n"), "is a tar archive: unpack it first"),
        (b"\x28\xb5\x2f\xfd....", "is compressed by zstd: unpack it first"),
        (gzip.compress(b"RAMP 1\n" * 99, mtime=0)[:-12], "cannot unpack the log"),
        (gzip.compress(b"RAMP 1\n" * 99, mtime=0)[:-6] + b"broken", "cannot unpack the log"),
        (lzma.compress(b"RAMP 1\n" * 99)[:-12], "cannot unpack the log"),
        (b"BZh9broken", "cannot unpack the log"),
        (gzip.compress(b"", mtime=0), "is empty"),
        (b"\xff\xfe", "is empty"),
        (b"\xef\xbb\xbf\r\n", "is empty"),
        (bytes(range(256)) * 99, "is not the log of a load test"),
        (b"\x00" * 5000, "is not the log of a load test"),
    ],
)
def test_what_cannot_be_read_is_one_line(tmp_path: Path, content: bytes, words: str) -> None:
    """Archives, cut and broken files and binary ones: what, and which file, and no traceback."""
    path = tmp_path / "some.log.gz"
    path.write_bytes(content)
    with pytest.raises(LogError) as problem:
        read_log(path)
    assert words in str(problem.value)
    assert str(path) in str(problem.value)
    assert "\n" not in str(problem.value)


def test_folders_and_devices_are_refused(tmp_path: Path) -> None:
    """A folder is none; a device without an end is not read for ever."""
    with pytest.raises(LogError, match="is a folder without the log of a load test"):
        read_log(tmp_path)
    with pytest.raises(LogError, match="is a device: must be a file or a pipe"):
        read_log(Path("/dev/zero"))
    with pytest.raises(LogError, match="is empty"):
        read_log(Path("/dev/null"))


def test_standard_input_is_read_once() -> None:
    """Given for two sides or files, the second would be empty: it is refused before reading."""
    read_once([Path("-"), Path("a"), Path("b")])
    with pytest.raises(LogError, match="given twice"):
        read_once([Path("-"), Path("/dev/stdin")])


def _script(*arguments: str, standard_input: bytes | None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, str(_ROOT / "parse_load_test_logs.py"), *arguments],
        input=standard_input,
        capture_output=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
def test_the_script_reads_standard_input(tmp_path: Path, name: str) -> None:
    """`cat log | parse_load_test_logs.py -`: the report, and the results in the usual folder."""
    log = gzip.compress(_present_form(tmp_path))
    done = _script(name, "--output-dir", str(tmp_path / "out"), standard_input=log)
    assert (done.returncode, done.stderr) == (0, b"")
    summary = (tmp_path / "out" / "summary.json").read_text()
    assert '"log": "standard input"' in summary


def test_both_sides_of_a_comparison_may_be_packed(tmp_path: Path) -> None:
    """One from standard input, one in UTF-16, packed; the same input twice is refused."""
    log = _present_form(tmp_path)
    before = tmp_path / "before"
    before.write_bytes(gzip.compress(log.decode().encode("utf-16")))
    out = ("--output-dir", str(tmp_path / "out"))
    done = _script("-", "--baseline", str(before), *out, standard_input=log)
    assert (done.returncode, done.stderr) == (0, b"")
    twice = _script("-", "--baseline", "-", *out, standard_input=log)
    assert twice.returncode == 2
    assert twice.stderr.splitlines() == [
        b"parse_load_test_logs.py: standard input (-) was given twice: it can be read only once"
    ]
