"""Asks the endpoint for something beside image queries: one GET request, never timed, never load.

A connection that fails is explained by its likely cause, with what to change.
"""

from __future__ import annotations

import socket
import ssl
import warnings
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from edgeload.edge.location import Unreachable
from edgeload.edge.trust import TlsTrust
from edgeload.untrusted_text import printable

_ANSWER_WITHIN_S = 3.0
_PROBE_WITHIN_S = 1.0


def ask(url: str, trust: TlsTrust, token: str | None = None) -> requests.Response:
    """The endpoint's answer to a GET, whatever its status; redirects are not followed.

    Waits 3 s at most for each piece of it. Raises Unreachable if there is no answer.
    """
    headers = {} if token is None else {"x-api-token": token}
    with warnings.catch_warnings(), requests.Session() as session:
        warnings.simplefilter("ignore", urllib3.exceptions.InsecureRequestWarning)
        session.trust_env = False  # ignore proxies of the environment, as the clients do
        session.mount("https://", _PoolAdapter(trust.pool_options()))
        try:
            return session.get(
                url,
                headers=headers,
                timeout=_ANSWER_WITHIN_S,
                verify=trust.requests_verify(),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise Unreachable(_why_no_answer(url, trust, error)) from error


class _PoolAdapter(HTTPAdapter):
    """Passes options of urllib3's pools on that requests has no parameter for."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **{**options, **self._options})


def _why_no_answer(url: str, trust: TlsTrust, error: requests.RequestException) -> str:
    """The likely cause in one line. Looks at the port once more, to tell HTTP from HTTPS."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or {"http": 80, "https": 443}[parts.scheme]
    said = printable(_root(error))
    if parts.scheme == "https" and _speaks_plain_http(host, port):
        return f"{url}: this port speaks plain HTTP: use http://{parts.netloc}"
    if parts.scheme == "http" and _speaks_tls(host, port):
        return f"{url}: this port speaks HTTPS: use https://{parts.netloc}"
    if not isinstance(error, requests.exceptions.SSLError):
        return f"{url}: no answer ({said})"
    if "CERTIFICATE_VERIFY_FAILED" not in said and "Fingerprints did not match" not in said:
        return f"{url}: the TLS connection failed ({said})"
    if trust.cacert is not None:
        return (
            f"{url}: CACERT = {str(trust.cacert)!r} is neither the endpoint's certificate nor that "
            f"of an authority that signed it for this host ({said}); docs/endpoint.md says how to "
            "get the certificate, or use --insecure"
        )
    return (
        f"{url}: the TLS certificate is not trusted ({said}); an Edge Endpoint signs its own "
        "certificate: pass it with --cacert FILE, or use --insecure"
    )


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


def _speaks_plain_http(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), _PROBE_WITHIN_S) as plain:
            plain.sendall(f"GET /health/ready HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
            head = plain.recv(4096)
    except OSError:
        return False
    return head.startswith(b"HTTP/") and not asks_for_https(head)


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
