"""The arithmetic of CPU and network windows, and the probe on this very host."""

from __future__ import annotations

import time
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeload.host.cpu_memory_network import (
    CpuMemoryNetworkProbe,
    InterfaceCounters,
    busy_percent,
    core_percents,
    counted_interfaces,
    network_between,
)

Times = type(psutil.cpu_times())
KINDS = Times._fields
ticks = st.lists(st.integers(0, 10**6), min_size=len(KINDS), max_size=len(KINDS))


def counters(sent: int, received: int, errors: int = 0, drops: int = 0) -> InterfaceCounters:
    return InterfaceCounters(sent, received, errors, drops)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ticks, ticks)
def test_busy_share_is_that_of_psutil(
    monkeypatch: pytest.MonkeyPatch, start: list[int], passed: list[int]
) -> None:
    """For any two readings of the kernel's counters, psutil.cpu_percent gives the same figure."""
    passed = list(passed)
    for guest, host in (("guest", "user"), ("guest_nice", "nice")):  # the kernel counts both
        if guest in KINDS:
            passed[KINDS.index(host)] += passed[KINDS.index(guest)]
            start[KINDS.index(host)] += start[KINDS.index(guest)]
    before = Times(*(tick / 100 for tick in start))
    after = Times(*((tick + more) / 100 for tick, more in zip(start, passed, strict=True)))
    readings = iter([before, after])
    with monkeypatch.context() as patch:
        patch.setattr(psutil, "cpu_times", lambda: next(readings))
        patch.setattr(psutil, "_last_cpu_times", {}, raising=True)
        theirs = psutil.cpu_percent(None)
    ours = busy_percent(KINDS, tuple(before), tuple(after))
    # psutil rounds to 0.1, and says 0.0 where no time has passed: we say None
    assert (0.0 if ours is None else ours) == pytest.approx(theirs, abs=0.051)


def test_no_time_is_no_data() -> None:
    """Two equal readings give no figure: 0 % would claim an idle processor."""
    reading = tuple(100.0 for _ in KINDS)
    assert busy_percent(KINDS, reading, reading) is None


def test_a_counter_that_goes_backwards_stands_still() -> None:
    """The kernel's iowait may decrease (proc(5)); the others decide then, within 0 and 100 %."""
    kinds = ("user", "idle", "iowait")
    assert busy_percent(kinds, (10.0, 50.0, 7.0), (13.0, 51.0, 2.0)) == pytest.approx(75.0)


def test_cores_that_come_or_go_have_no_figures() -> None:
    """When the number of cores changes in a window, no core is given another one's times."""
    one, two = (1.0, 1.0), (2.0, 4.0)
    assert core_percents(("user", "idle"), [one, one], [two, two]) == [25.0, 25.0]
    assert core_percents(("user", "idle"), [one, one], [two]) == [None]


def test_the_probe_agrees_with_the_kernel() -> None:
    """Half a second of work, seen by the probe, is what /proc/stat counts around it."""
    stat = Path("/proc/stat")
    if not stat.exists():
        pytest.skip("no /proc/stat to compare with on this system")

    def kernel() -> tuple[int, int]:
        fields = [int(text) for text in stat.read_text().splitlines()[0].split()[1:9]]
        return sum(fields), fields[3] + fields[4]

    probe = CpuMemoryNetworkProbe()
    total, idle = kernel()
    probe.prime(time.monotonic())
    end_s = time.monotonic() + 0.5
    while time.monotonic() < end_s:
        sum(range(1000))
    reading = probe.read(time.monotonic())
    total, idle = (now - then for now, then in zip(kernel(), (total, idle), strict=True))
    assert reading.cpu_percent == pytest.approx(100 * (total - idle) / total, abs=10)
    assert reading.cpu_percent is not None
    assert reading.cpu_percent > 50 / len(reading.cpu_per_core_percent)
    cores = [core for core in reading.cpu_per_core_percent if core is not None]
    assert sum(cores) / len(cores) == pytest.approx(reading.cpu_percent, abs=10)


def test_memory_is_what_the_kernel_says() -> None:
    """Available bytes follow /proc/meminfo; percent is what is not available, of the total."""
    meminfo = Path("/proc/meminfo")
    if not meminfo.exists():
        pytest.skip("no /proc/meminfo to compare with on this system")
    told = dict(line.split(":") for line in meminfo.read_text().splitlines())
    total, available = (int(told[k].split()[0]) * 1024 for k in ("MemTotal", "MemAvailable"))
    memory = CpuMemoryNetworkProbe().read(1.0).memory
    assert memory.available_bytes == pytest.approx(available, abs=0.05 * total)
    assert memory.used_percent == pytest.approx(100 * (1 - available / total), abs=5)


def test_traffic_is_added_up_over_interfaces() -> None:
    """Bytes of all interfaces over the window's length; errors and drops as they are."""
    before = {"eth0": counters(1000, 5000, 1, 0), "wlan0": counters(0, 0, 0, 4)}
    after = {"eth0": counters(3000, 9000, 1, 2), "wlan0": counters(500, 100, 1, 4)}
    network = network_between(before, after, 2.0)
    assert network is not None
    assert network.sent_bytes_per_s == (2000 + 500) / 2
    assert network.received_bytes_per_s == (4000 + 100) / 2
    assert (network.errors, network.drops) == (1, 2)


def test_an_interface_made_anew_is_left_out_for_a_window() -> None:
    """Counters that went backwards, or an interface unknown before, say nothing of this window."""
    before = {"eth0": counters(1000, 1000), "usb0": counters(9000, 9000)}
    after = {"eth0": counters(1100, 1000), "usb0": counters(10, 10), "new": counters(7, 7)}
    network = network_between(before, after, 1.0)
    assert network is not None
    assert (network.sent_bytes_per_s, network.received_bytes_per_s) == (100, 0)
    assert network_between({}, after, 1.0) is None
    assert network_between(before, after, 0.0) is None


def test_bytes_are_counted_once() -> None:
    """Interfaces with a device count; bridges and loopback, which carry the same bytes, do not.
    In a container, where none has a device, all but the loopback count."""
    seen = {"lo": True, "cni0": False, "eth0": False, "veth1a": False}
    assert counted_interfaces(seen, lambda name: name == "eth0") == ["eth0"]
    assert counted_interfaces(seen, lambda name: False) == ["cni0", "eth0", "veth1a"]
