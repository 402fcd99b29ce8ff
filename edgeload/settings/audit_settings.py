"""The settings of a cache audit, and which others make no sense beside it. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from edgeload.audit_plan import LONGEST_S

AUDIT_VALUES: dict[str, object] = {
    "max_clients": 1,
    "step_size": 1,
    "custom_ramp": None,
    "ramp_group": None,
    "interference": False,
    "find_capacity": False,
    "repeat": 1,
    "arrivals": "constant",
    "late": "queue",
    "slo": (),
    "check_answers": False,
    "same_image": False,
    "image_pool": 1,
    "preflight": True,
    "requests_per_second": 10.0,
    "time_between_ramp": LONGEST_S,
    "warmup": None,
}
"""What settings are in an audit unless they are typed: those of config.py are meant for ramps.

The rate and the length are chosen once the endpoint has been asked, unless they are typed.
"""

_ONE_CLIENT = "which has one client and one step"
_OTHER_RUN = "which is another kind of run"
_WHY_NOT = {
    "mix": "which asks one detector",
    "interference": _OTHER_RUN,
    "find_capacity": _OTHER_RUN,
    "repeat": "which has one run",
    "max_clients": _ONE_CLIENT,
    "step_size": _ONE_CLIENT,
    "custom_ramp": _ONE_CLIENT,
    "ramp_group": _ONE_CLIENT,
    "arrivals": "whose client sends at equal intervals",
    "late": "whose client sends every picture",
    "slo": "which judges no objectives",
    "check_answers": "which sends most pictures once, so their answers are compared with nothing",
    "same_image": "which sends one picture again and again anyway",
    "preflight": "which needs the queries before the run to choose its load",
}
_EXAMPLES = {"mix": "--mix '' --detector-name door"}


def refused_beside_audit(
    values: Mapping[str, object], options: Mapping[str, object]
) -> tuple[str, object, str] | None:
    """The first setting that makes no sense in an audit: its name, its value, what is legal.

    `options` were typed; of all `values` only a mix is refused, because it may name other detectors
    than the one that would be asked.
    """
    for name, why in _WHY_NOT.items():
        given = values if name == "mix" else options
        value = given.get(name)
        if name not in given or value in (AUDIT_VALUES.get(name), None, "", [], ()):
            continue
        if str(value) == str(AUDIT_VALUES.get(name)):  # typed as a text
            continue
        legal = "must be empty" if name == "mix" else "must be left out"
        example = _EXAMPLES.get(name, "--audit-cache alone")
        if isinstance(value, list | tuple):
            value = value[0]
        return name, value, f"{legal} with --audit-cache, {why}, for example {example}"
    return None
