"""How long a trial must be to count enough requests, where their bad ones are what decides. Pure.

A trial without a bad request proves little until it has had as many as show that the bound is kept:
299 for at most 1 % (`enough_requests`). That is only asked for once bad requests have been seen.
"""

from __future__ import annotations

from collections.abc import Sequence

from edgeload.read.statistics.boundary import Trial, counted
from edgeload.read.statistics.share_boundary import ShareKind, enough_requests, pooled

_TO_TELL = 2
"""A trial of a load whose share is near its bound counts so many times as many."""


def proof_s(trials: Sequence[Trial], load: int, cut_s: float, gap_s: float) -> float:
    """Seconds until enough requests of this load, with those of its earlier trials, are counted;
    0 if no bad request has been seen at any load.
    """
    here = pooled(counted([trial for trial in trials if trial.load == load]))
    missing = 0
    for kind, wanted in _wanted(trials).items():
        missing = max(missing, wanted - (here[kind].of if kind in here else 0))
    return _seconds(trials, load, missing, cut_s, gap_s)


def clean_s(trials: Sequence[Trial], load: int, cut_s: float, gap_s: float) -> float:
    """Seconds until enough requests of this load, with those of its earlier trials, are counted to
    show that every bound is kept if none of them is bad; 0 if they are.

    Where nothing may be bad, no number is enough: that is not waited for.
    """
    here = pooled(counted([trial for trial in trials if trial.load == load]))
    spent = _spent(trials, cut_s, gap_s)
    needed_s = 0.0
    for kind, each in pooled(counted(trials)).items():
        had = here[kind].of if kind in here else 0
        missing = enough_requests(each.bound) - had if each.bound and each.of else 0
        if missing > 0:
            needed_s = max(needed_s, cut_s + missing * spent / (load * each.of))
    return needed_s


def telling_s(trials: Sequence[Trial], load: int, cut_s: float, gap_s: float) -> float:
    """Seconds in which a trial of this load counts enough to tell much of a share near its bound;
    0 if no bad request has been seen.
    """
    wanted = max(_wanted(trials).values(), default=0)
    return _seconds(trials, load, _TO_TELL * wanted, cut_s, gap_s)


def _wanted(trials: Sequence[Trial]) -> dict[ShareKind, int]:
    """For each kind of bad request that was seen, how many requests are enough."""
    bad = pooled(each for each in counted(trials) if each[1].bad)
    return {kind: enough_requests(each.bound, each.bad / each.of) for kind, each in bad.items()}


def _seconds(
    trials: Sequence[Trial], load: int, requests: int, cut_s: float, gap_s: float
) -> float:
    if requests <= 0:
        return 0.0
    sent = sum(max((count.of for count in trial.shares), default=0) for trial in trials)
    spent = _spent(trials, cut_s, gap_s)
    return cut_s + requests * spent / (load * sent) if sent else 0.0


def _spent(trials: Sequence[Trial], cut_s: float, gap_s: float) -> float:
    """The time in which requests were counted, in seconds times loads."""
    return sum(trial.load * max(trial.seconds - cut_s - gap_s, 0.0) for trial in trials)
