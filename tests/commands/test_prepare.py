"""Laws of `edgeload prepare` and `edgeload cleanup` as a user types them."""

from __future__ import annotations

import errno
import functools
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import as_a_user as user
import pytest
from box_of_cloud import box_of_cloud
from cloud_stand_in import TOKEN, CloudStandIn, cloud_stand_in
from only_loopback import only_loopback
from prepared_box import MIX, TRUST

import load_test
from edgeload import exit_codes
from edgeload.commands import cleanup, prepare
from edgeload.edge.edge_config import put_edge_config, read_edge_config, with_preset
from edgeload.prepare.cloud import Cloud
from edgeload.prepare.note import NoteFile
from edgeload.prepare.preparing import Doing
from edgeload.simulator.launch import running_simulator

__all__ = ["only_loopback"]
pytestmark = pytest.mark.usefixtures("only_loopback")

EXAMPLE = user.ROOT / "examples" / "prepare.yaml"


@pytest.fixture(scope="module")
def box() -> Iterator[str]:
    with running_simulator(["--service-time", "1ms"]) as running:
        yield running.url


@pytest.fixture
def cloud() -> Iterator[CloudStandIn]:
    with cloud_stand_in() as running:
        running.polls_until_trained = 1
        yield running


@pytest.fixture
def words(
    box: str, cloud: CloudStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[str]]:
    """The words of a command line that prepares, in a folder of its own, without pauses."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GROUNDLIGHT_API_TOKEN", TOKEN)
    (tmp_path / "mix.yaml").write_text(MIX)
    quick = functools.partial(Doing, pause=lambda _: None, settled_s=0.0)
    monkeypatch.setattr("edgeload.prepare.preparing.Doing", quick)
    before = read_edge_config(box, TRUST)
    yield [*("--mix", "mix.yaml", "--endpoint-url", box, "--cloud", cloud.url, "--pictures", "2")]
    put_edge_config(box, before, TRUST)


def test_prepared_and_cleaned_up(
    words: list[str], cloud: CloudStandIn, box: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two commands, and the cloud and the box are as they were. Nothing shows the token."""
    before = read_edge_config(box, TRUST)
    assert prepare.main(words) == exit_codes.OK
    note = Path("edgeload_prepared.json").read_text()
    assert {each["name"] for each in json.loads(note)["detectors"]} == cloud.names()
    assert prepare.main(words) == exit_codes.OK  # once more: all of it is there
    said = capsys.readouterr()
    assert "this undoes it: edgeload cleanup\n" in said.out
    assert len(cloud.pictures) == 4
    assert cleanup.main(["--dry-run"]) == exit_codes.OK
    assert len(capsys.readouterr().out.splitlines()) == 5
    assert cleanup.main([]) == exit_codes.OK
    assert cloud.names() == set()
    assert read_edge_config(box, TRUST) == before
    assert cleanup.main([]) == exit_codes.OK
    ended = capsys.readouterr()
    assert "There is nothing to undo" in ended.out
    assert TOKEN[:12] not in note + said.out + said.err + ended.out + ended.err


def _form(text: str, url: str = "https://192.0.2.7:30143") -> list[str]:
    """The lines without what differs from run to run: ids, times, and how many pictures."""
    text = re.sub(r"det_[…\d]+", "det_…", text.replace(url, "BOX"))
    return re.sub(r" after \d+ s|\b30?(?= labelled)", "", text).splitlines()


def test_the_page_shows_what_is_said(
    words: list[str], box: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """docs/prepare.md has the lines of both commands for the example, in their order."""
    page = (user.ROOT / "docs" / "prepare.md").read_text()
    prepared, undone = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    assert prepare.main([*words[2:-2], "--mix", str(EXAMPLE), "--pictures", "3"]) == exit_codes.OK
    said = capsys.readouterr()
    assert _form(said.err + said.out, box) == _form(prepared)
    assert cleanup.main([]) == exit_codes.OK
    said = capsys.readouterr()
    assert _form(said.err + said.out, box) == _form(undone)


def test_a_dry_run_sends_nothing(
    words: list[str], cloud: CloudStandIn, only_loopback: list[str],
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """A line for each detector, without a token and without a box."""
    monkeypatch.delenv("GROUNDLIGHT_API_TOKEN")
    only_loopback.clear()
    assert prepare.main(["--mix", str(EXAMPLE), "--image-size", "99x100", "--dry-run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert only_loopback == []
    assert len(lines) == 5
    assert lines[1].startswith("edgeload-cars: count, disc, at most 10; 'How many discs")
    assert all("30 labelled pictures of 99x100 pixels" in line for line in lines[:4])
    assert not Path("edgeload_prepared.json").exists()


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        (["--mix", ""], "MIX is empty: must be a YAML file with camera groups"),
        (["--mix", "no.yaml"], "MIX = 'no.yaml': cannot be read"),
        (["--endpoint-url", ""], "ENDPOINT_URL is empty: detectors are made for a box"),
        (["--endpoint-url", "https://api.groundlight.ai"], "is the Groundlight cloud; must be"),
        (
            ["--endpoint-url", "http://8.8.8.8"],
            "ENDPOINT_URL = 'http://8.8.8.8': is a public address",
        ),
        (["--image-size", "16x16"], "too small for"),
        (["--pictures", "1"], "--pictures 1: too few for the 2 classes of 'door'; must be at"),
    ],
)
def test_a_wrong_setting_is_one_line_and_nothing_is_sent(
    words: list[str], cloud: CloudStandIn, changed: list[str], line: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Exit code 2."""
    Path("mix.yaml").write_text(MIX.replace("max_count: 2", "max_count: 9"))
    assert prepare.main([*words, *changed]) == exit_codes.BAD_SETTING
    (said,) = capsys.readouterr().err.splitlines()
    assert line in said
    assert cloud.asked == []
    assert not Path("edgeload_prepared.json").exists()


@pytest.mark.parametrize(
    ("option", "line"),
    [
        (["--cloud", "http://example.org"], "because the API token is sent there"),
        (["--cloud", "ftp://127.0.0.1"], "must be https://HOST"),
        (["--pictures", "201"], "must be a whole number from 1 to 200"),
        (["--image-size", "big"], "must be WIDTHxHEIGHT"),
        (["--training-timeout", "soon"], "must be a time"),
        (["--token", "api_secret"], "the API token is never an option"),
    ],
)
def test_a_wrong_option_is_one_line(
    words: list[str], option: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """As of every command."""
    with pytest.raises(SystemExit) as ended:
        prepare.main([*words, *option])
    assert ended.value.code == exit_codes.BAD_SETTING
    (said,) = capsys.readouterr().err.splitlines()
    assert line in said
    assert "api_secret" not in said


def test_a_mix_can_send_the_pictures_of_its_detectors(
    words: list[str], cloud: CloudStandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are those that the cloud gets. A folder that cannot be written is one line."""
    saving = [*words, "--save-pictures", "pictures"]
    assert prepare.main([*saving, "--dry-run"]) == exit_codes.OK
    assert cloud.asked == []
    pictures = {path.read_bytes(): path for path in Path("pictures").iterdir()}
    path = next(each for each in pictures.values() if each.name.startswith("cars_01_"))
    Path("mix.yaml").write_text(
        MIX.replace("  image_size: 64x48", f"  image_path: {path}\n  image_size: 64x48")
    )
    assert prepare.main(saving) == exit_codes.OK
    assert {each.jpeg for each in cloud.pictures} == set(pictures)
    Path("taken").touch()
    capsys.readouterr()
    assert prepare.main([*words, "--save-pictures", "taken"]) == exit_codes.BAD_SETTING
    assert capsys.readouterr().err.startswith("--save-pictures taken: cannot be written (")


def test_no_token_is_one_line(
    words: list[str], cloud: CloudStandIn, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """A token in config.py does as well."""
    monkeypatch.delenv("GROUNDLIGHT_API_TOKEN")
    assert prepare.main(words) == exit_codes.BAD_SETTING
    assert capsys.readouterr().err.startswith("GROUNDLIGHT_API_TOKEN is empty: set it in config.py")
    Path("config.py").write_text(f"GROUNDLIGHT_API_TOKEN = {TOKEN!r}\nMIX = 'mix.yaml'\n")
    assert prepare.main(words[2:]) == exit_codes.OK
    assert cloud.names() == {"cars", "door"}


def test_a_detector_that_differs_is_a_line_of_the_mix(
    words: list[str], cloud: CloudStandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, before anything is made."""
    cloud.add("door", "COUNT", "Is it open?")
    assert prepare.main(words) == exit_codes.BAD_SETTING
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith("mix.yaml, line 11, group 'door': the detector 'door' exists (det_")
    assert cloud.names() == {"door"}


def test_a_note_of_another_box_is_refused(
    words: list[str], box: str, cloud: CloudStandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was prepared there would be lost; another file may be used."""
    assert prepare.main(words) == exit_codes.OK
    asked = len(cloud.asked)
    other = box.replace("127.0.0.1", "localhost")
    assert prepare.main([*words, "--endpoint-url", other]) == exit_codes.BAD_SETTING
    assert f"is about {box} and {cloud.url}, not about {other}" in capsys.readouterr().err
    assert len(cloud.asked) == asked


def test_a_box_that_is_away_comes_before_the_cloud(
    words: list[str], cloud: CloudStandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is made for a box that does not answer: exit code 5."""
    away = "http://127.0.0.1:9"
    assert prepare.main([*words, "--endpoint-url", away]) == exit_codes.UNREACHABLE
    assert "no connection" in capsys.readouterr().err
    assert cloud.asked == []


def test_what_takes_too_long_says_how_to_go_on(
    words: list[str], cloud: CloudStandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 5 and two lines: how far it was, and both commands."""
    cloud.polls_until_trained = 10**9
    code = prepare.main([*words, "--training-timeout", "50ms", "--note", "n.json"])
    assert code == exit_codes.UNREACHABLE
    *_, why, then = capsys.readouterr().err.splitlines()
    assert why.startswith("not trained within 0.05 s: cars and door (no model yet)")
    assert then == (
        "n.json says what was made so far: the same command goes on from there, and this undoes "
        "it: edgeload cleanup --note n.json"
    )


def test_what_cannot_be_undone_stays_in_the_note(
    words: list[str], cloud: CloudStandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 5; the same command tries again."""
    assert prepare.main(words) == exit_codes.OK
    cloud.refuse.extend([0, 0, 0, 401])
    assert cleanup.main([]) == exit_codes.UNREACHABLE
    said = capsys.readouterr().err
    assert "cannot be deleted" in said
    assert "edgeload_prepared.json says what is left: the same command tries again." in said
    assert cleanup.main([]) == exit_codes.OK
    assert cloud.names() == set()


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (None, "--note n.json: there is no such file; must be one that edgeload prepare has"),
        ("{}", "n.json: is no such note"),
        (
            '{"format":"edgeload preparation 1","preparation":"p","endpoint":"http://127.0.0.1:9",'
            '"cloud":"http://example.org"}',
            "n.json: cloud: must be https://HOST",
        ),
        (
            '{"format":"edgeload preparation 1","preparation":"p","cloud":"https://example.org",'
            '"endpoint":"https://api.groundlight.ai"}',
            "is the Groundlight cloud",
        ),
    ],
)
def test_a_wrong_note_is_one_line(
    words: list[str], content: str | None, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is sent to what it names."""
    if content is not None:
        Path("n.json").write_text(content)
    assert cleanup.main(["--note", "n.json"]) == exit_codes.BAD_SETTING
    (said,) = capsys.readouterr().err.splitlines()
    assert line in said


def test_a_note_that_cannot_be_removed_is_one_line(
    words: list[str], box: str, cloud: CloudStandIn, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Everything was there, and meanwhile the folder has become read-only: exit code 1."""
    cloud.add("door", query="Is it open?")
    cloud.add(
        "cars", "COUNT", "How many?", mode_configuration={"class_name": "car", "max_count": 2}
    )
    config = with_preset(read_edge_config(box, TRUST), cloud.detectors, "no_cloud")
    put_edge_config(box, config, TRUST)

    def read_only(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "unlink", read_only)
    assert prepare.main(words) == exit_codes.INTERNAL_ERROR
    said = capsys.readouterr().err
    assert "edgeload_prepared.json: cannot be removed (Permission denied)" in said


def test_two_at_once_do_not_share_a_note(
    words: list[str], cloud: CloudStandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    """One would write over what the other has made."""
    assert prepare.main(words) == exit_codes.OK
    asked = len(cloud.asked)
    with NoteFile(Path("edgeload_prepared.json")).held():
        for main, line in ((prepare.main, words), (cleanup.main, [])):
            assert main(line) == exit_codes.BAD_SETTING
            said = capsys.readouterr().err.splitlines()[-1]
            assert "another edgeload prepare or cleanup runs in this folder; wait until" in said
    assert len(cloud.asked) == asked
    assert cleanup.main([]) == exit_codes.OK


def test_ctrl_c_leaves_a_note_that_can_be_used(
    words: list[str], cloud: CloudStandIn, tmp_path: Path
) -> None:
    """A real process that is stopped while it waits for training: exit code 130."""
    cloud.polls_until_trained = 10**9
    process = subprocess.Popen(
        [sys.executable, "-m", "edgeload", "prepare", *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(user.ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until_s = time.monotonic() + 30
    while not any(path.endswith("/pipelines") for _, path in list(cloud.asked)):
        assert time.monotonic() < until_s
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == exit_codes.INTERRUPTED
    assert "this undoes it: python -m edgeload cleanup" in err
    assert "Traceback" not in err
    assert TOKEN[:12] not in out + err
    assert cleanup.main([]) == exit_codes.OK
    assert cloud.names() == set()


def test_ctrl_c_in_a_cleanup_leaves_the_rest_in_the_note(
    words: list[str], cloud: CloudStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the first deletion; the next call does the rest."""
    assert prepare.main(words) == exit_codes.OK
    delete = Cloud.delete

    def once(self: Cloud, detector_id: str) -> None:
        delete(self, detector_id)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Cloud, "delete", once)
        assert cleanup.main([]) == exit_codes.INTERRUPTED
    assert len(cloud.detectors) == 1
    assert cleanup.main([]) == exit_codes.OK
    assert cloud.detectors == {}


@pytest.mark.slow
def test_the_same_mix_runs_afterwards(box: str, cloud: CloudStandIn, tmp_path: Path) -> None:
    """As real processes with the pauses that a box needs: made, asked by name, and undone."""
    cloud.polls_until_trained = 0
    (tmp_path / "mix.yaml").write_text(MIX)
    environment = {
        **os.environ, "PYTHONPATH": str(user.ROOT), "GROUNDLIGHT_API_TOKEN": TOKEN,
    }  # fmt: skip
    with box_of_cloud(box, cloud.url) as url:
        words = ["--mix", "mix.yaml", "--endpoint-url", url]
        before = read_edge_config(url, TRUST)
        for command in (
            ["prepare", *words, "--cloud", cloud.url, "--pictures", "2"],
            ["run", *words, "--custom-ramp", "1", "--time-between-ramp", "3"],
            ["cleanup"],
        ):
            done = subprocess.run(
                [sys.executable, "-m", "edgeload", *command],
                cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == exit_codes.OK, done.stderr
            assert TOKEN[:12] not in done.stdout + done.stderr
        assert read_edge_config(url, TRUST) == before
    summary = json.loads((tmp_path / "load_test_results" / "summary.json").read_text())
    assert summary["totals"]["ok"] == summary["totals"]["planned"] == 60
    assert cloud.names() == set()


def test_a_load_test_says_who_makes_a_detector(
    words: list[str], box: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """It does not create one of another kind itself."""
    options = ["--log-file", str(tmp_path / "run.log"), "--custom-ramp", "1"]
    assert load_test.main([*words[:4], *options]) == exit_codes.BAD_SETTING
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.endswith(
        "there is no detector of this name; edgeload prepare --mix mix.yaml makes it"
    )
