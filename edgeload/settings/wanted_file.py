"""The text of --plan, or the mix file that it names -> the cameras that are wanted, as a text.

So the log has all of it, and needs no file when it is read.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgeload.settings.groups import GroupSettings
from edgeload.settings.mix_file import MAX_RATE, GroupSpec, load_mix
from edgeload.wanted_cameras import (
    LEGAL_WANTED,
    WantedCameras,
    not_told_by,
    parse_wanted,
    wanted_text,
)

if TYPE_CHECKING:
    from edgeload.settings.resolved import Settings


def wanted_cameras_text(text: str) -> str:
    """What `parse_wanted` reads: the text itself, or the cameras in the mix file of that name.

    A group without a rate in the file has the rate that was measured. Raises ValueError, in one
    line without the name of the setting.
    """
    try:
        return wanted_text(parse_wanted(text))
    except ValueError as problem:
        path = Path(text)
        if os.path.isfile(path):  # noqa: PTH113 (Path.is_file raises OSError for a long text)
            return wanted_text([_wanted(spec) for spec in load_mix(path)])
        if path.suffix in (".yaml", ".yml"):
            raise ValueError(f"there is no such file; {LEGAL_WANTED}") from None
        raise ValueError(str(problem)) from None


def _wanted(spec: GroupSpec) -> WantedCameras:
    rate = spec.requests_per_second
    return WantedCameras(
        spec.name, spec.cameras, 0.0 if rate == MAX_RATE else None if rate is None else float(rate)
    )


def check_wanted(groups: Sequence[GroupSettings], settings: Settings) -> None:
    """Raise ValueError, in one line, if the run cannot tell how many boxes are needed."""
    text = settings.plan_for or ""
    if settings.interference:
        raise ValueError(
            f"PLAN_FOR = {text!r}: must be left out with --interference, which measures no "
            "capacity; for example --find-capacity --plan 120@2"
        )
    over = settings.search.partition(":")[0] if settings.find_capacity else ""
    if settings.ramp_group is not None and over in ("", "auto"):
        over = "group"
    loads = [group.load for group in groups]
    problem = not_told_by(parse_wanted(text), loads, bool(settings.mix), over)
    if problem:
        raise ValueError(f"PLAN_FOR = {text!r}: {problem}")
