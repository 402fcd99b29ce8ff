"""A large log is read by several processes, and one of them fails."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import as_a_user as user
import psutil
import pytest

from edgeload.read.log import stretches
from edgeload.read.log.source import utf8_file
from edgeload.read.log.stretches import read_stretch, read_whole

LOG = Path(__file__).parents[1] / "read" / "yesterday" / "after.log.gz"
WAITS = "signal:pause"
RAISES = "edgeload.no_such_module:main"


def _readers() -> list[psutil.Process]:
    return [one for one in psutil.Process().children() if WAITS in one.cmdline()]


def _kill_all() -> None:
    """As the system does when memory runs out."""
    user.wait_for(lambda: len(_readers()) == 2, 30, "two readers")
    for reader in _readers():
        reader.kill()


@pytest.mark.parametrize("reader", [WAITS, RAISES])
def test_what_a_reader_did_not_read_is_read_again(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], reader: str
) -> None:
    """Killed, or ended by an error: the result is the same as without such processes."""
    monkeypatch.setattr(stretches, "_ALONE_BYTES", 0)
    monkeypatch.setattr(stretches, "_READER", reader)
    killer = threading.Thread(target=_kill_all)
    with utf8_file(LOG) as path:
        if reader == WAITS:
            killer.start()
        found, alone = read_whole(path, 2), read_stretch(path)
        if reader == WAITS:
            killer.join()
    assert found.lines == alone.lines > 1000
    assert (found.header, found.end, found.tally.total) == (
        alone.header, alone.end, alone.tally.total,
    )  # fmt: skip
    assert len(found.table) == len(alone.table)
    assert capfd.readouterr().err == ""


READS = """\
import sys
from pathlib import Path
from edgeload.read.log.stretches import _read_side_by_side

list(_read_side_by_side(Path(sys.argv[1]), [(0, 100), (0, 100)]))
"""


def test_readers_end_with_the_program_that_started_them(tmp_path: Path) -> None:
    """Killed while both wait for a slow file, here a named pipe that nobody else opens."""
    log = tmp_path / "log"
    os.mkfifo(log)
    with subprocess.Popen([sys.executable, "-c", READS, str(log)], cwd=user.ROOT) as program:
        readers: list[psutil.Process] = []
        waiting = 0

        def both_wait() -> bool:
            """For some looks: whoever still imports modules runs, or waits for the disk."""
            nonlocal waiting
            readers[:] = psutil.Process(program.pid).children()
            asleep = [one for one in readers if one.status() == psutil.STATUS_SLEEPING]
            waiting = waiting + 1 if len(asleep) == 2 else 0
            return waiting > 5

        try:
            user.wait_for(both_wait, 30, "two readers")
            program.kill()
            user.wait_for(lambda: not user.alive(readers), 10, "their end")
        finally:
            program.kill()
            for reader in user.alive(readers):
                reader.kill()
