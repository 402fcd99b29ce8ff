"""How long steps must be for a run to tell, as the option to type. Pure."""

from __future__ import annotations

import math


def step_option(step_s: float) -> str:
    """`--time-between-ramp 20s`: whole seconds, rounded up, and with the unit."""
    return f"--time-between-ramp {math.ceil(step_s)}s"


def repeat_with(step_s: float) -> str:
    """`repeat with --time-between-ramp 20s`: an estimate in two digits, rounded up."""
    unit = 10 ** max(0, math.floor(math.log10(max(1.0, step_s))) - 1)
    return f"repeat with {step_option(math.ceil(step_s / unit) * unit)}"
