"""Whether repeated pictures are answered faster, in words."""

from __future__ import annotations

import numpy as np
import pytest

from edgeload.read.analysis.cache_audit import AuditVerdict, CacheAudit, Saving
from edgeload.read.words.audit_words import (
    audit_headline,
    audit_method,
    audit_rows,
    less_time,
)


def audit(
    verdict: AuditVerdict,
    saving: tuple[float, float, float] | None = (0.206, 0.198, 0.214),
    *,
    pictures: int = 1,
    pairs: int = 230,
    lost: int = 0,
    seconds_to_tell: float | None = None,
) -> CacheAudit:
    return CacheAudit(
        repeated_pictures=pictures,
        requests_per_s=10.0,
        seconds=50.0,
        pairs=pairs,
        filling_pairs=20,
        lost_pairs=lost,
        due_s=np.arange(pairs) / 5.0,
        new_s=np.full(pairs, 0.0512),
        again_s=np.full(pairs, 0.0407),
        saving=None if saving is None else Saving(*saving),
        verdict=verdict,
        seconds_to_tell=seconds_to_tell,
    )


def test_a_cache_is_what_it_means_for_a_load_test() -> None:
    """How much it saves, with limits, and what to do; then how to test the usual pool."""
    assert audit_headline(audit("cache")) == (
        "Cache found: repeated pictures took 21 % (20 to 21 %) less time than new ones. So use "
        "different pictures in your load tests, as this tool does by default; "
        "--audit-cache --image-pool 64 shows whether its pool of 64 is larger than what the cache "
        "holds."
    )
    assert audit_headline(audit("cache", pictures=64)) == (
        "Cache found: the pictures of a pool of 64 took 21 % (20 to 21 %) less time than new ones. "
        "It holds all of that pool, and a load test with it measures the cache. So use a larger "
        "IMAGE_POOL in your load tests, for example 256."
    )


def test_no_cache_says_what_was_measured() -> None:
    """The difference with both limits, and what follows for load tests; no more than that."""
    assert audit_headline(audit("no cache", (0.01, -0.03, 0.042))) == (
        "No cache found: repeated pictures took as long as new ones (difference 1.0 %, 95 %: -3.0 "
        "to 4.2 %). So pictures may repeat in your load tests."
    )
    assert "(difference 0.0 %, 95 %: -0.1 to 0.0 %)" in audit_headline(
        audit("no cache", (0.0, -0.001, 0.0001))
    )
    assert audit_headline(audit("no cache", (0.01, -0.03, 0.042), pictures=64)).endswith(
        "So this IMAGE_POOL suits your load tests."
    )


def test_slower_pictures_are_no_cache_but_odd() -> None:
    """If they take longer beyond chance, that is said, with its limits the right way round."""
    said = audit_headline(audit("no cache", (-0.14, -0.25, -0.03)))
    assert "took 14 % (3.0 to 25 %) longer than new ones, which no cache explains." in said
    assert "longer" not in audit_headline(audit("no cache", (-0.14, -0.25, 0.03)))


def test_undecided_says_why_and_what_would_tell() -> None:
    """Too much variation, or too few pairs; and the option to type."""
    assert audit_headline(audit("undecided", (0.08, -0.004, 0.16), seconds_to_tell=151.0)) == (
        "Undecided whether repeated pictures are answered faster: they took 8.0 % (-0.4 to 16 %) "
        "less time, and service times vary too much for 230 pairs of pictures to tell. Repeat it "
        "with --time-between-ramp 160s."
    )
    said = audit_headline(audit("undecided", pairs=7, seconds_to_tell=2201.0))
    assert "only 7 pairs of pictures could be compared" in said
    assert said.endswith("--time-between-ramp 2300s.")
    assert "--time-between-ramp" not in audit_headline(
        audit("undecided", (0.08, -0.4, 0.6), seconds_to_tell=9000.0)
    )


def test_nothing_measured_is_never_no_cache() -> None:
    """With the reason."""
    for found, why in (
        (audit("not measured", None, pairs=0), "not one pair of pictures was answered"),
        (audit("not measured"), "the run is INVALID"),
    ):
        assert audit_headline(found) == (
            f"Whether repeated pictures are answered faster is unknown: {why}."
        )


@pytest.mark.parametrize(
    ("saving", "said"),
    [
        ((0.2, 0.2, 0.2), "20 %"),
        ((0.099, 0.0949, 0.12), "9.9 % (9.5 to 12 %)"),
        ((0.0, -0.0001, 0.0), "0.0 %"),
        ((0.5, float("-inf"), float("inf")), "50 %"),
    ],
)
def test_percentages_have_as_many_digits_as_serve(
    saving: tuple[float, float, float], said: str
) -> None:
    """Two at least; limits that read the same are left out, and so are those that there are not."""
    assert less_time(Saving(*saving)) == said


def test_the_method_counts_every_pair() -> None:
    """Those that count, those in which caches fill, and those that lost a request."""
    assert audit_method(audit("cache", lost=1)) == (
        "Measured in 230 pairs of pictures of the same size in bytes, one picture that came again "
        "and again and one that the endpoint had never got, in random order and one request at a "
        "time, at 10 requests/s for 50 s. The first 20 pairs, in which caches fill, do not count. "
        "1 pair more lacks a good answer."
    )
    assert audit_method(audit("cache", lost=3)).endswith("3 pairs more lack a good answer.")
    assert "16 pictures that came again in turn" in audit_method(audit("cache", pictures=16))


def test_the_rows_are_both_kinds() -> None:
    """What is saved stands with the pictures that came again."""
    new, again = audit_rows(audit("cache"))
    assert (new.pictures, new.answers, new.p50, new.less_time) == ("new", "230", "51.2", "")
    assert (again.pictures, again.p95, again.less_time) == ("repeated", "40.7", "21 % (20 to 21 %)")
    new, again = audit_rows(audit("not measured", None, pairs=0))
    assert (new.answers, new.p50, again.less_time) == ("0", "-", "-")
