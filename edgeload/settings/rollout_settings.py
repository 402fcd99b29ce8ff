"""The settings of a run that waits for roll-outs of models, and what it cannot have. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from edgeload.plan import linear_ramp
from edgeload.settings.fields import Fields

LONGEST_WAIT_S = 1800.0


def steady_load(values: Mapping[str, object], options: Mapping[str, object]) -> dict[str, object]:
    """What takes the place of the ramp in config.py, unless it is typed: one step, and long.

    It has the clients of MAX_CLIENTS; of a mix, one copy, or as many as are typed.
    """
    given = {**values, **options}
    longest: dict[str, object] = {"time_between_ramp": LONGEST_WAIT_S}
    if options.get("custom_ramp") is not None or options.get("step_size") is not None:
        return longest
    most = given.get("max_clients", Fields.model_fields["max_clients"].get_default())
    if given.get("mix") and "max_clients" not in options:
        most = 1
    return {"custom_ramp": None, "max_clients": most, "step_size": most, **longest}


def check_until_rollouts(settings: Fields, wanted: int) -> None:
    """Raise ValueError, in one line, if the run could not hold a steady load until then."""
    said = f"UNTIL_ROLLOUTS = {wanted}"
    others = {
        "FIND_CAPACITY": settings.find_capacity,
        "INTERFERENCE": settings.interference,
        "AUDIT_CACHE": settings.audit_cache,
        "VARIANTS": settings.variants is not None,
        "REPEAT": settings.repeat > 1,
    }
    for name, given in others.items():
        if given:
            raise ValueError(
                f"{said}: holds one steady load in one run; must be empty with {name}, for example "
                "--until-rollouts ''"
            )
    ramp = settings.custom_ramp or linear_ramp(settings.max_clients, settings.step_size)
    if len(ramp) > 1:
        raise ValueError(
            f"{said}: needs a steady load, and this ramp has {len(ramp):,} steps; must be one, for "
            f"example --custom-ramp {ramp[-1]}"
        )
