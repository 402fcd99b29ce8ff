"""Cameras to serve, `120@2`: from text to value; does a run tell of them? Pure.

    CAMERAS[@RATE]                          120@2, or 120 at the rate that was measured
    GROUP:CAMERAS[@RATE],GROUP:…            door:40@10,person:9@2, of a mix

RATE is in frames per second of one camera; `max` is a closed loop.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from edgeload.camera_group import CameraGroup
from edgeload.plain_words import listed

MOST_WANTED = 10_000_000
LEGAL_WANTED = (
    "must be CAMERAS@RATE, GROUP:CAMERAS@RATE,… for a mix, or a mix file, for example 120@2, "
    "door:40@10,person:9@2 or fleet.yaml"
)
_ONE = re.compile(
    r"(?:(?P<group>[A-Za-z][A-Za-z0-9 _.-]{0,39})\s*:\s*)?(?P<cameras>[0-9]{1,15})"
    r"(?:\s*@\s*(?P<rate>[0-9]+(?:\.[0-9]+)?|max))?"
)


@dataclass(frozen=True)
class WantedCameras:
    """So many cameras of one kind. `group` is empty for those of a run without a mix.

    `rate` is in frames per second of one camera: None for the rate that was measured, 0 for a
    closed loop.
    """

    group: str
    cameras: int
    rate: float | None = None

    @property
    def text(self) -> str:
        """As one types it."""
        rate = "" if self.rate is None else f"@{_plain(self.rate)}" if self.rate else "@max"
        return f"{self.group}:{self.cameras}{rate}" if self.group else f"{self.cameras}{rate}"


def _plain(number: float) -> str:
    """Without an exponent, which a rate cannot have when it is typed."""
    return f"{Decimal(f'{number:.12g}'):f}"


def parse_wanted(text: str) -> tuple[WantedCameras, ...]:
    """Read what is wanted. Raises ValueError; its text says what is legal."""
    found = [_ONE.fullmatch(part.strip()) for part in text.split(",")]
    wanted = tuple(
        WantedCameras((each["group"] or "").strip(), int(each["cameras"]), _rate(each["rate"]))
        for each in found
        if each is not None
    )
    names = {each.group for each in wanted}
    if len(wanted) < len(found) or len(names) < len(wanted) or ("" in names and len(names) > 1):
        raise ValueError(LEGAL_WANTED)
    if not 1 <= sum(each.cameras for each in wanted) <= MOST_WANTED:
        raise ValueError(f"must be from 1 to {MOST_WANTED:,} cameras, for example 120@2")
    if any(each.rate is not None and each.rate > 10_000 for each in wanted):
        raise ValueError("a rate must be at most 10,000/s, for example 120@2")
    return wanted


def _rate(text: str | None) -> float | None:
    if text is None:
        return None
    if text != "max" and float(text) == 0:
        raise ValueError("a rate must be above 0, for example 120@2")
    return 0.0 if text == "max" else float(text)


def wanted_text(wanted: Sequence[WantedCameras]) -> str:
    """The text that `parse_wanted` reads as these."""
    return ",".join(each.text for each in wanted)


def not_told_by(
    wanted: Sequence[WantedCameras], groups: Sequence[CameraGroup], is_mix: bool, over: str
) -> str | None:
    """Why a run with these groups cannot tell how many boxes are needed; None: it can.

    `over` is what its search counts; "copies" or "clients" for a ramp.
    """
    if not is_mix:
        if [each.group for each in wanted] == [""]:
            return None
        return "the run has one kind of cameras; must be CAMERAS@RATE, for example 120@2"
    if over in ("group", "rate"):
        return (
            f"a search over {'one group' if over == 'group' else 'the rate'} says nothing about "
            "copies of the mix; must be left out, or use --search copies or --search headroom"
        )
    return _other_groups(wanted, groups) or _other_proportions(wanted, groups, over)


def _other_groups(wanted: Sequence[WantedCameras], groups: Sequence[CameraGroup]) -> str | None:
    """Groups or rates that are not those of the mix."""
    if {each.group for each in wanted} != {group.name for group in groups}:
        named = listed([group.name for group in groups])
        return (
            f"the mix has the groups {named}; must name each of them, for example "
            f"{_example(groups)}"
        )
    by_name = {group.name: group for group in groups}
    for each in wanted:
        group = by_name[each.group]
        rate = 0.0 if group.closed else group.rate
        if each.rate is not None and not math.isclose(each.rate, rate, rel_tol=1e-9):
            measured = "in a closed loop" if group.closed else f"at {rate:g}/s"
            return (
                f"{each.group} was measured {measured}, and a mix with other rates is another mix; "
                f"must be {WantedCameras(each.group, each.cameras, rate).text}, or measure that mix"
            )
    return None


def _other_proportions(
    wanted: Sequence[WantedCameras], groups: Sequence[CameraGroup], over: str
) -> str | None:
    """Proportions of which copies of the mix say nothing."""
    cameras = {group.name: group.cameras for group in groups}
    copies = [each.cameras / cameras[each.group] for each in wanted]
    if over != "headroom" and max(copies) - min(copies) > 1e-9 * max(copies):
        mix = listed([f"{group.cameras} {group.name}" for group in groups])
        return (
            f"its proportions are not those of the mix ({mix}), whose copies say nothing about "
            f"others; must be like {_example(groups)}, or measure with --search headroom"
        )
    return None


def _example(groups: Sequence[CameraGroup]) -> str:
    return ",".join(f"{group.name}:{10 * group.cameras}" for group in groups)
