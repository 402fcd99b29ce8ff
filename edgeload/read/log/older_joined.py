"""Rows of several files of one run, each in the order of its lines -> one, in order of time. Pure.

The order within a file stays, because a client writes its lines one after the other.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from edgeload.read.log.columns import Ints
from edgeload.read.log.older_rows import LensCamera, OlderRows
from edgeload.read.statistics.windows import Floats

_COLUMNS = ("client", "number", "instant", "told", "latency", "from_edge", "camera", "follows")


def joined_rows(parts: Sequence[OlderRows]) -> OlderRows:
    """The requests and host lines of all parts. Lines are numbered anew, in order of time.

    What is damaged keeps the number that it has in its own file.
    """
    cameras: dict[LensCamera, int] = {}
    for part in parts:
        for camera in part.cameras:
            cameras.setdefault(camera, len(cameras))
    own = [_with_cameras(part, cameras) for part in parts]
    row_at = np.concatenate([_in_order(part.instant) for part in own])
    host_at = np.concatenate([_in_order([host.instant for host in part.hosts]) for part in own])
    order = np.argsort(row_at, kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    starts = np.cumsum([0, *(len(part.client) for part in own)])
    line = np.arange(len(order)) + np.searchsorted(np.sort(host_at), row_at[order])
    host_line = np.searchsorted(row_at[order], host_at)
    hosts = [host for part in own for host in part.hosts]
    found = OlderRows(
        hosts=[replace(hosts[i], line=int(host_line[i])) for i in np.argsort(host_at).tolist()],
        line=array("q", (line + 1).tolist()),
        cameras=list(cameras),
        failures={
            int(place[start + row]): failure
            for start, part in zip(starts.tolist(), own, strict=False)
            for row, failure in part.failures.items()
        },
        both=next((part.both for part in own if part.both), None),
        good_lines=sum(part.good_lines for part in own),
    )
    for name in _COLUMNS:
        setattr(found, name, _sorted([getattr(part, name) for part in own], order))
    for part in parts:
        found.tally.extend(part.tally, 0)
    return found


def _with_cameras(part: OlderRows, cameras: dict[LensCamera, int]) -> OlderRows:
    known = [cameras[camera] for camera in part.cameras]
    return replace(part, camera=array("i", [known[i] if i >= 0 else i for i in part.camera]))


def _in_order(instants: Sequence[float] | array[float]) -> Floats:
    """Instants that never fall; one that is not known is that of the line before."""
    at = np.array(instants, dtype=np.float64)
    found: Floats = np.fmax.accumulate(at) if len(at) else at
    return np.nan_to_num(found, nan=-np.inf)


def _sorted(columns: Sequence[array[Any]], order: Ints) -> array[Any]:
    values = np.concatenate([np.array(column) for column in columns])[order]
    return array(columns[0].typecode, values.tolist())
