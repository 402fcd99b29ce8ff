"""A proxy that uses up CPU time for each request, as a Python web server does.

`python uvicorn.py UPSTREAM_PORT MS_OF_CPU`: one process and one thread, on a loopback port that it
prints. The name of the file is what a list of processes shows, and what the host monitor calls it.
"""

from __future__ import annotations

import asyncio
import sys
import time
from functools import partial

_HEAD_END = b"\r\n\r\n"
_MOST_BYTES = 1 << 24


async def _message(reader: asyncio.StreamReader) -> bytes:
    """One request or answer, head and body. Raises IncompleteReadError when there is none more."""
    head = await reader.readuntil(_HEAD_END)
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return head + await reader.readexactly(int(line.split(b":")[1]))
    return head


def _use_cpu(seconds: float) -> None:
    end_s = time.thread_time() + seconds
    while time.thread_time() < end_s:
        pass


async def _serve(
    upstream: int, cpu_s: float, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    from_box, to_box = await asyncio.open_connection("127.0.0.1", upstream, limit=_MOST_BYTES)
    try:
        while True:
            request = await _message(reader)
            _use_cpu(cpu_s)
            to_box.write(request)
            writer.write(await _message(from_box))
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        to_box.close()
        writer.close()


async def _main(upstream: int, cpu_s: float) -> None:
    server = await asyncio.start_server(
        partial(_serve, upstream, cpu_s), "127.0.0.1", 0, limit=_MOST_BYTES, backlog=1024
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), float(sys.argv[2]) / 1000))
