"""A short load test within the process of a test, and what its log holds."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

from recording_server import DETECTOR_ID
from rich.console import Console

from edgeload.edge.location import locate
from edgeload.edge.trust import TlsTrust
from edgeload.plan import one_group_plan, ramp_steps
from edgeload.records import Request
from edgeload.run.phases import Ending
from edgeload.run.picture_file import PictureFile, written_pictures
from edgeload.run.preflight_queries import HttpSender
from edgeload.run.session import run_session
from edgeload.run.tasks import DetectorTask, GroupTask, WorkerTask
from edgeload.runlog import DamagedLine, read_records
from edgeload.settings import resolve

IMAGES = Path(__file__).parents[2] / "images"
SMALL = IMAGES / "dog_resized_256x256.jpeg"
LARGE = IMAGES / "dog_1920x1080.jpeg"


def run(folder: Path, url: str, **options: Any) -> list[Any]:
    """Run to the end against `url`, with large pictures; every record of the log."""
    settings = resolve(
        {},
        {
            "endpoint_url": url, "detector_id": DETECTOR_ID, "image_path": LARGE,
            "same_image": True, "preflight": False, "log_file": folder / "run.log",
            "output_dir": folder / "results", "insecure": True, **options,
        },
        {"GROUNDLIGHT_API_TOKEN": "token_of_the_test"},
    )  # fmt: skip
    assert run_session(settings, Console(file=StringIO())).ending is Ending.FINISHED
    records = [record for chunk in read_records(folder / "run.log") for record in chunk]
    assert not [record for record in records if isinstance(record, DamagedLine)]
    return records


def requests_of(records: list[Any]) -> list[Request]:
    """The request lines of a log."""
    return [record for record in records if isinstance(record, Request)]


def one_client_task(url: str, pictures: PictureFile, timeout_s: float = 10.0) -> WorkerTask:
    """The task of a worker with a single client."""
    return WorkerTask(
        index=0,
        workers=1,
        plan=one_group_plan(ramp_steps([1], 1.0), 1.0),
        run_id="20261126T000000Z-0123456789abcdef",
        target=locate(url),
        token="api_token_of_the_test",
        trust=TlsTrust(insecure=True),
        groups=(GroupTask("cameras", DetectorTask(DETECTOR_ID), pictures, timeout_s),),
        log_file=Path("unused.log"),
    )


@contextlib.contextmanager
def one_query(url: str) -> Iterator[HttpSender]:
    """What sends queries before a run, one at a time."""
    with written_pictures([b"picture"]) as pictures:
        task = one_client_task(url, pictures)
        yield HttpSender(task, task.groups[0], DETECTOR_ID)
