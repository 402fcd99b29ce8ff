"""Folders of upstream's tools, against what is known to have happened in their runs."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from upstream_runs import T0, Asked, LensOf, ramp_of, write_lens_run, write_ramp

from edgeload.read.analysis.findings import find
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse, with_host
from edgeload.read.figures.shown import charts_of, prepare_figures
from edgeload.read.log.log_error import LogError
from edgeload.read.log.open import read_log
from edgeload.read.output import png
from edgeload.read.output.page import html_report
from edgeload.read.output.steps_csv import steps_csv
from edgeload.read.output.summary_json import summary_json
from edgeload.read.output.summary_md import summary_md
from edgeload.read.output.terminal import print_report
from edgeload.read.results.run_results import write_results
from edgeload.read.words.finding_words import message

WARM_UP_S, LENGTH_S = 5.0, 20.0
LENSES = (
    LensOf("door", 3, 10.0, latency=lambda s: 0.03 + 0.02 * (s % 1.0), fails=lambda n: n % 40 == 0),
    LensOf("person", 2, 2.0, objects=8),
    LensOf("gate", 1, 0.0, copies=2),
)


def _measured(
    asked: Sequence[Asked], lens: str, copy: int | None = None, warm_up_s: float = WARM_UP_S
) -> list[list[Asked]]:
    """The frames of a lens that were sent in the measured time, as their requests."""
    frames: dict[tuple[int, int, int], list[Asked]] = {}
    for each in asked:
        if each.place[0] == lens and copy in (None, each.place[1]):
            frames.setdefault((*each.place[1:], each.frame), []).append(each)
    start_s = T0 + warm_up_s
    return [f for f in frames.values() if start_s <= f[0].sent_s < start_s + LENGTH_S]


def _codes(summary: RunSummary) -> dict[str, str]:
    return {finding.code: message(finding) for finding in find(summary)}


def test_each_lens_is_a_group_with_what_happened_after_the_warm_up(tmp_path: Path) -> None:
    """Frames, failures, rates and percentiles of each lens and copy are those that were written."""
    asked = write_lens_run(tmp_path, LENSES, warm_up_s=WARM_UP_S, length_s=LENGTH_S)
    summary = analyse(read_log(tmp_path))
    [step] = summary.steps
    parts = {part.group: part for part in step.groups}
    assert list(parts) == ["door", "person", "gate_copy0", "gate_copy1"]
    copies = {"gate_copy0": 0, "gate_copy1": 1}
    for name, part in parts.items():
        frames = _measured(asked, name.split("_")[0], copies.get(name))
        ok = [frame for frame in frames if all(each.ok for each in frame)]
        assert (part.counts.ok, part.counts.failed) == (len(ok), len(frames) - len(ok))
        in_time = [f for f in ok if max(e.done_s for e in f) < T0 + WARM_UP_S + LENGTH_S]
        throughput = part.rates.throughput_per_s
        assert throughput == pytest.approx(len(in_time) / LENGTH_S)
        took = [each.done_s - each.sent_s for frame in frames for each in frame if each.ok]
        p95 = part.times.service.quantile("p95")
        assert p95 is not None and part.times.service.n == len(took)
        ranked = float(np.quantile(took, 0.95, method="inverted_cdf"))
        assert p95.value == pytest.approx(ranked, abs=6e-5)  # upstream rounds to 0.1 ms
    assert [part.rates.arrival_per_s for part in step.groups] == [30.0, 4.0, None, None]
    assert [part.clients for part in step.groups] == [3, 2, 1, 1]
    assert step.span.length_s == pytest.approx(LENGTH_S)


@pytest.mark.parametrize("warm_up_s", [WARM_UP_S, 4.83])
def test_a_frame_ends_with_the_last_of_its_requests(tmp_path: Path, warm_up_s: float) -> None:
    """The further requests of a frame are side by side, in any order of their lines.

    A frame that is under way when the measured time begins or ends is out, or in, as a whole.
    """
    asked = write_lens_run(tmp_path, LENSES[1:2], warm_up_s=warm_up_s, length_s=LENGTH_S)
    [part] = analyse(read_log(tmp_path)).steps[0].groups
    frames = _measured(asked, "person", warm_up_s=warm_up_s)
    assert (part.counts.ok, part.counts.failed) == (len(frames), 0)
    took = [max(e.done_s for e in frame) - frame[0].sent_s for frame in frames]
    assert {len(frame) for frame in frames} == {9}
    assert part.times.chains is not None
    assert part.times.chains.mean == pytest.approx(float(np.mean(took)), abs=1e-4)


def test_what_such_logs_cannot_say_stays_unknown(tmp_path: Path) -> None:
    """No response time, no missed frame, no lag; the report says why, and what was left out."""
    write_lens_run(tmp_path, LENSES, warm_up_s=WARM_UP_S, length_s=LENGTH_S)
    summary = analyse(read_log(tmp_path))
    for part in (*summary.steps, *summary.steps[0].groups):
        assert part.times.response is None and part.age is None
        assert part.counts.missed is None and part.generator.lag is None
    codes = _codes(summary)
    assert "older_form" in codes
    assert codes["warm_up_left_out"].endswith("frames sent before the measured time are left out")
    assert {"missed", "no_end", "generator_late"}.isdisjoint(codes)


def test_lost_cameras_make_the_run_invalid(tmp_path: Path) -> None:
    """A camera without a line, and a process that failed, are named; nothing is divided by them."""
    lenses = (LensOf("door", 3, 10.0, silent=((0, 1),)), LensOf("gate", 1, 5.0))
    write_lens_run(tmp_path, lenses, failures=[{"name": "door_cam1", "exitcode": 1}])
    summary = analyse(read_log(tmp_path))
    assert not summary.valid
    assert _codes(summary)["cameras_lost"] == (
        "door camera 1 sent nothing in the measured time; 1 process of the load generator failed: "
        "door_cam1 (exit code 1)"
    )
    assert summary.steps[0].groups[0].rates.arrival_per_s == 30.0


def test_without_a_summary_the_warm_up_is_not_known(tmp_path: Path) -> None:
    """A killed run is read whole, and says so; its rate can be told."""
    asked = write_lens_run(tmp_path, LENSES[:2])
    far = '{"meta": {"main_start_ts": 1e299, "main_end_ts": 1e300, "lenses": []}}'
    for damaged in (None, "", '{"meta": {"main_start_ts": 17', '{"meta": []}', "[]", far):
        summary_file = tmp_path / "summary.json"
        if damaged is None:
            summary_file.unlink()
        else:
            summary_file.write_text(damaged)
        log = read_log(tmp_path, requests_per_second=10)
        summary = analyse(log)
        assert len(log.sent_requests) == len(asked)
        assert "window_unknown" in _codes(summary)
        assert [part.rates.arrival_per_s for part in summary.steps[0].groups] == [30.0, 20.0]
        person = next(part for part in summary.groups if part.group == "person")
        assert person.log.parts is not None and person.log.parts.part is not None
        assert int(person.log.parts.part.max()) == 8


def test_damage_packing_and_order_of_files(tmp_path: Path) -> None:
    """Torn and foreign lines are counted with their file; packed logs count as any other."""
    asked = write_lens_run(tmp_path, LENSES)
    whole = read_log(tmp_path)
    door = tmp_path / "camera_door_0.log"
    lines = door.read_bytes()
    door.unlink()
    (tmp_path / "camera_door_0.log.gz").write_bytes(
        gzip.compress(lines + b'{"asctime": "2026-0\n\xff\xfe\x00\n')
    )
    (tmp_path / "camera_empty_0.log").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("not a log")
    log = read_log(tmp_path)
    assert log.damage.lines == 2 and log.damage.first is not None
    assert log.damage.first.problem.startswith("in camera_door_0.log.gz, ")
    assert len(log.sent_requests) == len(whole.sent_requests) < len(asked)
    assert analyse(log).steps[0].counts == analyse(whole).steps[0].counts


def test_a_frame_without_all_of_its_requests_is_no_success(tmp_path: Path) -> None:
    """The last frame of a killed camera, and one whose lines were torn, are aborted."""
    write_lens_run(tmp_path, LENSES[1:2], warm_up_s=WARM_UP_S, length_s=LENGTH_S)
    file = tmp_path / "camera_person_1.log"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(lines[:-3]) + lines[-3][:50])
    [part] = analyse(read_log(tmp_path)).steps[0].groups
    assert part.counts.failures == {"aborted": 1}


@pytest.mark.filterwarnings("error")
def test_a_request_without_a_latency_counts_without_a_time(tmp_path: Path) -> None:
    """Also one of the further requests about a frame."""
    asked = write_lens_run(tmp_path, LENSES[1:2], warm_up_s=WARM_UP_S, length_s=LENGTH_S)
    file = tmp_path / "camera_person_0.log"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    del lines[9 * 20 + 4]["latency"]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    log = read_log(tmp_path)
    [part] = analyse(log).steps[0].groups
    assert log.repairs.without_latency == 1
    assert part.counts.ok == len(_measured(asked, "person"))


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ((), "is a folder without the log of a load test"),
        (("run_00/x", "run_01/x", "run_02/x"), "holds 3 runs (run_00, run_01 and run_02)"),
        (("camera_a_0.log",), "holds no request"),
        (("camera_a_0.log.gz",), "cannot unpack"),
        (("run_00/system.log",), "is a folder without the log of a load test"),
    ],
)
def test_folders_of_no_run_get_one_line(tmp_path: Path, names: tuple[str, ...], said: str) -> None:
    """Several runs, empty and broken files: what is wrong, and what to give instead."""
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"\x1f\x8b\x08broken" if name.endswith("gz") else b"")
    with pytest.raises(LogError) as caught:
        read_log(tmp_path)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_the_one_run_of_a_benchmark_is_found_below_it(tmp_path: Path) -> None:
    """The folder of a benchmark stands for its run, if it has one."""
    write_lens_run(tmp_path / "run_00", LENSES[:1])
    log = read_log(tmp_path)
    assert log.path == tmp_path / "run_00"


def test_a_camera_count_that_cannot_be_is_refused(tmp_path: Path) -> None:
    """What a summary claims takes no memory."""
    write_lens_run(tmp_path, LENSES[:1])
    file = tmp_path / "summary.json"
    told = json.loads(file.read_text())
    told["meta"]["lenses"][0]["cameras"] = 2_000_000_000
    file.write_text(json.dumps(told))
    with pytest.raises(LogError, match=r"more than 10,000 cameras"):
        read_log(tmp_path)


def test_requests_side_by_side_are_in_seconds_all_the_same(tmp_path: Path) -> None:
    """Latencies of one frame add up to more than its time, and slow cameras make no pause."""
    lens = LensOf("person", 1, 0.1, objects=32)
    write_lens_run(tmp_path, [lens], warm_up_s=10.0, length_s=60.0)
    (tmp_path / "system.log").unlink()
    log = read_log(tmp_path)
    assert log.repairs.latencies_unit is None and not log.repairs.jumps
    assert analyse(log).steps[0].rates.throughput_per_s == pytest.approx(0.1)


def _host(at_s: float) -> tuple[float, float, float, float]:
    """Zeros while the box gave no figures; CPU and memory are renewed every 15 s."""
    if 8 <= at_s < 12:
        return 0.0, 0.0, 0.0, 0.0
    return 20.0 + at_s // 15, 40.0, 2.0 * at_s, 55.0


def test_the_host_stands_beside_the_load(tmp_path: Path) -> None:
    """Its figures are on the axis of the measured time, and zeros are no idle host."""
    write_lens_run(tmp_path, LENSES, warm_up_s=WARM_UP_S, length_s=LENGTH_S, host=_host)
    log = read_log(tmp_path)
    summary = with_host(analyse(log), log.host)
    series = summary.host_series
    assert series is not None
    gpu = {
        round(at): value
        for at, value in zip(series.at_s.tolist(), series.lines["GPU"].tolist(), strict=True)
        if np.isfinite(value)
    }
    seconds = [at for at in range(1, 25) if not 8 <= at < 12]
    assert gpu == {0 - 5: 0.0} | {at - 5: 2.0 * at for at in seconds}
    means = summary.host_steps[0]
    inside = [2.0 * at for at in range(6, 25) if not 8 <= at <= 12]
    assert means.gpus[0].utilization_percent == pytest.approx(float(np.mean(inside)), rel=0.05)
    assert set(series.lines["GPU memory"][np.isfinite(series.lines["GPU memory"])]) == {55.0}
    assert min(series.lines["CPU"][np.isfinite(series.lines["CPU"])]) == 20.0
    assert _codes(summary)["host_zeros"].startswith("8 of 50 lines")


def test_a_ramp_is_read_with_the_rate_that_stands_beside_it(tmp_path: Path) -> None:
    """Steps are those that were run, not those that were asked for; so are counts and rates."""
    clients = ramp_of(7, 2)
    assert clients == [2, 4, 6, 8]
    asked = write_ramp(
        tmp_path,
        clients=clients,
        latency=lambda s: 0.04 if s < 20 else 0.13,
        fails=lambda number: number % 90 == 0,
        host=_host,
    )
    summary = analyse(read_log(tmp_path / "load_test.log"))
    assert [step.clients for step in summary.steps] == clients
    assert [step.rates.arrival_per_s for step in summary.steps] == [20, 40, 60, 80]
    for index, step in enumerate(summary.steps):
        sent = [a for a in asked if index <= (a.sent_s - T0) / 10 < index + 1]
        assert step.counts.ok + step.counts.failed == pytest.approx(len(sent), abs=2)
        assert step.counts.failed == pytest.approx(sum(not a.ok for a in sent), abs=1)
        window = (step.window.start_s + T0, step.window.end_s + T0)
        done = [a for a in asked if a.ok and window[0] <= a.done_s < window[1]]
        assert step.rates.throughput_per_s == pytest.approx(len(done) / step.window.length_s, 0.02)
    assert [step.state for step in summary.steps[2:]] == ["not carried", "not carried"]
    told = read_log(tmp_path / "load_test.log", requests_per_second=5)
    assert [step.rates.arrival_per_s for step in analyse(told).steps] == [10, 20, 30, 40]


def test_one_log_of_all_cameras_has_groups_too(tmp_path: Path) -> None:
    """The benchmark's first version wrote one file for all cameras and the host."""
    write_lens_run(tmp_path, LENSES, host=_host)
    apart = analyse(read_log(tmp_path)).steps[0]
    logs = sorted(tmp_path.glob("*.log"))
    lines = [line for log in logs for line in log.read_text().splitlines()]
    for log in logs:
        log.unlink()
    lines.sort(key=lambda line: float(json.loads(line)["ts"]))
    (tmp_path / "load_test.log").write_text("\n".join(lines))
    for given in (tmp_path, tmp_path / "load_test.log"):
        together = analyse(read_log(given)).steps[0]
        assert together.counts == apart.counts
        assert [p.counts for p in together.groups] == [p.counts for p in apart.groups]


def test_all_results_of_a_folder_can_be_made(tmp_path: Path) -> None:
    """Page, figures, JSON and terminal, for a run folder with a host and failures."""
    write_lens_run(tmp_path, LENSES, host=_host)
    log = read_log(tmp_path)
    summary = with_host(analyse(log), log.host)
    findings = find(summary)
    console = Console(file=io.StringIO(), width=100)
    print_report(console, summary, findings, [])
    said = console.file.getvalue()  # type: ignore[attr-defined]
    assert "VALID as far as a log of the older form can tell" in said
    pictures = prepare_figures(summary)
    assert {"box.png", "throughput.png", "failures.png"} <= {p.file_name for p in pictures}
    page = html_report(summary, findings, charts_of(pictures), ["box.png"])
    assert "gate_copy1" in page
    values = json.loads(summary_json(summary, findings))
    assert values["totals"]["missed"] is None
    assert "door" in summary_md(summary, findings) and "person" in steps_csv(summary)


@pytest.mark.parametrize("write", [lambda folder: write_lens_run(folder, LENSES), write_ramp])
def test_a_folder_of_packed_files_is_the_same(
    tmp_path: Path, write: Callable[[Path], list[Asked]]
) -> None:
    """gzip -r changes nothing, neither for logs nor for what stands beside them."""
    write(tmp_path)
    before = analyse(read_log(tmp_path))
    for path in list(tmp_path.iterdir()):
        (tmp_path / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    after = analyse(read_log(tmp_path))
    assert [(s.counts, s.rates) for s in before.steps] == [(s.counts, s.rates) for s in after.steps]


@pytest.mark.parametrize("below", ["", "run_00"])
def test_no_result_replaces_what_stands_in_the_folder(
    tmp_path: Path, below: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Upstream's summary has the name of a result: the report is refused, and it stays."""
    monkeypatch.setattr(png, "write", lambda pictures, folder: None)
    write_lens_run(tmp_path / "run_00", LENSES[:1])
    (tmp_path / "summary.json").write_text("{}")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    console = Console(file=io.StringIO())
    with pytest.raises(LogError, match="the results would replace"):
        write_results(tmp_path, tmp_path / below, console=console)
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
