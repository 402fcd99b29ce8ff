"""Pressure, disks and retransmits: the arithmetic of a window, and this very host."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeload.host.cpu_memory_network import steal_percent
from edgeload.host.kernel_counters import (
    KernelCounters,
    KernelProbe,
    between,
    retransmitted_segments,
    stalled_us,
)
from edgeload.host.samples import Disk

PSI = "some avg10=1.53 avg60=0.87 avg300=0.73 total=1088168194\nfull avg10=0.00 total=7\n"


def test_pressure_is_the_share_of_the_window() -> None:
    """250 ms stalled in 2 s are 12.5 %; never above 100 %; what has no counter is None."""
    before = KernelCounters({"cpu_some": 1_000, "io_some": 0, "io_full": 9}, None, {})
    after = KernelCounters({"cpu_some": 251_000, "io_some": 2_100_000, "io_full": 3}, None, {})
    pressure = between(before, after, 2.0).pressure
    assert pressure is not None
    assert (pressure.cpu_some_percent, pressure.io_some_percent) == (12.5, 100.0)
    assert (pressure.io_full_percent, pressure.memory_some_percent) == (None, None)


def test_files_are_read_as_the_kernel_writes_them() -> None:
    """`total` of each line of pressure; RetransSegs under its name, wherever that stands."""
    assert stalled_us(PSI) == {"some": 1088168194, "full": 7}
    snmp = "Ip: Forwarding\nIp: 1\nTcp: RtoMax MaxConn RetransSegs\nTcp: 120000 -1 356\n"
    assert retransmitted_segments(snmp) == 356
    assert retransmitted_segments("Udp: InDatagrams\nUdp: 4\n") is None


def test_rates_are_of_the_window() -> None:
    """Bytes and segments over its length. A disk that came, or was counted anew, is left out."""
    before = KernelCounters({}, 10, {"sda": (0, 1000), "sdb": (5, 5)})
    after = KernelCounters({}, 16, {"sda": (400, 5000), "sdb": (0, 0), "sdc": (9, 9)})
    reading = between(before, after, 2.0)
    assert reading.retransmits_per_s == 3.0
    assert reading.disk == Disk(read_bytes_per_s=200.0, written_bytes_per_s=2000.0)
    assert between(after, before, 2.0).retransmits_per_s is None
    assert between(before, after, 0.0).disk is None


def test_bytes_of_a_disk_are_counted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole disk counts; its partition and the volume on it carry the same bytes again."""

    class Io:
        read_bytes, write_bytes = 100, 700

    disks = {"nvme0n1": Io, "nvme0n1p1": Io, "dm-0": Io}
    monkeypatch.setattr("psutil.disk_io_counters", lambda **_: disks)
    (tmp_path / "sys/block/nvme0n1/device").mkdir(parents=True)
    (tmp_path / "sys/block/dm-0").mkdir()
    probe = KernelProbe(tmp_path)
    probe.prime(0.0)
    Io.write_bytes = 1700
    assert probe.read(1.0).disk == Disk(read_bytes_per_s=0.0, written_bytes_per_s=1000.0)


def test_a_host_without_these_files_has_no_figures(tmp_path: Path) -> None:
    """No pressure information, no sockets, no disk: None each, and no error."""
    reading = KernelProbe(tmp_path).read(1.0)
    assert (reading.pressure, reading.retransmits_per_s, reading.disk) == (None, None, None)


def test_stolen_time_is_a_share_of_all() -> None:
    """A tenth of the time taken away is 10 %; a system that does not count it has no figure."""
    kinds = ("user", "idle", "steal", "guest")
    assert steal_percent(kinds, (0, 0, 0, 0), (4.0, 5.0, 1.0, 4.0)) == 10.0
    assert steal_percent(("user", "idle"), (0, 0), (1.0, 1.0)) is None
