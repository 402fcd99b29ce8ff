"""Long runs against the embedded endpoint, which leave most of the machine idle."""

from __future__ import annotations

from pathlib import Path

import as_a_user as user
import pytest

from edgeload import exit_codes
from edgeload.audit_plan import comes_again
from edgeload.run.wire import id_prefix
from edgeload.simulator.launch import running_simulator
from edgeload.simulator.truth import read_truth_log


@pytest.mark.slow
def test_a_run_waits_for_a_roll_out_and_says_what_it_cost(tmp_path: Path) -> None:
    """A new model after 25 s: it is found in both workers, with its failures; the run then ends."""
    rollout = ("--rollout", "25s:both=2s,fail=0.5,fail-time=2s", "--service-time", "20ms")
    with running_simulator(rollout) as simulator:
        ended = user.run(
            tmp_path, "load_test.py", "--endpoint-url", simulator.url, "--workers", "2",
            "--detector-id", user.DETECTOR_ID, "--max-clients", "10", "--until-rollouts", "1",
            "--requests-per-second", "4", "--time-between-ramp", "2m",
        )  # fmt: skip
        user.check_done(tmp_path, ended)
        stats = simulator.stats()
    found = user.summary(tmp_path)
    (rollout_found,) = found["rollouts"]
    assert [model["ongoing"] for model in found["models"]] == [False, True]
    assert rollout_found["both_until_s"] - rollout_found["at_s"] == pytest.approx(2.0, abs=0.5)
    assert rollout_found["failed"] == stats["by_status"]["503"] > 20
    assert rollout_found["more_lost"] == rollout_found["failed"]
    assert 1.0 <= rollout_found["worse_s"] <= 6.0
    assert found["validity"]["verdict"] == "VALID"
    assert found["interrupted"] is False
    assert found["steps"][0]["end_s"] < 60.0
    assert found["totals"]["missed"] == 0


SHARED_MIX = """
- {name: door, detector_name: front-door, cameras: 4, requests_per_second: max}
- {name: person, detector_name: person-counter, cameras: 4, requests_per_second: max}
- {name: gate, detector_name: gate-watch, cameras: 4, requests_per_second: 5}
"""


@pytest.mark.slow
def test_groups_on_one_pool_slow_each_other(tmp_path: Path) -> None:
    """Two closed loops share two workers of 25 ms and get half of the answers; the gate, on its own
    pool, is not slowed and slows nobody. The log alone gives the same again.
    """
    (tmp_path / "mix.yaml").write_text(SHARED_MIX)
    simulated = (
        "--detector front-door:service-time=25ms --detector person-counter:service-time=25ms "
        "--detector gate-watch:workers=4,service-time=20ms --shared-workers 2"
    )
    ended = user.run(
        tmp_path, "load_test.py", "--mix", str(tmp_path / "mix.yaml"), "--interference",
        "--interference-rounds", "4", "--time-between-ramp", "1", "--warmup", "0.25",
        "--simulator-options", simulated,
    )  # fmt: skip
    assert ended.code in (exit_codes.OK, exit_codes.INVALID), ended.err
    rows = user.summary(tmp_path)["interference"]
    shared = [r for r in rows if "gate" not in (r["group"], r["beside"])]
    assert len(rows) == 12
    assert len(shared) == 4
    for row in shared:
        share = 1 / 2 if row["level"] == "full" else 2 / 3
        assert row["throughput_ratio"]["value"] == pytest.approx(share, rel=0.1)
        assert row["verdict"] == "worse"
    assert not any(r["verdict"] == "worse" for r in rows if r not in shared)
    assert " slows " in ended.out.splitlines()[0]

    found = user.summary(tmp_path)
    again = user.run(tmp_path, "parse_load_test_logs.py", str(tmp_path / "run.log"))
    assert again.code == ended.code, again.err
    assert user.summary(tmp_path) == found


@pytest.mark.slow
@pytest.mark.parametrize("client", ["http", "sdk"])
def test_an_audit_finds_the_cache_again_and_again(tmp_path: Path, client: str) -> None:
    """Two processes have a cache each that saves a fifth. What the audit takes for new is a miss in
    the endpoint's own log and what comes again is a hit, but for the first of each process; also
    in a second audit of the same endpoint, whose cache still holds the pictures of the first.
    """
    truth_log = tmp_path / "truth.jsonl"
    options = ("--cache-saves", "0.2", "--cache-processes", "2", "--truth-log", str(truth_log))
    with running_simulator(options) as simulator:
        for number in (1, 2):
            folder = tmp_path / str(number)
            ended = user.run(
                folder, "load_test.py", "--audit-cache", "--preflight", "--time-between-ramp", "8",
                "--endpoint-url", simulator.url, "--client", client,
            )  # fmt: skip
            user.check_done(folder, ended)
    for number in (1, 2):
        folder = tmp_path / str(number)
        hits = {truth.request_id: truth.cache_hit for truth in read_truth_log(truth_log)}
        header, lines = user.header_of(folder), user.requests_in(folder)
        if client == "http":  # the SDK's requests have ids of their own
            prefix = f"req_uu{id_prefix(header.run_id, 0).decode()}"
            missed = [n for n in (line.request_number for line in lines)
                      if not hits[f"{prefix}{n:08x}"]]  # fmt: skip
            new = {line.request_number for line in lines if not comes_again(1, line.request_number)}
            assert new <= set(missed)
            assert len(missed) <= len(new) + 2
        assert len({line.bytes for line in lines}) == 1
        audit = user.summary(folder)["cache_audit"]
        if user.summary(folder)["validity"]["verdict"] == "VALID":
            assert audit["verdict"] == "cache"
            assert audit["saving"]["value"] == pytest.approx(0.19, abs=0.03)


@pytest.mark.slow
def test_an_audit_rules_a_cache_out(tmp_path: Path) -> None:
    """Without one, whatever config.py says of a ramp; and the log alone says the same again."""
    ended = user.run(
        tmp_path, "load_test.py", "--audit-cache", "--preflight", "--time-between-ramp", "8",
        "--image-pool", "4",
    )  # fmt: skip
    user.check_done(tmp_path, ended)
    found = user.summary(tmp_path)
    assert found["capacity"] is None
    assert found["cache_audit"]["repeated_pictures"] == 4
    if found["validity"]["verdict"] == "VALID":
        assert found["cache_audit"]["verdict"] == "no cache"
        assert found["cache_audit"]["saving"]["high"] < 0.1
        assert ended.out.startswith("No cache found: the pictures of a pool of 4 took as long")
    again = user.run(tmp_path, "parse_load_test_logs.py", str(tmp_path / "run.log"))
    assert again.code == ended.code, again.err
    assert user.summary(tmp_path) == found
