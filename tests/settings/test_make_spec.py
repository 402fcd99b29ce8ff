"""Laws of the key `make` of a mix file: legal, or one clear line; a load test ignores it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import as_a_user as user
import pytest

from edgeload.settings import SettingError, Settings, resolve
from edgeload.settings.groups import DetectorChoice
from edgeload.settings.make_spec import DetectorMode, MakeSpec
from edgeload.settings.mix_file import load_mix
from edgeload.settings.mix_yaml import MixError

GROUP = "- name: door\n  detector_name: front-door\n  query: How many?\n"
BOX = {"endpoint_url": "http://127.0.0.1:9", "groundlight_api_token": "api_of_a_test"}


def mix_of(folder: Path, text: str) -> Path:
    path = folder / "mix.yaml"
    path.write_text(text)
    return path


def error_of(folder: Path, text: str) -> str:
    """The line about this file; its path is left out."""
    with pytest.raises(MixError) as caught:
        load_mix(mix_of(folder, text))
    line = str(caught.value)
    assert "\n" not in line
    return line.replace(f"{folder}/", "")


def settings_of(path: Path, **options: object) -> Settings:
    return resolve({}, {"mix": str(path), "custom_ramp": "1", **options}, {})


def test_every_key_of_make(tmp_path: Path) -> None:
    """Words, numbers and lists; a key without a value is as if it were not there."""
    text = f"""{GROUP}  make:
    mode: bounding_box
    class_name: car
    max_count: 7
    confidence_threshold: 0.75
    pipeline_config: one
    edge_pipeline_config:
  then:
  - detector: colour
    make: {{mode: multi_class, query: "Which?", class_names: [on, 2]}}
"""
    (group,) = load_mix(mix_of(tmp_path, text))
    assert group.make == MakeSpec(
        mode="bounding_box",
        class_name="car",
        max_count=7,
        confidence_threshold=0.75,
        pipeline_config="one",
    )
    assert group.then[0].make == MakeSpec(
        mode="multi_class", query="Which?", class_names=("on", "2")
    )


@pytest.mark.parametrize(
    ("make", "line"),
    [
        ("{mode: counting}", "make.mode = 'counting': must be 'binary', 'count'"),
        ("{mode: count}", "make: mode count needs class_name, for example class_name: car"),
        ("{mode: multi_class}", "make: mode multi_class needs class_names, for example"),
        ("{class_name: car}", "make: mode binary has no class_name; must be left out"),
        ("{max_count: 3}", "make: mode binary has no max_count; must be left out"),
        ("{mode: count, class_name: c, max_count: 51}", "make.max_count = '51': must be at most"),
        ("{mode: multi_class, class_names: [a, A]}", "make.class_names = ['a', 'A']: must be a"),
        ("{confidence_threshold: 0}", "make.confidence_threshold = '0': must be above 0"),
        (f"{{pipeline_config: {'x' * 101}}}", "make.pipeline_config = 'xxx"),
        ("{clas_name: car}", "clas_name is not a key of make; did you mean class_name?"),
        ("count", "make = 'count': must be a mapping of keys, for example {mode: count"),
        ("{query: Who}", "the query must stand beside make, not in it"),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path: Path, make: str, line: str) -> None:
    """With the file, the line, the group, what is legal."""
    said = error_of(tmp_path, f"{GROUP}  make: {make}\n")
    assert said.startswith(f"mix.yaml, line 4, group 'door': {line}")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (GROUP.replace("  query: How many?\n", "") + "  make: {}\n", "needs a query beside make"),
        (
            f"- name: door\n  detector_id: det_{'a' * 27}\n  query: x\n  make: {{}}\n",
            "has no id yet; use detector_name",
        ),
        (GROUP + "  then: [{detector: face, make: {}}]\n", "then.make.query is missing"),
        (
            GROUP + f"  then: [{{detector: det_{'a' * 27}, make: {{query: a}}}}]\n",
            "has no id yet; name it in then.detector",
        ),
        (GROUP + "  then: [{detector: face, make: {mood: x}}]\n", "mood is not a key of make"),
        (GROUP + "  then: [{detector: face, mak: {}}]\n", "mak is not a key of an entry of then"),
    ],
)
def test_a_detector_to_make_has_a_name_and_a_query(tmp_path: Path, text: str, line: str) -> None:
    """In a group beside it, in an entry of `then` in it."""
    assert line in error_of(tmp_path, text)


def test_a_load_test_does_not_create_what_prepare_makes(tmp_path: Path) -> None:
    """It would make a detector of another kind. The embedded endpoint has only one kind."""
    then = "  then: [{detector: face, make: {query: Who}}]\n"
    path = mix_of(tmp_path, f"{GROUP}  make: {{mode: count, class_name: car}}\n{then}")
    (at_box,) = settings_of(path, **BOX).groups()
    (embedded,) = settings_of(path).groups()
    assert at_box.detector == DetectorChoice(name="front-door")
    assert embedded.detector == DetectorChoice(name="front-door", query="How many?")
    assert at_box.then[0].detector == DetectorChoice(name="face")
    assert embedded.then[0].detector == DetectorChoice(name="face", query="Who")
    assert at_box.is_made
    (plain,) = settings_of(mix_of(tmp_path, GROUP), **BOX).groups()
    assert (plain.detector.query, plain.is_made) == ("How many?", False)


def test_a_broken_make_is_refused_by_a_load_test_too(tmp_path: Path) -> None:
    """It is the same file."""
    with pytest.raises(SettingError, match="needs class_name"):
        settings_of(mix_of(tmp_path, f"{GROUP}  make: {{mode: count}}\n"))


def test_every_key_is_explained(tmp_path: Path) -> None:
    """docs/prepare.md has a row for each key, with an example that is legal, and its mix is one."""
    page = (user.ROOT / "docs" / "prepare.md").read_text()
    rows = [line.split("|")[1:-1] for line in page.splitlines() if line.startswith("| `")]
    assert [row[0].strip(" `") for row in rows] == list(MakeSpec.model_fields)
    examples = {row[0].strip(" `"): row[2].strip(" `") for row in rows}
    every = {**examples, "mode": "count"}
    for mode, key in (("count", "class_names"), ("multi_class", "class_name")):
        lines = [f"{k}: {v}" for k, v in every.items() if k not in (key, "mode", "max_count")]
        make = f"{{mode: {mode}, {', '.join(lines)}}}"
        load_mix(mix_of(tmp_path, f"{GROUP}  then: [{{detector: a, make: {make}}}]\n"))
    (block,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    (group,) = load_mix(mix_of(tmp_path, block))
    example = load_mix(user.ROOT / "examples" / "prepare.yaml")
    assert group.make in [each.make for each in example]
    modes = {each.mode for g in example for each in (g.make, *(t.make for t in g.then)) if each}
    assert modes == set(get_args(DetectorMode))
