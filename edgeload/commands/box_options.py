"""The options of commands that change something on the box, and how they reach it.

They take the settings of a load test that they need, from the command line, config.py and the
environment, and no others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from edgeload.child_processes import TOKEN
from edgeload.edge.location import Forbidden, locate
from edgeload.edge.trust import TlsTrust
from edgeload.settings import SettingError
from edgeload.settings.single_setting import constant
from edgeload.target_rules import literal_address, why_refused
from edgeload.untrusted_text import remember_secret

REACHING = ("endpoint_url", "insecure", "cacert", "allow_public_target")
"""The settings that say how the box is reached."""
REACHING_HELP = {
    "endpoint_url": "Address of the Edge Endpoint: https://HOST:30143, or http://HOST:30101 if it "
    "serves plain HTTP.",
    "allow_public_target": "Host of the box, once more, to permit an address that is public or "
    "link-local (docs/endpoint.md).",
}
"""What a load test says otherwise about them."""


def setting_of(config: Mapping[str, object], given: Mapping[str, object], name: str) -> Any:
    """The value of a setting: an option wins over config.py. Raises SettingError."""
    typed = {name.upper(): given[name]} if name in given else {}
    return constant({**config, **typed}, name)


def token_of(config: Mapping[str, object], environment: Mapping[str, str]) -> str:
    """The API token in clear, which nothing shows from now on. Raises SettingError."""
    found = constant(config, TOKEN.lower())
    if found is None:
        found = constant({TOKEN: environment.get(TOKEN) or None}, TOKEN.lower())
    if found is None:
        raise SettingError(
            f"{TOKEN} is empty: set it in config.py or in the environment, for example "
            f"export {TOKEN}=api_…"
        )
    token = str(found.get_secret_value())
    remember_secret(token)
    return token


@dataclass(frozen=True)
class BoxAccess:
    """How the box is reached."""

    url: str
    insecure: bool
    cacert: Path | None
    allowed: str | None
    """The host that may have a public address."""

    def trust(self) -> TlsTrust:
        """Which certificate is trusted. Raises Unreachable, SettingError for a forbidden box."""
        try:
            target = locate(self.url, self.allowed)
        except Forbidden as refusal:
            raise SettingError(str(refusal)) from refusal
        try:
            return TlsTrust(self.insecure, self.cacert).for_endpoint(target)
        except (OSError, ValueError) as problem:
            raise SettingError(
                f"CACERT = {str(self.cacert)!r}: cannot be read ({problem})"
            ) from None


def box_access(config: Mapping[str, object], given: Mapping[str, object]) -> BoxAccess:
    """How the box is reached, by the settings. Raises SettingError."""
    url, insecure, cacert, allowed = (setting_of(config, given, name) for name in REACHING)
    if url is None:
        raise SettingError(
            "ENDPOINT_URL is empty: detectors are made for a box; must be its address, for example "
            "--endpoint-url https://HOST:30143"
        )
    address = literal_address(urlsplit(url).hostname or "")
    if address is not None and (refusal := why_refused(url, allowed, [address])):
        raise SettingError(refusal)
    return BoxAccess(url, insecure, cacert, allowed)
