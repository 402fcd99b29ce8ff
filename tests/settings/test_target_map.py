"""--target-map: a text, a YAML file or a mapping in config.py, kept as one text."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeload.settings import TOKEN, SettingError, Settings, resolve

A, B = "https://192.0.2.7:30143", "https://192.0.2.8:30143"
TEXT = f"node1={A},node2={B}"


def resolved(value: object, **options: object) -> Settings:
    own = {"cluster": "192.0.2.1:6379", "nodes": 2, "target_map": value, **options}
    return resolve({}, own, {TOKEN: "t"})


def test_every_way_to_write_a_map_gives_the_same_text(tmp_path: Path) -> None:
    """So the log and the command that repeats the run need no file."""
    file = tmp_path / "fleet.yaml"
    file.write_text(f"node1: {A}\nnode2: {B}/device-api\n")
    for value in (TEXT, f" node1 = {A}/ , node2={B},", str(file), {"node1": A, "node2": B}):
        settings = resolved(value)
        assert settings.target_map == TEXT
        assert settings.targets == {"node1": A, "node2": B}
        assert settings.urls == (A, B)
        assert f"--target-map {TEXT}" in settings.command()


@pytest.mark.parametrize("value", ["all", "", None])
def test_without_a_map_all_nodes_load_one_endpoint(value: object) -> None:
    """The default, which no command has to name."""
    settings = resolved(value, endpoint_url=A)
    assert settings.targets == {}
    assert settings.urls == ()


def test_two_nodes_may_load_one_endpoint() -> None:
    """It is reached once."""
    assert resolved(f"node1={A},node2={A}").urls == (A,)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("one-per-node", "there is no such file; must be all, NAME=URL for each node"),
        (5, "must be all, NAME=URL for each node, or a YAML file with them, for example node1="),
        (f"node1={A},node1={B}", "node1 stands there twice; must stand there once"),
        (f"node1={A},{B}", "must be all, NAME=URL for each node"),
        (f"node1={A},node2=192.0.2.8:30143", "the address of node2, '192.0.2.8:30143', must be"),
        (f"node1={A},node2=https://api.groundlight.ai", "is the Groundlight cloud; must be an"),
    ],
)
def test_a_text_that_is_no_map_is_refused(value: object, said: str) -> None:
    """In one line with the setting, the value and what is legal."""
    with pytest.raises(SettingError) as problem:
        resolved(value)
    line = str(problem.value)
    assert line.startswith(f"TARGET_MAP = {value!r}: ")
    assert said in line
    assert "for example" in line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (f"node1: {A}\nnode1: {B}\n", ", line 2: node1 stands there twice"),
        (f"- {A}\n", ", line 1: must be a YAML mapping from the name of a node to a URL"),
        ("node1: [\n", ", line 2: is not YAML"),
        (f"node1: {A}\nnode2:\n", ": node2 has no URL; must be a YAML mapping"),
        ("", ": the file is empty; must be a YAML mapping"),
    ],
)
def test_a_file_that_is_no_map_is_refused(tmp_path: Path, content: str, said: str) -> None:
    """In one line with the file, and its line if it is known."""
    file = tmp_path / "fleet.yaml"
    file.write_text(content)
    with pytest.raises(SettingError) as problem:
        resolved(str(file))
    assert f"{file}{said}" in str(problem.value)
    assert "\n" not in str(problem.value)


def test_a_password_in_an_address_is_not_shown() -> None:
    """Neither with the whole value nor with the one address."""
    with pytest.raises(SettingError) as problem:
        resolved(f"node1={A},node2=https://me:secret@192.0.2.8:30143")
    assert "secret" not in str(problem.value)
    assert str(problem.value).startswith("TARGET_MAP = (hidden): the address of node2 must be")
