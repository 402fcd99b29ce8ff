"""What does not fit together in the settings of a run on a cluster. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from edgeload.plain_words import quoted
from edgeload.settings.cluster_fields import ClusterFields
from edgeload.settings.declaration import carried_by
from edgeload.settings.values import cluster_nodes

if TYPE_CHECKING:
    from edgeload.settings.resolved import Settings

ONLY_A_CLUSTER = tuple(name for name in ClusterFields.model_fields if name != "cluster")
"""Settings that nothing else uses."""


def typed_without_a_cluster(options: Mapping[str, object]) -> str | None:
    """The line that refuses an option that only a cluster uses; None: there is none."""
    for name in ONLY_A_CLUSTER:
        value = options.get(name)
        if str(value or "").strip():
            setting = carried_by(ClusterFields.model_fields[name])
            option = "--" + name.replace("_", "-")
            example = option if setting.form == "flag" else f"{option} {setting.example}"
            return (
                f"{name.upper()} = {quoted(value)}: needs --cluster, for example --cluster local:2 "
                f"{example}"
            )
    return None


def check_cluster(settings: Settings, place: str) -> None:
    """Raise ValueError, in one line, if the run cannot be made on this cluster."""
    here = cluster_nodes(place)
    if here is not None and settings.nodes not in (None, here):
        raise ValueError(
            f"NODES = {settings.nodes}: CLUSTER = {place!r} has {here}; must be {here} or left out"
        )
    if here is None and settings.nodes is None:
        raise ValueError(
            f"NODES is not set: CLUSTER = {place!r} needs the number of nodes that make the load, "
            "for example --nodes 3"
        )
    if settings.variants is not None:
        raise ValueError(
            "VARIANTS: the variants of a box are measured by this machine alone; must be left out "
            "with --cluster"
        )
    if here is None and not settings.targets and is_this_machine(settings.endpoint_url):
        shown = settings.endpoint_url or ""
        why = f"each node of CLUSTER = {place!r} would ask itself"
        if not shown:
            why = f"the embedded endpoint is this machine's, and no node of {place!r} reaches it"
        raise ValueError(
            f"ENDPOINT_URL = {shown!r}: {why}; must be the address of an endpoint that all nodes "
            "reach, for example --endpoint-url https://192.0.2.7:30143"
        )


def is_this_machine(url: str | None) -> bool:
    """Whether an address means the machine on which it is used: the embedded one, or loopback."""
    host = urlsplit(url).hostname if url else "localhost"
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return host == "localhost"
