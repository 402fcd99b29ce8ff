"""The settings of a soak, one long step, and which others make no sense beside it. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from edgeload.plain_words import quoted
from edgeload.settings.fields import Fields, option_of

SOAK_RAMP = ("max_clients", "step_size", "custom_ramp", "time_between_ramp")
"""Settings that follow from a soak, so the command that repeats it leaves them out."""
_ONE_STEP = "which is one step"
_OTHER_RUN = "which is another kind of run"
_WHY_NOT = {
    "max_clients": f"{_ONE_STEP} of as many clients as --clients says",
    "step_size": f"{_ONE_STEP} of as many clients as --clients says",
    "custom_ramp": f"{_ONE_STEP} of as many clients as --clients says",
    "time_between_ramp": f"{_ONE_STEP} of that length",
    "find_capacity": _OTHER_RUN,
    "interference": _OTHER_RUN,
    "audit_cache": _OTHER_RUN,
    "variants": _OTHER_RUN,
}
_OTHER_KINDS = {
    "find_capacity": False,
    "interference": False,
    "audit_cache": False,
    "variants": None,
}


def is_soak(values: Mapping[str, object]) -> bool:
    """Whether a soak is asked for."""
    return values.get("soak") not in (None, "")


def ramp_of_a_soak(
    values: Mapping[str, object], options: Mapping[str, object]
) -> dict[str, object]:
    """What takes the place of the ramp and the kind of run in config.py.

    `options` were typed. Raises ValueError, in one line, for one that makes no sense beside a soak,
    and without a number of clients; a mix has one copy then. Empty if its own values are not legal,
    which the settings say.
    """
    for name, why in _WHY_NOT.items():
        value = options.get(name)
        if value not in (None, "", False):
            raise ValueError(
                f"{name.upper()} = {quoted(value)}: must be left out with --soak, {why}; for "
                f"example --soak 30m --clients 8 instead of {option_of(name)}"
            )
    clients = values.get("clients")
    if clients in (None, "") and values.get("mix") in (None, ""):
        raise ValueError(
            f"SOAK = {quoted(values['soak'])}: needs --clients, the load that it holds, for "
            "example --soak 30m --clients 8"
        )
    try:
        own = Fields.model_validate({"soak": values["soak"], "clients": clients})
    except ValidationError:
        return {}
    load = own.clients or 1
    ramp = {"max_clients": load, "step_size": load, "custom_ramp": None}
    return {**_OTHER_KINDS, **ramp, "time_between_ramp": own.soak}


def typed_without_a_soak(options: Mapping[str, object]) -> str | None:
    """The line that refuses clients of no soak; None: there are none."""
    value = options.get("clients")
    if value in (None, ""):
        return None
    return (
        f"CLIENTS = {quoted(value)}: needs --soak, for example --soak 30m --clients 8; the "
        "clients of a ramp are --max-clients"
    )
