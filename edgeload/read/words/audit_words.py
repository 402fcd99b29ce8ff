"""Whether an endpoint answers repeated pictures faster, in words. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from edgeload.plain_words import plural, rate_words
from edgeload.read.analysis.cache_audit import (
    LEAST_SAVED,
    PAIRS_TO_JUDGE,
    RULED_OUT,
    USUAL_POOL,
    CacheAudit,
    Saving,
)
from edgeload.read.statistics.format import milliseconds, share
from edgeload.read.statistics.percentiles import Distribution, distribution
from edgeload.read.words.longer_steps import step_option

AUDIT_TITLE = "New and repeated pictures"
AUDIT_HEADS = ("pictures", "answers", "service p50", "service p95", "less time")
AUDIT_NOTE = (
    "Service times, from sent to answered, in ms. Less time: by how much a repeated picture is "
    "answered faster than the new one of its pair, with a 95 % interval; below 0 it is slower. It "
    f"is a cache if that is at least {share(LEAST_SAVED)}, and the interval lies above half of "
    f"it; it is none if savings of more than {share(RULED_OUT)} are ruled out."
)
NEW_PICTURES, REPEATED_PICTURES = "new", "repeated"
AUDIT_TIMES_TITLE = (
    "Service time of both kinds of pictures over the run: medians of a few pairs each"
)
_MOST_S = 3600.0


def audit_headline(found: CacheAudit) -> str:
    """What an audit means for the user's load tests."""
    saving = found.saving
    if found.verdict == "not measured" or saving is None:
        return f"Whether {_they(found)} are answered faster is unknown: {_why_unknown(found)}."
    if found.verdict == "cache":
        return f"{_saved(found, saving)} {_what_to_do(found)}"
    if found.verdict == "no cache":
        return _no_cache(found, saving)
    return _undecided(found, saving)


def _they(found: CacheAudit) -> str:
    pictures = found.repeated_pictures
    return "repeated pictures" if pictures == 1 else f"the pictures of a pool of {pictures:,}"


def _why_unknown(found: CacheAudit) -> str:
    if found.pairs:
        return "the run is INVALID"
    return "not one pair of pictures was answered"


def _saved(found: CacheAudit, saving: Saving) -> str:
    return f"Cache found: {_they(found)} took {less_time(saving)} less time than new ones."


def _what_to_do(found: CacheAudit) -> str:
    if found.repeated_pictures == 1:
        return (
            "So use different pictures in your load tests, as this tool does by default; "
            f"--audit-cache --image-pool {USUAL_POOL} shows whether its pool of {USUAL_POOL} is "
            "larger than what the cache holds."
        )
    return (
        "It holds all of that pool, and a load test with it measures the cache. So use a larger "
        f"IMAGE_POOL in your load tests, for example {4 * found.repeated_pictures}."
    )


def _no_cache(found: CacheAudit, saving: Saving) -> str:
    if saving.high < 0 and saving.value <= -LEAST_SAVED:
        return (
            f"No cache found: {_they(found)} took {_longer_time(saving)} longer than new ones, "
            "which no cache explains. Repeat the audit while nothing else uses the endpoint."
        )
    limits = [_percent(each) for each in (saving.low, saving.high)]
    said = (
        f"No cache found: {_they(found)} took as long as new ones (difference "
        f"{_percent(saving.value)}, 95 %: {limits[0].removesuffix(' %')} to {limits[1]})."
    )
    if found.repeated_pictures == 1:
        return f"{said} So pictures may repeat in your load tests."
    return f"{said} So this IMAGE_POOL suits your load tests."


def _undecided(found: CacheAudit, saving: Saving) -> str:
    they = f"Undecided whether {_they(found)} are answered faster"
    if found.pairs < PAIRS_TO_JUDGE:
        why = f"only {plural(found.pairs, 'pair')} of pictures could be compared"
    else:
        why = (
            f"they took {less_time(saving)} less time, and service times vary too much for "
            f"{plural(found.pairs, 'pair')} of pictures to tell"
        )
    return f"{they}: {why}.{_longer(found)}"


def _longer(found: CacheAudit) -> str:
    if found.seconds_to_tell is None:
        return " Repeat the audit."
    seconds = _rounded_up(found.seconds_to_tell)
    if found.seconds_to_tell > _MOST_S:
        return f" About {seconds} s would tell, so whatever it saves is lost in the variation."
    return f" Repeat it with {step_option(seconds)}."


def _rounded_up(seconds: float) -> int:
    """Rounded up to two digits, at least to whole tens."""
    step: int = max(10, 10 ** (math.floor(math.log10(seconds)) - 1))
    return math.ceil(seconds / step) * step


def less_time(saving: Saving) -> str:
    """`21 % (19 to 23 %)`; without limits that read the same."""
    value, low, high = (_percent(each) for each in (saving.value, saving.low, saving.high))
    if not (math.isfinite(saving.low) and math.isfinite(saving.high)):
        return value
    return value if low == high == value else f"{value} ({low.removesuffix(' %')} to {high})"


def _longer_time(saving: Saving) -> str:
    return less_time(Saving(-saving.value, -saving.high, -saving.low))


def _percent(value: float) -> str:
    percent = round(100 * value, 1) + 0.0  # no "-0.0"
    return f"{percent:.{0 if abs(percent) >= 9.95 else 1}f} %"


def audit_method(found: CacheAudit) -> str:
    """How it was measured, and which pairs do not count."""
    again = (
        "one picture that came again and again"
        if found.repeated_pictures == 1
        else f"{plural(found.repeated_pictures, 'picture')} that came again in turn"
    )
    said = (
        f"Measured in {plural(found.pairs, 'pair')} of pictures of the same size in bytes, {again} "
        "and one that the endpoint had never got, in random order and one request at a time, at "
        f"{rate_words(found.requests_per_s)} for {found.seconds:.4g} s. The first "
        f"{plural(found.filling_pairs, 'pair')}, in which caches fill, "
        f"{'does' if found.filling_pairs == 1 else 'do'} not count."
    )
    if not found.lost_pairs:
        return said
    lack = "lacks" if found.lost_pairs == 1 else "lack"
    return f"{said} {plural(found.lost_pairs, 'pair')} more {lack} a good answer."


# --- the table ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AuditRow:
    """A row of the table, as texts; the first says nothing about `less_time`."""

    pictures: str
    answers: str
    p50: str
    p95: str
    less_time: str


def audit_rows(found: CacheAudit) -> list[AuditRow]:
    """New pictures, and those that came again."""
    saving = "-" if found.saving is None else less_time(found.saving)
    return [
        _row(NEW_PICTURES, distribution(found.new_s), ""),
        _row(REPEATED_PICTURES, distribution(found.again_s), saving),
    ]


def _row(name: str, times: Distribution, saving: str) -> AuditRow:
    p50, p95 = (_time(times, quantile) for quantile in ("p50", "p95"))
    return AuditRow(name, f"{times.n:,}", p50, p95, saving)


def _time(times: Distribution, quantile: str) -> str:
    found = times.quantile(quantile)
    return milliseconds(found.value) if found else "few" if times.n else "-"
