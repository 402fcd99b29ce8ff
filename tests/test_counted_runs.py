"""The three scripts as a user runs them: exact counts, exit codes and words under a light load.

The endpoint is the embedded one in processes of its own, or a server that records what it is asked.
"""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from pathlib import Path

import as_a_user as user
import psutil
import pytest
from recording_server import WithoutCloud, asked_detector, edge_answer, recording_server
from three_groups import FRAMES, PER_DETECTOR, mix_of_three

from benchmarks.truth_of_mix import check_counts, run_mix
from edgeload import exit_codes
from edgeload.records import Missed
from edgeload.run.wire import id_prefix
from edgeload.simulator.launch import running_simulator
from edgeload.simulator.truth import read_truth_log

# Both clients and every outcome are tried; one of each kind is enough for the quick set.
SDK = pytest.param("sdk", marks=pytest.mark.slow)


def test_monitor_as_a_user(tmp_path: Path) -> None:
    """Two seconds of the host, samples and figure on disk, a table on stdout."""
    ended = user.run(tmp_path, "monitor_cpu_gpu_usage.py", "--duration", "2", "--interval", "0.5")
    assert ended.code == 0, ended.err
    lines = (tmp_path / "monitor" / "host_samples.jsonl").read_text().splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["host_header"] + ["host_sample"] * 4
    assert "CPU" in ended.out


def test_labels_that_are_swapped_under_load_are_counted_exactly(tmp_path: Path) -> None:
    """Of 100 answers, 5 are swapped above 80 % load: exactly those requests are `changed_answer`.

    The endpoint's own log names them by their ids. Below that load there are none, and the report
    says from which load on.
    """
    truth = tmp_path / "truth.jsonl"
    options = ["--inference-workers", "4", "--service-time", "50ms", "--truth-log", str(truth)]
    options += ["--fault", "swap_label=0.05", "--swap-above", "0.8"]
    with running_simulator(options) as simulator:
        ended = user.run(
            tmp_path, "load_test.py", "--endpoint-url", simulator.url,
            "--detector-id", user.DETECTOR_ID, "--custom-ramp", "1,50", "--check-answers",
            "--time-between-ramp", "6", "--requests-per-second", "2", "--image-pool", "16",
        )  # fmt: skip
        swapped = simulator.stats()["faults"]["swap_label"]
    run_id = user.header_of(tmp_path).run_id
    found = [r for r in user.requests_in(tmp_path) if r.outcome == "changed_answer"]
    ids = {
        f"req_uu{id_prefix(run_id, r.worker_number).decode()}{r.request_number:08x}" for r in found
    }
    assert ids == {t.request_id for t in read_truth_log(truth) if t.fault == "swap_label"}
    assert len(found) == swapped > 5
    assert {r.outcome for r in user.requests_in(tmp_path)} == {"ok", "changed_answer"}
    low, high = user.summary(tmp_path)["steps"]
    assert low["failures"] == {}
    assert high["failures"] == {"changed_answer": swapped}
    out = " ".join(ended.out.split())
    answers = sum(r.step == 1 for r in user.requests_in(tmp_path))
    assert f"In step 2, {swapped} of {answers} answers" in out
    assert "with 1 client, none of 12 did" in out
    assert "32 image queries, one after the other" in " ".join(ended.err.split())


def test_a_load_that_changes_no_answer_is_said_to_have_changed_none(tmp_path: Path) -> None:
    """The same fault, at a load that never reaches it: no failure, and one note with the counts."""
    options = ["--inference-workers", "4", "--service-time", "20ms", "--swap-above", "0.8"]
    with running_simulator([*options, "--fault", "swap_label=1"]) as simulator:
        ended = user.run(
            tmp_path, "load_test.py", "--endpoint-url", simulator.url,
            "--detector-id", user.DETECTOR_ID, "--custom-ramp", "2", "--check-answers",
            "--time-between-ramp", "4", "--requests-per-second", "3", "--image-pool", "16",
        )  # fmt: skip
        assert simulator.stats()["faults"] == {}
    user.check_done(tmp_path, ended)
    assert user.summary(tmp_path)["totals"]["ok"] == 24
    said = " ".join(ended.out.split())
    assert "Every answer was the same as before the load (24 answers of 16 pictures)." in said
    assert "changed_answer" not in said


def test_ctrl_c_drains_and_writes_everything(tmp_path: Path) -> None:
    """Exit 130, marked interrupted, sums exact up to the stop, results there."""
    with running_simulator() as simulator:
        process = user.start(
            tmp_path, "load_test.py", "--endpoint-url", simulator.url,
            "--detector-id", user.DETECTOR_ID, "--custom-ramp", "4,8",
            "--time-between-ramp", "20",
        )  # fmt: skip
        user.wait_for_answers(tmp_path, 40)
        user.interrupt(process)
        ended = user.finish(process)
        assert simulator.stats()["received"] == len(user.requests_in(tmp_path))
    assert ended.code == 130, ended.err
    found = user.summary(tmp_path)
    assert found["interrupted"] is True
    assert found["totals"]["missed"] == 0
    assert 0 < found["totals"]["planned"] < 4 * 20 * 10


def test_a_worker_that_dies_is_named(tmp_path: Path) -> None:
    """With its signal; its lines are whole, its unsent requests missed, the others unharmed."""
    with running_simulator() as simulator:
        process = user.start(
            tmp_path, "load_test.py", "--endpoint-url", simulator.url,
            "--detector-id", user.DETECTOR_ID, "--custom-ramp", "4", "--workers", "2",
            "--time-between-ramp", "6",
        )  # fmt: skip
        user.wait_for_answers(tmp_path, 40)
        pid = user_worker_pid(tmp_path)
        os.kill(pid, signal.SIGKILL)
        ended = user.finish(process)
    assert ended.code == 4, ended.err
    (death,) = user.deaths_in(tmp_path)
    assert (death.pid, death.signal, death.clients) == (pid, "SIGKILL", 2)
    assert f"process {pid}" in ended.err
    assert "SIGKILL" in ended.err
    found = user.summary(tmp_path)
    assert found["totals"]["planned"] == 240
    assert found["totals"]["missed"] > 20
    assert found["validity"]["verdict"] == "INVALID"
    survivor = [r for r in user.requests_in(tmp_path) if r.worker_number % 2 != death.worker]
    assert len(survivor) == 120


def user_worker_pid(folder: Path) -> int:
    """Process of worker 0, as the log tells."""
    for line in (folder / "run.log").read_text().splitlines():
        record = json.loads(line)
        if record["event"] == "worker" and record["worker"] == 0:
            return int(record["pid"])
    raise AssertionError("worker 0 has not shown itself")


def test_a_killed_parent_leaves_nothing_behind(tmp_path: Path) -> None:
    """kill -9: within two seconds no worker and no embedded endpoint; the log can be read."""
    process = user.start(tmp_path, "load_test.py", "--custom-ramp", "4", "--workers", "2")
    user.wait_for_answers(tmp_path, 40)
    family = user.family(process)
    assert len(family) >= 5
    process.kill()
    process.communicate(timeout=10)
    _, left = psutil.wait_procs(family, timeout=2.0)
    assert user.alive(left) == []
    assert user.run(tmp_path, "parse_load_test_logs.py", str(tmp_path / "run.log")).code == 4
    found = user.summary(tmp_path)
    assert found["validity"]["verdict"] == "INVALID"
    assert found["totals"]["ok"] >= 40


@pytest.mark.slow
def test_an_endpoint_that_never_answers_ends_with_the_plan_and_the_timeout(tmp_path: Path) -> None:
    """All requests that were sent time out; the rest is missed; the run does not wait for more."""
    with running_simulator(["--fault", "hang=1"]) as simulator:
        ended = user.run(
            tmp_path, "load_test.py", "--endpoint-url", simulator.url,
            "--detector-id", user.DETECTOR_ID, "--custom-ramp", "3",
            "--time-between-ramp", "3", "--timeout", "2",
        )  # fmt: skip
    assert ended.code == exit_codes.NO_RESULT, ended.err
    assert "NO RESULT" in ended.out
    end = user.records(tmp_path)[-1]
    assert end.at_s < 3 + 2 + 1.5
    found = user.summary(tmp_path)
    assert found["totals"]["planned"] == 90
    assert found["totals"]["ok"] == 0
    assert {r.outcome for r in user.requests_in(tmp_path)} == {"timeout"}
    assert found["capacity"] is None


def test_three_groups_ask_their_detectors_as_often_as_the_mix_says(tmp_path: Path) -> None:
    """Counted by the server: requests by detector, their pictures; each line has its group."""
    with recording_server(
        lambda handler, _: handler.reply(200, edge_answer(asked_detector(handler))),
        handler=WithoutCloud,
    ) as server:
        user.run(tmp_path, "load_test.py", "--endpoint-url", server.url, *mix_of_three(tmp_path))
        seen = server.queries()
    assert Counter(query.parameters["detector_id"][0] for query in seen) == PER_DETECTOR
    ids = {query.headers["x-request-id"] for query in seen}
    assert len(ids) == len(seen) == sum(PER_DETECTOR.values())
    lines = user.requests_in(tmp_path)
    assert {line.outcome for line in lines} == {"ok"}
    assert Counter(line.group for line in lines if line.part == 0) == FRAMES
    assert Counter(line.part for line in lines if line.group == "gate") == dict.fromkeys(
        range(5), 18
    )
    sizes = {name: {line.bytes for line in lines if line.group == name} for name in FRAMES}
    assert max(sizes["label"]) < min(sizes["door"])
    # Where each camera of each group is, and its frames, are those of the plan.
    groups = user.header_of(tmp_path).plan.groups
    assert [group.name for group in groups] == list(FRAMES)
    run_id = user.header_of(tmp_path).run_id
    prefixes = [id_prefix(run_id, line.worker_number, line.part).decode() for line in lines]
    assert ids == {
        f"req_uu{prefix}{line.request_number:08x}"
        for prefix, line in zip(prefixes, lines, strict=True)
    }


@pytest.mark.parametrize("client", ["http", SDK])
def test_groups_on_one_embedded_endpoint(tmp_path: Path, client: str) -> None:
    """Detectors are created by their queries; the endpoint's counts and the log's are the same."""
    mix = tmp_path / "mix.yaml"
    mix.write_text(
        "- {name: door, detector_name: d, query: 'Open?', cameras: 2, requests_per_second: 4}\n"
        "- {name: hall, detector_name: h, query: 'Empty?', requests_per_second: max}\n"
    )
    with running_simulator(["--service-time", "20ms"]) as simulator:
        ended = user.run(
            tmp_path, "load_test.py", "--endpoint-url", simulator.url, "--mix", str(mix),
            "--custom-ramp", "1,2", "--time-between-ramp", "3", "--client", client,
        )  # fmt: skip
        stats = simulator.stats()
    assert "1, 2 copies of the mix, " in ended.err
    lines = user.requests_in(tmp_path)
    assert stats["received"] == stats["answered"] == len(lines)
    by_group = Counter(line.group for line in lines)
    missed = sum(isinstance(record, Missed) for record in user.records(tmp_path))
    assert by_group["door"] + missed == 2 * 4 * 9
    # A closed loop of 20 ms answers: at most 50 a second each, and most of that.
    assert 100 < by_group["hall"] <= 50 * 9 + 3
    assert {line.outcome for line in lines} == {"ok"}


_CHAIN_SECONDS = 4.0
CHAIN = """
- name: gate
  detector_name: vehicles
  cameras: 5
  requests_per_second: 2
  then:
    - detector: plates
      requests: 3
    - detector: colours
      requests: 2
- name: yard
  detector_name: colours
  cameras: 3
  requests_per_second: 4
  arrivals: poisson
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "serving",
    [
        ["--detector", "vehicles:workers=4,service-time=20ms",
         "--detector", "plates:workers=4,service-time=20ms",
         "--detector", "colours:workers=4,service-time=20ms"],
        ["--shared-workers", "8", "--service-time", "20ms", "--detector", "vehicles",
         "--detector", "plates", "--detector", "colours"],
    ],
    ids=["own pools", "shared pool"],
)  # fmt: skip
def test_parts_of_frames_are_counted_by_their_detector(tmp_path: Path, serving: list[str]) -> None:
    """A frame with 1 + 3 + 2 parts: each part in the endpoint's log, for the detector it is for.

    The detector that two groups ask has the requests of both.
    """
    run = run_mix(CHAIN, serving, _CHAIN_SECONDS, tmp_path)
    check_counts(run)
    parts = Counter(request.part for request in run.of_group("gate"))
    assert set(parts.values()) == {parts[0]}
    assert set(parts) == set(range(6))
    frames, yard = parts[0], len(run.of_group("yard"))
    assert sorted(run.stats.values()) == sorted([frames, 3 * frames, 2 * frames + yard])
    gate, _ = run.step.groups
    missed = gate.counts.missed
    assert gate.counts.planned == 5 * 2 * _CHAIN_SECONDS
    assert frames + (missed or 0) == 5 * 2 * _CHAIN_SECONDS
