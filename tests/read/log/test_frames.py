"""Frames made from requests: against a slow reading of the same rules, and by their laws."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import synthetic_log as sl
from hypothesis import given
from hypothesis import strategies as st

from edgeload.camera_group import CameraGroup
from edgeload.plan import Plan, mix_plan
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.columns import ErrorText, Requests
from edgeload.read.log.frames import CUT_OFF, followers_lag_s, frames_of, group_indices
from edgeload.read.log.open import load_log, read_log
from edgeload.read.log.table_builder import TableBuilder
from edgeload.records import RequestRow

_CHAINED = CameraGroup("chained", 2, 5.0, requests_per_frame=4)
_PLAIN = CameraGroup("plain", 1, 5.0)
_PLAN = mix_plan((_CHAINED, _PLAIN), [1], 10.0)
_OUTCOMES = ("ok", "ok", "ok", "timeout", "http_503", "aborted")


def _row(client: int, number: int, part: int, outcome: str, edge: bool | None, end: int) -> Any:
    ok = outcome == "ok"
    text = None if ok else f"{outcome} {'abcdefgh'[end % 8]}"
    status = 200 if ok else 503 if outcome == "http_503" else None
    done_s = end / 8
    return RequestRow(
        worker_number=client,
        request_number=number,
        error=text,
        step=0,
        due_s=number / 5 + client / 100,
        sent_s=done_s - (part + 1) / 64,
        done_s=done_s,
        status=status,
        outcome=outcome,
        from_edge=edge,
        bytes=1000 + part,
        part=part,
    )


_ROWS = st.lists(
    st.builds(
        _row,
        client=st.integers(0, 2),
        number=st.integers(1, 4),
        part=st.integers(0, 3),
        outcome=st.sampled_from(_OUTCOMES),
        edge=st.sampled_from((True, True, False, None)),
        end=st.integers(0, 30),
    ),
    max_size=40,
    unique_by=lambda row: (row.worker_number, row.request_number, row.part),
)


def _table(rows: list[RequestRow]) -> Requests:
    builder = TableBuilder()
    builder.add(rows)
    return builder.columns()


def _slow_frames(rows: list[RequestRow], plan: Plan) -> list[tuple[Any, ...]]:
    """The rules of `frames_of`, one frame after the other."""
    lines: dict[tuple[int, int], list[int]] = defaultdict(list)
    for line, row in enumerate(rows):
        lines[row.worker_number, row.request_number].append(line)
    found = []
    for places in sorted(lines.values(), key=lambda own: own[-1]):
        own = [rows[place] for place in places]
        first = own[0]
        failed = sorted((r for r in own if r.outcome != "ok"), key=lambda r: r.done_s)
        wanted = plan.group_of(first.worker_number).requests_per_frame
        outcome, text, status = "ok", None, 200
        if failed:
            outcome, text, status = failed[0].outcome, failed[0].error, failed[0].status or 0
        elif len(own) < wanted:
            outcome, text, status = "aborted", CUT_OFF, 0
        said = [r.from_edge for r in own]
        found.append(
            (
                first.worker_number,
                first.request_number,
                first.due_s,
                min(r.sent_s for r in own),
                max(r.done_s for r in own),
                outcome,
                text,
                0 if False in said else 1 if all(said) else -1,
                status,
                sum(r.bytes for r in own),
            )
        )
    return found


def _listed(frames: Requests) -> list[tuple[Any, ...]]:
    return [
        (
            int(frames.client[i]),
            int(frames.number[i]),
            float(frames.due_s[i]),
            float(frames.sent_s[i]),
            float(frames.done_s[i]),
            frames.outcomes[frames.outcome[i]],
            frames.errors[frames.error[i]].text if frames.error[i] >= 0 else None,
            int(frames.from_edge[i]),
            int(frames.status[i]),
            int(frames.bytes[i]),
        )
        for i in range(len(frames))
    ]


@given(_ROWS)
def test_frames_are_what_the_rules_say(rows: list[RequestRow]) -> None:
    """Any rows, whole frames or not, in any order: the same as frame after frame by hand."""
    frames = frames_of(_table(rows), _PLAN)
    assert _listed(frames) == _slow_frames(rows, _PLAN)
    assert frames.part is None
    for i in np.flatnonzero(~frames.ok).tolist():
        assert frames.errors[frames.error[i]].outcome == frames.outcomes[frames.outcome[i]]


@given(_ROWS)
def test_without_chains_nothing_changes(rows: list[RequestRow]) -> None:
    """If a frame is one request in every group, the requests are the frames: the same object."""
    requests = _table(rows)
    assert frames_of(requests, sl.plan_of([3], 10, 5.0)) is requests


@given(st.lists(_ROWS, max_size=4))
def test_a_log_read_in_stretches_has_the_same_parts(stretches: list[list[RequestRow]]) -> None:
    """Tables that are joined have the columns of one that took all the rows itself."""
    whole, joined = TableBuilder(), TableBuilder()
    for rows in stretches:
        whole.add(rows)
        stretch = TableBuilder()
        stretch.add(rows)
        joined.extend(stretch)
    expected, found = whole.columns(), joined.columns()
    for each in fields(Requests):
        assert np.array_equal(getattr(expected, each.name), getattr(found, each.name))
    parts = [row.part for rows in stretches for row in rows]
    assert (found.part is None) == (not any(parts))
    assert found.part is None or found.part.tolist() == parts


def test_a_client_that_the_plan_lacks_has_no_group() -> None:
    """-1, and a frame of one request: a garbled number must not end the reading."""
    client = np.array([0, 2, 3, -7, 2**31 - 1])
    assert group_indices(client, _PLAN).tolist() == [0, 1, -1, -1, -1]
    rows = [_row(-7, 1, 0, "ok", True, 3), _row(9, 1, 0, "ok", True, 4)]
    assert frames_of(_table(rows), _PLAN).ok.all()


def _mix(outcome: sl.Outcome = lambda chance, sent_s: "ok") -> sl.Played:
    plan = mix_plan((_CHAINED, _PLAIN), [2, 3], 6.0)
    pools = {
        "chained": sl.Pool(8, sl.exponential(0.01)),
        "plain": sl.Pool(4, sl.exponential(0.02)),
    }
    return sl.play_mix(plan, pools, outcome=outcome)


def _rarely_fails(chance: random.Random, sent_s: float) -> str:
    return "reset" if chance.random() < 0.05 else "ok"


def test_a_run_counts_frames_and_its_end_counts_requests(tmp_path: Path) -> None:
    """Failed followers fail their frame once; planned = ok + failed + missed; no log disagrees."""
    played = _mix(_rarely_fails)
    log = read_log(sl.write(tmp_path / "log", played))
    summary = analyse(log)
    by_frame: dict[tuple[int, int], list[bool]] = defaultdict(list)
    for request in played.requests:
        by_frame[request.worker_number, request.request_number].append(request.success)
    failed = sum(not all(own) for own in by_frame.values())
    assert failed > 20
    assert (summary.totals.sent, summary.totals.failed) == (len(by_frame), failed)
    assert summary.totals.planned == sum(played.plan.step_frames(s) for s in played.plan.steps)
    assert len(log.sent_requests) == len(played.requests)
    assert summary.valid
    assert all(step.stability.littles_law.holds for step in summary.steps)


def test_a_frame_ends_with_its_last_answer(tmp_path: Path) -> None:
    """Followers of a constant 30 ms after a first answer of 30 ms: each frame takes 60 ms."""
    plan = mix_plan((_CHAINED,), [1], 6.0)
    pool = sl.Pool(10, sl.constant(0.03))
    (step,) = analyse(
        read_log(sl.write(tmp_path / "log", sl.play_mix(plan, {"chained": pool})))
    ).steps
    assert step.times.response is not None
    assert step.times.response.max == pytest.approx(0.06)
    assert step.rates.throughput_per_s == pytest.approx(10.0, rel=0.05)


def test_a_killed_run_has_frames_that_were_cut_off(tmp_path: Path) -> None:
    """What was written before the kill stays; a frame without all of its answers is aborted."""
    played = _mix()
    kept = [r for r in played.requests if r.done_s < 5.013]
    path = sl.write(tmp_path / "log", sl.Played(played.plan, kept), end=None)
    frames = read_log(path).requests
    counts: dict[tuple[int, int], int] = defaultdict(int)
    for request in kept:
        counts[request.worker_number, request.request_number] += 1
    needs = {0: 4, 1: 1}
    cut = sum(
        count < needs[played.plan.member(client).group] for (client, _), count in counts.items()
    )
    assert cut > 0
    assert int((~frames.ok).sum()) == int(frames.having("aborted").sum()) == cut
    assert frames.errors == (ErrorText("aborted", CUT_OFF),)


def test_followers_that_we_sent_late_are_our_lag(tmp_path: Path) -> None:
    """Followers sent 20 ms after the first answer make the frame late, as no endpoint could."""
    plan = mix_plan((_CHAINED,), [1], 6.0)
    played = sl.play_mix(plan, {"chained": sl.Pool(10, sl.constant(0.03))})
    late = [
        msgspec.structs.replace(r, sent_s=r.sent_s + 0.02, done_s=r.done_s + 0.02)
        if r.part == 2
        else r
        for r in played.requests
    ]
    prompt = read_log(sl.write(tmp_path / "prompt", played))
    lag_s = followers_lag_s(prompt)
    assert lag_s is not None
    assert lag_s.max() == pytest.approx(0.0, abs=1e-12)
    assert analyse(prompt).valid
    log = read_log(sl.write(tmp_path / "late", sl.Played(plan, late)))
    lag_s = followers_lag_s(log)
    assert lag_s == pytest.approx(np.full(len(log.requests), 0.02))
    (step,) = analyse(log).steps
    assert step.generator.lag is not None
    assert step.generator.lag.max == pytest.approx(0.02)


def test_followers_count_when_requests_in_flight_are_compared(tmp_path: Path) -> None:
    """Little's law is about requests: three followers side by side are three in flight."""
    plan = mix_plan((_CHAINED,), [1], 20.0)
    path = sl.write(
        tmp_path / "log", sl.play_mix(plan, {"chained": sl.Pool(10, sl.constant(0.03))})
    )
    (step,) = analyse(read_log(path)).steps
    law = step.stability.littles_law
    assert law.holds
    assert law.in_flight == pytest.approx(2 * 5.0 * 4 * 0.03, rel=0.03)


def test_the_notebook_table_has_requests_with_group_and_part(tmp_path: Path) -> None:
    """One row per request, though analysis speaks of frames; a group of plain frames has part 0."""
    played = _mix()
    table = load_log(sl.write(tmp_path / "log", played))
    assert len(table) == len(played.requests)
    expected = sorted(played.requests, key=lambda r: r.ts)
    assert table.group.tolist() == [r.group for r in expected]
    assert table.part.tolist() == [r.part for r in expected]
    counts = table.groupby("group", observed=True).part.max()
    assert counts.to_dict() == {"chained": 3, "plain": 0}


def test_a_log_without_chains_keeps_no_parts(tmp_path: Path) -> None:
    """Neither a column of zeros nor a second copy of the requests."""
    played = sl.play(sl.plan_of([2], 3, 5.0), servers=2, service=sl.constant(0.01))
    log = read_log(sl.write(tmp_path / "log", played))
    assert log.parts is None
    assert log.sent_requests is log.requests
    assert log.requests.part is None
