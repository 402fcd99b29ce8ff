"""What people are told about a worker that has ended."""

from __future__ import annotations

import pytest

from edgeload.run.worker_processes import EndedWorker


@pytest.mark.parametrize(
    ("worker", "notice"),
    [
        (
            EndedWorker(0, 4711, 1, -9),
            "worker 0 (process 4711, 1 client) died 3.2 s into the run: killed by SIGKILL; its "
            "unsent requests count as missed",
        ),
        (
            EndedWorker(3, 4711, 12, 1),
            "worker 3 (process 4711, 12 clients) died 3.2 s into the run: exit code 1; its unsent "
            "requests count as missed",
        ),
    ],
)
def test_the_notice_names_the_worker_and_how_it_died(worker: EndedWorker, notice: str) -> None:
    """By its number, its process and its signal or exit code, and with the right plural."""
    assert worker.death_notice(3.21) == notice
