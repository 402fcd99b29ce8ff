"""Long steps in summary.json: typed records. Pure."""

from __future__ import annotations

from typing import Literal

from edgeload.read.analysis.soak_result import ChangeLocated, ThrottleCause
from edgeload.read.output.json_numbers import Number
from edgeload.read.output.schema_part import SummaryPart


class WindowRecord(SummaryPart):
    """A span of run time."""

    start_s: float
    end_s: float


class QuartersRecord(SummaryPart):
    """A quantity, with its unit in its name, in the first and the last quarter of a long step.

    `about` is the GPU; `changed`: more than chance, and enough to matter; null: too few answers, or
    samples, to tell.
    """

    quantity: str
    about: str | None
    first: Number
    last: Number
    changed: bool | None


class ThrottlingRecord(SummaryPart):
    """From `at_s` on a GPU's clock was lowered; shares of its samples before, and from then on."""

    gpu: int
    cause: ThrottleCause
    at_s: float
    share_before: Number
    share_after: Number


class LeakRecord(SummaryPart):
    """Memory that grew steadily, and how long after the step it is full; null: size not known."""

    memory: Literal["host", "gpu", "pod"]
    about: str | None
    bytes_per_s: Number
    used_bytes: Number
    limit_bytes: Number
    full_after_s: Number


class SoakRecord(SummaryPart):
    """A step of ten minutes or more: how it ended, compared with how it began.

    `flat`: nothing changed for clients, no GPU began to throttle, and no memory grew; null: nothing
    of that was found, but the quantities in `untested` had too few answers to tell.
    `at_s` is the instant of its change with its 95 % limits, `located` what it is known by; null:
    nothing changed for clients, or at no one moment. `sentence` is null if it is `flat`. `first`
    and `last` are the windows that are compared.
    """

    step: int
    flat: bool | None
    sentence: str | None
    at_s: Number
    limits_s: list[float] | None
    located: ChangeLocated | None
    gradual: bool
    first: WindowRecord
    last: WindowRecord
    throttling: ThrottlingRecord | None
    quarters: list[QuartersRecord]
    leaks: list[LeakRecord]
    untested: list[str]
