"""What a worker's samples count, and when."""

from __future__ import annotations

from pathlib import Path

from edgeload.plan import Due
from edgeload.records import Anchor, Request, WorkerSample
from edgeload.run.counters import SLOTS, WorkerCounters
from edgeload.run.recorder import Recorder
from edgeload.run.wire import RequestResult
from edgeload.runlog import LogWriter, read_records


def test_a_sample_counts_the_answers_before_it(tmp_path: Path) -> None:
    """Also those whose records wait to be written: the last sample of a run comes before these.

    Each request is recorded once, in the order in which they ended.
    """
    log = tmp_path / "run.log"
    recorder = Recorder(LogWriter(log), WorkerCounters(bytearray(8 * SLOTS)), Anchor(0, 0), 0)
    for number, below in enumerate([True, False, False, None], 1):
        result = RequestResult("ok", True, None, below, f"iqe_{number // 2}")
        recorder.request(0, Due(number, 0, number / 10), number / 10, number / 10, 200, result, 9)
        if number in (2, 4):
            recorder.effort(number / 10)
    recorder.flush()
    records = [each for chunk in read_records(log) for each in chunk]
    samples = [each for each in records if isinstance(each, WorkerSample)]
    assert [(each.below_threshold, each.confident) for each in samples] == [(1, 1), (1, 2)]
    assert [each.repeated_ids for each in samples] == [{}, {0: 1}]
    ended = [each.request_number for each in records if isinstance(each, Request)]
    assert ended == [1, 2, 3, 4]
