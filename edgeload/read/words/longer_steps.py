"""How long steps must be for a run to tell, as the option to type. Pure."""

from __future__ import annotations

import math


def repeat_with(step_s: float) -> str:
    """`repeat with --time-between-ramp 20`: an estimate in two digits, rounded up."""
    unit = 10 ** max(0, math.floor(math.log10(max(1.0, step_s))) - 1)
    return f"repeat with --time-between-ramp {math.ceil(step_s / unit) * unit}"
