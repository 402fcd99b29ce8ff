"""Camera groups: cameras of one kind, and the places of all cameras in a run. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

Arrivals = Literal["constant", "poisson"]
LatePolicy = Literal["queue", "skip", "latest"]

DEFAULT_GROUP = "cameras"
"""Name of the one group of a run without a mix."""


@dataclass(frozen=True)
class CameraGroup:
    """The cameras of one kind, as far as their due times depend on it.

    Due times depend on the group's own values, the camera's number within the group and the seed,
    and on no other group.
    """

    name: str = DEFAULT_GROUP
    cameras: int = 1
    """Cameras in one copy of the mix."""
    requests_per_second: float | None = 1.0
    """Frames per second of one camera; None: a closed loop, in which a camera sends its next frame
    as soon as it has its answer. Its frames are not known before."""
    arrivals: Arrivals = "constant"
    late: LatePolicy = "queue"
    requests_per_frame: int = 1
    """1, and the further requests that a frame's first answer leads to."""

    @property
    def closed(self) -> bool:
        """Whether its cameras work in a closed loop."""
        return self.requests_per_second is None

    @property
    def rate(self) -> float:
        """Frames per second of one camera, of a group that is not closed."""
        assert self.requests_per_second is not None
        return self.requests_per_second

    @property
    def period_s(self) -> float:
        """Seconds between two frames of a camera; 0 in a closed loop."""
        return 1.0 / self.requests_per_second if self.requests_per_second else 0.0

    def times_as_fast(self, speed: float) -> CameraGroup:
        """The same cameras at `speed` times their rate; a closed loop stays as it is."""
        if speed == 1.0 or self.requests_per_second is None:
            return self
        return replace(self, requests_per_second=self.requests_per_second * speed)

    def label(self, kind: str, seed: int) -> str:
        """Text that seeds what is random about the group's due times.

        The group of a run without a mix leaves its name out, as it did before there were groups.
        """
        name = "" if self.name == DEFAULT_GROUP else f" {self.name}"
        return f"{kind} {seed}{name}"


class ClientPlace(NamedTuple):
    """A client's place: the index of its group, and its number within that group, from 0."""

    group: int
    number: int


def layout_of(
    groups: tuple[CameraGroup, ...], ramp_group: str | None
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The group indices of the clients of every step, and of those of one copy."""
    fixed: list[int] = []
    copy: list[int] = []
    for index, group in enumerate(groups):
        ramped = ramp_group in (None, group.name)
        (copy if ramped else fixed).extend([index] * group.cameras)
    return tuple(fixed), tuple(copy)
