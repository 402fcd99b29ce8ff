"""One non-blocking connection to the endpoint, plain or TLS: open, send, receive, close.

No method waits. What has to wait says so by the events it wants (`waiting.READABLE`, `WRITABLE`).
Failures come out as OSError; `classify` gives them the name of their class.
"""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections.abc import Callable

from edgeload.edge.location import Target
from edgeload.run.waiting import READABLE, WRITABLE
from edgeload.run.wire import Judgement
from edgeload.text import printable

_OURS = {errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM}
_REFUSED = {
    errno.ECONNREFUSED,
    errno.EHOSTUNREACH,
    errno.ENETUNREACH,
    errno.ETIMEDOUT,
    errno.EACCES,
}


def classify(error: OSError) -> Judgement:
    """The failure class of a connection's error (classes: see `wire`)."""
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
        return Judgement("tls", None, printable(str(error)))
    if error.errno in _OURS:
        outcome = "generator"
    elif error.errno in _REFUSED:
        outcome = "refused"
    else:
        outcome = "reset"
    return Judgement(outcome, None, printable(error.strerror or str(error)))


def tls_context(*, insecure: bool, cacert: str | None) -> ssl.SSLContext:
    """TLS as the settings want it: verified, against `cacert` where given, unless `insecure`."""
    context = ssl.create_default_context(cafile=cacert)
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class Connection:
    """A connection being opened, then open until `close`. Raises OSError where opening fails."""

    __slots__ = ("_handshaking", "_sock", "_tls", "_unsent", "fd", "open", "receive")

    def __init__(self, target: Target, tls: ssl.SSLContext | None) -> None:
        sock = socket.socket(target.family, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            code = sock.connect_ex((target.address, target.port))
            if code not in (0, errno.EINPROGRESS):
                raise OSError(code, os.strerror(code))
            if tls is not None:
                sock = tls.wrap_socket(
                    sock, server_hostname=target.host, do_handshake_on_connect=False
                )
        except OSError:
            sock.close()
            raise
        self._sock = sock
        self._tls = self._handshaking = tls is not None
        self._unsent: list[memoryview | bytes] = []
        self.open = False
        """Whether a request can be sent."""
        self.fd = sock.fileno()
        self.receive: Callable[[memoryview], int] = sock.recv_into if tls is None else self._decrypt
        """Bytes read into a buffer; 0 at the stream's end. Raises BlockingIOError for not yet."""

    @property
    def sending(self) -> bool:
        """Whether a part of the request still waits to be sent."""
        return bool(self._unsent)

    def advance(self) -> int:
        """Go on with opening; the events to wait for, or 0 once the connection is open."""
        if code := self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OSError(code, os.strerror(code))
        if self._handshaking:
            assert isinstance(self._sock, ssl.SSLSocket)
            try:
                self._sock.do_handshake()
            except ssl.SSLWantReadError:
                return READABLE
            except ssl.SSLWantWriteError:
                return WRITABLE
            self._handshaking = False
        self.open = True
        return 0

    def send(self, head: bytes, body: memoryview) -> bool:
        """Begin to send a request; whether all of it went. The rest waits for `send_more`."""
        if self._tls:
            self._unsent = [head, body]
            return self.send_more()
        try:
            sent = self._sock.sendmsg((head, body))
        except BlockingIOError:
            sent = 0
        if sent == len(head) + len(body):
            return True
        if sent < len(head):
            self._unsent = [memoryview(head)[sent:], body]
        else:
            self._unsent = [body[sent - len(head) :]]
        return False

    def send_more(self) -> bool:
        """Send what waits; whether nothing is left."""
        while self._unsent:
            piece = self._unsent[0]
            try:
                sent = self._sock.send(piece)
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                return False
            if sent < len(piece):
                self._unsent[0] = memoryview(piece)[sent:]
            else:
                del self._unsent[0]
        return True

    def _decrypt(self, buffer: memoryview) -> int:
        try:
            return self._sock.recv_into(buffer)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
            raise BlockingIOError from error
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return 0

    def has_more(self) -> bool:
        """Whether TLS holds bytes that no readiness event will announce."""
        return isinstance(self._sock, ssl.SSLSocket) and self._sock.pending() > 0

    def close(self) -> None:
        """Close the socket; never fails."""
        self._sock.close()
