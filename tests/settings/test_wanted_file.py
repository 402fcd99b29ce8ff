"""--plan on the command line and in config.py: a text or a mix file, checked before the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeload.settings import SettingError, resolve

MIX = """\
- {name: door, detector_name: front-door, cameras: 4, requests_per_second: 10}
- {name: person, detector_name: counter, cameras: 3, requests_per_second: 2}
"""
FLEET = """\
- {name: person, detector_name: counter, cameras: 90}
- {name: door, detector_name: front-door, cameras: 120, requests_per_second: 10}
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A mix to be measured, and the mix of a whole fleet."""
    mix, fleet = tmp_path / "mix.yaml", tmp_path / "fleet.yaml"
    mix.write_text(MIX)
    fleet.write_text(FLEET)
    return mix, fleet


def test_a_file_becomes_a_text_so_that_the_log_needs_no_file(files: tuple[Path, Path]) -> None:
    """Its rates stand there; a group without one has the rate that is measured."""
    mix, fleet = files
    settings = resolve({}, {"find_capacity": True, "mix": mix, "plan_for": str(fleet)}, {})
    assert settings.plan_for == "person:90,door:120@10"
    assert settings.public()["plan_for"] == "person:90,door:120@10"
    assert "--plan person:90,door:120@10" in settings.command()


def test_without_a_mix_it_is_cameras_at_a_rate() -> None:
    """Also of a ramp, whose log has a capacity; config.py's constant is PLAN_FOR."""
    assert resolve({"PLAN_FOR": "120@2"}, {}, {}).plan_for == "120@2"
    assert resolve({"PLAN_FOR": "120@2"}, {"plan_for": ""}, {}).plan_for is None
    assert resolve({}, {}, {}).reserve == 20.0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"plan_for": "many"}, "PLAN_FOR = 'many': must be CAMERAS@RATE"),
        ({"plan_for": "fleet.yml"}, "there is no such file"),
        ({"plan_for": "door:4@2"}, "one kind of cameras"),
        ({"plan_for": "120@2", "reserve": "100"}, "RESERVE = '100': must be below 100"),
        ({"plan_for": "120@2", "reserve": "-1"}, "RESERVE = '-1': must be at least 0"),
    ],
)
def test_what_cannot_be_told_is_refused_before_the_run(
    options: dict[str, object], said: str
) -> None:
    """In one line, with the setting, the value and an example."""
    with pytest.raises(SettingError) as refused:
        resolve({}, {"find_capacity": True, **options}, {})
    assert said in str(refused.value)
    assert "for example" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_mix_is_asked_about_as_a_mix(files: tuple[Path, Path]) -> None:
    """Other proportions need headroom; a search over one group tells nothing of copies."""
    mix, _ = files
    options = {"find_capacity": True, "mix": mix}
    for wanted, search, said in (
        ("120@2", "copies", "has the groups door and person"),
        ("door:40,person:9", "copies", "--search headroom"),
        ("door:40,person:30", "group:door", "says nothing about copies"),
    ):
        with pytest.raises(SettingError, match=said):
            resolve({}, {**options, "search": search, "plan_for": wanted}, {})
    assert resolve({}, {**options, "search": "headroom", "plan_for": "door:40,person:9"}, {})


def test_an_interference_run_has_no_capacity(files: tuple[Path, Path]) -> None:
    """So nothing follows from it about boxes."""
    with pytest.raises(SettingError, match="measures no capacity"):
        resolve({}, {"interference": True, "mix": files[0], "plan_for": "door:40,person:30"}, {})
