"""A Ray cluster on this machine alone, to try things: its nodes are not separate machines."""

from __future__ import annotations

import contextlib
import os
import secrets
import site
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from edgeload.child_processes import environment_with_package
from edgeload.cluster.ray_environment import RAY_TOKEN_FILE, RAY_TOKEN_MODE, hush
from edgeload.private_files import open_private

_NOT_IN_A_CLOUD = "provider: {type: local}\n"
"""Ray asks a cloud's address for metadata unless a file of this name in HOME says this."""
_OBJECT_STORE_BYTES = 100 << 20
_MOST_FOLDER_CHARS = 107 - len(
    "/session_2026-11-28_08-49-50_123456_1234567/sockets/plasma_store.16"
)
"""The path of a socket has at most 107 bytes on Linux (man 7 unix)."""


@contextlib.contextmanager
def local_ray(nodes: int, resources: Mapping[str, float]) -> Iterator[str]:
    """Start the head and so many nodes with these resources; yields the address of the head."""
    with tempfile.TemporaryDirectory(prefix="edgeload-ray-") as folder:
        home = Path(folder)
        (home / "ray_bootstrap_config.yaml").write_text(_NOT_IN_A_CLOUD, encoding="utf-8")
        with os.fdopen(open_private(home / "token", os.O_WRONLY), "w") as file:
            file.write(secrets.token_hex(32))
        token = {RAY_TOKEN_MODE: "token", RAY_TOKEN_FILE: str(home / "token")}
        elsewhere = {"HOME": folder, "PYTHONUSERBASE": site.getuserbase()}
        options: dict[str, Any] = {
            "object_store_memory": _OBJECT_STORE_BYTES,
            "node_ip_address": "127.0.0.1",
            "include_dashboard": False,
            "num_cpus": 0,
        }
        if len(folder) <= _MOST_FOLDER_CHARS:
            options["temp_dir"] = folder  # else it leaves its own logs in /tmp/ray
        with _environment({**os.environ, **token}):
            from ray._common import utils as common  # noqa: PLC0415  (an extra, and heavy)
            from ray._private import utils as private  # noqa: PLC0415
            from ray.cluster_utils import Cluster  # noqa: PLC0415

            hush()
            # Where commands such as `ray status` find this machine's real cluster, if it has one.
            private.write_ray_address = lambda *_: None
            common.reset_ray_address = lambda *_: None
            cluster = Cluster()
            try:
                with _environment({**environment_with_package(), **elsewhere}):
                    cluster.add_node(**options)
                    for _ in range(nodes):
                        cluster.add_node(**options, resources=dict(resources))
                yield str(cluster.address)
            finally:
                cluster.shutdown()


@contextlib.contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    """While entered, the environment is this one."""
    before = dict(os.environ)
    try:
        os.environ.clear()
        os.environ.update(wanted)
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
