"""What people type out of habit, and what they mistype."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edgeload.commands import report, run


def said(
    capsys: pytest.CaptureFixture[str], *words: str, config: Path | None = None
) -> tuple[int, str]:
    """Exit code and text of a dry run."""
    try:
        code = run.main([*words, "--dry-run"], config_folders=(config,) if config else ())
    except SystemExit as ended:
        code = int(str(ended.code))
    out, err = capsys.readouterr()
    return code, out + err


def test_a_mistyped_name_is_never_guessed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A beginning of an option is not taken for it; the nearest name is shown."""
    for word, meant in (
        ("--max-client=5", "--max-clients"), ("--custom-rmp=1", "--custom-ramp"),
        ("--find-capacit", "--find-capacity"), ("--dryrun", "--dry-run"),
    ):  # fmt: skip
        code, line = said(capsys, word)
        assert code == 2
        assert f"; did you mean {meant}?" in line
        assert line.count("\n") == 1
    assert "did you mean" not in said(capsys, "--no-such-thing-at-all")[1]
    (tmp_path / "config.py").write_text("TIMEOUTS = 3\n")
    code, line = said(capsys, config=tmp_path)
    assert (code, "did you mean TIMEOUT?" in line) == (2, True)
    mix = tmp_path / "mix.yaml"
    mix.write_text("- {name: door, detector_nam: d}\n")
    code, line = said(capsys, "--mix", str(mix))
    assert (code, "did you mean detector_name?" in line) == (2, True)


def test_a_wrong_constant_is_found_by_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each wrong one has a line of its own; an option that was typed is not in the file."""
    path = tmp_path / "config.py"
    path.write_text("SEED = 1\nTIMEOUT = 'soon'\nIMAGE_PATH = 'no.jpg'\nMAX_CLIENTS = [1]\n")
    code, text = said(capsys, config=tmp_path)
    assert code == 2
    second, first = text.splitlines()
    assert first.startswith(f"{path}:4: MAX_CLIENTS = [1]: must be a whole number, for example 20")
    assert second.startswith(f"{path}:2: TIMEOUT = 'soon': must be a time")
    valid = ("--timeout", "1", "--max-clients", "1")
    assert said(capsys, *valid, config=tmp_path)[1].startswith(f"{path}:3: IMAGE_PATH: ")
    typed = said(capsys, "--timeout", "late", "--max-clients", "1", config=tmp_path)[1]
    assert typed.startswith("TIMEOUT = 'late': must be a time")
    path.write_text("LOG_FILE = 5\n")
    assert report.report_main([], config_folders=(tmp_path,)) == 2
    assert f"{path}:1: LOG_FILE = 5: must be a path" in capsys.readouterr().err


def test_a_step_in_which_nothing_is_due(capsys: pytest.CaptureFixture[str]) -> None:
    """4 s at 0.1/s have no request of a client, by its period; the example is long enough."""
    words = ("--custom-ramp", "1", "--requests-per-second", "0.1")
    code, line = said(capsys, *words, "--time-between-ramp", "4")
    assert code == 2
    found = re.fullmatch(
        r"TIME_BETWEEN_RAMP = 4: must be at least the period of a client, 10 s with "
        r"REQUESTS_PER_SECOND = 0.1, for example (\d+)\n",
        line,
    )
    assert found
    assert said(capsys, *words, "--time-between-ramp", found[1])[0] == 0


def test_paths_of_config_py_are_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Picture and log are found from any folder; what was typed is of the working folder."""
    home, other = tmp_path / "home", tmp_path / "other"
    home.mkdir()
    other.mkdir()
    picture = Path(run.__file__).parents[2] / "images" / "dog_resized_256x256.jpeg"
    (home / "camera.jpg").write_bytes(picture.read_bytes())
    (home / "config.py").write_text("IMAGE_PATH = 'camera.jpg'\nLOG_FILE = 'cameras.log'\n")
    monkeypatch.chdir(other)
    assert said(capsys, config=home)[0] == 0
    code, line = said(capsys, "--image-path", "camera.jpg", config=home)
    assert (code, line.startswith("IMAGE_PATH: 'camera.jpg' does not exist")) == (2, True)
    report.report_main([], config_folders=(home,))
    assert f"the log {home}/cameras.log" in capsys.readouterr().err
    report.report_main(["cameras.log"], config_folders=(home,))
    assert "the log cameras.log" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["[1,5,20]"], ["[1,", "5,", "20]"], ["1,5,20"], ["1, 5, 20"]])
def test_a_ramp_in_brackets(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    """However the shell divides it."""
    code, text = said(capsys, "--custom-ramp", *words)
    assert code == 0
    assert text.startswith("7,800 requests in 90 s, from up to 20 clients")


def test_one_is_singular(capsys: pytest.CaptureFixture[str]) -> None:
    """No text of a plan says "1 clients", "1 copies", "1 steps" or "1 requests"."""
    mix = Path(run.__file__).parents[2] / "examples" / "mix.yaml"
    for words in (
        ["--custom-ramp", "1", "--requests-per-second", "1", "--time-between-ramp", "1"],
        ["--custom-ramp", "1", "--repeat", "2"],
        ["--find-capacity", "--max-clients", "1", "--search", "rate"],
        ["--mix", str(mix), "--custom-ramp", "1"],
        ["--custom-ramp", "2", "--slo", "1 client: p95<1s"],
    ):
        text = said(capsys, *words)[1]
        assert re.search(r"(?<![\d.,])1 (client|cop|step|request|camera|run)", text)
        assert not re.search(
            r"(?<![\d.,])1 (clients|copies|steps|requests|cameras|runs)(?!/s)", text
        )
