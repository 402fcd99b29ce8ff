"""Asks a cluster, in a process of its own, what Ray itself would take a minute to say.

How a process authenticates is settled when it loads Ray, and Ray prints what it thinks of a refusal
once a second. So each question is asked by another process, whose stderr nobody sees:
`edgeload.cluster.ray_probe:main HOST:PORT own|stranger` prints one line of JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from dataclasses import dataclass

import psutil

from edgeload.child_processes import RAY_TOKEN, command, environment
from edgeload.cluster.engine import ClusterError
from edgeload.cluster.ray_environment import RAY_TLS, RAY_TOKEN_FILE, RAY_TOKEN_MODE
from edgeload.settings import SettingError

_WITHIN_S = 15.0
_STRANGER_LATER_S = 3.0
"""A stranger who is let in is as quick as we are."""
_OWN = "own"
_STRANGER = "stranger"


@dataclass(frozen=True)
class Probed:
    """What one process saw: `refused` for its token, or the addresses of the nodes that live."""

    refused: bool = False
    nodes: tuple[str, ...] = ()
    error: str = ""


def check_cluster_of(address: str, *, insecure: bool) -> None:
    """Raise ClusterError or SettingError, in one line, if this machine cannot use the cluster.

    A cluster that lets in whoever has no token is refused, unless `insecure`.
    """
    own, stranger = _started(address, _OWN), _started(address, _STRANGER)
    probed = _said(own, _WITHIN_S)
    by_stranger = _said(stranger, _STRANGER_LATER_S)  # without TLS, it would wait for an answer
    if probed.refused:
        raise SettingError(
            f"CLUSTER = {address!r}: the cluster refuses our token; {RAY_TOKEN_FILE} must name a "
            "file with the token that the cluster was started with (docs/cluster.md)"
        )
    if probed.error:
        raise ClusterError(f"CLUSTER = {address!r}: cannot be asked ({probed.error})")
    if by_stranger.nodes and not insecure:
        raise SettingError(
            f"CLUSTER = {address!r}: the cluster lets in whoever has no token, so that everybody "
            "who reaches it can run programs on all of its machines; start it with a token "
            "(docs/cluster.md), or permit this with --insecure-cluster"
        )
    if by_stranger.nodes and os.environ.get(RAY_TOKEN_MODE, "").lower() == "token":
        raise SettingError(
            f"CLUSTER = {address!r}: the cluster has no token, and {RAY_TOKEN_MODE} is token here; "
            f"must be the same on both sides: {RAY_TOKEN_MODE}=disabled"
        )
    if not set(probed.nodes) & _own_addresses():
        raise ClusterError(
            f"CLUSTER = {address!r}: this machine is none of its nodes ({', '.join(probed.nodes)})"
            f"; join it first: ray start --address={address} --num-cpus=0"
        )


def _started(address: str, who: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        command("edgeload.cluster.ray_probe:main", address, who),
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin is not None
    with contextlib.suppress(OSError), process.stdin:  # it may have ended already
        process.stdin.write(os.environ.get(RAY_TOKEN, "").encode() if who == _OWN else b"")
    process.stdin = None
    return process


def _said(process: subprocess.Popen[bytes], within_s: float) -> Probed:
    try:
        out, _ = process.communicate(timeout=within_s)
        said = json.loads(out)
        return Probed(said["refused"], tuple(said["nodes"]), said["error"])
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return Probed(error=f"no answer within {within_s:g} s; is TLS on at one end only?")
    except (ValueError, KeyError, TypeError):
        return Probed(error="it does not answer like a Ray cluster of this version")


def _own_addresses() -> set[str]:
    found = psutil.net_if_addrs().values()
    families = (socket.AF_INET, socket.AF_INET6)
    return {each.address for nics in found for each in nics if each.family in families}


def main() -> int:
    """Print what the cluster at the given address says to this process: with our token, or to a
    stranger without one.
    """
    if sys.argv[2] == _STRANGER:
        os.environ[RAY_TOKEN_MODE] = "disabled"
        for name in (RAY_TOKEN_FILE, RAY_TLS):
            os.environ.pop(name, None)
    elif token := sys.stdin.read():
        os.environ[RAY_TOKEN] = token
    from ray._raylet import GcsClient  # type: ignore[attr-defined]  # noqa: PLC0415
    from ray.exceptions import AuthenticationError  # noqa: PLC0415

    said: dict[str, object] = {"refused": False, "nodes": [], "error": ""}
    try:
        infos = GcsClient(address=sys.argv[1]).get_all_node_info(timeout=10)
        said["nodes"] = [info.node_manager_address for info in infos.values() if info.state == 0]
    except AuthenticationError:
        said["refused"] = True
    except Exception as error:  # whatever Ray says, it is one line here
        said["error"] = (str(error).strip().splitlines() or [type(error).__name__])[0]
    print(json.dumps(said), flush=True)
    os._exit(0)  # without waiting for what Ray has started
