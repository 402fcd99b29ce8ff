"""What one check has seen, and the exit code that all of them give. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from edgeload.exit_codes import BAD_SETTING, NO_RESULT, OK, UNREACHABLE

CheckVerdict = Literal["ok", "warning", "failed", "unknown", "skipped"]
"""`unknown`: there is no evidence, for example because the box is too old to say it. `skipped`: it
needs something that has failed, or there is nothing to check."""

ANSWER = "answer"
"""The name of the check that a detector answers; the others only say why it might not."""


@dataclass(frozen=True)
class CheckLine:
    """One check: what was seen, and what to do if that is not as it should be.

    `detector` is what a user calls the detector that it is about; empty if it is about the box.
    """

    name: str
    verdict: CheckVerdict
    seen: str
    advice: str = ""
    detector: str = ""
    took_s: float | None = None
    exit_code: int = UNREACHABLE
    """Of a check that has failed."""


def failed_line(text: str, exit_code: int = UNREACHABLE) -> CheckLine:
    """A failed check without its name, from a message of the form `what was seen; what to do`."""
    seen, _, advice = text.partition("; ")
    return CheckLine("", "failed", seen, advice, exit_code=exit_code)


def exit_code_of(lines: Sequence[CheckLine]) -> int:
    """0 if nothing has failed and every detector has answered.

    Of several failures a wrong setting counts first. Without a failure, a detector that was not
    asked is no result.
    """
    codes = {line.exit_code for line in lines if line.verdict == "failed"}
    if codes:
        return BAD_SETTING if BAD_SETTING in codes else min(codes)
    answers = [line.verdict for line in lines if line.name == ANSWER]
    return OK if answers and set(answers) == {"ok"} else NO_RESULT
