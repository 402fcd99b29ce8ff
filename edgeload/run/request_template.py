"""What the requests of many clients to one detector have in common, and each one's picture."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field

from edgeload.edge.location import Target
from edgeload.run.model_watch import ModelWatch
from edgeload.run.picture_answers import Expected
from edgeload.run.wire import (
    RequestHead,
)


@dataclass(frozen=True)
class RequestTemplate:
    """What the requests of all clients of a worker to one detector have in common."""

    target: Target
    tls: ssl.SSLContext | None
    """None for a plain connection."""
    head: RequestHead
    images: Sequence[memoryview]
    detector_id: str
    run_id: str
    confidence_threshold: float | None = None
    """The detector's own, if it is known."""
    group: int = 0
    """Index of the camera group."""
    timeout_s: float = 10.0
    expected: Expected | None = None
    """The answers that the pictures got before the run; None: they are not compared."""
    models: ModelWatch = field(default_factory=lambda: ModelWatch(""))
    """Notices when another model answers."""


def image_index(client: int, number: int, count: int) -> int:
    """Which of `count` pictures a request sends, from 0.

    Consecutive requests of a client differ, and so do requests that clients send together.
    """
    return (client * 31 + number) % count
