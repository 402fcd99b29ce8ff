"""An endpoint that only answers, so that a run measures what the load generator can do.

`python -m edgeload.simulator.null` prints its URL and ends when standard input ends. It reads each
body completely and gives every request the same edge answer. It is one process on loopback.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import sys

from edgeload.simulator.query import JSON, QueryParameters, answer_body

DETECTOR_ID = "det_" + "N" * 27

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_BODY = answer_body(
    QueryParameters(DETECTOR_ID, 0.0, None),
    query_id="iq_" + "0" * 27,
    created_unix_s=0.0,
    detector_id=DETECTOR_ID,
    question="Is there a dog in the picture?",
    default_threshold=0.9,
    label="YES",
    confidence=0.97,
    from_edge=True,
    models={"mlb_key": "mlb_" + "0" * 27, "oodd_mlb_key": "mlb_" + "1" * 27},
)
_ANSWER = (
    f"HTTP/1.1 200 OK\r\nContent-Type: {JSON}\r\nContent-Length: {len(_BODY)}\r\n\r\n".encode()
    + _BODY
)
_BUFFER_BYTES = 1 << 18


class NullProtocol(asyncio.BufferedProtocol):
    """Counts bytes: a request is complete when its head and its Content-Length have arrived.

    Bodies are read into one reused buffer and ignored, because this must cost less than sending.
    """

    _buffer = memoryview(
        bytearray(_BUFFER_BYTES)
    )  # shared: its contents are used before the next read

    def __init__(self) -> None:
        self._head = b""
        self._missing = 0
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio: remember where to send answers."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def get_buffer(self, sizehint: int) -> memoryview:
        """Called by asyncio: the buffer to read into."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Called by asyncio: bytes of a body or of a head have arrived."""
        if self._missing:
            self._missing -= nbytes
        else:
            data = self._head + bytes(self._buffer[: min(nbytes, 4096)])
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._head = data
                return
            length = _LENGTH.search(data, 0, end)
            got = len(self._head) + nbytes - end - 4
            self._head = b""
            self._missing = (int(length[1]) if length else 0) - got
        if self._missing == 0:
            self._transport.write(_ANSWER)


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(NullProtocol, "127.0.0.1", 0, backlog=4096)
    print(f"null endpoint at http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


def main() -> None:
    """Serve until standard input ends; then remove the folder that the command line names.

    So nothing is left of a program that put its files there and was killed.
    """
    asyncio.run(_serve())
    for folder in sys.argv[1:]:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
