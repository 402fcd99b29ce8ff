"""The messages between a proxy and the inference process: msgpack after a 4-byte length."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, Literal, TypeVar

import msgspec

from edgeload.simulator.query import QueryParameters, Refusal

_LENGTH_BYTES = 4
_LATER_S = 0.01


class Connected(msgspec.Struct, frozen=True, array_like=True, tag="connected"):
    """A client opened a connection."""


class Query(msgspec.Struct, frozen=True, array_like=True, tag="query"):
    """An image query that has arrived completely, or the reason why it is refused.

    `number` counts the proxy's queries; `arrival_s` is on the monotonic clock, which all processes
    share. `detector_id` is the one in the URL, also of a query that is refused; empty if there is
    none. `picture` is the CRC-32 of the body.
    """

    number: int
    arrival_s: float
    connection: int
    request_id: str
    request: QueryParameters | Refusal
    detector_id: str = ""
    picture: int = 0


class Finished(msgspec.Struct, frozen=True, array_like=True, tag="finished"):
    """The last byte of an answer was sent at `answered_s`; None if the client left before."""

    number: int
    answered_s: float | None


class Call(msgspec.Struct, frozen=True, array_like=True, tag="call"):
    """A request for any other route."""

    number: int
    method: str
    path: str
    parameters: dict[str, str]
    token_is_known: bool
    body: bytes


class Reply(msgspec.Struct, frozen=True, array_like=True, tag="reply"):
    """What the proxy has to do with the request of that number."""

    number: int
    status: int
    content_type: str
    body: bytes
    manner: Literal["plain", "slow", "reset"] = "plain"
    location: str | None = None


FromProxy = Connected | Query | Finished | Call
_encode_message = msgspec.msgpack.Encoder().encode
decode_from_proxy: Callable[[bytes], FromProxy] = msgspec.msgpack.Decoder(FromProxy).decode
decode_reply: Callable[[bytes], Reply] = msgspec.msgpack.Decoder(Reply).decode

_Message = TypeVar("_Message")


def framed(message: FromProxy | Reply) -> bytes:
    """The message as bytes, after its length."""
    data = _encode_message(message)
    return len(data).to_bytes(_LENGTH_BYTES, "little") + data


class FrameProtocol(asyncio.Protocol, Generic[_Message]):
    """One end of the connection between a proxy and the inference process."""

    def __init__(
        self,
        decode: Callable[[bytes], _Message],
        received: Callable[[_Message], None],
        ended: Callable[[], None],
    ) -> None:
        """`received` gets each message; `ended` is called once, when the other side has ended."""
        self._decode = decode
        self._received = received
        self._ended = ended
        self._buffer = bytearray()
        self._held = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def send(self, message: FromProxy | Reply) -> None:
        """Send one message, unless the other side has ended."""
        if self._transport is not None:
            self._transport.write(self._held + framed(message))
            self._held = b""

    def send_soon(self, message: FromProxy | Reply) -> None:
        """Send one message together with the next one, or after 10 ms; this saves a system call."""
        if not self._held:
            asyncio.get_running_loop().call_later(_LATER_S, self._send_held)
        self._held += framed(message)

    def _send_held(self) -> None:
        if self._transport is not None and self._held:
            self._transport.write(self._held)
        self._held = b""

    def data_received(self, data: bytes) -> None:
        """Called by asyncio with pieces that may be split anywhere."""
        buffer = self._buffer
        buffer += data
        start = 0
        while len(buffer) - start >= _LENGTH_BYTES:
            body = start + _LENGTH_BYTES
            end = body + int.from_bytes(buffer[start:body], "little")
            if len(buffer) < end:
                break
            self._received(self._decode(bytes(buffer[body:end])))
            start = end
        del buffer[:start]

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio."""
        self._transport = None
        self._ended()
