"""Percentile files against numpy, and against the form that HdrHistogram's plotter reads."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import synthetic_log as sl

import parse_load_test_logs
from edgeload.camera_group import CameraGroup
from edgeload.plan import mix_plan
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.read.output import hdr
from edgeload.read.statistics.percentiles import nearest_rank

# As plotFiles.html of HdrHistogram takes lines apart: comments, a head, then four or three numbers.
_ROW = re.compile(r"^\s*([\d.]+)\s+([\d.]+)\s+(\d+)(?:\s+([\d.]+|inf))?\s*$")


def rows(text: str) -> list[tuple[float, float, int]]:
    """(value in ms, share, count) of each row; every line must be of the known form."""
    head, blank, *lines = text.splitlines()
    assert head.split() == ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"]
    assert blank == ""
    found = []
    for line in lines:
        if not line.startswith("#"):
            match = _ROW.match(line)
            assert match, line
            found.append((float(match[1]), float(match[2]), int(match[3])))
    return found


@pytest.mark.parametrize("n", [1, 59, 5000])
def test_values_are_those_of_numpy_to_three_digits(n: int) -> None:
    """At every share that the file names, the nearest rank of the sample, within 0.1 %."""
    times = np.random.default_rng(n).lognormal(-3, 1, n)
    found = rows(hdr.percentile_text(times))
    assert found[-1][1:] == (1.0, n)
    for value_ms, share, count in found:
        assert value_ms == pytest.approx(1000 * np.sort(times)[count - 1], rel=1.5e-3, abs=2e-3)
        if share > 0:
            exact_ms = 1000 * nearest_rank(times, share)
            assert value_ms >= exact_ms * (1 - 1.5e-3) - 2e-3


def test_the_summary_lines_are_right() -> None:
    """Mean, deviation, largest and count, in milliseconds."""
    times = np.random.default_rng(1).lognormal(-3, 1, 1000)
    text = hdr.percentile_text(times)
    mean = re.search(r"#\[Mean\s+=\s+([\d.]+), StdDeviation\s+=\s+([\d.]+)\]", text)
    assert mean
    assert float(mean[1]) == pytest.approx(1000 * times.mean(), rel=1e-3)
    assert float(mean[2]) == pytest.approx(1000 * times.std(), rel=1e-3)
    largest = re.search(r"#\[Max\s+=\s+([\d.]+), TotalCount\s+=\s+([\d.]+)\]", text)
    assert largest
    assert float(largest[1]) == pytest.approx(1000 * times.max(), rel=1.5e-3)
    assert float(largest[2]) == 1000


def test_what_was_never_answered_is_in_the_tail_and_said() -> None:
    """10 of 100 never: p90 is the last that was answered, above it the timeout at least."""
    text = hdr.percentile_text(np.full(90, 0.05), unanswered=10, least_s=10.0)
    found = rows(text)
    assert found[-1][0] == pytest.approx(10_000, rel=1.5e-3)
    assert max(v for v, share, _ in found if share <= 0.9) == pytest.approx(50, rel=1.5e-3)
    assert "#[Never answered = 10, entered at 10000.000]" in text


def test_times_beyond_an_hour_are_kept() -> None:
    """Timeouts may be days, and a queue may grow for longer: nothing is cut to what is usual."""
    text = hdr.percentile_text(np.array([1.0, 9000.0]), unanswered=1, least_s=7 * 86400.0)
    assert [value for value, _, count in rows(text) if count == 2][-1] == pytest.approx(9e6, 1e-3)
    assert rows(text)[-1][0] == pytest.approx(7 * 86400e3, rel=1e-3)
    assert "#[Never answered = 1, entered at 604800000.000]" in text


def test_the_script_writes_a_file_a_step_and_kind(tmp_path: Path) -> None:
    """Of the steps' windows; response files hold what was missed, service files do not."""
    played = sl.play(sl.plan_of([10, 60], 10, 2.0), servers=4, service=sl.constant(0.05))
    log = sl.write(tmp_path / "log", played)
    (tmp_path / "service_step_9_99_clients.hgrm").write_text("of an earlier run")
    assert parse_load_test_logs.main([str(log), "--output-dir", str(tmp_path), "--hdr"]) == 0
    names = sorted(path.name for path in tmp_path.glob("*.hgrm"))
    assert names == [
        "response_step_1_10_clients.hgrm", "response_step_2_60_clients.hgrm",
        "service_step_1_10_clients.hgrm", "service_step_2_60_clients.hgrm",
    ]  # fmt: skip
    service = rows((tmp_path / "service_step_1_10_clients.hgrm").read_text())
    assert [value for value, _, _ in service] == pytest.approx([50] * len(service), rel=1.5e-3)
    assert "Never" in (tmp_path / "response_step_2_60_clients.hgrm").read_text()
    assert "Never" not in (tmp_path / "service_step_2_60_clients.hgrm").read_text()


def test_without_the_library_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line and exit code 2, before the log is read: an empty one would be refused."""
    log = tmp_path / "empty.log"
    log.touch()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert parse_load_test_logs.main([str(log), "--hdr"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "pip install -e '.[hdr]'" in line


def test_a_mix_has_files_for_each_group(tmp_path: Path) -> None:
    """And they hold that group's frames alone, whatever its name."""
    groups = (CameraGroup("front door", 3, 5.0), CameraGroup("yard", 2, 4.0))
    plan = mix_plan(groups, [1], 22.0)
    pools = {"front door": sl.Pool(9, sl.constant(0.02)), "yard": sl.Pool(9, sl.constant(0.2))}
    log = sl.write(tmp_path / "log", sl.play_mix(plan, pools), workers=sl.cpu_samples(plan))
    files = hdr.percentile_files(analyse(read_log(log)))
    assert set(files) == {
        f"{kind}_step_1_{name}_clients.hgrm"
        for kind in ("service", "response")
        for name in ("front-door_3", "yard_2")
    }
    for name, service_ms, frames in (("front-door_3", 20.0, 300), ("yard_2", 200.0, 160)):
        found = rows(files[f"service_step_1_{name}_clients.hgrm"])
        assert found[-1][0] == pytest.approx(service_ms, rel=0.01)
        assert found[-1][1:] == (1.0, frames)
