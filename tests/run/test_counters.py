"""Laws of the live counters: error bound of the histogram, merging, shared memory."""

from __future__ import annotations

import multiprocessing
import time
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from edgeload.records import Request
from edgeload.run import counters


def request(response_s: float, ok: bool = True, group: str = "cameras") -> Request:
    """A request due at 0 that took `response_s`, 9 s of it in service."""
    return Request("", 0.0, 0, 1, 9.0, ok, None, 0, 0.0, 0.0, response_s, 200, "ok", True, 1, group)


context = multiprocessing.get_context("forkserver")


@given(st.floats(1.1e-5, 199.0))
def test_a_bucket_is_within_one_percent(seconds: float) -> None:
    """The documented relative error holds over the whole range."""
    value = counters.bucket_value(counters.bucket(seconds))
    assert abs(value / seconds - 1) <= 0.01 + 1e-9


@given(st.floats(-1, 1e9))
def test_every_duration_has_a_bucket(seconds: float) -> None:
    """Also zero, negative and very long ones."""
    assert 0 <= counters.bucket(seconds) < counters.BUCKETS


@given(st.lists(st.floats(1e-4, 100), min_size=1, max_size=200), st.sampled_from([0.5, 0.95, 1.0]))
def test_percentile_is_the_nearest_rank_within_one_percent(
    times: list[float], quantile: float
) -> None:
    """Against the sorted values themselves, entered into two blocks and merged."""
    blocks = [bytearray(8 * counters.SLOTS) for _ in range(2)]
    for index, time_s in enumerate(times):
        counters.WorkerCounters(blocks[index % 2]).finished([request(time_s)])
    merged = counters.read_counts(blocks).response
    exact = sorted(times)[max(1, -(-int(quantile * 100) * len(times) // 100)) - 1]
    found = counters.percentile(merged, quantile)
    assert found is not None
    assert abs(found / exact - 1) <= 0.01 + 1e-9


@given(st.floats(1e-9, 1e6))
def test_what_is_counted_is_what_bucket_says(response_s: float) -> None:
    """The loop that counts in the generator enters the same buckets; failures have no time."""
    block = bytearray(8 * counters.SLOTS)
    counters.WorkerCounters(block).finished([request(response_s), request(1.0, ok=False)])
    counts = counters.read_counts([block])
    assert (counts.ok, counts.failed, counts.done) == (1, 1, 2)
    assert counts.response.index(1) == counters.bucket(response_s)
    assert sum(counts.response) == sum(counts.service) == 1


def test_no_data_is_none() -> None:
    """An empty histogram has no percentile, not 0."""
    assert counters.percentile([0] * counters.BUCKETS, 0.5) is None


def count_to(block: object, count: int) -> None:
    for _ in range(count):
        counters.WorkerCounters(block).finished([request(0.1)])


def count_on(block: Any, stop: Any) -> None:
    while not stop.value:
        counters.WorkerCounters(block).finished([request(0.1)])
        time.sleep(2e-4)


def test_counts_and_times_of_a_copy_are_of_one_moment() -> None:
    """While a worker counts on. (Read slot by slot, a tenth of the copies and more disagree.)"""
    block, stop = context.RawArray("q", counters.SLOTS), context.RawValue("b", 0)
    worker = context.Process(target=count_on, args=(block, stop))
    worker.start()
    while not counters.read_counts([block]).ok:
        time.sleep(0.01)
    torn = 0
    for _ in range(1000):
        counts = counters.read_counts([block, block])
        torn += sum(counts.response) != counts.ok
        time.sleep(1e-4)
    stop.value = 1
    worker.join()
    assert torn < 50


def test_another_process_counts_and_we_read() -> None:
    """The block is shared memory: what workers count, the parent sees, added up."""
    blocks = [context.RawArray("q", counters.SLOTS) for _ in range(2)]
    workers = [
        context.Process(target=count_to, args=(block, 1000 + i)) for i, block in enumerate(blocks)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert counters.read_counts(blocks).plain()["ok"] == 2001


def test_each_count_is_read_from_its_own_slot() -> None:
    """The names of a LiveCounts are those of the slots; ok are the requests with a service time."""
    block = bytearray(8 * counters.SLOTS)
    slots = memoryview(block).cast("q")
    written = (
        counters.SENT,
        counters.FAILED,
        counters.MISSED,
        counters.CONNECTS,
        counters.STALE_RETRIES,
    )
    for number, slot in enumerate(written):
        slots[slot] = 10 + number
    counters.WorkerCounters(block).finished([request(0.1)] * 7)
    assert counters.read_counts([block, block]).plain() == {
        "sent": 20,
        "ok": 14,
        "failed": 22,
        "missed": 24,
        "connects": 26,
        "stale_retries": 28,
    }
    assert counters.read_counts([]) == counters.NO_COUNTS


def test_counts_since_a_moment_are_what_was_counted_after_it() -> None:
    """Count by count and bucket by bucket; since the same moment nothing was counted."""
    block = bytearray(8 * counters.SLOTS)
    worker = counters.WorkerCounters(block)
    worker.finished([request(0.1)])
    then = counters.read_counts([block])
    worker.finished([request(0.1), request(2.0), request(1.0, ok=False)])
    now = counters.read_counts([block])
    since = now.since(then)
    assert (since.ok, since.failed) == (2, 1)
    assert [since.response[counters.bucket(s)] for s in (0.1, 2.0)] == [1, 1]
    assert now.since(now) == counters.NO_COUNTS


def test_each_group_has_its_own_counts_and_the_sum_is_the_whole() -> None:
    """Over two workers; the connections are those of all groups together."""
    names = ["door", "gate", "hall"]
    blocks = [bytearray(8 * counters.SLOTS * len(names)) for _ in range(2)]
    for number, block in enumerate(blocks):
        worker = counters.WorkerCounters(block, names)
        worker.finished([request(0.1, group="door"), request(0.2, ok=False, group="hall")])
        worker.finished([request(0.3, group="hall")] * (number + 1))
        worker.missed(1, 7)
        worker.sent([1, 0, 5])
        worker.connections(opened=4, stale_retries=1)
    total, by_group = counters.read_group_counts(blocks)
    door, gate, hall = by_group
    assert [(c.sent, c.ok, c.failed, c.missed) for c in by_group] == [
        (2, 2, 0, 0), (0, 0, 0, 14), (10, 3, 2, 0)
    ]  # fmt: skip
    assert total.plain() == {
        "sent": 12, "ok": 5, "failed": 2, "missed": 14, "connects": 8, "stale_retries": 2
    }  # fmt: skip
    assert door.response[counters.bucket(0.1)] == total.response[counters.bucket(0.1)] == 2
    assert hall.response[counters.bucket(0.3)] == 3
    assert sum(gate.response) == sum(gate.service) == 0
    for name in ("service", "response"):
        added = tuple(map(sum, zip(*(getattr(c, name) for c in by_group), strict=True)))
        assert getattr(total, name) == added
    assert counters.read_counts(blocks) == total


def test_a_frame_of_several_requests_has_one_response_time() -> None:
    """Its requests count one by one, with their service times; of other groups each is a frame."""
    block = bytearray(8 * counters.SLOTS * 2)
    worker = counters.WorkerCounters(block, ["door", "gate"], chains=["gate"])
    worker.finished([request(0.1, group="door"), *[request(0.2, group="gate")] * 3])
    worker.frame_done(1, 0.7)
    door, gate = counters.read_group_counts([block])[1]
    assert (door.ok, sum(door.service), sum(door.response)) == (1, 1, 1)
    assert (gate.ok, sum(gate.service), sum(gate.response)) == (3, 3, 1)
    assert gate.response[counters.bucket(0.7)] == 1


def test_one_group_is_the_whole() -> None:
    """The counts of a run without a mix are those of its only group; none for no worker."""
    block = bytearray(8 * counters.SLOTS)
    counters.WorkerCounters(block).finished([request(0.1)])
    total, by_group = counters.read_group_counts([block])
    assert by_group == (total,)
    assert counters.read_group_counts([]) == (counters.NO_COUNTS, ())


def test_failures_are_counted_by_class() -> None:
    """Each known class has a slot, a rare status that of its hundred, an unknown name the last."""
    block = bytearray(8 * counters.SLOTS)
    failed = ["timeout", "http_503", "http_503", "http_418", "http_499", "from the future"]
    counters.WorkerCounters(block).finished(
        [msgspec.structs.replace(request(0.1, ok=False), outcome=name) for name in failed]
    )
    counts = counters.read_counts([block])
    assert counts.failures == {
        "http_503": 2, "http_4xx": 2, "timeout": 1, "unclassified": 1
    }  # fmt: skip
    assert counts.failed == sum(counts.classes) == 6
    assert counts.since(counts).failures == {}


def test_the_lag_counts_from_when_the_client_was_free() -> None:
    """Sent minus due, or minus the end of the client's last request; a follower has none."""

    def sent(client: int, due_s: float, sent_s: float, done_s: float, part: int = 0) -> Request:
        return msgspec.structs.replace(
            request(0.1),
            worker_number=client,
            due_s=due_s,
            sent_s=sent_s,
            done_s=done_s,
            part=part,
        )

    block = bytearray(8 * counters.SLOTS)
    worker = counters.WorkerCounters(block, late_limits_s=[0.010])
    worker.finished([sent(1, 1.0, 1.000_1, 3.0), sent(2, 1.0, 1.02, 1.1)])  # 100 us, 20 ms: late
    worker.finished([sent(1, 2.0, 3.009, 3.1), sent(2, 1.0, 9.0, 9.1, part=1)])  # 9 ms
    counts = counters.read_counts([block])
    assert {2**n: count for n, count in enumerate(counts.lag) if count} == {
        128: 1, 2**14: 1, 2**15: 1
    }  # fmt: skip
    assert counts.late == 1
    assert counters.lag_below_s(counts.lag, 0.5) == 2**14 / 1e6
    assert counters.lag_below_s(counters.NO_COUNTS.lag, 0.99) is None


def test_each_worker_says_its_cpu_time() -> None:
    """Beside the others, not added up."""
    blocks = [bytearray(8 * counters.SLOTS * 2) for _ in range(2)]
    counters.WorkerCounters(blocks[1], ["door", "gate"]).effort(3.0, 1.25)
    assert counters.read_efforts(blocks) == (
        counters.Effort(0.0, 0.0),
        counters.Effort(3.0, 1.25),
    )
