"""An answer that comes before the picture has been sent, as of a proxy with a limit of size."""

from __future__ import annotations

import socket
from pathlib import Path

import numpy as np
import pytest
from load_run import requests_of, run
from PIL import Image
from recording_server import Handler, recording_server

from edgeload.records import WorkerSample

INTERIM = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n"
HEAD = b"HTTP/1.1 413 Request Entity Too Large\r\n"
ANSWERS = (
    HEAD + b"Content-Length: 3\r\nConnection: close\r\n\r\nbig",
    HEAD + b"Connection: close\r\n\r\nbig",
    INTERIM + HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nbig\r\n0\r\n\r\n",
)


class Refusing(Handler):
    """Refuses a query when its head is in, and closes the connection with the picture unread.

    The system then sends a reset behind the answer.
    """

    refused: list[int]

    def do_POST(self) -> None:
        with self.recorder.lock:
            answer = ANSWERS[len(self.refused) % len(ANSWERS)]
            self.refused.append(self.client_address[1])
        self.wfile.write(answer)
        self.connection.shutdown(socket.SHUT_WR)
        self.close_connection = True


@pytest.mark.parametrize(
    ("client", "megapixels"),
    [
        ("http", 8),
        pytest.param("sdk", 2, marks=pytest.mark.slow),
    ],
)
def test_an_answer_before_the_end_of_the_picture_is_read(
    tmp_path: Path, client: str, megapixels: int
) -> None:
    """Each of 15 pictures is `http_413` and none a reset, however the answer is framed.

    So it is with 1.8 MB, which the system may take at once, and with 7 MB, of which it takes only a
    part before the server has gone, so that the rest cannot be written.
    Each is sent once, on a connection of its own.
    """
    picture = tmp_path / "noise.jpg"
    noise = np.random.default_rng(1).integers(0, 256, (megapixels * 540, 2000, 3), dtype=np.uint8)
    Image.fromarray(noise).save(picture, quality=88)
    refused: list[int] = []
    handler = type("BoundRefusing", (Refusing,), {"refused": refused})
    with recording_server(handler=handler, receive_buffer_bytes=4096) as server:
        options = {"custom_ramp": "1", "time_between_ramp": 1, "requests_per_second": 15}
        records = run(tmp_path, server.url, client=client, image_path=picture, **options)
    found = requests_of(records)
    assert [(r.outcome, r.error) for r in found] == [("http_413", "big")] * 15
    assert len(refused) == len(set(refused)) == 15
    samples = [record for record in records if isinstance(record, WorkerSample)]
    assert samples[-1].stale_retries == 0
