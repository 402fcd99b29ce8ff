"""Settings of a search: what they lead to, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeload.search_axis import SearchAxis
from edgeload.settings import SettingError, Settings, resolve
from edgeload.settings.search import MOST_LOADS, axis_of, search_record

MIX = """\
- {name: door, detector_name: front, cameras: 2, requests_per_second: 5}
- {name: person, detector_name: person, cameras: 1, requests_per_second: 2}
"""


@pytest.fixture
def mix(tmp_path: Path) -> str:
    """A mix of two groups."""
    path = tmp_path / "mix.yaml"
    path.write_text(MIX)
    return str(path)


def searching(**options: object) -> Settings:
    """Settings of a search, with the ramp of the config.py that we ship."""
    config = {"MAX_CLIENTS": 10, "STEP_SIZE": 3, "TIME_BETWEEN_RAMP": 30}
    return resolve(config, {"find_capacity": True, **options}, {})


def test_the_ramp_of_config_py_bounds_no_search() -> None:
    """Ten clients there are meant for a ramp; on the command line they bound the search."""
    assert search_record(searching()).most == MOST_LOADS
    assert search_record(searching(max_clients="40")).most == 40


def test_what_is_searched(mix: str) -> None:
    """Clients without a mix, copies with one, one group, or the rate of so many clients."""
    assert axis_of(searching()) == SearchAxis("clients")
    assert axis_of(searching(mix=mix)) == SearchAxis("copies")
    assert axis_of(searching(mix=mix, search="group: door")) == SearchAxis("group", "door")
    assert axis_of(searching(mix=mix, ramp_group="door")) == SearchAxis("group", "door")
    assert axis_of(searching(search="rate")) == SearchAxis("rate", clients=1)
    assert axis_of(searching(search="rate", max_clients="8")) == SearchAxis("rate", clients=8)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90.0), ("90s", 90.0), ("5m", 300.0), ("1.5 h", 5400.0), ("", None)]
)
def test_a_budget_is_a_time(text: str, seconds: float | None) -> None:
    """In seconds, minutes or hours; empty: no budget."""
    assert searching(budget=text).budget == seconds


def test_the_command_repeats_the_search() -> None:
    """It has what was typed, and nothing that a search refuses."""
    settings = searching(budget="5m", slo=["p95<300ms"], max_clients="40")
    words = settings.command().split()
    assert "--find-capacity" in words
    assert words[words.index("--max-clients") + 1] == "40"
    assert not {"--time-between-ramp", "--custom-ramp", "--step-size"} & set(words)
    assert "--max-clients" not in searching().command()


def test_a_name_that_is_no_group_is_a_tier(mix: str) -> None:
    """With a mix, the names of its groups stay groups; both may stand before an objective."""
    slo = ["gold: p95<1s", "door: p95<2s", "gold: door: p95<3s", "errors<1%"]
    found = [(each.tier, each.group) for each in searching(mix=mix, slo=slo).objectives()]
    assert found == [("gold", None), (None, "door"), ("gold", "door"), (None, None)]


REFUSED: dict[str, tuple[dict[str, object], str]] = {
    "custom_ramp": ({"custom_ramp": "1,2"}, "CUSTOM_RAMP = '1,2': must be left out"),
    "time": ({"time_between_ramp": "9"}, "TIME_BETWEEN_RAMP = '9': must be left out"),
    "interference": ({"interference": True}, "INTERFERENCE = True: must be left out"),
    "no mix": ({"search": "group:door"}, "SEARCH = 'group:door': needs a mix"),
    "copies": ({"search": "copies"}, "SEARCH = 'copies': without a mix, clients are counted"),
    "word": ({"search": "cameras"}, "SEARCH = 'cameras': must be auto, clients, copies, rate"),
    "budget": ({"budget": "5y"}, "BUDGET = '5y': must be a time"),
    "short": ({"budget": "2s"}, "BUDGET = '2s': must be a time from 5 s"),
    "sdk": ({"client": "sdk"}, "CLIENT = 'sdk': the search keeps its workers"),
    "port": ({"prometheus_port": "9101"}, "PROMETHEUS_PORT = 9101: a search does not"),
    "load": ({"slo": ["20 clients: p95<1s"]}, "SLO = '20 clients: p95<1s': every load"),
    "each step": ({"slo": ["each step: p95<1s"]}, "SLO = 'each step: p95<1s': every load"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_fits_no_search_is_refused_in_one_line(name: str) -> None:
    """The line names the setting, its value, and what is legal."""
    options, beginning = REFUSED[name]
    with pytest.raises(SettingError) as refused:
        searching(**options)
    assert str(refused.value).startswith(beginning)
    assert "\n" not in str(refused.value)


def test_a_group_that_the_mix_lacks_is_refused(mix: str) -> None:
    """The line names the groups that there are."""
    with pytest.raises(SettingError, match="must be a group of the mix: door, person"):
        searching(mix=mix, search="group:gate")
    with pytest.raises(SettingError, match="a mix is counted in copies"):
        searching(mix=mix, search="clients")


def test_tiers_need_a_search() -> None:
    """In a ramp, a name before an objective is that of a group."""
    with pytest.raises(SettingError, match="no camera group is called 'gold'"):
        resolve({}, {"slo": ["gold: p95<1s"]}, {})
    with pytest.raises(SettingError, match="tiers of objectives need --find-capacity"):
        resolve({}, {"slo": ["gold: door: p95<1s"]}, {})


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (
            {"budget": "20s"},
            "BUDGET = '20s': needs --find-capacity, for example --find-capacity --budget 5m",
        ),
        (
            {"search": "rate"},
            "SEARCH = 'rate': needs --find-capacity, for example --find-capacity --search rate",
        ),
    ],
)
def test_what_only_a_search_uses_needs_one(options: dict[str, object], line: str) -> None:
    """If it was typed; in config.py it is meant for the searches among the runs."""
    with pytest.raises(SettingError) as refused:
        resolve({}, options, {})
    assert str(refused.value) == line
    name, value = next(iter(options.items()))
    ramp = resolve({name.upper(): value}, {}, {})
    assert f"--{name}" not in ramp.command()
    assert f"--{name}" in searching(**options).command()
    assert resolve({}, {name: "" if name == "budget" else "auto"}, {}).find_capacity is False


def test_a_budget_has_room_for_a_trial() -> None:
    """At one request in ten seconds, a trial takes more than half a minute."""
    with pytest.raises(SettingError, match=r"^BUDGET = 20: the shortest trial .* --budget \d+s$"):
        searching(budget="20s", requests_per_second="0.1")
    assert searching(budget="20s", requests_per_second="2").budget == 20
