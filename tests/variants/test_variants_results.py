"""Laws of what a contest leaves: both files, the terminal, and the exit code."""

from __future__ import annotations

import io
import json
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from edgeload import exit_codes
from edgeload.read.log.log_error import LogError
from edgeload.settings import Settings, resolve
from edgeload.variants.contest import Contest, ContestResult, ContestTurn
from edgeload.variants.measurement import Measurement, Outcome
from edgeload.variants.variants_file import parse_variants
from edgeload.variants.variants_record import VariantsRecord
from edgeload.variants.variants_results import contest_exit_code, write_contest

LONG = "a variant with quite a long name of forty"[:40]
VARIANTS = parse_variants(
    "f.yaml",
    f"restore: two\nvariants:\n- {{name: two, apply: x}}\n- {{name: {LONG}, apply: y}}\n"
    "- {name: bad, apply: z}\n",
)
WHY = "exit code 1: no memory"


def result(*rounds: dict[str, Measurement], **changes: object) -> ContestResult:
    contest = Contest(("two", LONG, "bad"))
    turns = []
    for number, measured in enumerate(rounds, 1):
        found = {name: measured[name] for name in contest.standing if name in measured}
        turns += [ContestTurn(number, name, each, 9.0) for name, each in found.items()]
        contest = contest.after_round(found)
    known = {"restored": True, **changes}
    return ContestResult(contest, tuple(turns), 99.0, **known)  # type: ignore[arg-type]


def measured(per_s: float) -> Measurement:
    return Measurement("measured", per_s, per_s, per_s, log_file=Path("logs/a.log"))


GOOD = [
    {"two": measured(40.0), LONG: measured(80.0), "bad": Measurement("not_applied", why=WHY)},
] * 4


def settings_in(tmp_path: Path) -> Settings:
    options = {
        "endpoint_url": "http://127.0.0.1:9", "variants": "f.yaml", "output_dir": tmp_path / "out",
    }  # fmt: skip
    return resolve({}, options, {"GROUNDLIGHT_API_TOKEN": "t"})


def printed(tmp_path: Path, found: ContestResult, width: int) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    write_contest(found, VARIANTS, settings_in(tmp_path), tmp_path / "logs", console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_record_says_everything(tmp_path: Path) -> None:
    """It is read back by its own types; figures are plain numbers, in the order of the ranking."""
    printed(tmp_path, result(*GOOD), 100)
    text = (tmp_path / "out" / "variants.json").read_text()
    record = msgspec.json.decode(text, type=VariantsRecord)
    best, second, bad = record.variants
    assert (record.first, record.ended, record.rounds, record.count_of) == (
        LONG, "told", 4, "client",
    )  # fmt: skip
    assert best.capacity is not None and best.capacity.count == 8
    assert second.ratio is not None
    assert (second.verdict, second.place, second.ratio.value, second.ratio.rounds) == (
        "worse", 2, 0.5, 4,
    )  # fmt: skip
    assert (bad.verdict, bad.place, bad.after_round, bad.why) == ("not_applied", None, 1, WHY)
    assert [turn.variant for turn in record.measurements][:3] == ["two", LONG, "bad"]
    assert record.measurements[0].log == "logs/a.log"
    assert (record.restored.to, record.restored.done) == ("two", True)
    assert json.loads(text)["answer"].startswith(LONG)


@pytest.mark.parametrize("width", [80, 200])
def test_it_fits_the_terminal(tmp_path: Path, width: int) -> None:
    """No line is longer than 80 columns there, nor than 100 on a wide one; nothing is cut off."""
    text = printed(tmp_path, result(*GOOD), width)
    table = [line for line in text.splitlines() if str(tmp_path) not in line]
    assert max(map(len, table)) <= min(width, 100)
    for words in (
        "0.50 (0.50 to 0.50)",
        "not applied",
        f"bad, round 1: {WHY}",
        "serves the most",
    ):
        assert words in text
    file = (tmp_path / "out" / "variants.txt").read_text()
    assert "0.50 (0.50 to 0.50)" in file


def test_a_folder_that_the_disk_refuses_is_one_line(tmp_path: Path) -> None:
    """As for the results of a run."""
    (tmp_path / "out").write_text("a file")
    with pytest.raises(LogError, match="cannot write results to"):
        printed(tmp_path, result(*GOOD), 80)


def failed(outcome: Outcome) -> dict[str, Measurement]:
    return {name: Measurement(outcome, why="x") for name in ("two", LONG, "bad")}


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (result(*GOOD), exit_codes.OK),
        (result(*GOOD, interrupted="SIGINT"), exit_codes.INTERRUPTED),
        (result(interrupted="SIGINT", restored=False), exit_codes.INTERRUPTED),
        (result(*GOOD, not_restored="exit code 1", restored=False), exit_codes.UNREACHABLE),
        (result(failed("not_applied")), exit_codes.NO_RESULT),
        (result(failed("not_ready"), failed("unknown")), exit_codes.NO_RESULT),
        (result(failed("invalid"), failed("invalid")), exit_codes.INVALID),
        (result(failed("invalid"), failed("unknown")), exit_codes.NO_RESULT),
    ],
)
def test_the_exit_code_is_that_of_readme(found: ContestResult, code: int) -> None:
    """In the order of README: 5, 130, 4, 6; a box that was not restored comes first."""
    assert contest_exit_code(found) == code
