"""An endpoint that only answers, so that a run measures what the load generator can do.

`python -m edgeload.simulator.null FOLDER` prints its URLs, for HTTP and for TLS with a certificate
that it keeps in the folder, and ends when standard input ends. It reads each body completely and
gives every request the same edge answer. It is one process on loopback.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import ssl
import sys
from pathlib import Path

from edgeload.simulator.certificate import self_signed
from edgeload.simulator.query import JSON, same_answer

DETECTOR_ID = "det_" + "N" * 27

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_BODY = same_answer(DETECTOR_ID)
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


async def _serve(folder: Path) -> None:
    loop = asyncio.get_running_loop()
    plain = await loop.create_server(NullProtocol, "127.0.0.1", 0, backlog=4096)
    secret = await loop.create_server(
        NullProtocol, "127.0.0.1", 0, backlog=4096, ssl=_tls(folder / "null.pem")
    )
    ports = [server.sockets[0].getsockname()[1] for server in (plain, secret)]
    print(f"null endpoint at http://127.0.0.1:{ports[0]} https://127.0.0.1:{ports[1]}", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


def _tls(file: Path) -> ssl.SSLContext:
    file.write_bytes(b"".join(self_signed()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def main() -> None:
    """Serve until standard input ends; then remove the folder that the command line names.

    So nothing is left of a program that put its files there and was killed.
    """
    folder = Path(sys.argv[1])
    asyncio.run(_serve(folder))
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
