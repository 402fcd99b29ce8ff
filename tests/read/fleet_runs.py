"""Runs whose nodes loaded several endpoints, played against simulated queues."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from synthetic_log import Played, Pool, play_mix, write

from edgeload.plan import Plan
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.records import ClusterRecord, NodeRecord

A, B = "https://192.0.2.7:30143", "https://192.0.2.8:30143"


def nodes(*urls: str) -> list[NodeRecord]:
    """One worker on each node."""
    return [NodeRecord(f"node{n}", [n], 2, 0.0, 1e-5, endpoint=u) for n, u in enumerate(urls)]


def fleet_summary(path: Path, played: Played, own: Sequence[NodeRecord]) -> RunSummary:
    """The run of these nodes, whose header says what they loaded."""
    write(path, played, workers=())
    first, _, rest = path.read_bytes().partition(b"\n")
    header = json.loads(first)
    header["cluster"] = msgspec.to_builtins(ClusterRecord(list(own)))
    header["workers"] = len(own)
    header["endpoint"]["url"] = own[0].endpoint
    path.write_bytes(json.dumps(header).encode() + b"\n" + rest)
    return analyse(read_log(path))


def two_boxes(plan: Plan, pools: Mapping[str, Pool], urls: Sequence[str], seed: int = 1) -> Played:
    """Client c belongs to the node of this number, and its requests to the pool of that URL."""
    return play_mix(plan, pools, pool_of=lambda client: urls[client % len(urls)], seed=seed)
