"""What was seen of the endpoint as a whole, as lines of the smoke test. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import urlsplit

from edgeload.box_records import BoxResources
from edgeload.edge.asking import EdgeAnswer
from edgeload.edge.box_resources import NoResources
from edgeload.edge.looking_up import FoundAddress
from edgeload.edge.round_trip import Handshake
from edgeload.edge.trust import TlsTrust
from edgeload.plain_words import plural
from edgeload.smoke_test.check_line import CheckLine
from edgeload.untrusted_text import printable

_GIB = 2.0**30


def addresses_line(url: str, found: Sequence[FoundAddress]) -> CheckLine:
    """Which addresses the name has."""
    host = urlsplit(url).hostname or ""
    addresses = ", ".join(address for _, address in found)
    seen = (
        "an IP address, nothing to look up" if addresses == host else f"its address is {addresses}"
    )
    return CheckLine("", "ok", f"{host}: {seen}")


def tls_line(hand: Handshake, trust: TlsTrust) -> CheckLine:
    """Why the certificate is trusted."""
    if trust.insecure:
        why = "its certificate is not checked (--insecure)"
    elif trust.fingerprint is not None:
        why = "its certificate is the one in CACERT"
    elif trust.cacert is not None:
        why = "its certificate is signed by one in CACERT"
    else:
        why = "its certificate is signed by an authority that this machine trusts"
    took = f", in {1000 * hand.tls_s:.1f} ms" if hand.tls_s is not None else ""
    return CheckLine("", "ok", f"{hand.tls_version or 'TLS'}{took}; {why}")


def protocol_line(ping: EdgeAnswer) -> CheckLine:
    """What speaks at the port, from the answer to GET /ping, which every Edge Endpoint has."""
    server = printable(ping.headers.get("Server", ""))
    by = f" ({server})" if server else ""
    try:
        is_edge = ping.status == HTTPStatus.OK and isinstance(ping.json(), dict)
    except ValueError:
        is_edge = False
    if is_edge:
        return CheckLine("", "ok", f"it answers GET /ping as an Edge Endpoint does{by}")
    seen = f"HTTP{by}, but GET /ping (status {ping.status}) is not answered as by an Edge Endpoint"
    return CheckLine("", "unknown", seen)


def box_figures_line(told: BoxResources | NoResources) -> CheckLine:
    """Whether the box says how busy it is, without which a run knows less of its limit."""
    if isinstance(told, NoResources):
        return CheckLine("", "unknown", f"the box does not say how busy it is ({told.reason})")
    parts = []
    if told.cpu_percent is not None:
        parts.append(f"CPU {told.cpu_percent.total or 0.0:.0f} %")
    for name, usage, total in (
        ("RAM", told.ram_bytes, told.ram_total_bytes),
        ("VRAM", told.vram_bytes, told.vram_total_bytes),
    ):
        if usage is not None and usage.total is not None and total is not None:
            parts.append(f"{name} {usage.total / _GIB:.1f} of {total / _GIB:.1f} GiB")
    parts.append(f"{plural(len(told.detectors), 'detector')} loaded")
    return CheckLine("", "ok", ", ".join(parts))
