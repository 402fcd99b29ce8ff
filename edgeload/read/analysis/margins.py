"""How far an objective is from its bound, as evidence of where the boundary lies. Pure."""

from __future__ import annotations

import math

from edgeload.read.analysis.objective_results import ObjectiveResult
from edgeload.read.statistics.boundary import Margin

_FEWEST = 20
_ONE_SIDED = 1.645
_LEAST_ERROR = 0.012
_UNKNOWN = 0.5
"""How far a limit is taken to be, on a scale of ratios, that a sample is too small to give."""


def margin_of(result: ObjectiveResult) -> Margin | None:
    """The margin of an objective that bounds a percentile, by its 95 % limits.

    None if so few answers were measured that the percentile is a guess, if it is infinite (never
    answered), or if the objective bounds a share, which has no scale of ratios: its verdict is all
    that is known.
    """
    value = result.value
    if result.objective.quantile is None or result.n < _FEWEST:
        return None
    if value is None or not 0 < value < math.inf:
        return None
    ends = [end for end in (result.low, result.high) if end is not None and 0 < end < math.inf]
    far = [abs(math.log(end / value)) for end in ends]
    if len(far) < 2:
        far.append(_UNKNOWN)
    error = max(max(far) / _ONE_SIDED, _LEAST_ERROR)
    return Margin(math.log(result.objective.bound / value), error)
