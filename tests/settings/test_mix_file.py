"""Laws of mix files: what is legal means what docs/mix.md says, what is not is one clear line."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import as_a_user as user
import pytest

import load_test
from edgeload import exit_codes
from edgeload.camera_group import CameraGroup
from edgeload.settings import SettingError, Settings, resolve
from edgeload.settings.groups import ChainSettings, DetectorChoice, GroupSettings
from edgeload.settings.mix_file import MAX_FOLLOWERS, GroupSpec

DOOR = "- name: door\n  detector_name: front-door\n"
ID = "det_" + "a1B" * 9
LIST = "must be a YAML list of camera groups, for example [{name: door, "
NAME = "must be a letter, then at most 39 letters, digits, spaces or the signs _ . -"
TIME = "must be a time above 0 s and at most 7 days, in seconds or with the unit ms, s, m or h"
RATE = "must be a number from 0.0001 to 10000, or max, for example requests_per_second: 10"
SIZE = "must be WIDTHxHEIGHT in pixels, at most 8192, for example 640x480"
SLO = "must be an objective, for example p95<300ms"


def settings_of(folder: Path, text: str | bytes, **options: object) -> Settings:
    """The settings of a run with this mix file."""
    path = folder / "mix.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return resolve({}, {"mix": str(path), "custom_ramp": "1,2", **options}, {})


def groups_of(folder: Path, text: str | bytes, **options: object) -> tuple[GroupSettings, ...]:
    return settings_of(folder, text, **options).groups()


def error_of(folder: Path, text: str | bytes, **options: object) -> str:
    """The line about this file; its path is left out."""
    with pytest.raises(SettingError) as caught:
        settings_of(folder, text, **options)
    line = str(caught.value)
    assert "\n" not in line
    assert len(line) < 700
    return line.replace(f"{folder}{os.sep}", "")


def test_a_group_has_what_the_file_says_and_else_the_settings(tmp_path: Path) -> None:
    """Every key of one group; the other has only those that it must have."""
    (tmp_path / "one.png").write_bytes(b"")
    text = f"""
- name: door
  detector_id: {ID}
  cameras: 4
  requests_per_second: 2.5
  arrivals: poisson
  late: latest
  image_path: one.png
  image_size: 640x480
  image_pool: 8
  timeout: 3000ms
  slo: [p95<300ms, "2 copies: errors<1%"]
  then:
  - detector: face
    requests: 3
  - {{detector: {ID}}}
- name: hall
  detector_name: hall
  query: Is anybody there?
"""
    door, hall = groups_of(
        tmp_path, text, requests_per_second=7, late="skip", timeout=2, image_pool=5
    )
    assert door.load == CameraGroup("door", 4, 2.5, "poisson", "latest", requests_per_frame=5)
    assert door.detector == DetectorChoice(ID)
    assert (door.pictures.path, door.pictures.size) == (tmp_path / "one.png", (640, 480))
    assert (door.pictures.count, door.timeout_s) == (8, 3.0)
    assert door.slo == ("p95<300ms", "2 copies: errors<1%")
    assert door.then == (
        ChainSettings(DetectorChoice(name="face"), 3),
        ChainSettings(DetectorChoice(ID), 1),
    )
    assert hall.load == CameraGroup("hall", 1, 7.0, "constant", "skip")
    assert hall.detector == DetectorChoice(None, "hall", "Is anybody there?")
    assert (hall.pictures.count, hall.pictures.size, hall.timeout_s) == (5, None, 2.0)
    assert (hall.slo, hall.then) == ((), ())


@pytest.mark.parametrize(
    ("line", "load"),
    [
        ("cameras: '4'", CameraGroup("door", 4, 10.0)),
        ("cameras: 010", CameraGroup("door", 10, 10.0)),
        ("cameras:", CameraGroup("door", 1, 10.0)),
        ("cameras: ~", CameraGroup("door", 1, 10.0)),
        ("requests_per_second: max", CameraGroup("door", 1, None)),
        ("requests_per_second: 1e1", CameraGroup("door", 1, 10.0)),
        ("then: []", CameraGroup("door", 1, 10.0)),
        ("slo: p95<300ms", CameraGroup("door", 1, 10.0)),
        ("image_size: 640 x 480", CameraGroup("door", 1, 10.0)),
    ],
)
def test_texts_mean_what_they_say(tmp_path: Path, line: str, load: CameraGroup) -> None:
    """With quotation marks or none; a key without a value is as if it were not there."""
    (group,) = groups_of(tmp_path, f"{DOOR}  {line}\n")
    assert group.load == load


@pytest.mark.parametrize(
    "name", ["on", "yes", "No", "null-1", "e3", "x" * 40, "north door", "A.b_c"]
)
def test_a_plain_word_is_a_text(tmp_path: Path, name: str) -> None:
    """Also where YAML 1.1 would read a truth value; as the name of a detector, a date too."""
    text = f"- name: {name}\n  detector_name: 2024-01-01\n  query: no\n"
    (group,) = groups_of(tmp_path, text)
    assert group.load.name == name
    assert group.detector == DetectorChoice(None, "2024-01-01", "no")


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + DOOR,
        DOOR.replace("\n", "\r\n"),
        "# a comment\n---\n" + DOOR + "...\n",
        "[{name: door, detector_name: front-door}]",
        '[{"name": "door", "detector_name": "front-door"}]',
    ],
    ids=["byte order mark", "CRLF", "document marks", "flow", "JSON"],
)
def test_all_forms_of_yaml_are_read(tmp_path: Path, text: str) -> None:
    """They mean the same group."""
    (group,) = groups_of(tmp_path, text)
    assert (group.load.name, group.detector.name) == ("door", "front-door")


def test_anchors_and_merge_keys(tmp_path: Path) -> None:
    """A group takes over the keys of another, its own win; a wrong value is shown where it is."""
    text = """
- &base
  name: door
  detector_name: front-door
  cameras: 4
- <<: *base
  name: hall
"""
    door, hall = groups_of(tmp_path, text)
    assert (door.load.cameras, hall.load.cameras) == (4, 4)
    assert hall.load.name == "hall"
    line = error_of(tmp_path, text.replace("4", "0"))
    assert line.startswith("mix.yaml, line 5, group 'door': cameras = '0'")


BAD = {
    # keys
    "  camera: 4": (3, "'door'", "camera is not a key of a camera group; did you mean cameras?"),
    "  zzz: 4": (3, "'door'", "zzz is not a key of a camera group; legal: name, detector_id,"),
    "  name: hall": (3, "'door'", "name stands there twice; must stand there once"),
    "  ? [a]\n  : 3": (3, "'door'", "a list or a mapping cannot be a key; must be a word"),
    # cameras
    "  cameras: 0": (3, "'door'", "cameras = '0': must be at least 1, for example cameras: 4"),
    "  cameras: -1": (3, "'door'", "cameras = '-1': must be at least 1, for example cameras: 4"),
    "  cameras: 4.5": (3, "'door'", "cameras = '4.5': must be a whole number, for example cameras"),
    "  cameras: true": (3, "'door'", "cameras = 'true': must be a whole number, for example"),
    "  cameras: [1]": (3, "'door'", "cameras = ['1']: must be a whole number, for example"),
    "  cameras: 100001": (3, "'door'", "cameras = '100001': must be at most 100000, for example"),
    f"  cameras: {'9' * 5000}": (3, "'door'", "cameras = '9999999"),
    # requests_per_second
    "  requests_per_second: 0": (3, "'door'", f"requests_per_second = '0': {RATE}"),
    "  requests_per_second: -2": (3, "'door'", f"requests_per_second = '-2': {RATE}"),
    "  requests_per_second: nan": (3, "'door'", f"requests_per_second = 'nan': {RATE}"),
    "  requests_per_second: inf": (3, "'door'", f"requests_per_second = 'inf': {RATE}"),
    "  requests_per_second: .inf": (3, "'door'", f"requests_per_second = '.inf': {RATE}"),
    "  requests_per_second: 1e9": (3, "'door'", f"requests_per_second = '1e9': {RATE}"),
    "  requests_per_second: fast": (3, "'door'", f"requests_per_second = 'fast': {RATE}"),
    "  requests_per_second: [1]": (3, "'door'", f"requests_per_second = ['1']: {RATE}"),
    # the other words and numbers
    "  arrivals: Poisson": (3, "'door'", "arrivals = 'Poisson': must be 'constant' or 'poisson'"),
    "  late: never": (3, "'door'", "late = 'never': must be 'queue', 'skip' or 'latest', for"),
    "  timeout: 0": (3, "'door'", f"timeout = '0': {TIME}, for example timeout: 10s"),
    "  timeout: 1:30": (3, "'door'", f"timeout = '1:30': {TIME}, for example timeout"),
    "  timeout: inf": (3, "'door'", f"timeout = 'inf': {TIME}, for example timeout"),
    "  image_pool: 0": (3, "'door'", "image_pool = '0': must be at least 1, for example image_poo"),
    "  query: {a: b}": (3, "'door'", "query = {'a': 'b'}: must be a text, for example query: Is"),
    "  detector_id: det_x": (3, "'door'", "detector_id = 'det_x': must be det_ followed by 27"),
    f"  detector_id: {ID}": (3, "'door'", "needs either detector_id or detector_name, and not bot"),
    # pictures
    "  image_path: no.jpg": (3, "'door'", "image_path = 'no.jpg': there is no such file; must be"),
    "  image_path: .": (3, "'door'", "image_path = '.': is not a file; must be a JPEG or PNG file"),
    "  image_size: 640": (3, "'door'", f"image_size = '640': {SIZE}"),
    "  image_size: 0x480": (3, "'door'", f"image_size = '0x480': {SIZE}"),
    "  image_size: 8193x1": (3, "'door'", f"image_size = '8193x1': {SIZE}"),
    "  image_size: -1x1": (3, "'door'", f"image_size = '-1x1': {SIZE}"),
    "  image_size: 640x480px": (3, "'door'", f"image_size = '640x480px': {SIZE}"),
    "  image_size: [640, 480]": (3, "'door'", "image_size = ['640', '480']: must be a text, for"),
    # objectives
    "  slo: [p95<1s, p95<300]": (3, "'door'", f"slo = 'p95<300': {SLO}"),
    "  slo:\n  - p95<1s\n  - 5": (5, "'door'", f"slo = '5': {SLO}"),
    "  slo: {a: b}": (3, "'door'", "slo = {'a': 'b'}: must be a list, for example slo: [p95<300ms"),
    "  slo: ['hall: p95<1s']": (3, "'door'", "slo = ['hall: p95<1s']: the objectives of a group a"),
    "  slo: ['7 copies: p95<1s']": (
        3, "'door'", "slo = '7 copies: p95<1s': no step of the ramp has 7 copies; must be one of "
        "its loads (1 and 2), for example 1 copy: p95<1s",
    ),
    "  slo: ['1 client: p95<1s']": (
        3, "'door'", "slo = '1 client: p95<1s': the ramp counts copies; must be one of its loads",
    ),
    # then
    "  then: {detector: x}": (3, "'door'", "then = {'detector': 'x'}: must be a list, for example"),
    "  then: [x]": (3, "'door'", "then = 'x': must be detector and requests, for example [{det"),
    "  then:\n  - requests: 1": (4, "'door'", "then.detector is missing, for example detector: fr"),
    "  then: [{detector: ' '}]": (3, "'door'", "then.detector = '': must "),
    "  then:\n  - detector: x\n    requests: 0": (5, "'door'", "then.requests = '0': must be at"),
    "  then:\n  - detector: x\n    request: 1": (
        5, "'door'", "request is not a key of an entry of then; did you mean requests?",
    ),
    "  then:\n  - detector: x\n    detector: y": (5, "'door'", "detector stands there twice; must"),
    f"  then: [{{detector: x, requests: {MAX_FOLLOWERS}}}, {{detector: y}}]": (
        3, "'door'", "then = [{'detector': 'x', 'requests': '256'}, {'detector': 'y'}]: a frame "
        "would need 257 further requests; must be at most 256, for example",
    ),
    # the ramp
    "  requests_per_second: 0.01": (
        3, "'door'", "TIME_BETWEEN_RAMP = 30: must be at least the period of a camera, 100 s with ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("lines", BAD, ids=lambda lines: lines.strip()[:40])
def test_what_is_wrong_in_a_group_is_one_line(tmp_path: Path, lines: str) -> None:
    """With the file, the line, the group, the key, the value, and what is legal."""
    number, group, text = BAD[lines]
    found = error_of(tmp_path, f"{DOOR}{lines}\n")
    assert found.startswith(f"mix.yaml, line {number}, group {group}: {text}")


@pytest.mark.parametrize(
    ("text", "begin"),
    [
        ("", f"mix.yaml: the file is empty; {LIST}"),
        ("# nothing\n", f"mix.yaml: the file is empty; {LIST}"),
        ("null", f"mix.yaml: the file is empty; {LIST}"),
        ("[]", f"mix.yaml, line 1: {LIST}"),
        ("\ngroups:\n- name: door\n", f"mix.yaml, line 2: {LIST}"),
        ("a text", f"mix.yaml, line 1: {LIST}"),
        ("- 3\n", "mix.yaml, line 1, group 1: must have keys and values; the file must be a YAML"),
        (f"{DOOR}- [a]\n", "mix.yaml, line 3, group 2: must have keys and values; the file must"),
        (f"{DOOR}\tcameras: 4\n", "mix.yaml, line 3: is not YAML (found character '\\t' that cann"),
        ("- {name: a\n", "mix.yaml, line 2: is not YAML (expected ',' or '}'"),
        (f"{DOOR}---\n{DOOR}", "mix.yaml, line 3: is not YAML (but found another document)"),
        (f"{DOOR}  query: \0\n", "mix.yaml, line 3: is not YAML (the character 0x00 is not allowe"),
        ("- *x\n", "mix.yaml, line 1: is not YAML (found undefined alias 'x')"),
        ("- &a [*a]\n", "mix.yaml, line 1, group 1: must have keys and values"),
        (f"{DOOR}  then: &t [*t]\n", "mix.yaml, line 3: is not YAML (found unconstructable recur"),
        ("- &a\n  name: x\n  <<: *a\n", "mix.yaml: is too deeply nested; "),
        ("[" * 5000, "mix.yaml: is too deeply nested; "),
        (f"{DOOR}  query: !!python/name:os.system\n", "mix.yaml, line 3: is not YAML (could not d"),
        (DOOR.encode("utf-16"), "MIX = 'mix.yaml': cannot be read (it is not a text in UTF-8); mu"),
        ("- detector_name: a\n", "mix.yaml, line 1, group 1: name is missing, for example name: d"),
        ("- name: door\n", "mix.yaml, line 1, group 'door': needs either detector_id or detector_"),
        ("- name: ''\n", f"mix.yaml, line 1, group 1: name = '': {NAME}"),
        ("- name: 2024-01-01\n", "mix.yaml, line 1, group '2024-01-01': name = '2024-01-01': must"),
        ("- name: 'a: b'\n", f"mix.yaml, line 1, group 'a: b': name = 'a: b': {NAME}"),
        ("- name: Total\n", f"mix.yaml, line 1, group 'Total': name = 'Total': {NAME}"),
        (f"- name: {'x' * 41}\n", f"mix.yaml, line 1, group '{'x' * 41}': name = "),
        (
            f"{DOOR}- name: hall\n  detector_name: h\n{DOOR}",
            "mix.yaml, line 1, group 'door': name = 'door': 2 groups have this name; each needs a "
            "name of its own, and not only in another case; for example name: door-2",
        ),
        (
            f"{DOOR}- name: Door\n  detector_name: h\n",
            "mix.yaml, line 1, group 'door': name = 'door': 2 groups have this name; each needs a ",
        ),
        ("- name: all\n", f"mix.yaml, line 1, group 'all': name = 'all': {NAME}"),
        ("- name: step 1\n", f"mix.yaml, line 1, group 'step 1': name = 'step 1': {NAME}"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_file_is_one_line(tmp_path: Path, text: str | bytes, begin: str) -> None:
    """Empty, of another shape, or no YAML at all."""
    assert error_of(tmp_path, text).startswith(begin)


@pytest.mark.parametrize("kind", ["missing", "a folder", "not to be read"])
def test_a_file_that_cannot_be_read(tmp_path: Path, kind: str) -> None:
    """The setting, its value, why, and what is legal."""
    path = tmp_path / "mix.yaml"
    if kind == "a folder":
        path.mkdir()
    if kind == "not to be read":
        path.write_text(DOOR)
        path.chmod(0)
        if os.access(path, os.R_OK):
            pytest.skip("this user may read everything")
    with pytest.raises(
        SettingError, match=f"^MIX = '{path}': cannot be read \\(.*example"
    ) as error:
        resolve({}, {"mix": str(path)}, {})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("options", "begin"),
    [
        ({"ramp_group": "dor"}, "RAMP_GROUP = 'dor': must be a group of the mix: door"),
        (
            {"slo": ["dor: p95<1s"]},
            "SLO = 'dor: p95<1s': no camera group is called 'dor'; its groups",
        ),
        (
            {"slo": ["7 copies: p95<1s"]},
            "SLO = '7 copies: p95<1s': no step of the ramp has 7 copies",
        ),
        ({"slo": ["1 clients: p95<1s"]}, "SLO = '1 clients: p95<1s': the ramp counts copies; must"),
        ({"custom_ramp": "2000000"}, "CUSTOM_RAMP = '2000000': must be at most 100000"),
        ({"custom_ramp": "100000"}, "the ramp has up to 1,100,000 clients; must be fewer than"),
        (
            {"client": "sdk"},
            "mix.yaml, line 4, group 'door': then: the SDK's client sends one request at a time",
        ),
        (
            {"time_between_ramp": 0.05, "warmup": 0},
            "mix.yaml, line 1, group 'door': TIME_BETWEEN_RAMP = 0.05: must be at least the period",
        ),
    ],
)
def test_settings_that_do_not_fit_the_mix(
    tmp_path: Path, options: dict[str, object], begin: str
) -> None:
    """One line as well; it names the setting, or the place in the file."""
    text = f"{DOOR}  cameras: {11}\n  then: [{{detector: x}}]\n"
    assert error_of(tmp_path, text, **options).startswith(begin)


def test_a_step_without_a_frame_of_a_group_is_refused(tmp_path: Path) -> None:
    """By chance, of Poisson arrivals; the line names the group's own keys."""
    text = f"{DOOR}  requests_per_second: 0.05\n  arrivals: poisson\n"
    wrong = [
        error
        for seed in range(20)
        if (error := caught(tmp_path, text, seed=seed, time_between_ramp=20)) is not None
    ]
    assert 0 < len(wrong) < 20
    assert wrong[0].startswith(
        "mix.yaml, line 4, group 'door': arrivals = 'poisson': no request is "
    )
    assert ", requests_per_second (0.05), or another SEED" in wrong[0]


def caught(folder: Path, text: str, **options: object) -> str | None:
    """The line about a file, if there is one."""
    try:
        settings_of(folder, text, **options)
    except SettingError as error:
        return str(error).replace(f"{folder}{os.sep}", "")
    return None


@pytest.mark.parametrize(
    ("options", "begin"),
    [
        ({"ramp_group": "door"}, "RAMP_GROUP = 'door': needs a mix, for example --mix examples/"),
        (
            {"slo": ["door: p95<1s"]},
            "SLO = 'door: p95<1s': no camera group is called 'door'; there",
        ),
        (
            {"slo": ["10 copies: p95<1s"]},
            "SLO = '10 copies: p95<1s': the ramp counts clients; must",
        ),
    ],
)
def test_without_a_mix_there_are_no_groups(options: dict[str, object], begin: str) -> None:
    """What only a mix has is refused, and not ignored."""
    with pytest.raises(SettingError) as caught:
        resolve({}, options, {})
    assert str(caught.value).startswith(begin)


def test_the_example_is_legal(capsys: pytest.CaptureFixture[str]) -> None:
    """Three groups, each with its own detector; the plan of it can be shown."""
    example = str(user.ROOT / "examples" / "mix.yaml")
    groups = resolve({}, {"mix": example}, {}).groups()
    assert len({group.detector for group in groups}) == 3
    assert load_test.main(["--mix", example, "--dry-run"]) == exit_codes.OK
    assert all(group.load.name in capsys.readouterr().out for group in groups[:1])


def test_a_bad_file_ends_the_program_before_anything_is_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, exit code 2, no log; also for the dry run."""
    path, log = tmp_path / "mix.yaml", tmp_path / "run.log"
    path.write_text(f"{DOOR}  cameras: 0\n")
    for more in ([], ["--dry-run"], ["--calibrate"]):
        words = ["--mix", str(path), "--log-file", str(log), *more]
        assert load_test.main(words) == exit_codes.BAD_SETTING
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"{path}, line 3, group 'door': cameras = '0'")
    assert not log.exists()


@pytest.mark.parametrize("key", ["image_path", "image_size"])
def test_a_picture_that_cannot_be_used_is_found_in_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], key: str
) -> None:
    """A file that is no picture, or a size with too few pixels for the pool."""
    (tmp_path / "mix.yaml").write_text(
        DOOR + ("  image_path: a.jpg\n" if key == "image_path" else "  image_size: 1x1\n")
    )
    (tmp_path / "a.jpg").write_text("no picture")
    words = ["--mix", str(tmp_path / "mix.yaml"), "--log-file", str(tmp_path / "run.log")]
    words += ["--output-dir", str(tmp_path / "out")]
    assert load_test.main(words) == exit_codes.BAD_SETTING
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith(f"{tmp_path / 'mix.yaml'}, line 3, group 'door': {key} = ")
    assert not (tmp_path / "run.log").exists()


def test_every_example_in_the_page_is_legal(tmp_path: Path) -> None:
    """Each block of YAML in docs/mix.md is a mix file, and each command there shows a plan."""
    page = (user.ROOT / "docs" / "mix.md").read_text()
    blocks = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert len(blocks) >= 4
    for block in blocks:
        assert groups_of(tmp_path, block)
    everything = "\n".join(blocks)
    for key in ("requests_per_second: max", "late: latest", "then:", "image_size:", "slo:"):
        assert key in everything
    lines = page.replace("\\\n", "")  # as a shell joins them
    commands = re.findall(r"^python load_test.py (--mix .*)$", lines, re.MULTILINE)
    assert len(commands) >= 3
    for command in commands:
        words = shlex.split(command.replace("examples/", f"{user.ROOT}/examples/"))
        assert load_test.main(list(dict.fromkeys([*words, "--dry-run"]))) == exit_codes.OK


def test_every_key_is_explained() -> None:
    """docs/mix.md has a row for each key of a group and of an entry of `then`, and for no other."""
    page = (user.ROOT / "docs" / "mix.md").read_text()
    rows = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")]
    then = ["then.detector", "then.requests", "then.make"]
    assert [row for row in rows if row not in then] == list(GroupSpec.model_fields)
    assert [row for row in rows if row in then] == then


@pytest.mark.parametrize("text", ["throughput>=95%", "missed<1%"])
def test_what_a_closed_loop_cannot_be_held_to_is_refused(tmp_path: Path, text: str) -> None:
    """It has no arrival rate: nothing is missed, and no share of what was due can be answered."""
    mix = f"- name: loop\n  detector_name: x\n  requests_per_second: max\n  slo: ['{text}']\n"
    line = error_of(tmp_path, mix)
    assert line.startswith("mix.yaml, line 4, group 'loop': slo = ")
    assert "a closed loop has no arrival rate" in line
