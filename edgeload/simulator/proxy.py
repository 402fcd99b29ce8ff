"""A proxy process: it reads HTTP requests and answers them as the inference process says.

Several proxies accept from one listening socket, so the kernel distributes the connections.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import ssl
import struct
import time
import zlib
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from edgeload.edge_facts import MAX_BODY_BYTES
from edgeload.simulator.messages import (
    Call,
    Connected,
    Finished,
    FrameProtocol,
    Query,
    Reply,
    decode_reply,
)
from edgeload.simulator.options import Options
from edgeload.simulator.query import (
    QUERY_PATH,
    QueryParameters,
    Refusal,
    error_answer,
    read_query,
)

SERVER = "edgeload-simulator"
_IDLE_S = 75.0  # nginx's default keep-alive time
BACKLOG = 1024
_SLOW_PIECES = 10
_ABORT_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: closing sends RST


def run_proxy(
    options: Options,
    listener: socket.socket,
    tls: ssl.SSLContext | None,
    inference_socket: socket.socket,
    alive_pipe: int,
    ready_pipe: int,
) -> None:
    """Serve until `alive_pipe` ends; write a byte to `ready_pipe` once connections are accepted.

    Ends the process with code 1 if the inference process at the other end of `inference_socket`
    has ended.
    """
    asyncio.run(_serve(options, listener, tls, inference_socket, alive_pipe, ready_pipe))


async def _serve(
    options: Options,
    listener: socket.socket,
    tls: ssl.SSLContext | None,
    inference_socket: socket.socket,
    alive_pipe: int,
    ready_pipe: int,
) -> None:
    loop = asyncio.get_running_loop()
    over: asyncio.Future[None] = loop.create_future()
    loop.add_reader(alive_pipe, _settle, over)
    proxy = _Proxy(options)
    _, proxy.inference = await loop.create_connection(
        lambda: FrameProtocol(decode_reply, proxy.replied, lambda: _inference_ended(over)),
        sock=inference_socket,
    )
    server = _Server(
        proxy.handle,
        proxy.connected,
        keepalive_timeout=_IDLE_S,
        access_log=None,
        auto_decompress=False,
        lingering_time=2.0,
    )
    await loop.create_server(server, sock=listener, ssl=tls, backlog=BACKLOG)
    with open(ready_pipe, "wb") as pipe:
        pipe.write(b".")
    await over


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _inference_ended(over: asyncio.Future[None]) -> None:
    if not over.done():
        os._exit(1)


@dataclass
class _Connection:
    number: int
    requests: int = 0


class _Server(web.Server):
    """aiohttp's server; it also numbers connections and has the body limit of the contract."""

    def __init__(self, handler: Any, connected: Any, **settings: Any) -> None:
        super().__init__(
            handler,
            request_factory=self._request,
            handler_cancellation=True,  # notice when a client leaves
            **settings,
        )
        self._connected = connected

    def _request(
        self, message: Any, payload: Any, protocol: Any, writer: Any, task: Any
    ) -> web.BaseRequest:
        return web.BaseRequest(
            message,
            payload,
            protocol,
            writer,
            task,
            asyncio.get_running_loop(),
            client_max_size=MAX_BODY_BYTES,
        )

    def connection_made(self, handler: Any, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        self._connected(handler)

    def connection_lost(self, handler: Any, exc: BaseException | None = None) -> None:
        super().connection_lost(handler, exc)
        self._connected(handler, lost=True)


class _Proxy:
    def __init__(self, options: Options) -> None:
        self.inference: FrameProtocol[Reply]
        self._keepalive_requests = options.keepalive_requests
        self._slow_s = options.slow_body_time_s
        self._only_token = options.api_token
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self._connections: dict[object, _Connection] = {}
        self._numbers = 0
        self._connected = 0

    def connected(self, handler: object, lost: bool = False) -> None:
        """A connection was opened, or lost; `handler` is aiohttp's object for it."""
        if lost:
            self._connections.pop(handler, None)
            return
        self._connected += 1
        self._connections[handler] = _Connection(self._connected)
        self.inference.send(Connected())

    def replied(self, reply: Reply) -> None:
        """The inference process has answered; the client may have left meanwhile."""
        waiting = self._waiting.pop(reply.number, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(reply)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; aiohttp cancels this if the client leaves."""
        connection = self._connections.get(request.protocol) or _Connection(0)
        connection.requests += 1
        last = connection.requests >= self._keepalive_requests
        if request.method == "POST" and request.path == QUERY_PATH:
            return await self._query(request, connection, last)
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            too_large = error_answer(413)
            return _response(Reply(0, 413, too_large.content_type, too_large.body), close=True)
        self._numbers += 1
        reply = await self._ask(
            Call(
                self._numbers,
                request.method,
                request.path,
                dict(request.query),
                self._knows_token_of(request),
                body,
            )
        )
        return _response(reply, close=last)

    async def _query(
        self, request: web.BaseRequest, connection: _Connection, last: bool
    ) -> web.StreamResponse:
        asked, picture = await _read_query(request, self._knows_token_of(request))
        self._numbers += 1
        number = self._numbers
        query = Query(
            number,
            time.monotonic(),
            connection.number,
            request.headers.get("X-Request-Id") or f"req_{secrets.token_hex(16)}",
            asked,
            _detector_id(request, asked),
            picture,
        )
        answered_s = None
        try:
            reply = await self._ask(query)
            if reply.manner == "reset":
                await _reset(request)
            too_large = reply.status == 413 and isinstance(asked, Refusal)
            response = _response(reply, close=last or too_large)
            if reply.manner == "slow":
                await _trickle(request, response, reply.body, self._slow_s)
            else:
                await response.prepare(request)
                await response.write_eof()
            answered_s = time.monotonic()
            return response
        finally:
            self.inference.send_soon(Finished(number, answered_s))

    def _knows_token_of(self, request: web.BaseRequest) -> bool:
        token = request.headers.get("x-api-token", "").strip()
        return bool(token) if self._only_token is None else token == self._only_token

    async def _ask(self, message: Query | Call) -> Reply:
        waiting: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[message.number] = waiting
        try:
            self.inference.send(message)
            return await waiting
        finally:
            self._waiting.pop(message.number, None)


async def _read_query(
    request: web.BaseRequest, token_is_known: bool
) -> tuple[QueryParameters | Refusal, int]:
    """Read a query's body, check its size, and then the rest according to the contract.

    Returns the CRC-32 of the body too: the cheapest checksum, 3 us for 20 kB and 1.5 ms for 10 MB.
    """
    if (request.content_length or 0) > MAX_BODY_BYTES:
        return error_answer(413), 0
    if (
        request.headers.get("Expect", "").lower() == "100-continue"
    ):  # curl does this with large bodies
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
    size = picture = 0
    while chunk := await request.content.readany():
        size += len(chunk)
        picture = zlib.crc32(chunk, picture)
        if size > MAX_BODY_BYTES:
            return error_answer(413), picture
    asked = read_query(
        request.query.items(),
        request.headers.get("Content-Type", ""),
        token_is_known=token_is_known,
    )
    return asked, picture


def _detector_id(request: web.BaseRequest, asked: QueryParameters | Refusal) -> str:
    """The id in the URL; empty if there is none."""
    if isinstance(asked, QueryParameters):
        return asked.detector_id
    return dict(request.query.items()).get("detector_id", "")


def _response(reply: Reply, *, close: bool) -> web.StreamResponse:
    headers = {"Server": SERVER, "Content-Type": reply.content_type}
    if reply.location is not None:
        headers["Location"] = reply.location
    response: web.StreamResponse
    if reply.manner == "slow":
        response = web.StreamResponse(status=reply.status, headers=headers)
        response.content_length = len(reply.body)
    else:
        response = web.Response(status=reply.status, headers=headers, body=reply.body)
    if close:
        response.force_close()
    return response


async def _trickle(
    request: web.BaseRequest, response: web.StreamResponse, body: bytes, seconds: float
) -> None:
    """Send the head, and then the body in pieces over some seconds."""
    await response.prepare(request)
    size = -(-len(body) // _SLOW_PIECES)
    for start in range(0, len(body), size):
        await asyncio.sleep(seconds / _SLOW_PIECES)
        await response.write(body[start : start + size])
    await response.write_eof()


async def _reset(request: web.BaseRequest) -> None:
    """Reset the connection, also with TLS; never returns."""
    transport = request.transport
    if transport is not None:
        plain_socket = transport.get_extra_info("socket")
        plain_socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT_ON_CLOSE)
        transport.abort()
    await asyncio.sleep(60)  # the loss of the connection cancels the handler
    raise ConnectionResetError("the connection should have been reset")
