"""Laws of which detectors of a mix are made: each once, and two groups never differ about one."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeload.prepare.wanted import DetectorToMake, WantedMix, wanted_detectors
from edgeload.settings.mix_file import load_mix
from edgeload.settings.mix_yaml import MixError

ID = "det_" + "a1B" * 9
CARS = "make: {mode: count, class_name: car, max_count: 50}"
MIX = f"""
- name: gate
  detector_name: cars
  query: How many?
  image_size: 320x200
  {CARS}
  then:
  - detector: plate
    make: {{query: "Is it readable?", confidence_threshold: 0.8}}
  - {{detector: {ID}}}
- name: yard
  detector_name: cars
- name: hall
  detector_name: hall
  query: Is anybody there?
"""


def wanted_of(folder: Path, text: str, size: tuple[int, int] | None = None) -> WantedMix:
    path = folder / "mix.yaml"
    path.write_text(text)
    return wanted_detectors(load_mix(path), size)


def test_what_is_made_and_what_must_exist(tmp_path: Path) -> None:
    """In the order of the file; a query alone makes nothing here."""
    mix = wanted_of(tmp_path, MIX)
    cars, plate = mix.to_make
    assert cars == DetectorToMake(
        "cars", "How many?", "count", ("car",), 50, size=(320, 200), where=cars.where
    )
    assert cars.where == f"{tmp_path}/mix.yaml, line 6, group 'gate': "
    assert (plate.name, plate.query, plate.mode) == ("plate", "Is it readable?", "binary")
    assert (plate.confidence_threshold, plate.size) == (0.8, (320, 200))
    assert [(each.name_or_id, each.is_id) for each in mix.others] == [(ID, True), ("hall", False)]


def test_the_option_beats_the_file(tmp_path: Path) -> None:
    """--image-size holds for all detectors."""
    sizes = {each.size for each in wanted_of(tmp_path, MIX, (64, 512)).to_make}
    assert sizes == {(64, 512)}


def test_two_groups_may_say_the_same(tmp_path: Path) -> None:
    """Then it is made once; if they differ, one line says where."""
    again = f"- name: yard\n  detector_name: cars\n  query: How many?\n  {CARS}\n"
    text = MIX.replace("- name: yard\n  detector_name: cars\n", again)
    assert len(wanted_of(tmp_path, text).to_make) == 2
    with pytest.raises(MixError, match="line 14, group 'yard': make: the detector 'cars' is made"):
        wanted_of(tmp_path, text.replace("query: How many?\n  make", "query: How?\n  make"))


def test_objects_must_have_room(tmp_path: Path) -> None:
    """Fifty in 64x64 would be dots."""
    with pytest.raises(MixError, match="line 6, group 'gate': image_size = 64x64: too small for 5"):
        wanted_of(tmp_path, MIX, (64, 64))
