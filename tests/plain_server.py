"""A server of plain sockets, for tests of what is no HTTP, or of no good one."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def plain_server(serve: Callable[[socket.socket], object]) -> Iterator[str]:
    """Calls `serve` with each connection, in a thread of its own; `127.0.0.1:PORT`.

    What `serve` does not close stays open until the end.
    """
    came: list[socket.socket] = []

    def one(peer: socket.socket) -> None:
        with contextlib.suppress(OSError):
            serve(peer)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                came.append(listening.accept()[0])
                threading.Thread(target=one, args=(came[-1],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0), backlog=50) as listening:
        accepts = threading.Thread(target=accept, daemon=True)
        accepts.start()
        try:
            yield f"127.0.0.1:{listening.getsockname()[1]}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            accepts.join(10)
            for peer in came:
                peer.close()
