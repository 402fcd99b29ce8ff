"""Laws of the settings of a cache audit: what it takes from whom, and what it refuses."""

from __future__ import annotations

import shlex

import pytest

from edgeload.arguments import parse
from edgeload.audit_plan import NEW_BEFORE, AuditLoad
from edgeload.settings import SettingError, Settings, resolve

CONFIG = {
    "MAX_CLIENTS": 20,
    "STEP_SIZE": 5,
    "CUSTOM_RAMP": [1, 5, 20],
    "IMAGE_POOL": 500,
    "SAME_IMAGE": True,
    "CHECK_ANSWERS": True,
    "REQUESTS_PER_SECOND": 2,
    "TIME_BETWEEN_RAMP": 600,
    "WARMUP": 30,
    "SLO": ["p95<300ms"],
    "ARRIVALS": "poisson",
    "LATE": "skip",
    "PREFLIGHT": False,
    "INTERFERENCE": True,
    "FIND_CAPACITY": True,
    "REPEAT": 3,
    "TIMEOUT": 3.5,
}


def of(*options: str, config: dict[str, object] = CONFIG) -> Settings:
    given, _ = parse(["--audit-cache", *options], config)
    return resolve(config, given, {})


def test_the_ramp_of_config_py_is_that_of_other_runs() -> None:
    """One client and one step; what does not concern the load stays as config.py says."""
    settings = of()
    plan = settings.plan()
    assert [(step.clients, step.round) for step in plan.steps] == [(1, None)]
    assert not plan.is_mix
    assert (plan.groups[0].arrivals, plan.groups[0].late) == ("constant", "queue")
    assert settings.timeout == 3.5
    assert settings.objectives() == ()
    (group,) = settings.groups()
    assert (group.pictures.count, group.pictures.new) == (1, NEW_BEFORE)
    assert resolve({}, {}, {}).groups()[0].pictures.new == 0


def test_what_is_typed_counts() -> None:
    """Rate, length, warm-up and the number of pictures that come again."""
    settings = of(
        *("--requests-per-second", "3", "--time-between-ramp", "90", "--warmup", "5"),
        *("--image-pool", "64"),
    )
    (group,) = settings.groups()
    assert (group.load.rate, settings.plan().duration_s, group.pictures.count) == (3.0, 90.0, 64)
    assert settings.warmup == 5.0
    assert settings.typed("requests_per_second")
    assert not of().typed("requests_per_second")


REFUSED: dict[str, list[str]] = {
    "INTERFERENCE": ["--interference"],
    "FIND_CAPACITY": ["--find-capacity"],
    "REPEAT": ["--repeat", "3"],
    "MAX_CLIENTS": ["--max-clients", "5"],
    "STEP_SIZE": ["--step-size", "5"],
    "CUSTOM_RAMP": ["--custom-ramp"],
    "RAMP_GROUP": ["--ramp-group", "door"],
    "ARRIVALS": ["--arrivals", "poisson"],
    "LATE": ["--late", "skip"],
    "SLO": ["--slo", "p95<1s"],
    "CHECK_ANSWERS": ["--check-answers"],
    "SAME_IMAGE": ["--same-image"],
    "PREFLIGHT": ["--no-preflight"],
    "MIX": ["--mix", "examples/mix.yaml"],
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_makes_no_sense_is_refused_in_one_line(name: str) -> None:
    """It names the setting, its value, the option that does not go with it, and an example."""
    with pytest.raises(SettingError) as refused:
        of(*REFUSED[name])
    (line,) = str(refused.value).splitlines()
    value = REFUSED[name][1] if len(REFUSED[name]) > 1 else None
    assert line.startswith(f"{name} = {value!r}: must be " if value else f"{name} = ")
    assert "with --audit-cache, " in line
    assert ", for example " in line


def test_a_mix_of_config_py_is_refused() -> None:
    """It may name other detectors than the one that would be asked in silence; and empty it is
    legal."""
    config: dict[str, object] = {"MIX": "examples/mix.yaml"}
    with pytest.raises(SettingError, match="--mix '' --detector-name door"):
        of(config=config)
    assert of("--mix", "", config=config).mix is None


@pytest.mark.parametrize(
    "options",
    [["--max-clients", "1"], ["--no-check-answers"], ["--preflight"], ["--late", "queue"]],
)
def test_what_an_audit_does_anyway_may_be_typed(options: list[str]) -> None:
    """It contradicts nothing."""
    assert of(*options).audit_cache


def test_the_command_makes_the_same_audit_again() -> None:
    """It names what was typed; what was chosen for this endpoint is left to be chosen again, and
    what other runs have from config.py is not in it.
    """
    settings = of("--image-pool", "16", "--seed", "3").with_load(AuditLoad(7.25, 48.0))
    words = shlex.split(settings.command().removeprefix("python load_test.py "))
    assert words == ["--timeout", "3.5", "--audit-cache", "--seed", "3", "--image-pool", "16"]
    given, _ = parse(words, {})
    again = resolve({}, given, {})
    assert again.with_load(AuditLoad(7.25, 48.0)).public() == settings.public()
