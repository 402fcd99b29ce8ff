"""What does not fit together in a run whose nodes load several endpoints. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from edgeload.child_processes import TOKEN
from edgeload.plain_words import listed, plural, quoted
from edgeload.settings.cluster_settings import is_this_machine
from edgeload.settings.target_map import ONE_FOR_ALL, TARGET_MAP_EXAMPLE
from edgeload.settings.values import cluster_nodes
from edgeload.target_rules import literal_address, why_refused

if TYPE_CHECKING:
    from edgeload.settings.resolved import Settings

_ONE_BOX = {
    "find_capacity": "a search looks for the capacity of one endpoint, and the weakest of several "
    "would stand for all of them",
    "plan_for": "boxes are counted by the capacity of one",
    "set_no_cloud": "only one box can be configured and put back",
    "variants": "they are configurations of one box",
    "audit_cache": "an audit asks for the cache of one endpoint",
    "interference": "groups disturb each other on one endpoint",
    "until_rollouts": "only the models of one box are waited for",
    "check_answers": "boxes may answer differently",
    "require_clean_box": "only one box is watched",
}
"""Settings that make no sense with several endpoints, and why."""


def check_target_map(settings: Settings, targets: Mapping[str, str]) -> None:
    """Raise ValueError, in one line, if nodes cannot load these endpoints in this run."""
    named = f"TARGET_MAP = {quoted(settings.target_map)}"
    if settings.cluster is None:
        raise ValueError(
            f"{named}: needs --cluster, whose nodes it is about; must be {ONE_FOR_ALL} without one"
        )
    if settings.endpoint_url:
        raise ValueError(
            f"ENDPOINT_URL = {settings.endpoint_url!r}: must be left out with TARGET_MAP, which "
            "names the endpoint of each node; for example --endpoint-url ''"
        )
    if settings.groundlight_api_token is None:
        raise ValueError(
            f"{TOKEN} is empty: set it in config.py or in the environment, for example "
            f"export {TOKEN}=api_…"
        )
    here = cluster_nodes(settings.cluster)
    nodes = settings.nodes if here is None else here
    if nodes is not None and nodes != len(targets):
        raise ValueError(
            f"{named}: names {plural(len(targets), 'node')}, and the run has {nodes}; must name "
            f"each of them once, for example {TARGET_MAP_EXAMPLE}"
        )
    for name, url in targets.items():
        address = literal_address(urlsplit(url).hostname or "")
        refusal = address and why_refused(url, settings.allow_public_target, [address])
        if refusal:
            raise ValueError(of_target_map(refusal))
        if here is None and is_this_machine(url):
            raise ValueError(
                f"{named}: {name} would ask itself at {url}; must be the address of an endpoint "
                "that the node reaches, for example https://192.0.2.7:30143"
            )
    for setting, why in _ONE_BOX.items():
        value = getattr(settings, setting)
        if value not in (None, False):
            raise ValueError(
                f"{setting.upper()} = {quoted(value)}: must be left out with TARGET_MAP: {why}; "
                "load each endpoint in a run of its own instead"
            )


def of_target_map(line: str) -> str:
    """What is said about ENDPOINT_URL, about a URL of the map."""
    return line.replace("ENDPOINT_URL", "TARGET_MAP", 1)


def urls_of_nodes(
    targets: Mapping[str, str], nodes: Sequence[str], *, numbered: bool
) -> tuple[str, ...]:
    """The URL that each node loads, in the order of `nodes`, their names.

    If they are `numbered`, they may also be called 1, 2 and so on. Raises ValueError, in one line,
    for a node without a URL and for a URL without a node.
    """
    numbers = {str(place): node for place, node in enumerate(nodes, 1)} if numbered else {}
    called = f"the nodes of this run are {listed(list(nodes))}"
    if numbered:
        called += f", or {listed(list(numbers))}"
    found: dict[str, str] = {}
    for name, url in targets.items():
        node = name if name in nodes else numbers.get(name)
        if node is None:
            raise ValueError(f"TARGET_MAP: no node is called {name}; {called}")
        if node in found:
            raise ValueError(f"TARGET_MAP: {node} stands there twice; must stand there once")
        found[node] = url
    if missing := [node for node in nodes if node not in found]:
        raise ValueError(
            f"TARGET_MAP: it has no endpoint for {listed(missing)}; must name each node; {called}"
        )
    return tuple(found[node] for node in nodes)
