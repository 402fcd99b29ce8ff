"""A short load test within the process of a test, and what its log holds."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

from recording_server import DETECTOR_ID
from rich.console import Console

from edgeload.records import Request
from edgeload.run.phases import Ending
from edgeload.run.session import run_session
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
