"""Asks the endpoint for something beside image queries: one request, never timed, never load.

A connection that fails is explained by its likely cause, with what to change. Nothing of the
environment is used, neither proxies nor ~/.netrc, and an answer is bounded in size and time.
"""

from __future__ import annotations

import json
import socket
import ssl
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from edgeload.edge.bounded_answers import OtherProtocol, UnboundedAnswer, pool_classes
from edgeload.edge.causes import errors_within
from edgeload.edge.location import NoAnswer, Unreachable
from edgeload.edge.tls_words import tls_problem
from edgeload.edge.trust import TlsTrust
from edgeload.untrusted_text import printable

_PIECE_WITHIN_S = 3.0
WHOLE_ANSWER_S = 10.0
"""From the end of a question that is not timed to the last byte of its answer."""
_PROBE_WITHIN_S = 1.0


@dataclass(frozen=True)
class EdgeAnswer:
    """An answer as it came, whatever its status; the body is not decoded."""

    status: int
    headers: Mapping[str, str]
    """Names in any case."""
    body: bytes

    def json(self) -> Any:
        """The body as JSON. Raises ValueError if it is none."""
        try:
            return json.loads(self.body)
        except RecursionError as error:
            raise ValueError("too deep to be an answer of an Edge Endpoint") from error

    @property
    def text(self) -> str:
        """The body as text, whatever it is."""
        return self.body.decode("utf-8", "replace")


def ask(url: str, trust: TlsTrust, token: str | None = None) -> EdgeAnswer:
    """The endpoint's answer to a GET, whatever its status; redirects are not followed.

    Waits 3 s at most for each piece of it and 10 s for all of it, and reads 4 MiB at most. Raises
    Unreachable if there is no such answer.
    """
    return _answer("GET", url, trust, {} if token is None else {"x-api-token": token})


def put_json(url: str, value: Any, trust: TlsTrust) -> EdgeAnswer:
    """The endpoint's answer to a PUT of this value as JSON, whatever its status, as `ask` has it.

    Raises Unreachable if there is no answer: nobody knows then whether the value has arrived.
    """
    body = json.dumps(value).encode()
    return _answer("PUT", url, trust, {"Content-Type": "application/json"}, body)


def _answer(
    method: str, url: str, trust: TlsTrust, headers: dict[str, str], body: bytes | None = None
) -> EdgeAnswer:
    trust_options = trust.pool_options() if url.startswith("https:") else {}
    with warnings.catch_warnings(), requests.Session() as session:
        warnings.simplefilter("ignore", urllib3.exceptions.InsecureRequestWarning)
        session.trust_env = False
        for scheme in ("http://", "https://"):
            session.mount(scheme, _PoolAdapter(trust_options))
        try:
            answer = session.request(
                method,
                url,
                data=body,
                headers={"Accept-Encoding": "identity", **headers},
                timeout=_PIECE_WITHIN_S,
                verify=trust.requests_verify(),
                allow_redirects=False,
            )
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise _explained(url, trust, error) from error
    return EdgeAnswer(answer.status_code, answer.headers, answer.content)


class _PoolAdapter(HTTPAdapter):
    """Tells urllib3's pools what requests has no parameter for: bounds, and whom to trust."""

    def __init__(self, trust_options: dict[str, Any]) -> None:
        self._trust_options = trust_options
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = pool_classes(WHOLE_ANSWER_S)

    def build_connection_pool_key_attributes(self, *arguments: Any, **options: Any) -> Any:
        host, pool = super().build_connection_pool_key_attributes(*arguments, **options)
        return host, {**pool, **self._trust_options}

    def cert_verify(self, *arguments: Any, **options: Any) -> None:
        """Do nothing: requests would add the authorities of its own to those to trust."""


def _explained(url: str, trust: TlsTrust, error: Exception) -> Unreachable:
    """The likely cause in one line. Looks at the port once more, to tell HTTP from HTTPS."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or {"http": 80, "https": 443}[parts.scheme]
    for cause in errors_within(error):
        if isinstance(cause, UnboundedAnswer):
            return Unreachable(f"{url}: {cause}; is this an Edge Endpoint? Check host and port")
    if isinstance(error, requests.Timeout):
        return NoAnswer(f"{url}: no answer within {_PIECE_WITHIN_S:g} s")
    said = printable(_root(error))
    if plain := speaks_plain_http(url):
        return Unreachable(f"{url}: {plain}")
    if parts.scheme == "http" and _speaks_tls(host, port):
        return Unreachable(f"{url}: this port speaks HTTPS: use https://{parts.netloc}")
    if stranger := next((e for e in errors_within(error) if isinstance(e, OtherProtocol)), None):
        said = f"{stranger}; is this an Edge Endpoint? Check host and port"
    elif isinstance(error, requests.exceptions.SSLError):
        said = tls_advice(said, trust)
    else:
        return NoAnswer(f"{url}: no answer ({said})")
    return Unreachable(f"{url}: {said}")


def tls_advice(said: str, trust: TlsTrust) -> str:
    """What the text of a TLS error means for a user with this trust, and what to change."""
    problem = tls_problem(said)
    if problem.is_of_the_file and trust.cacert is not None:
        return (
            f"{problem.what} ({said}): CACERT = {str(trust.cacert)!r} holds neither the endpoint's "
            "certificate nor that of an authority that signed it; docs/endpoint.md says how to get "
            "the certificate, or use --insecure"
        )
    return f"{problem.what} ({said}); {problem.advice}"


def _speaks_tls(host: str, port: int) -> bool:
    context = TlsTrust(insecure=True).ssl_context()
    try:
        with socket.create_connection((host, port), _PROBE_WITHIN_S) as plain:
            context.wrap_socket(plain, server_hostname=host).close()
    except ssl.SSLError as error:
        return "alert" in str(error).lower()  # only TLS has alerts
    except OSError:
        return False
    return True


def speaks_plain_http(url: str) -> str | None:
    """What to change if a port that is asked for HTTPS speaks plain HTTP; None if it does not."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 443
    if parts.scheme != "https":
        return None
    try:
        with socket.create_connection((host, port), _PROBE_WITHIN_S) as plain:
            plain.sendall(f"GET /health/ready HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
            head = plain.recv(4096)
    except OSError:
        return None
    if not head.startswith(b"HTTP/") or asks_for_https(head):
        return None
    return f"this port speaks plain HTTP: use http://{parts.netloc}"


def asks_for_https(answer: bytes) -> bool:
    """Whether a plain answer comes from a port for HTTPS, in the words of nginx or Apache."""
    return any(
        words in answer
        for words in (
            b"plain HTTP request was sent to HTTPS port",
            b"speaking plain HTTP to an SSL",
        )
    )


def _root(error: BaseException) -> str:
    """The innermost reason of a wrapped error."""
    reason: BaseException = error
    for _ in range(10):
        wrapped = [getattr(reason, "reason", None), *reversed(reason.args)]
        inner = next((inner for inner in wrapped if isinstance(inner, BaseException)), None)
        if inner is None:
            break
        reason = inner
    return str(reason)
