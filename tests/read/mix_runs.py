"""Runs of a mix with a known truth, analysed: three camera groups, each with a pool of its own."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import synthetic_log as sl

from edgeload.camera_group import CameraGroup
from edgeload.plan import Plan, mix_plan
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.records import Request

MIX = (
    CameraGroup("door", 4, 5.0),
    CameraGroup("person", 6, 2.0, late="latest"),
    CameraGroup("label", 2, 4.0),
)
SERVICE_S = {"door": 0.05, "person": 0.025, "label": 0.03}
SERVERS = {"door": 4, "person": 1, "label": 2}


def lognormal(median_s: float, sigma: float = 0.2) -> sl.Service:
    """Service times around a median."""
    return lambda chance: median_s * math.exp(sigma * chance.gauss(0.0, 1.0))


def played(
    plan: Plan,
    seed: int,
    slower: Mapping[str, float],
    servers: Mapping[str, int] | None = None,
    sigma: float = 0.2,
) -> sl.Played:
    """Each group has a pool of its own."""
    pools = {
        group.name: sl.Pool(
            {**SERVERS, **(servers or {})}.get(group.name, 4),
            lognormal(SERVICE_S.get(group.name, 0.05) * slower.get(group.name, 1.0), sigma),
        )
        for group in plan.groups
    }
    return sl.play_mix(plan, pools, seed=seed)


def mix_run(
    folder: Path,
    name: str,
    *,
    groups: Sequence[CameraGroup] = MIX,
    copies: Sequence[int] = (1, 2),
    step_s: float = 20.0,
    seed: int = 1,
    ramp_group: str | None = None,
    slower: Mapping[str, float] | None = None,
    servers: Mapping[str, int] | None = None,
    sigma: float = 0.2,
    changed: Callable[[Request], Request] = lambda request: request,
) -> RunSummary:
    """A run of a mix; its seed says the phases of its cameras and the chance of its services."""
    plan = mix_plan(tuple(groups), copies, step_s, seed, ramp_group)
    what = played(plan, seed, slower or {}, servers, sigma)
    what.requests = [changed(request) for request in what.requests]
    return analyse(read_log(sl.write(folder / name, what)))
