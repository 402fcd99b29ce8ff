"""The settings of a run whose load is made by many machines, declared once. Pure."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from edgeload.settings import values
from edgeload.settings.declaration import declare
from edgeload.settings.target_map import ONE_FOR_ALL, TARGET_MAP_EXAMPLE, TargetMapText


class ClusterFields(BaseModel):
    """The fields of `Settings` that only a cluster needs."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    cluster: values.ClusterPlace = declare(
        None,
        "The cluster",
        "Let many machines make the load: HOST:PORT of the head of a Ray cluster, or local:N to "
        "try it with N nodes on this machine alone (docs/cluster.md). If not set: this machine "
        "makes it.",
        metavar="HOST:PORT",
        example="local:2",
        measured=False,
    )
    nodes: values.NodeCount = declare(
        None,
        "The cluster",
        "How many nodes of the cluster make the load, each on a machine of its own. WORKERS is the "
        "number of worker processes of each of them then.",
        metavar="N",
        example="2",
        measured=False,
    )
    target_map: TargetMapText = declare(
        ONE_FOR_ALL,
        "The cluster",
        "Which endpoint each node loads: all = every node loads ENDPOINT_URL; or NAME=URL for each "
        "node, with commas between them; or a YAML file with these (docs/fleet.md).",
        metavar="MAP",
        example=TARGET_MAP_EXAMPLE,
    )
    cluster_wait: values.Seconds = declare(
        60.0,
        "The cluster",
        "Seconds to wait until so many nodes are free.",
        metavar="TIME",
        unit="s",
        example="60s",
        measured=False,
    )
    lease: values.Lease = declare(
        5.0,
        "The cluster",
        "Seconds after which a node stops sending if nobody has asked how it is; it is asked once "
        "a second.",
        metavar="TIME",
        unit="s",
        example="5s",
        measured=False,
    )
    on_node_loss: Literal["abort", "continue"] = declare(
        "abort",
        "The cluster",
        "What happens to the run when a node is lost: abort = it ends early; continue = the other "
        "nodes go on. The load of a lost node is never moved to another one.",
        example="continue",
        measured=False,
    )
    records: Literal["pull", "stream", "leave"] = declare(
        "pull",
        "The cluster",
        "When the records come from the nodes: pull = after the load; stream = during the run as "
        "well, so that those of a node that is lost later are here; leave = never, they stay on "
        "the nodes (docs/cluster.md).",
        example="stream",
        measured=False,
    )
    insecure_cluster: bool = declare(
        False,
        "The cluster",
        "Use a cluster without a token. Whoever reaches such a cluster can run programs on all of "
        "its machines.",
        form="flag",
        example="True",
        measured=False,
    )
