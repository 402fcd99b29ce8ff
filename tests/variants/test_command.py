"""`--variants` as a user runs it: real commands, a real endpoint that they start, real signals."""

from __future__ import annotations

import json
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import as_a_user as user
import psutil
import pytest

from edgeload import exit_codes

SERVE = """\
#!/bin/sh
# sh serve.sh N: the simulator with N inference workers, in place of the one before.
echo "$1" >>applied
env | grep -c {token} >>tokens
if [ -f pid ]; then
    kill "$(cat pid)" 2>/dev/null
    while kill -0 "$(cat pid)" 2>/dev/null; do sleep 0.02; done
fi
[ "$1" = stop ] && exit 0
PYTHONPATH={root} "$EDGELOAD_PYTHON" -m edgeload.simulator --port {port} --inference-workers "$1" \\
    --service-time 50ms >out 2>&1 &
echo $! >pid
"""


@dataclass(frozen=True)
class Box:
    """A folder with a variants file and the script that applies them."""

    folder: Path
    port: int

    def options(self, *more: str) -> list[str]:
        url = f"http://127.0.0.1:{self.port}"
        return [
            "--endpoint-url", url, "--variants", str(self.folder / "variants.yaml"),
            "--requests-per-second", "2", *more,
        ]  # fmt: skip

    def applied(self) -> list[str]:
        """The numbers of workers that were applied, in order."""
        path = self.folder / "applied"
        return path.read_text().split() if path.exists() else []

    def record(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "results/variants.json").read_text())
        return found

    def logs(self) -> list[Path]:
        return sorted(self.folder.glob("run-variants-*/*.log"))


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    """Restored with two workers; whatever still runs at the end is stopped."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    script = SERVE.format(root=shlex.quote(str(user.ROOT)), port=port, token=user.TOKEN)
    (tmp_path / "serve.sh").write_text(script)
    (tmp_path / "variants.yaml").write_text(
        "restore_command: sh serve.sh 2\nvariants:\n"
        "  - {name: one worker, apply: sh serve.sh 1}\n"
        "  - {name: two workers, apply: sh serve.sh 2}\n"
        "  - {name: four workers, apply: sh serve.sh 4}\n"
    )
    try:
        yield Box(tmp_path, port)
    finally:
        subprocess.run(["sh", "serve.sh", "stop"], cwd=tmp_path, check=False)


def wait_until_measuring(box: Box) -> None:
    """Until the first measurement sends its load."""

    def under_way() -> bool:
        return any(b'"event":"request"' in log.read_bytes() for log in box.logs())

    user.wait_for(under_way, 60, "a measurement")


def is_restored(box: Box) -> bool:
    """Whether the endpoint that runs now is the one with two workers."""
    if box.applied()[-1] != "2" or not (box.folder / "out").exists():
        return False
    try:
        words = psutil.Process(int_in(box.folder / "pid")).cmdline()
    except psutil.Error:
        return False
    return words[-3:-2] == ["2"]


def int_in(path: Path) -> int:
    """The number in a file; 0 if there is none."""
    return int(path.read_text() or 0) if path.exists() else 0


@pytest.mark.parametrize(
    ("text", "more", "line"),
    [
        ("restore: x\nvariants: 3\n", [], "variants.yaml, line 2: variants must be a list of"),
        ("", [], "variants.yaml: the file is empty; must be YAML with the keys"),
        (None, ["--endpoint-url", ""], "needs ENDPOINT_URL, the address of the box"),
        (None, ["--variants", "none.yaml"], "VARIANTS = 'none.yaml': cannot be read (No such"),
        (
            None,
            ["--mix", "examples/mix.yaml", "--interference"],
            "must be left out with --interference, which measures no capacity",
        ),
        (
            None,
            ["--audit-cache", "--preflight"],
            "must be left out with --audit-cache, which measures no capacity",
        ),
        (None, ["--repeat", "2", "--dry-run"], "must be left out with --repeat"),
        (
            "restore: a\nvariants: [{name: a, apply: ask}, {name: b, apply: touch applied}]\n",
            [],
            "a variant with apply: ask needs a person at a terminal",
        ),
    ],
)
def test_what_is_wrong_is_one_line_before_anything_is_applied(
    box: Box, text: str | None, more: list[str], line: str
) -> None:
    """Exit code 2, and no command has run."""
    if text is not None:
        (box.folder / "variants.yaml").write_text(text)
    ended = user.run(box.folder, "load_test.py", *box.options(*more))
    assert ended.code == exit_codes.BAD_SETTING
    assert line in ended.err
    assert len(ended.err.splitlines()) == 1
    assert box.applied() == []
    assert box.logs() == []


def test_a_dry_run_applies_nothing(box: Box) -> None:
    """It shows the variants, what restores the box, and how long a round takes."""
    ended = user.run(box.folder, "load_test.py", *box.options("--dry-run"))
    assert ended.code == exit_codes.OK
    assert ended.out.startswith("Contest of 3 variants: at most 6 rounds with 15 runs in all")
    assert "four workers: sh serve.sh 4\n" in ended.out
    assert "at the end: sh serve.sh 2\n" in ended.out
    assert box.applied() == []


def test_ctrl_c_shows_what_was_measured_and_restores(box: Box) -> None:
    """Exit code 130; both files are there."""
    process = user.start(
        box.folder, "load_test.py", *box.options("--custom-ramp", "5", "--time-between-ramp", "60")
    )
    wait_until_measuring(box)
    process.send_signal(signal.SIGINT)
    ended = user.finish(process)
    assert ended.code == exit_codes.INTERRUPTED
    assert "NO RESULT: no variant was measured" in ended.out
    assert "Stopped by SIGINT" in ended.out
    assert box.record()["interrupted"] == "SIGINT"
    assert box.record()["restored"]["done"] is True
    assert len(box.applied()) == 2
    user.wait_for(lambda: is_restored(box), 20, "the restored endpoint")


@pytest.mark.parametrize("where", ["measuring", "applying"])
def test_kill_9_restores(box: Box, where: str) -> None:
    """The keeper does it; a command that was running is ended first, and no process is left."""
    if where == "applying":
        text = (box.folder / "variants.yaml").read_text()
        slow = re.sub(r"apply: (sh serve.sh \d)", r"apply: \1; touch begun; sleep 100", text)
        (box.folder / "variants.yaml").write_text(slow)
    process = user.start(
        box.folder, "load_test.py", *box.options("--custom-ramp", "5", "--time-between-ramp", "60")
    )
    if where == "applying":
        user.wait_for((box.folder / "begun").exists, 60, "the command")
    else:
        wait_until_measuring(box)
    ours = [each for each in user.family(process) if each.pid != int_in(box.folder / "pid")]
    process.kill()
    process.wait()
    user.wait_for(lambda: len(box.applied()) == 2 and is_restored(box), 30, "the restoration")
    user.wait_for(lambda: user.alive(ours) == [], 20, "the end of all processes")
    process.communicate()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_one_two_and_four_workers_are_ranked_right(box: Box) -> None:
    """Capacity and ratios of theory lie in their intervals: 20, 40 and 80/s; 1/4 and 1/2.

    The box is left with two workers, no command got the token, and no log is overwritten.
    """
    options = box.options("--custom-ramp", "50", "--time-between-ramp", "4")
    ended = user.finish(user.start(box.folder, "load_test.py", *options), 500)
    assert ended.code == exit_codes.OK, ended.err
    record = box.record()
    if any("generator" in each["why"] for each in record["measurements"]):
        pytest.skip("this machine was too busy to send on time")
    assert ended.out.startswith("four workers serves the most: ")
    assert [each["name"] for each in record["variants"]] == [
        "four workers", "two workers", "one worker",
    ]  # fmt: skip
    for each, workers in zip(record["variants"], (4, 2, 1), strict=True):
        assert each["capacity"]["low"] <= 20 * workers <= each["capacity"]["high"]
        assert each["ratio"]["low"] <= workers / 4 <= each["ratio"]["high"]
    assert [each["verdict"] for each in record["variants"][:2]] == ["first", "worse"]
    assert record["ended"] == "told"
    assert len(box.logs()) == len(record["measurements"])
    assert box.applied()[-1] == "2"
    assert set((box.folder / "tokens").read_text().split()) == {"0"}
    assert user.TOKEN not in (box.folder / "results/variants.json").read_text()
    user.wait_for(lambda: is_restored(box), 20, "the restored endpoint")


def test_the_command_of_the_page_is_a_contest(tmp_path: Path) -> None:
    """docs/variants.md has a command that measures its example; its table has the same variants."""
    page = (user.ROOT / "docs" / "variants.md").read_text()
    (command,) = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    command = command.replace("python load_test.py", f"{sys.executable} load_test.py")
    command = command.strip() + f" --dry-run --log-file {tmp_path}/run.log"
    done = subprocess.run(
        command, shell=True, cwd=user.ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == exit_codes.OK, done.stderr
    assert done.stdout.startswith("Contest of 3 variants")
    promised = re.findall(r"```text\n(.*?)```", page, re.DOTALL)[0]
    for name in ("four workers", "two workers", "one worker"):
        assert f"\n{name} " in promised
        assert name in done.stdout
    assert not list(tmp_path.iterdir())
