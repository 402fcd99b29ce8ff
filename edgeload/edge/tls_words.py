"""Why a TLS connection failed, from the text of OpenSSL's error: what is wrong, what helps. Pure.

Every client passes that text on: the lean client, requests, and the Groundlight SDK. Their other
words differ.
"""

from __future__ import annotations

from typing import NamedTuple

_PASS_IT = "pass the endpoint's own certificate with --cacert FILE, or use --insecure"
_DATES = (
    f"check this machine's clock, renew the certificate, {_PASS_IT}: neither of the two looks "
    "at the dates"
)


class TlsProblem(NamedTuple):
    """A clause each: what is wrong, and what a user can change."""

    what: str
    advice: str
    is_of_the_file: bool = False
    """Whether the file CACERT, if there is one, holds the wrong certificate."""


_REPLACED = TlsProblem(
    "the server's certificate is not the one that it had before the run",
    "pass the new one with --cacert FILE",
)
_CERTIFICATE = (
    ("certificate has expired", TlsProblem("the server's certificate has expired", _DATES)),
    (
        "certificate is not yet valid",
        TlsProblem("the server's certificate is not valid yet", _DATES),
    ),
    (
        "mismatch, certificate is not valid for",
        TlsProblem(
            "the server's certificate is not valid for this host",
            f"use the host that it names in ENDPOINT_URL, or {_PASS_IT}: neither of the two looks "
            "at the name",
        ),
    ),
    (
        "self signed certificate",
        TlsProblem(
            "the server signed its certificate itself, or its authority is unknown here",
            f"an Edge Endpoint signs its own certificate: {_PASS_IT}",
            is_of_the_file=True,
        ),
    ),
    ("is not the one that it had before the run", _REPLACED),
    ("fingerprints did not match", _REPLACED),
)
_UNTRUSTED = TlsProblem(
    "the server's certificate is not trusted",
    f"an Edge Endpoint signs its own certificate: {_PASS_IT}",
    is_of_the_file=True,
)
_OTHERS = (
    (
        ("protocol version", "unsupported protocol", "unsupported_protocol", "version too low"),
        TlsProblem(
            "the server refuses every version of TLS that this machine offers",
            "let the server, or what stands in front of it, speak TLS 1.2 or 1.3",
        ),
    ),
    (
        ("wrong version number", "wrong_version_number", "record layer failure", "http request"),
        TlsProblem("this port does not speak TLS", "check the scheme and the port in ENDPOINT_URL"),
    ),
    (
        ("handshake failure", "no shared cipher", "insufficient security"),
        TlsProblem(
            "the server accepts none of the ciphers that this machine offers",
            "let the server accept the usual ciphers of TLS 1.2 or 1.3",
        ),
    ),
    (
        ("certificate required",),
        TlsProblem(
            "the server asks for a certificate of the client, and a load test has none",
            "use a port that asks for none; an Edge Endpoint asks for none",
        ),
    ),
)
_UNKNOWN = TlsProblem("the TLS connection failed", "check what listens on this port")


def tls_problem(said: str) -> TlsProblem:
    """What the text of an ssl.SSLError means.

    >>> tls_problem("certificate verify failed: certificate has expired (_ssl.c:1007)").what
    "the server's certificate has expired"
    """
    text = said.lower().replace("self-signed", "self signed")
    for words, problem in _CERTIFICATE:
        if words in text:
            return problem
    if "CERTIFICATE_VERIFY_FAILED" in said:
        return _UNTRUSTED
    for some, problem in _OTHERS:
        if any(words in text for words in some):
            return problem
    return _UNKNOWN


def tls_words(said: str) -> str:
    """What is wrong, and OpenSSL's own text, in one clause."""
    return f"{tls_problem(said).what} ({said})"
