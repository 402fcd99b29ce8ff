"""The address of the cloud: where the token may go. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

from edgeload.target_rules import literal_address, plain_host

DEFAULT_CLOUD = "https://api.groundlight.ai"
_LEGAL = f"must be https://HOST, for example {DEFAULT_CLOUD}"


def cloud_address(text: str) -> str:
    """The address without a path. Raises ValueError, which says what is legal.

    The token is sent there, so only loopback may do without TLS.
    """
    try:
        parts = urlsplit(text.strip())
        port, host = parts.port, plain_host(parts.hostname or "")
    except ValueError:
        raise ValueError(_LEGAL) from None
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError(_LEGAL)
    if parts.path.strip("/") not in ("", "device-api"):
        raise ValueError(f"{_LEGAL}, with nothing after it")
    if parts.scheme == "http":
        address = literal_address(host)
        if address is None or not address.is_loopback:
            raise ValueError(f"{_LEGAL}, because the API token is sent there")
    elif parts.scheme != "https":
        raise ValueError(_LEGAL)
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}{'' if port is None else f':{port}'}"
