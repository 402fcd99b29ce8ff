"""Laws of the settings: who wins, what is legal, what an error says, what it never says."""

from __future__ import annotations

import shlex

import pytest

import config
from edgeload.arguments import config_values, parse
from edgeload.settings import TOKEN, SettingError, Settings, resolve

CONFIG = config_values(config)
ID = "det_" + "a1B" * 9


def error_of(options: dict[str, object], environment: dict[str, str] | None = None) -> str:
    with pytest.raises(SettingError) as caught:
        resolve(CONFIG, options, environment or {})
    return str(caught.value)


def test_config_py_alone_is_legal_and_sets_every_name_it_uses() -> None:
    """The file as shipped resolves, and needs no environment."""
    settings = resolve(CONFIG, {}, {})
    assert settings.endpoint_url is None
    assert settings.requests_per_second == config.REQUESTS_PER_SECOND


def test_every_setting_but_the_token_has_an_option() -> None:
    """`--like-this` exists for each field, and wins over config.py."""
    for name in set(Settings.model_fields) - {"groundlight_api_token"}:
        option = "--" + name.replace("_", "-")
        flag = Settings.model_fields[name].annotation is bool
        given, _ = parse([option] if flag else [option, "7"], CONFIG)
        value: object = ["7"] if name in ("slo", "abort_on") else "7"
        assert given == {name: True if flag else value}
    with pytest.raises(SystemExit) as caught:
        parse(["--groundlight-api-token", "x"], CONFIG)
    assert caught.value.code == 2


def test_the_command_line_wins_over_config_py() -> None:
    """An option beats the constant of the same name."""
    options, _ = parse(["--requests-per-second", "2.5", "--seed", "9"], CONFIG)
    settings = resolve({**CONFIG, "REQUESTS_PER_SECOND": 4}, options, {})
    assert (settings.requests_per_second, settings.seed) == (2.5, 9)


def test_the_token_in_config_py_wins_over_the_environment() -> None:
    """As the user's document says."""
    both = resolve({**CONFIG, TOKEN: "from_config"}, {}, {TOKEN: "from_environment"})
    assert both.token() == "from_config"
    assert resolve(CONFIG, {}, {TOKEN: "from_environment"}).token() == "from_environment"


def test_the_token_is_nowhere_to_be_read() -> None:
    """Not in the public settings, not in their text, not in the error about a bad one."""
    settings = resolve(CONFIG, {}, {TOKEN: "api_very_secret"})
    assert "very_secret" not in f"{settings} {settings!r} {settings.public()}"
    message = error_of({}, {TOKEN: "very secret\r\nX-Evil: 1"})
    assert "secret" not in message
    assert TOKEN in message


@pytest.mark.parametrize(
    ("options", "name", "value", "legal"),
    [
        ({"max_clients": "0"}, "MAX_CLIENTS", "'0'", "greater than or equal to 1"),
        ({"step_size": "x"}, "STEP_SIZE", "'x'", "valid integer"),
        ({"custom_ramp": "1,,3"}, "CUSTOM_RAMP", "'1,,3'", "client counts, as in 1,5,20"),
        ({"custom_ramp": "3,0"}, "CUSTOM_RAMP", "'0'", "greater than or equal to 1"),
        ({"time_between_ramp": "-1"}, "TIME_BETWEEN_RAMP", "'-1'", "greater than 0"),
        ({"time_between_ramp": "nan"}, "TIME_BETWEEN_RAMP", "'nan'", "finite"),
        ({"requests_per_second": "0"}, "REQUESTS_PER_SECOND", "'0'", "greater than 0"),
        ({"requests_per_second": "inf"}, "REQUESTS_PER_SECOND", "'inf'", "finite"),
        ({"timeout": "soon"}, "TIMEOUT", "'soon'", "valid number"),
        ({"late": "drop"}, "LATE", "'drop'", "'queue' or 'skip'"),
        ({"client": "curl"}, "CLIENT", "'curl'", "'http' or 'sdk'"),
        ({"workers": "many"}, "WORKERS", "'many'", "auto, or clients"),
        ({"workers": "0"}, "WORKERS", "'0'", "from 1 to"),
        ({"warmup": "99"}, "WARMUP", "99", "shorter than TIME_BETWEEN_RAMP"),
        ({"detector_id": "dog"}, "DETECTOR_ID", "'dog'", "27 letters or digits"),
        ({"image_pool": "0"}, "IMAGE_POOL", "'0'", "greater than or equal to 1"),
        ({"simulator_options": "'"}, "SIMULATOR_OPTIONS", '"\'"', "typed in a shell"),
        ({"endpoint_url": "box:30143"}, "ENDPOINT_URL", "'box:30143'", "http://HOST:PORT"),
        ({"endpoint_url": "http://h:99999"}, "ENDPOINT_URL", "99999", "http://HOST:PORT"),
        ({"endpoint_url": "http://h/x?y"}, "ENDPOINT_URL", "x?y", "nothing after it"),
    ],
)
def test_a_bad_value_gets_one_line(
    options: dict[str, object], name: str, value: str, legal: str
) -> None:
    """The line names the setting and the value, and says what is legal."""
    message = error_of(options, {TOKEN: "t"})
    assert "\n" not in message
    assert message.startswith(f"{name} = ")
    assert value in message
    assert legal in message


@pytest.mark.parametrize(
    "url",
    [
        "https://api.groundlight.ai",
        "https://groundlight.ai/device-api",
        "http://API.Groundlight.AI:80",
        "https://device.positronix.ai",
    ],
)
def test_the_cloud_is_refused(url: str) -> None:
    """No load ever goes to the vendor's cloud, however its name is written."""
    assert "cloud" in error_of({"endpoint_url": url}, {TOKEN: "t"})


def test_a_password_in_the_url_is_not_shown() -> None:
    """The url is refused, and its secret part stays out of the message."""
    message = error_of({"endpoint_url": "http://me:hunter2@box:1"}, {TOKEN: "t"})
    assert "hunter2" not in message
    assert "without a user name or password" in message


def test_an_endpoint_needs_a_token_and_a_detector() -> None:
    """Each missing one is named before any load is sent."""
    assert TOKEN in error_of({"endpoint_url": "http://box:30101"})
    nameless: dict[str, object] = {"detector_name": "", "detector_id": ""}
    assert "DETECTOR_ID and DETECTOR_NAME" in error_of(nameless)


def test_a_misspelt_constant_is_refused() -> None:
    """It would silently do nothing; the nearest legal name is offered."""
    with pytest.raises(SettingError, match=r"TIMOUT.*did you mean TIMEOUT"):
        resolve({**CONFIG, "TIMOUT": 3}, {}, {})


def test_a_typed_detector_name_beats_an_id_in_config_py() -> None:
    """Or the option would have no effect."""
    settings = resolve({**CONFIG, "DETECTOR_ID": ID}, {"detector_name": "door"}, {})
    assert (settings.detector_id, settings.detector_name) == (None, "door")


def test_custom_ramp_without_a_value_is_the_built_in_one() -> None:
    """And with a value it is that value; both replace max clients and step size."""
    for arguments, clients in (
        (["--custom-ramp"], [1, 2, 3, 4, 5, 10, 15, 20, 30, 40, 50, 60]),
        (["--custom-ramp", "1,5,20", "--max-clients", "3"], [1, 5, 20]),
        (["--max-clients", "7", "--step-size", "3"], [3, 6, 7]),
    ):
        options, _ = parse(arguments, CONFIG)
        plan = resolve(CONFIG, options, {}).plan()
        assert [step.clients for step in plan.steps] == clients


def test_objectives_are_checked_one_by_one() -> None:
    """The line names the bad one, and a load that no step of the ramp has."""
    with pytest.raises(SettingError, match=r"^SLO = 'p95<3': must be an objective, for example"):
        resolve(CONFIG, {"slo": ["p99<1s", "p95<3"]}, {})
    with pytest.raises(
        SettingError, match=r"^ABORT_ON = 'edge>5%': must be a condition, for example"
    ):
        resolve(CONFIG, {"abort_on": ["edge>5%"]}, {})
    with pytest.raises(SettingError, match="no step of the ramp has 7 clients"):
        resolve(CONFIG, {"slo": ["7 clients: p99<1s"], "custom_ramp": "5,10"}, {})
    settings = resolve(CONFIG, {"slo": "5 clients:  p99<1s", "custom_ramp": "5,10"}, {})
    assert settings.slo == ("5 clients: p99<1s",)


def test_the_command_to_repeat_gives_the_same_settings() -> None:
    """Whatever config.py then says, and without the token; as a shell would read it."""
    given = {
        "endpoint_url": "http://127.0.0.1:1", "detector_id": "det_" + "a" * 27,
        "custom_ramp": "1,5", "same_image": True, "slo": ["p95<300ms", "errors<1%"],
        "log_file": "a folder/run's.log", "workers": "clients", "seed": 7,
    }  # fmt: skip
    settings = resolve(CONFIG, given, {TOKEN: "secret_token"})
    command = settings.command()
    assert "secret_token" not in command
    words = shlex.split(command)
    assert words[:2] == ["python", "load_test.py"]
    options, wanted = parse(words[2:], {})
    assert wanted == "run"
    again = resolve({}, options, {TOKEN: "secret_token"})
    left_out = {"detector_name", "detector_query", "simulator_options"}
    assert {k: v for k, v in again.public().items() if k not in left_out} == {
        k: v for k, v in settings.public().items() if k not in left_out
    }
    embedded = resolve(CONFIG, {}, {})
    assert resolve({}, parse(shlex.split(embedded.command())[2:], {})[0], {}) == embedded
