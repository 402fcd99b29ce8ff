"""What else differs between two sides: nothing is called the same that no log says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import synthetic_log as sl

import parse_load_test_logs
from edgeload.read.analysis.differences import differences, endpoint_facts, without_header
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log

PLAYED = sl.play(sl.plan_of((20,), 12, 2.0), servers=8, service=sl.constant(0.02))


def run(path: Path, **settings: Any) -> RunSummary:
    return analyse(read_log(sl.write(path, PLAYED, **settings)))


def older(path: Path) -> Path:
    """The same requests as a log of the older form, which has no header."""
    lines = ["RAMP 20"]
    lines += [
        f'{{"asctime": "{r.asctime}", "ts": {r.ts}, "worker_number": {r.worker_number}, '
        f'"request_number": {r.request_number}, "latency": {r.latency}, "success": true, '
        '"event": "request"}'
        for r in sorted(PLAYED.requests, key=lambda r: r.ts)
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_what_is_not_the_same_is_named(tmp_path: Path) -> None:
    """Settings that change what is measured, and not where results were put."""
    old = run(tmp_path / "1", timeout=10.0, output_dir="a", log_file="a.log", slo=["p95<1s"])
    new = run(tmp_path / "2", timeout=5.0, output_dir="b", log_file="b.log", slo=[])
    found = {d.name: (d.old, d.new) for d in differences([old], [new])}
    assert found == {"timeout": ("10.0", "5.0")}


def test_every_log_of_a_side_is_looked_at(tmp_path: Path) -> None:
    """The second log of a side may be the odd one, or the logs of one side among each other."""
    same, odd = run(tmp_path / "1"), run(tmp_path / "2", timeout=5.0)
    for old, new, texts in (
        ([same], [same, odd], ("10.0", "10.0 | 5.0")),
        ([same, odd], [same, odd], ("10.0 | 5.0", "10.0 | 5.0")),
    ):
        (found,) = differences(old, new)
        assert (found.name, found.old, found.new) == ("timeout", *texts)


def test_two_series_with_the_same_seeds_do_not_differ_in_them(tmp_path: Path) -> None:
    """Runs of a series have seeds of their own on purpose; other seeds are still named."""
    one, two, three = (run(tmp_path / str(seed), seed=seed) for seed in (1, 2, 3))
    assert differences([one, two], [two, one]) == ()
    (found,) = differences([one, two], [two, three])
    assert (found.name, found.old, found.new) == ("seed", "1 | 2", "2 | 3")


@pytest.mark.parametrize("older_sides", [("old",), ("new",), ("old", "new")])
def test_a_log_without_a_header_is_not_called_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], older_sides: tuple[str, ...]
) -> None:
    """Its settings are unknown, whichever side it is on, and so are those of two such logs."""
    paths = {}
    for side in ("old", "new"):
        path = tmp_path / f"{side}.log"
        paths[side] = older(path) if side in older_sides else sl.write(path, PLAYED)
    old, new = (analyse(read_log(paths[side])) for side in ("old", "new"))
    assert differences([old], [new]) == ()
    assert without_header([old], [new]) == tuple(f"{side}.log" for side in older_sides)
    arguments = [str(paths["new"]), "--baseline", str(paths["old"])]
    parse_load_test_logs.main([*arguments, "--output-dir", str(tmp_path / "r")])
    out = " ".join(capsys.readouterr().out.split())
    assert "versions are the same." not in out
    assert "It is unknown whether settings, machine and versions are the same: " in out
    for side in older_sides:
        assert f"{side}.log" in out


def test_a_fact_that_an_older_version_did_not_write_is_no_difference(tmp_path: Path) -> None:
    """A new setting in the newer log alone: it may have been the same, so nothing is said of it."""
    old, new = run(tmp_path / "1", timeout=10.0), run(tmp_path / "2", timeout=10.0, preflight=True)
    assert differences([old], [new]) == differences([new], [old]) == ()


def test_who_has_configured_the_box_is_no_difference() -> None:
    """A box that was made edge-only for the run answers as one that is so by itself."""
    is_so = {"url": "http://192.0.2.7:30101", "edge_only": True}
    assert endpoint_facts({**is_so, "no_cloud_set": ["det_A"]}) == endpoint_facts(is_so) == is_so
