"""What a user sees before any load is sent: the scripts against the simulator, and oddities."""

from __future__ import annotations

from pathlib import Path

import as_a_user as user
import pytest

from edgeload.records import Preflight
from edgeload.simulator.launch import RunningSimulator, running_simulator

SHORT = ("--custom-ramp", "2", "--time-between-ramp", "2", "--requests-per-second", "5")
CLIENTS = ["http", pytest.param("sdk", marks=pytest.mark.slow)]


def run(folder: Path, simulator: RunningSimulator, *options: str) -> user.Finished:
    """A short load test of a detector of ours, with queries before it."""
    return user.run(
        folder, "load_test.py", "--endpoint-url", simulator.url, "--preflight", *SHORT,
        *([] if "--detector-name" in options else ["--detector-id", user.DETECTOR_ID]), *options,
    )  # fmt: skip


def assert_refused(folder: Path, ended: user.Finished) -> str:
    """Exit code 5, one line, no traceback, no token, and no log; the line."""
    assert (ended.code, ended.out) == (5, ""), ended.err
    assert user.TOKEN not in ended.err
    assert not (folder / "run.log").exists()
    *waiting, line = ended.err.splitlines()
    assert all("for up to" in note or "waiting up to" in note for note in waiting)
    return line


@pytest.mark.parametrize("client", CLIENTS)
def test_the_queries_before_the_run_are_in_the_log_and_in_no_figure(
    tmp_path: Path, client: str
) -> None:
    """Sixteen of them, before run time 0, each over a connection of its own; counted nowhere."""
    with running_simulator(["--service-time", "5ms"]) as simulator:
        user.check_done(tmp_path, run(tmp_path, simulator, "--client", client))
        stats = simulator.stats()
    before = [record for record in user.records(tmp_path) if isinstance(record, Preflight)]
    assert [record.number for record in before] == list(range(1, 17))
    assert {(r.outcome, r.status, r.from_edge) for r in before} == {("ok", 200, True)}
    assert all(record.sent_s < record.done_s < 0 for record in before)
    assert user.summary(tmp_path)["totals"] == {
        "planned": 20, "sent": 20, "ok": 20, "failed": 0, "missed": 0
    }  # fmt: skip
    assert stats["received"] == 16 + 20
    assert stats["connections"] >= 16 + 2


@pytest.mark.parametrize("client", ["http"])
def test_a_wrong_token_stops_before_the_load(tmp_path: Path, client: str) -> None:
    """Although the endpoint says only 500 to it; one query is all that is sent."""
    with running_simulator(["--api-token", "another"]) as simulator:
        ended = run(tmp_path, simulator, "--client", client)
        assert simulator.stats()["received"] == 1
    assert assert_refused(tmp_path, ended).startswith("GROUNDLIGHT_API_TOKEN: ")


def test_a_wrong_token_is_named_for_a_detector_by_name_and_for_the_sdk(tmp_path: Path) -> None:
    """Both ask the cloud first, which says 401: no query is sent."""
    with running_simulator(["--api-token", "another"]) as simulator:
        by_name = assert_refused(tmp_path, run(tmp_path, simulator, "--detector-name", "d"))
        assert by_name.startswith("GROUNDLIGHT_API_TOKEN: ")
        by_sdk = assert_refused(tmp_path, run(tmp_path, simulator, "--client", "sdk"))
        assert "token" in by_sdk
        assert simulator.stats()["received"] == 0


def test_an_unknown_detector_stops_before_the_load(tmp_path: Path) -> None:
    """Its setting and its value are named."""
    with running_simulator(["--strict-detector"]) as simulator:
        ended = run(tmp_path, simulator)
    assert assert_refused(tmp_path, ended).startswith(f"DETECTOR_ID = '{user.DETECTOR_ID}': ")


@pytest.mark.parametrize("key", ["detector_id", "then"])
def test_an_unknown_detector_of_a_mix_is_a_bad_setting(tmp_path: Path, key: str) -> None:
    """Exit code 2, one line with the place in the file, no query and no log."""
    other = "det_" + "F" * 27
    then = f"  then: [{{detector: {other}}}]\n" if key == "then" else ""
    wanted = user.DETECTOR_ID if then else other
    mix = tmp_path / "mix.yaml"
    mix.write_text(f"- name: door\n  detector_id: {wanted}\n{then}")
    with running_simulator(["--strict-detector", "--detector-id", user.DETECTOR_ID]) as simulator:
        ended = user.run(
            tmp_path, "load_test.py", "--endpoint-url", simulator.url, "--preflight",
            "--mix", str(mix),
        )  # fmt: skip
        assert simulator.stats()["received"] == 0
    assert (ended.code, ended.out) == (2, "")
    (line,) = ended.err.splitlines()
    number, name = (3, "then.detector") if then else (2, "detector_id")
    assert line.startswith(f"{mix}, line {number}, group 'door': {name} = '{other}': ")
    assert not (tmp_path / "run.log").exists()


def test_a_detector_of_a_mix_that_escalates_is_a_bad_setting(tmp_path: Path) -> None:
    """The box has it, but does not serve it: the cloud answers. Its place in the file is named."""
    mix = tmp_path / "mix.yaml"
    mix.write_text(f"- name: door\n  detector_id: {user.DETECTOR_ID}\n")
    with running_simulator(["--fault", "escalate=1"]) as simulator:
        ended = user.run(
            tmp_path, "load_test.py", "--endpoint-url", simulator.url, "--preflight",
            "--mix", str(mix),
        )  # fmt: skip
    assert (ended.code, ended.out) == (2, "")
    (line,) = ended.err.splitlines()
    assert line.startswith(f"{mix}, line 2, group 'door': ")
    assert "the cloud answered an image query instead of the edge" in line


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--load-time", "3600s"], "the detector's model is not ready"),
        (["--fault", "escalate=1"], "the cloud answered an image query instead of the edge"),
        (["--fault", "bad_json=1"], "is this an Edge Endpoint?"),
        (["--fault", "status_500=1"], "image queries before the run failed"),
        (["--fault", "reset=1"], "class reset"),
    ],
)
def test_what_answers_no_query_stops_before_the_load(
    tmp_path: Path, options: list[str], says: str
) -> None:
    """Each cause in its own words, exit code 5."""
    with running_simulator(options) as simulator:
        line = assert_refused(tmp_path, run(tmp_path, simulator, "--ready-timeout", "0.5"))
    assert says in line


@pytest.mark.parametrize("how", [["--detector-name", "line"], []])
def test_a_model_that_is_loaded_in_time_is_measured(tmp_path: Path, how: list[str]) -> None:
    """The run begins when the model is there; its own requests meet no 503."""
    options = ["--load-time", "3s", "--service-time", "5ms", "--detector-name", "line"]
    with running_simulator(options) as simulator:
        ended = run(tmp_path, simulator, "--ready-timeout", "60", *how)
    user.check_done(tmp_path, ended)
    assert user.summary(tmp_path)["totals"]["ok"] == 20


def test_without_preflight_the_load_is_sent_at_once(tmp_path: Path) -> None:
    """For those who know: a box that refuses every query is measured."""
    with running_simulator(["--fault", "status_503=1"]) as simulator:
        run(tmp_path, simulator, "--no-preflight")
        assert simulator.stats()["received"] == 20
    assert not [record for record in user.records(tmp_path) if isinstance(record, Preflight)]
    assert user.summary(tmp_path)["totals"]["failed"] == 20


def test_a_box_without_the_cloud_is_measured(tmp_path: Path) -> None:
    """Nothing that only the cloud knows is needed for a detector by its id."""
    with running_simulator(["--offline", "--service-time", "5ms"]) as simulator:
        user.check_done(tmp_path, run(tmp_path, simulator))
    assert user.summary(tmp_path)["totals"]["ok"] == 20


def test_ctrl_c_before_the_run_stops_at_once(tmp_path: Path) -> None:
    """While a query hangs: exit 130, in one line, without a log, long before the timeout."""
    with running_simulator(["--fault", "hang=1"]) as simulator:
        process = user.start(
            tmp_path, "load_test.py", "--endpoint-url", simulator.url, "--preflight", *SHORT,
            "--detector-id", user.DETECTOR_ID, "--timeout", "600",
        )  # fmt: skip
        user.wait_for(lambda: simulator.stats()["received"] >= 1, 30, "a query")
        user.interrupt(process)
        ended = user.finish(process, 20)
    assert ended.code == 130
    assert ended.err.splitlines() == ["stopped by SIGINT before the load began"]
    assert not (tmp_path / "run.log").exists()


@pytest.mark.parametrize("client", CLIENTS)
def test_a_box_that_audits_is_named_before_and_after_the_run(tmp_path: Path, client: str) -> None:
    """Every answer came from the edge, and every one also went to the cloud."""
    with running_simulator(["--audit-rate", "1", "--service-time", "5ms"]) as simulator:
        ended = run(tmp_path, simulator, "--client", client)
    assert "WARNING: the box also sends 100 % of its confident answers" in ended.err
    found = {finding["code"]: finding for finding in user.summary(tmp_path)["findings"]}
    assert found["audited"]["numbers"] == {"audit_rate": 1.0, "answers": 20, "audited": 20}
    below = found["below_own_threshold"]["numbers"]
    assert (below["threshold"], below["known"]) == (0.9, 20)
    assert 0 < below["below"] < 20  # the simulator's confidences are uniform from 0.75 to 0.99


def test_the_box_is_said_before_the_run_and_in_the_log(tmp_path: Path) -> None:
    """Its own detector is edge-only: no warning, no note about cameras."""
    name = "[/door] :key:"  # which is neither a tag nor a picture
    with running_simulator(["--detector-name", name, "--service-time", "5ms"]) as simulator:
        ended = run(tmp_path, simulator, "--detector-name", name)
    user.check_done(tmp_path, ended)
    assert f"('{name}'): edge-only, confidence threshold 0.9, audit rate 1e-05." in ended.err
    endpoint = user.header_of(tmp_path).endpoint
    assert (endpoint["edge_only"], endpoint["confident_audit_rate"]) == (True, 1e-5)
    codes = {finding["code"] for finding in user.summary(tmp_path)["findings"]}
    assert not codes & {"audited", "below_own_threshold"}
