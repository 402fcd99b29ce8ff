"""The capacity that is required, against the loads that a run will try. Pure."""

from __future__ import annotations

from edgeload.plan import linear_ramp
from edgeload.settings.fields import Fields


def check_required(settings: Fields, load: int) -> None:
    """Raise ValueError, in one line, if the run could not show that this load is served."""
    said = f"REQUIRE_CAPACITY = {load}"
    if settings.interference or settings.audit_cache:
        raise ValueError(
            f"{said}: this kind of run measures no capacity; must be empty with INTERFERENCE and "
            "AUDIT_CACHE, for example --require-capacity ''"
        )
    if settings.find_capacity:
        over = settings.search.partition(":")[0]
        if over in ("rate", "headroom"):
            raise ValueError(
                f"{said}: counts clients or copies, and --search {over} does not; must be empty "
                "with it, for example --require-capacity ''"
            )
        return
    most = max(settings.custom_ramp or linear_ramp(settings.max_clients, settings.step_size))
    if most < load:
        raise ValueError(
            f"{said}: the ramp ends at {most}, so it cannot show that; must be at most {most}, or "
            f"the ramp must go on, for example --max-clients {load}"
        )
