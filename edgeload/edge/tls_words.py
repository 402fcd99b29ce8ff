"""Why a TLS connection failed, from the text of OpenSSL's error: what is wrong, what helps.

Every client passes that text on: the lean client, requests, and the Groundlight SDK. Their other
words differ. That text alone does not tell whose fault it is that no version of TLS suits both, so
what this machine offers is looked up.
"""

from __future__ import annotations

import functools
import ssl
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
_CONFIGURE = "let this machine offer {} (its configuration of OpenSSL does not, see OPENSSL_CONF)"
_OF_VERSIONS = (
    "protocol version",
    "unsupported protocol",
    "unsupported_protocol",
    "version too low",
)
_OTHERS = (
    (
        ("no protocols available", "no_protocols_available"),
        TlsProblem("this machine offers no version of TLS", _CONFIGURE.format("TLS 1.2 or 1.3")),
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
    if any(words in text for words in _OF_VERSIONS):
        return _of_versions(offered_versions())
    for some, problem in _OTHERS:
        if any(words in text for words in some):
            return problem
    return _UNKNOWN


@functools.cache
def offered_versions() -> tuple[str, ...]:
    """The versions of TLS that this machine offers: two, unless OpenSSL is configured otherwise."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    most = context.maximum_version
    left_out = {
        "1.2": context.minimum_version > ssl.TLSVersion.TLSv1_2
        or ssl.OP_NO_TLSv1_2 in context.options,
        "1.3": most == ssl.TLSVersion.TLSv1_2 or ssl.OP_NO_TLSv1_3 in context.options,
    }
    return tuple(version for version, is_left_out in left_out.items() if not is_left_out)


def _of_versions(offered: tuple[str, ...]) -> TlsProblem:
    """The server and this machine have no version of TLS in common."""
    if len(offered) != 1:
        return TlsProblem(
            "the server refuses every version of TLS that this machine offers",
            "let the server, or what stands in front of it, speak TLS 1.2 or 1.3",
        )
    other = {"1.2": "1.3", "1.3": "1.2"}[offered[0]]
    return TlsProblem(
        f"the server refuses TLS {offered[0]}, the only version that this machine offers",
        f"{_CONFIGURE.format(f'TLS {other}')}, or let the server speak TLS {offered[0]}",
    )


def tls_words(said: str) -> str:
    """What is wrong, and OpenSSL's own text, in one clause."""
    return f"{tls_problem(said).what} ({said})"
