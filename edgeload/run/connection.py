"""One non-blocking connection to the endpoint, plain or TLS: open, send, receive, close.

No method waits. A method that cannot go on returns the events it needs (`poller.READABLE`,
`poller.WRITABLE`). Failures are raised as OSError, and `classify` gives the class of each.
"""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections.abc import Callable

from edgeload.edge.location import Target
from edgeload.edge.tls_words import tls_words
from edgeload.failure_classes import DNS, GENERATOR, REFUSED, RESET, TLS
from edgeload.run.poller import READABLE, WRITABLE
from edgeload.run.tcp_account import TcpInfo, tcp_info
from edgeload.run.wire import RequestResult
from edgeload.untrusted_text import printable

PIECE_BYTES = 1 << 16
"""An answer is read in pieces of at most this size."""
_NO_TLS_END = "the connection ended without the end of TLS"
_GENERATOR_ERRORS = {errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM}
_REFUSED_ERRORS = {
    errno.ECONNREFUSED,
    errno.EHOSTUNREACH,
    errno.ENETUNREACH,
    errno.ETIMEDOUT,
    errno.EACCES,
}


def classify(error: OSError) -> RequestResult:
    """The failure class of a connection's error (see `failure_classes`).

    Only the SDK client can meet an unknown host name in the middle of a run: it resolves the name
    for each connection, while the lean client connects to an address that is known beforehand.
    """
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
        return RequestResult(TLS, None, printable(tls_words(str(error))))
    if isinstance(error, socket.gaierror):  # has numbers of its own, so it comes first
        outcome = DNS
    elif error.errno in _GENERATOR_ERRORS:
        outcome = GENERATOR
    elif error.errno in _REFUSED_ERRORS:
        outcome = REFUSED
    else:
        outcome = RESET
    return RequestResult(outcome, None, printable(error.strerror or str(error)))


class Connection:
    """A plain connection that is being opened, and then stays open until `close`.

    Raises OSError if it cannot be opened.
    """

    __slots__ = ("_sock", "_unsent", "fd", "open", "receive")

    def __init__(self, target: Target) -> None:
        sock = socket.socket(target.family, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            code = sock.connect_ex((target.address, target.port))
            if code not in (0, errno.EINPROGRESS):
                raise OSError(code, os.strerror(code))
        except OSError:
            sock.close()
            raise
        self._sock = sock
        self._unsent: list[memoryview | bytes] = []
        self.open = False
        """Whether a request can be sent."""
        self.fd = sock.fileno()
        self.receive: Callable[[int], bytes] = sock.recv
        """Read so many bytes or fewer; none at the end of the stream.

        Raises BlockingIOError if nothing has arrived yet.
        """

    @property
    def sending(self) -> bool:
        """Whether a part of the request has not been sent yet."""
        return bool(self._unsent)

    def advance(self) -> int:
        """Continue opening; returns the events to wait for, or 0 once the connection is open."""
        if code := self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OSError(code, os.strerror(code))
        self.open = True
        return 0

    def send(self, head: bytes, body: memoryview) -> bool:
        """Begin to send a request; returns whether all of it was sent, else call `send_more`."""
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
        """Send the rest; returns whether nothing is left."""
        while self._unsent:
            piece = self._unsent[0]
            try:
                sent = self._sock.send(piece)
            except BlockingIOError:
                return False
            if sent < len(piece):
                self._unsent[0] = memoryview(piece)[sent:]
            else:
                del self._unsent[0]
        return True

    def has_more(self) -> bool:
        """Whether bytes were read from the socket already, so that no event will announce them."""
        return False

    def tcp_info(self) -> TcpInfo | None:
        """What the kernel says about it so far; None if it does not say."""
        return tcp_info(self._sock)

    def close(self) -> None:
        """Close the socket; never fails."""
        self._sock.close()


class TlsConnection(Connection):
    """A connection through TLS that is encrypted in memory.

    A request is three TLS records. An SSL socket would write each of them separately and read each
    answer in two pieces. With buffers in memory it takes one `send` and one `recv`.
    """

    __slots__ = ("_begun", "_incoming", "_more", "_outgoing", "_tls")

    _scratch = memoryview(bytearray(1 << 16))  # emptied before another connection reads into it

    def __init__(self, target: Target, context: ssl.SSLContext) -> None:
        super().__init__(target)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=target.host)
        self._begun = False
        self._more = False
        self.receive = self._decrypt

    def advance(self) -> int:
        """Connect, then do the TLS handshake; see `Connection.advance`."""
        if not self._begun:
            super().advance()
            self.open = False
            self._begun = True
        elif not self._unsent:
            self._read_socket()
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return READABLE if self._send_encrypted() else WRITABLE
        except ssl.SSLError:
            self._send_encrypted()  # tells the server why
            raise
        self._send_encrypted()
        self.open = True
        return 0

    def send(self, head: bytes, body: memoryview) -> bool:
        """Encrypt and begin to send a request; see `Connection.send`."""
        self._tls.write(head)
        self._tls.write(body)
        return self._send_encrypted()

    def _send_encrypted(self) -> bool:
        if self._outgoing.pending:
            self._unsent.append(self._outgoing.read())
        return self.send_more()

    def _read_socket(self) -> bool:
        """Read from the socket; returns False at its end. Raises BlockingIOError."""
        try:
            size = self._sock.recv_into(self._scratch)
        except BlockingIOError:
            if not self.open:
                return True  # only the handshake looks without an event
            raise
        if size == 0:
            self._incoming.write_eof()
            return False
        self._incoming.write(self._scratch[:size])
        return True

    def _decrypt(self, most: int) -> bytes:
        """Read from the socket and decrypt: see `Connection.receive`.

        Only TLS's own end is the end of a stream. A connection that ends without it is broken:
        anybody on the way could have cut it, and an answer that ends with the connection is not
        whole (RFC 9112, section 9.8).
        """
        if not self._more and not self._read_socket():
            raise ConnectionResetError(errno.ECONNRESET, _NO_TLS_END)
        try:
            data = self._tls.read(most)
        except ssl.SSLWantReadError as error:
            self._more = False
            raise BlockingIOError from error
        self._more = self._incoming.pending > 0 or self._tls.pending() > 0
        return data

    def has_more(self) -> bool:
        """Whether bytes are left in memory, decrypted or not."""
        return self._more


def connect(target: Target, context: ssl.SSLContext | None) -> Connection:
    """Begin to connect, through TLS if a context is given."""
    return Connection(target) if context is None else TlsConnection(target, context)
