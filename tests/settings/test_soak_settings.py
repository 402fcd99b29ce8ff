"""Laws of the settings of a soak: one step of one load, whatever config.py says of other runs."""

from __future__ import annotations

import shlex

import pytest

from edgeload.arguments import parse
from edgeload.settings import SettingError, Settings, resolve

CONFIG = {
    "MAX_CLIENTS": 20,
    "STEP_SIZE": 5,
    "CUSTOM_RAMP": [1, 5, 20],
    "TIME_BETWEEN_RAMP": 30,
    "WARMUP": 40,
    "REQUESTS_PER_SECOND": 2,
    "FIND_CAPACITY": True,
    "INTERFERENCE": True,
    "SLO": ["p95<300ms"],
}
MIX = ("--mix", "examples/mix.yaml")


def of(*options: str, config: dict[str, object] = CONFIG) -> Settings:
    given, _ = parse(list(options), config)
    return resolve(config, given, {})


def test_a_soak_is_one_step() -> None:
    """Of so many clients, for so long; rate, warm-up and objectives are those of any run."""
    settings = of("--soak", "30m", "--clients", "8", "--monitor", "http://127.0.0.1:9105")
    plan = settings.plan()
    assert [(s.clients, s.start_s, s.end_s) for s in plan.steps] == [(8, 0.0, 1800.0)]
    assert (plan.groups[0].rate, settings.warmup) == (2.0, 40.0)
    assert [objective.text for objective in settings.objectives()] == ["p95<300ms"]
    assert not (settings.find_capacity or settings.interference)


def test_a_mix_has_one_copy_or_as_many_as_are_typed() -> None:
    """Its cameras are counted in copies."""
    one, three = of("--soak", "10m", *MIX), of("--soak", "10m", *MIX, "--clients", "3")
    copies = [[s.plan().copies(step) for step in s.plan().steps] for s in (one, three)]
    assert copies == [[1], [3]]


def test_the_command_that_repeats_it_is_legal_and_the_same() -> None:
    """It leaves out what follows from the soak."""
    settings = of("--soak", "30m", "--clients", "8", config={})
    words = shlex.split(settings.command())
    assert words == ["python", "load_test.py", "--soak", "1800.0", "--clients", "8"]
    assert of(*words[2:], config={}) == settings


def test_config_py_may_ask_for_it() -> None:
    """And the command line takes it back."""
    config: dict[str, object] = {"SOAK": "10m", "CLIENTS": 4, "MAX_CLIENTS": 2}
    assert of(config=config).plan().duration_s == 600.0
    assert of("--soak", "", config=config).plan().duration_s == 60.0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--soak", "30m"), "SOAK = '30m': needs --clients, the load that it holds, for example"),
        (("--clients", "8"), "CLIENTS = '8': needs --soak, for example --soak 30m --clients 8"),
        (("--soak", "30x", "--clients", "8"), "SOAK = '30x': must be a time"),
        (("--soak", "30m", "--clients", "0"), "CLIENTS = '0': must be"),
        (
            ("--soak", "30m", "--clients", "8", "--find-capacity"),
            "FIND_CAPACITY = True: must be left out with --soak, which is another kind of run; for "
            "example --soak 30m --clients 8 instead of --find-capacity",
        ),
        (("--soak", "30m", "--clients", "8", "--custom-ramp", "1,2"), "CUSTOM_RAMP = '1,2': must"),
        (("--soak", "30m", "--clients", "8", "--max-clients", "3"), "MAX_CLIENTS = '3': must be"),
        (("--soak", "30m", "--clients", "8", "--time-between-ramp", "9"), "TIME_BETWEEN_RAMP = '"),
        (("--soak", "30m", "--clients", "8", "--audit-cache"), "AUDIT_CACHE = True: must be left"),
        (("--soak", "30m", "--clients", "8", "--interference"), "INTERFERENCE = True: must be le"),
        (("--soak", "30m", "--clients", "8", "--variants", "v.yaml"), "VARIANTS = 'v.yaml': must"),
        (("--soak", "30m", "--clients", "8", "--budget", "5m"), "BUDGET = '5m': needs --find-cap"),
    ],
)
def test_what_makes_no_sense_beside_it_is_refused_in_one_line(
    options: tuple[str, ...], said: str
) -> None:
    """With what is legal, before anything is sent."""
    with pytest.raises(SettingError) as caught:
        of(*options, config={})
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)
