"""Pods and limits of both versions of cgroups, on made-up trees."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeload.cgroup_files import CgroupLimits
from edgeload.host.cgroups import CgroupProbe, CgroupReading
from edgeload.host.samples import CgroupUse

UID = "1a2b3c4d-0000-4000-8000-123456789abc"
SLICE = (
    f"kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{UID.replace('-', '_')}.slice"
)
GIB = 2**30


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def stat(used_us: int, periods: int, throttled: int) -> str:
    return f"usage_usec {used_us}\nnr_periods {periods}\nnr_throttled {throttled}\n"


def version_2(used_us: int, periods: int, throttled: int) -> dict[str, str]:
    pod = f"sys/fs/cgroup/{SLICE}"
    return {
        "sys/fs/cgroup/cgroup.controllers": "cpu memory\n",
        f"{pod}/cpu.stat": stat(used_us, periods, throttled),
        f"{pod}/cpu.max": "200000 100000\n",
        f"{pod}/memory.current": f"{GIB}\n",
        f"{pod}/memory.max": f"{4 * GIB}\n",
    }


def version_1(used_us: int, periods: int, throttled: int) -> dict[str, str]:
    pod = f"kubepods/burstable/pod{UID}"
    return {
        f"sys/fs/cgroup/cpu/{pod}/cpuacct.usage": f"{used_us * 1000}\n",
        f"sys/fs/cgroup/cpu/{pod}/cpu.stat": f"nr_periods {periods}\nnr_throttled {throttled}\n",
        f"sys/fs/cgroup/memory/{pod}/memory.usage_in_bytes": f"{GIB}\n",
        f"sys/fs/cgroup/memory/{pod}/memory.limit_in_bytes": f"{4 * GIB}\n",
    }


@pytest.mark.parametrize("version", [version_1, version_2])
@pytest.mark.parametrize("named", [True, False])
def test_a_pod_is_read_in_both_versions(tmp_path: Path, version: object, named: bool) -> None:
    """3 s of CPU in 2 s are 150 % of a core; 5 of 20 periods throttled are 25 %; the pod's name if
    its folder of logs can be seen, else its uid."""
    assert callable(version)
    if named:
        (tmp_path / f"var/log/pods/edge_inference-0_{UID}").mkdir(parents=True)
    probe = CgroupProbe(tree(tmp_path, version(1_000_000, 100, 7)))
    probe.prime(10.0)
    tree(tmp_path, version(4_000_000, 120, 12))
    assert probe.read(12.0).cgroups == [
        CgroupUse(
            name="edge/inference-0" if named else UID,
            cpu_percent=150.0,
            throttled_percent=25.0,
            memory_bytes=GIB,
            memory_limit_bytes=4 * GIB,
        )
    ]


def test_the_tightest_limit_around_is_the_containers(tmp_path: Path) -> None:
    """Version 2: of its own cgroup and those around it, the smallest of each kind; CPU and
    throttling are those of the cgroup that has the limit."""
    files = {
        "proc/self/cgroup": "0::/a/b\n",
        "sys/fs/cgroup/cgroup.controllers": "",
        "sys/fs/cgroup/a/cpu.max": "150000 100000",
        "sys/fs/cgroup/a/cpu.stat": stat(0, 0, 0),
        "sys/fs/cgroup/a/memory.max": "max",
        "sys/fs/cgroup/a/b/cpu.max": "max 100000",
        "sys/fs/cgroup/a/b/memory.max": str(GIB),
    }
    probe = CgroupProbe(tree(tmp_path, files))
    assert probe.limits == CgroupLimits(1.5, GIB)
    probe.prime(0.0)
    tree(tmp_path, {"sys/fs/cgroup/a/cpu.stat": stat(1_500_000, 10, 5)})
    assert probe.read(2.0) == CgroupReading(None, 50.0, 50.0)


def test_a_container_that_sees_its_own_root(tmp_path: Path) -> None:
    """Version 1: the path is the host's and not there, so the limits are those of the root; what
    stands for "no limit" is None."""
    files = {
        "proc/self/cgroup": "4:memory:/docker/12ab\n2:cpu,cpuacct:/docker/12ab\n",
        "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000",
        "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
    }
    assert CgroupProbe(tree(tmp_path, files)).limits == CgroupLimits(0.5, None)
    tree(tmp_path, {"sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1"})
    assert CgroupProbe(tmp_path).limits == CgroupLimits()


def test_a_host_without_cgroups_has_no_figures(tmp_path: Path) -> None:
    """Nothing there: no limits, no pods, no error."""
    probe = CgroupProbe(tmp_path)
    assert probe.limits == CgroupLimits()
    assert probe.read(1.0) == CgroupReading(None, None, None)
