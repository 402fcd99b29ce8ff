"""Laws of the settings: who wins, what is legal, what an error says, what it never says."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from edgeload.arguments import parse
from edgeload.config_file import load_config
from edgeload.interference_plan import rounds_of
from edgeload.settings import TOKEN, SettingError, Settings, resolve
from edgeload.settings.cluster_fields import ClusterFields
from edgeload.settings.cluster_settings import ONLY_A_CLUSTER
from edgeload.settings.fields import declared, metavar_of, not_measured
from edgeload.settings.table import table

ROOT = Path(__file__).parents[1]
CONFIG = load_config([ROOT])
ID = "det_" + "a1B" * 9


def error_of(options: dict[str, object], environment: dict[str, str] | None = None) -> str:
    with pytest.raises(SettingError) as caught:
        resolve(CONFIG, options, environment or {})
    return str(caught.value)


def test_config_py_alone_is_legal_and_sets_every_name_it_uses() -> None:
    """The file as shipped resolves, and needs no environment."""
    settings = resolve(CONFIG, {}, {})
    assert settings.endpoint_url is None
    assert settings.requests_per_second == 10.0


def test_without_config_py_a_run_against_the_embedded_endpoint_is_meant() -> None:
    """Defaults live in the fields: nothing has to be set."""
    settings = resolve({}, {}, {})
    assert settings.endpoint_url is None
    assert settings.detector_name == "edge-load-test"
    assert settings.simulator_options == "--inference-workers 4 --service-time 50ms"
    assert settings.command() == "python load_test.py"


def test_config_py_holds_the_defaults() -> None:
    """A constant of config.py and the default of its field are the same value."""
    for name, value in CONFIG.items():
        assert resolve({name: value}, {}, {}) == resolve({}, {}, {}), name


def test_config_py_has_the_comments_of_the_fields() -> None:
    """The lines above a constant are the help of its setting, wrapped."""
    blocks = (ROOT / "config.py").read_text().split("\n\n")
    found = {}
    for block in blocks:
        *comment, line = block.strip().splitlines()
        if line[:1].isupper() and " = " in line:
            found[line.split(":")[0].split(" ")[0]] = " ".join(
                c.removeprefix("# ") for c in comment
            )
    assert found == {name: declared(name.lower()).help for name in CONFIG}


def test_the_table_of_settings_is_made_from_the_fields() -> None:
    """`python -m edgeload.settings.table` gives the page that is committed."""
    assert (ROOT / "docs" / "settings.md").read_text() == table()


def test_each_field_says_what_it_is() -> None:
    """A whole sentence, a word for the value, and an example that is legal."""
    mix: dict[str, object] = {"mix": "examples/mix.yaml"}
    search: dict[str, object] = {"find_capacity": True}
    needed = {"ramp_group": mix, "interference": mix, "search": mix | search, "budget": search}
    needed |= {"soak": {"clients": 8}, "clients": {"soak": "30m"}}
    cluster: dict[str, object] = {"cluster": "local:2"}
    needed |= dict.fromkeys(ClusterFields.model_fields, cluster)
    for name in Settings.model_fields:
        setting = declared(name)
        assert setting.help[0].isupper(), name
        assert setting.help.endswith("."), name
        if setting.form in ("value", "list", "ramp"):
            assert metavar_of(name), name
        if setting.example:
            resolve({}, {**needed.get(name, {}), name: setting.example}, {TOKEN: "t"})


def test_every_time_takes_units() -> None:
    """As an option and as a constant; what may not be that long says so as a time."""
    for name in (name for name in Settings.model_fields if declared(name).unit == "s"):
        search: dict[str, object] = {"find_capacity": True} if name == "budget" else {}
        search |= {"clients": 8} if name == "soak" else {}
        search |= {"cluster": "local:2"} if name in ONLY_A_CLUSTER else {}
        longer: dict[str, object] = {"time_between_ramp": "5m"} if name == "warmup" else {}
        for given in ("1m30s", "90", "90s", "90000ms", 90, 90.0):
            typed = resolve({}, {**search, **longer, name: given}, {})
            written = resolve({name.upper(): given}, {**search, **longer}, {})
            assert getattr(typed, name) == getattr(written, name) == 90.0, (name, given)
        assert f"{name.upper()} = '8d': must be a time" in error_of({**search, name: "8d"})


def test_the_settings_that_do_not_change_what_is_measured() -> None:
    """A comparison ignores these; it goes load by load, so the ramp's length is one of them.

    The file of a mix may lie elsewhere; what stands in it is in the header's camera groups.
    """
    assert not_measured() == {
        "max_clients", "step_size", "slo", "slo_undecided", "abort_on", "log_file", "output_dir",
        "hdr", "prometheus_port", "web", "web_port", "ready_timeout", "progress", "junit",
        "interference_rounds", "mix", "budget", "repeat", "cooldown", "variants", "variants_rounds",
        "variants_budget", "plan_for", "reserve", "allow_public_target", "require_capacity",
        "name", "notes", "box_label", "box_figures", "monitor", "require_clean_box",
        "set_no_cloud",
        "soak", "clients",
        "until_rollouts",
        "cluster", "nodes", "cluster_wait", "lease", "on_node_loss", "records", "insecure_cluster",
    }  # fmt: skip


def test_a_log_has_the_settings_that_it_always_had() -> None:
    """The names are a part of the log's format; new ones may join."""
    assert list(resolve({}, {}, {}).public()) == [
        "cluster", "nodes", "target_map", "cluster_wait", "lease", "on_node_loss", "records",
        "insecure_cluster",
        "endpoint_url", "allow_public_target", "detector_id", "detector_name", "detector_query",
        "timeout", "ready_timeout", "preflight", "box_figures", "require_clean_box", "set_no_cloud",
        "monitor", "check_answers",
        "insecure", "cacert", "mix", "ramp_group", "max_clients", "step_size", "custom_ramp",
        "interference",
        "interference_rounds", "until_rollouts", "find_capacity", "search", "budget", "plan_for",
        "reserve", "soak", "clients", "repeat", "cooldown", "variants", "variants_rounds",
        "variants_budget", "audit_cache",
        "requests_per_second", "time_between_ramp", "warmup", "arrivals",
        "late", "client", "workers", "pin", "punctual", "seed", "slo", "slo_undecided",
        "require_capacity", "abort_on",
        "image_path", "image_pool", "same_image", "log_file", "output_dir", "name", "notes",
        "box_label", "hdr", "junit", "prometheus_port", "web", "web_port", "progress",
        "simulator_options",
    ]  # fmt: skip


def test_every_setting_but_the_token_has_an_option() -> None:
    """`--like-this` exists for each field, and wins over config.py."""
    for name in set(Settings.model_fields) - {"groundlight_api_token"}:
        option = {"plan_for": "--plan"}.get(name, "--" + name.replace("_", "-"))
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
        ({"max_clients": "0"}, "MAX_CLIENTS", "'0'", "at least 1"),
        ({"step_size": "x"}, "STEP_SIZE", "'x'", "whole number, for example 5"),
        (
            {"custom_ramp": "1,,3"},
            "CUSTOM_RAMP",
            "'1,,3'",
            "client counts with commas between them, for example 1,5,20",
        ),
        ({"custom_ramp": "3,0"}, "CUSTOM_RAMP", "'3,0'", "every step must have at least 1 client"),
        ({"time_between_ramp": "-1"}, "TIME_BETWEEN_RAMP", "'-1'", "above 0"),
        ({"time_between_ramp": "nan"}, "TIME_BETWEEN_RAMP", "'nan'", "a time above 0 s and at"),
        ({"requests_per_second": "0"}, "REQUESTS_PER_SECOND", "'0'", "at least 0.0001"),
        ({"requests_per_second": "inf"}, "REQUESTS_PER_SECOND", "'inf'", "finite"),
        ({"timeout": "soon"}, "TIMEOUT", "'soon'", "unit ms, s, m or h, for example 10s"),
        ({"late": "drop"}, "LATE", "'drop'", "'queue', 'skip' or 'latest'"),
        ({"client": "curl"}, "CLIENT", "'curl'", "'http' or 'sdk'"),
        ({"workers": "many"}, "WORKERS", "'many'", "auto, or clients"),
        ({"workers": "0"}, "WORKERS", "'0'", "from 1 to"),
        ({"workers": 0}, "WORKERS", "0", "from 1 to"),
        ({"seed": 1.5}, "SEED", "1.5", "whole number"),
        ({"hdr": "perhaps"}, "HDR", "'perhaps'", "True or False"),
        ({"warmup": "99"}, "WARMUP", "99", "shorter than TIME_BETWEEN_RAMP"),
        (
            {"time_between_ramp": "4", "requests_per_second": "0.1"},
            "TIME_BETWEEN_RAMP",
            "4",
            "at least the period of a client, 10 s with REQUESTS_PER_SECOND = 0.1",
        ),
        (
            {
                "custom_ramp": "1,1,1,1",
                "time_between_ramp": "1",
                "arrivals": "poisson",
                "requests_per_second": "1",
                "seed": "5",
            },
            "ARRIVALS",
            "'poisson'",
            "no request is due in step ",
        ),
        ({"detector_id": "dog"}, "DETECTOR_ID", "'dog'", "27 letters or digits"),
        ({"image_pool": "0"}, "IMAGE_POOL", "'0'", "at least 1"),
        ({"simulator_options": "'"}, "SIMULATOR_OPTIONS", '"\'"', "types them in a shell"),
        ({"endpoint_url": "box:30143"}, "ENDPOINT_URL", "'box:30143'", "example https://box:30143"),
        ({"endpoint_url": "box:30101"}, "ENDPOINT_URL", "'box:30101'", "example http://box:30101"),
        ({"endpoint_url": "192.0.2.7"}, "ENDPOINT_URL", "'192.0.2.7'", "https://192.0.2.7:30143"),
        ({"endpoint_url": "http://h:99999"}, "ENDPOINT_URL", "99999", "http://HOST:PORT"),
        ({"endpoint_url": "http://a..b:30101"}, "ENDPOINT_URL", "a..b", "http://HOST:PORT"),
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
    assert "for example" in message or name in ("LATE", "CLIENT")


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


def test_a_typed_detector_name_beats_an_id_in_config_py() -> None:
    """Or the option would have no effect."""
    settings = resolve({**CONFIG, "DETECTOR_ID": ID}, {"detector_name": "door"}, {})
    assert (settings.detector_id, settings.detector_name) == (None, "door")


def test_custom_ramp_without_a_value_is_the_built_in_one() -> None:
    """With a value it is that, however it is spelt; both replace max clients and step size."""
    for arguments, clients in (
        (["--custom-ramp"], [1, 2, 3, 4, 5, 10, 15, 20, 30, 40, 50, 60]),
        (["--custom-ramp", "1,5,20", "--max-clients", "3"], [1, 5, 20]),
        (["--custom-ramp", "[1,5,20]"], [1, 5, 20]),
        (["--custom-ramp", "1", "5", "20", "--seed", "2"], [1, 5, 20]),
        (["--custom-ramp", "1 5 20"], [1, 5, 20]),
        (["--custom-ramp", "(1,5,20)"], [1, 5, 20]),
        (["--custom-ramp", " 1;5 ; 20, "], [1, 5, 20]),
        (["--custom-ramp", "[", "1", "5", "20", "]"], [1, 5, 20]),
        (["--custom-ramp", "[1, 5, 20]"], [1, 5, 20]),
        (["--custom-ramp", "[1,", "5,", "20]", "--seed", "2"], [1, 5, 20]),
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
        SettingError,
        match=r"^ABORT_ON = 'edge>5%': must be a condition on all requests together, for example",
    ):
        resolve(CONFIG, {"abort_on": ["edge>5%"]}, {})
    with pytest.raises(SettingError, match="no step of the ramp has 7 clients"):
        resolve(CONFIG, {"slo": ["7 clients: p99<1s"], "custom_ramp": "5,10"}, {})
    settings = resolve(CONFIG, {"slo": "5 clients:  p99<1s", "custom_ramp": "5,10"}, {})
    assert settings.slo == ("5 clients: p99<1s",)


def test_the_command_to_repeat_gives_the_same_settings() -> None:
    """With the same config.py or with none, and without the token; as a shell would read it."""
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
    by_name = resolve({}, {}, {}, program="edgeload run").command()
    assert by_name == "edgeload run"
    embedded = resolve(CONFIG, {}, {})
    assert resolve({}, parse(shlex.split(embedded.command())[2:], {})[0], {}) == embedded


def test_the_command_to_repeat_has_what_was_typed() -> None:
    """Also a default: it was typed because config.py says something else, and still does."""
    config = {"TIMEOUT": 5.0, "SEED": 3}
    settings = resolve(config, {"timeout": "10"}, {})
    words = shlex.split(settings.command())
    assert words[2:] == ["--timeout", "10.0", "--seed", "3"]
    again = resolve(config, parse(words[2:], config)[0], {})
    assert again.public() == settings.public()


EMPTIED: list[tuple[dict[str, object], list[str]]] = [
    ({"DETECTOR_QUERY": "Is it?"}, ["--detector-query", ""]),
    ({"SLO": ["p95<1s"], "ABORT_ON": ["errors>5%"]}, ["--slo", "", "--abort-on", ""]),
    ({"CACERT": "edge.pem", "PROMETHEUS_PORT": 9101}, ["--cacert", "", "--prometheus-port", ""]),
    ({"SIMULATOR_OPTIONS": "--seed 3", "WARMUP": 1}, ["--simulator-options", "", "--warmup", ""]),
    ({"DETECTOR_ID": ID}, ["--detector-id", "", "--detector-query", ""]),
    ({"ENDPOINT_URL": "http://box", TOKEN: "t"}, ["--endpoint-url", "", "--no-insecure"]),
]


@pytest.mark.parametrize(("config", "words"), EMPTIED)
def test_the_command_to_repeat_keeps_what_was_emptied(
    config: dict[str, object], words: list[str]
) -> None:
    """An empty value that was typed takes the place of config.py's, in the repetition as well."""
    settings = resolve(config, parse(words, config)[0], {})
    again = shlex.split(settings.command())[2:]
    assert again.count("") == words.count("")
    assert resolve(config, parse(again, config)[0], {}).public() == settings.public()
    others = {name: value for name, value in config.items() if name.endswith("TOKEN")}
    assert resolve(others, parse(again, {})[0], {}).public() == settings.public()


def test_an_empty_constant_is_kept_in_the_command_to_repeat() -> None:
    """DETECTOR_QUERY = "" in config.py means that no detector is created."""
    settings = resolve({"DETECTOR_QUERY": ""}, {}, {})
    assert settings.command() == "python load_test.py --detector-query ''"


@pytest.mark.parametrize("rate", ["0.1", "0.3", "3", "7", "10"])
def test_a_step_of_one_period_is_long_enough(rate: str) -> None:
    """Then each client has a request due in each step, whatever its phase."""
    options = {"requests_per_second": rate, "time_between_ramp": str(1 / float(rate))}
    plan = resolve({}, {**options, "custom_ramp": "3,1,7"}, {TOKEN: "t"}).plan()
    for step in plan.steps:
        assert all(next(plan.step_dues(c, step), None) is not None for c in range(step.clients))
        assert plan.anything_due(step, 0)


MIX = "examples/mix.yaml"


def test_an_interference_run_has_a_ramp_of_its_own() -> None:
    """One copy and steps of 6 s, whatever config.py says; what was typed wins, and is repeated."""
    given = {"mix": MIX, "interference": True}
    config = {**CONFIG, "MAX_CLIENTS": 7, "CUSTOM_RAMP": "1,5,20", "TIME_BETWEEN_RAMP": 30}
    plain = resolve(config, given, {})
    assert {step.duration_s for step in plain.plan().steps} == {6.0}
    assert plain.plan().copies(plain.plan().steps[0]) == 1
    typed = resolve(
        config,
        {**given, "max_clients": 3, "time_between_ramp": "4", "interference_rounds": "5"},
        {},
    )
    assert {step.duration_s for step in typed.plan().steps} == {4.0}
    assert typed.plan().copies(typed.plan().steps[0]) == 3
    assert rounds_of(typed.plan()) == 5
    for settings in (plain, typed):
        words = shlex.split(settings.command())[2:]
        again = resolve(config, parse(words, config)[0], {})
        assert again.plan() == settings.plan()
    assert resolve(config, {"mix": MIX}, {}).time_between_ramp == 30.0


def test_an_interference_run_judges_no_objectives() -> None:
    """Those of config.py and of the mix are for other runs; a typed one would be ignored."""
    settings = resolve({"SLO": ["p95<1s"]}, {"mix": MIX, "interference": True}, {})
    assert settings.objectives() == ()
    assert resolve({"SLO": ["p95<1s"]}, {"mix": MIX}, {}).objectives() != ()


ONE_GROUP = "- {name: door, detector_name: a, query: Open, cameras: 3, requests_per_second: 5}\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "INTERFERENCE = True: needs a mix of at least two groups, and there is no mix"),
        ({"mix": "one"}, "needs a mix of at least two groups, and the mix has only one"),
        ({"mix": MIX, "ramp_group": "door"}, "RAMP_GROUP = 'door': must be empty"),
        ({"mix": MIX, "custom_ramp": "1,3"}, "CUSTOM_RAMP = 1,3: must be one number of copies"),
        ({"mix": MIX, "slo": ["p95<1s"]}, "SLO = 'p95<1s': must be left out"),
        ({"mix": MIX, "interference_rounds": "2"}, "INTERFERENCE_ROUNDS = '2'"),
        ({"mix": "many", "interference_rounds": "1000"}, "must be at most 32,000"),
        ({"mix": MIX, "time_between_ramp": "0.4"}, "TIME_BETWEEN_RAMP = 0.4: must be at least"),
        ({"mix": MIX, "repeat": "3"}, "REPEAT = 3: must be 1 with INTERFERENCE"),
    ],
)
def test_what_makes_no_interference_run_gets_one_line(
    options: dict[str, object], said: str, tmp_path: Path
) -> None:
    """It names the setting, says what is legal, and gives an example."""
    many = "".join(ONE_GROUP.replace("door", f"door{n}") for n in range(9))
    for name, text in (("one", ONE_GROUP), ("many", many)):
        (tmp_path / name).write_text(text)
    if options.get("mix") in ("one", "many"):
        options = {**options, "mix": str(tmp_path / str(options["mix"]))}
    error = error_of({"interference": True, **options})
    assert said in error
    assert "\n" not in error
    assert "for example" in error
