"""Laws of when the queries before the run have shown enough, and of what a refusal means."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeload.failure_classes import FAILURE_KINDS, http_failure
from edgeload.run.preflight_rules import (
    CALM_S,
    GOOD_IN_A_ROW,
    PreflightQuery,
    Subject,
    given_up,
    is_certain,
    lasts,
    why_not,
)
from edgeload.run.wire import RequestResult

DETECTOR = "det_" + "P" * 27


def query(
    outcome: str = "ok", status: int | None = 200, at_s: float = 0.0, took_s: float = 0.05
) -> PreflightQuery:
    error = None if outcome == "ok" else "Internal Server Error"
    result = RequestResult(outcome, outcome == "ok" or None, error)
    return PreflightQuery(1, at_s, at_s + took_s, status, result)


def http(status: int) -> PreflightQuery:
    return query(http_failure(status), status)


def subject(detector_status: int | None) -> Subject:
    return Subject("http://box:1", DETECTOR, detector_status)


def test_nothing_is_never_certain() -> None:
    """No query, and a query that was not answered, are no evidence, however long they took."""
    assert not is_certain([])
    assert not is_certain([query("timeout", None, took_s=3600.0)])


@given(
    st.lists(
        st.tuples(st.booleans(), st.floats(0.001, 3.0), st.floats(0.0, 1.0)),
        min_size=1,
        max_size=60,
    )
)
def test_certain_is_sixteen_in_a_row_or_six_seconds_without_a_refusal(
    story: list[tuple[bool, float, float]],
) -> None:
    """For any story: the good answers since the last refusal, counted and timed by hand."""
    queries, at_s = [], 0.0
    since: list[PreflightQuery] = []
    for good, took_s, pause_s in story:
        queries.append(query("ok" if good else "timeout", 200 if good else None, at_s, took_s))
        since = [*since, queries[-1]] if good else []
        at_s += took_s + pause_s
    enough = len(since) >= 16 or (bool(since) and since[-1].done_s - since[0].sent_s >= 6.0)
    assert is_certain(queries) is enough
    assert (GOOD_IN_A_ROW, CALM_S) == (16, 6.0)


@pytest.mark.parametrize("detector_status", [401, 403])
def test_a_wrong_token_is_told_by_the_detectors_route(detector_status: int) -> None:
    """The query itself gets 500; the token's setting is named, never the detector's."""
    line = why_not(http(500), subject(detector_status))
    assert line is not None
    assert line.startswith("GROUNDLIGHT_API_TOKEN: ")
    assert f"HTTP status {detector_status}" in line


def test_an_unknown_detector_is_told_by_the_detectors_route() -> None:
    """404 there, 500 to the query: the detector's setting and its value."""
    line = why_not(http(500), subject(404))
    assert line is not None
    assert line.startswith(f"DETECTOR_ID = '{DETECTOR}': ")


@pytest.mark.parametrize("detector_status", [None, 200, 500, 502, 504])
def test_a_500_that_nobody_explains_may_pass(detector_status: int | None) -> None:
    """A box that just lost its cloud, or a pod that fails once: asked again, and then given up."""
    assert why_not(http(500), subject(detector_status)) is None
    line = given_up([http(500)], subject(detector_status))
    assert ("token" in line) is (detector_status != 200)


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        (http(401), "GROUNDLIGHT_API_TOKEN"),
        (http(403), "GROUNDLIGHT_API_TOKEN"),
        (http(404), "is this an Edge Endpoint?"),
        (http(405), "is this an Edge Endpoint?"),
        (http(302), "is this an Edge Endpoint?"),
        (http(204), "is this an Edge Endpoint?"),
        (query("bad_answer", 200), "is this an Edge Endpoint?"),
        (query("bad_answer", None), "is this an Edge Endpoint?"),
        (http(413), "rejected the request"),
        (query("escalated", 200), "never escalate"),
        (query("wrong_detector", 200), "class wrong_detector"),
        (query("tls", None), "--cacert"),
    ],
)
def test_what_lasts_ends_the_run_at_once(refused: PreflightQuery, words: str) -> None:
    """With its cause, whatever GET for the detector says; each is one line."""
    for detector_status in (None, 200, 404):
        line = why_not(refused, subject(detector_status))
        assert line is not None
        assert words in line
        assert "\n" not in line


def test_every_class_either_lasts_or_is_waited_out() -> None:
    """What may pass is given up at last, in a line that says how to go on."""
    kinds = [query(kind.name, None) for kind in FAILURE_KINDS]
    for refused in [*kinds, *map(http, (408, 425, 429, 500, 502, 503, 504))]:
        cause = why_not(refused, subject(200))
        assert (cause is not None) is lasts(refused)
        line = given_up([query(), refused], subject(200))
        assert "1 of 2 image queries" in line
        assert "--no-preflight" in line
        assert "--ready-timeout" in line


def test_a_model_that_is_not_loaded_is_named() -> None:
    """503 in the endpoint's own words, and what to wait for."""
    line = given_up(list(itertools.repeat(http(503), 3)), subject(200))
    assert "3 of 3 image queries" in line
    assert "model is not ready" in line
