"""Each finding appears for the run that deserves it, and for a clean run none does."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import synthetic_log as sl

from edgeload.camera_group import CameraGroup
from edgeload.objectives import parse_objective
from edgeload.plan import mix_plan
from edgeload.read.analysis.finding import SEVERITIES, Finding
from edgeload.read.analysis.findings import find
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log import stretches
from edgeload.read.log.open import read_log
from edgeload.read.words.finding_words import (
    advice,
    message,
    message_with_steps,
    step_list,
)
from edgeload.read.words.headline import headline, validity
from edgeload.read.words.limit import limit
from edgeload.records import ClusterRecord, Header, NodeRecord, WorkerSample, encode


def _find(tmp_path: Path, played: sl.Played, **changes: Any) -> dict[str, Finding]:
    log = read_log(sl.write(tmp_path / "log", played, **changes))
    return {finding.code: finding for finding in find(analyse(log))}


def _clean(clients: tuple[int, ...] = (20, 40), rate: float = 5.0) -> sl.Played:
    return sl.play(sl.plan_of(clients, 10, rate), servers=50, service=sl.constant(0.02))


def test_requests_that_were_sent_again_are_counted(tmp_path: Path) -> None:
    """Each worker's samples count up: the sum of their last counts, as a share of what was sent."""
    played = _clean()
    counted = [(0, 1, 0), (1, 1, 1), (0, 2, 3), (1, 2, 1)]  # worker, second, count so far
    samples = [WorkerSample(sl.WALL_S + t, w, w, float(t), 0.1, 0, 0, n) for w, t, n in counted]
    found = _find(tmp_path, played, workers=samples)["retried"]
    assert f"4 of {len(played.requests):,} requests" in message(found)
    assert "retried" not in _find(tmp_path / "without", played)


@pytest.mark.parametrize("alone_bytes", [1 << 30, 1])
def test_requests_that_were_sent_again_have_their_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alone_bytes: int
) -> None:
    """Those of their own lines, also if several processes read the log."""
    monkeypatch.setattr(stretches, "_ALONE_BYTES", alone_bytes)
    played = _clean((10, 20, 30), 2.0)
    played.requests = [
        msgspec.structs.replace(line, retried=line.step > 0 and line.worker_number == 7)
        for line in played.requests
    ]
    samples = [WorkerSample(sl.WALL_S + 1, 0, 1, 1.0, 0.1, 0, 0, 40)]
    found = _find(tmp_path, played, workers=samples)["retried"]
    assert found.steps == (1, 2)
    assert message_with_steps(found).startswith("steps 2-3: 40 of ")


def test_a_clean_ramp_has_only_the_note_that_it_went_not_far_enough(tmp_path: Path) -> None:
    """Nothing to doubt: the one finding says that the capacity is a lower bound."""
    assert set(_find(tmp_path, _clean())) == {"not_saturated"}


def test_a_saturated_ramp_says_what_was_missed(tmp_path: Path) -> None:
    """Beyond the capacity requests are missed; that such a step is not steady is no news."""
    played = sl.play(sl.plan_of([30, 60], 20, 2.0), servers=4, service=sl.constant(0.05))
    found = _find(tmp_path, played)
    assert f"{len(played.missed):,} of 2,400 planned requests" in message(found["missed"])
    assert not {"not_steady", "not_saturated"} & set(found)


@pytest.mark.parametrize("outcome", ["refused", "tls", "http_503", "escalated", "wrong_detector"])
def test_every_class_of_failure_is_named_with_count_time_and_advice(
    tmp_path: Path, outcome: str
) -> None:
    """Failures of a class are one finding: how many, in which steps, from when to when."""
    played = sl.play(
        sl.plan_of([20, 40], 10, 5.0),
        servers=50,
        service=sl.constant(0.02),
        outcome=lambda chance, sent_s: outcome if 12 < sent_s < 13 else "ok",
    )
    count = sum(1 for r in played.requests if r.outcome == outcome)
    finding = _find(tmp_path, played)[f"failed_{outcome}"]
    assert f"in step 2, {count:,} of 2,000 requests" in message(finding)
    assert "from 12.0 s to 13.0 s" in message(finding)
    assert advice(finding)


NGINX_500 = "<html> <head><title>500 Internal Server Error</title></head> <body> nginx/1.22.1"


@pytest.mark.parametrize(
    ("clients", "service_s", "text", "expected"),
    [
        (150, 3.0, NGINX_500, True),
        (90, 3.0, NGINX_500, False),
        (150, 0.02, NGINX_500, False),
        (150, 3.0, "Internal Server Error", False),
    ],
    ids=["past the limit", "fewer clients", "few in flight", "the application's own 500"],
)
def test_the_connection_limit_has_two_signs_and_is_near_119_in_flight(
    tmp_path: Path, clients: int, service_s: float, text: str, expected: bool
) -> None:
    """The proxy's own 500 counts like a reset, but only with 100 or more requests in flight."""
    played = sl.play(
        sl.plan_of([clients], 12, 1.0),
        servers=200,
        service=sl.constant(service_s),
        outcome=lambda chance, sent_s: "http_500" if sent_s > 4 and chance.random() < 0.1 else "ok",
    )
    failed = [r for r in played.requests if r.outcome == "http_500"]
    for request in failed:
        outcome = "reset" if request is failed[0] and text == NGINX_500 else "http_500"
        changed = msgspec.structs.replace(request, outcome=outcome, error=text)
        played.requests[played.requests.index(request)] = changed
    found = _find(tmp_path, played)
    assert ("connection_limit" in found) is expected
    if expected:
        finding = found["connection_limit"]
        assert (finding.numbers["http_500"], finding.numbers["reset"]) == (len(failed) - 1, 1)
        assert f"{len(failed) - 1:,} in the proxy's own 500 and 1 in a reset" in message(finding)


def test_resets_point_at_the_connection_limit_only_near_it(tmp_path: Path) -> None:
    """With 150 clients: if all of them wait for their answers, and not if few do."""
    for service_s, expected in ((3.0, True), (0.02, False)):
        played = sl.play(
            sl.plan_of([150], 12, 1.0),
            servers=200,
            service=sl.constant(service_s),
            outcome=lambda chance, at_s: "reset" if at_s > 4 and chance.random() < 0.1 else "ok",
        )
        found = _find(tmp_path / str(service_s), played)
        assert ("connection_limit" in found) is expected


def test_identical_images_few_samples_interruption_and_damage(tmp_path: Path) -> None:
    """Each of four circumstances of a run is a finding of its own."""
    played = _clean((2,))
    end = sl.end_of(played, interrupted=True, stopped_s=9.99, reason="SIGINT")
    path = sl.write(tmp_path / "log", played, end=end, same_image=True)
    with path.open("ab") as file:
        file.write(b"\x1b[2Jgarbage")
    found = {finding.code: finding for finding in find(analyse(read_log(path)))}
    assert {"same_image", "too_few_samples", "interrupted", "log_damaged"} <= set(found)
    assert "\x1b" not in message(found["log_damaged"])


def test_the_most_damaging_comes_first(tmp_path: Path) -> None:
    """What makes a run INVALID stands before warnings, and those before notes."""
    plan = sl.plan_of([2, 30], 10, 5.0)
    played = sl.play(plan, servers=2, service=sl.constant(0.05))
    log = read_log(sl.write(tmp_path / "log", played, workers=sl.cpu_samples(plan, 0.95)))
    severities = [finding.severity for finding in find(analyse(log))]
    assert severities == sorted(severities, key=SEVERITIES.index)
    assert set(severities) == set(SEVERITIES)


def test_steps_are_counted_from_one_for_people() -> None:
    """Indices become numbers from 1, neighbours a range."""
    assert step_list([2]) == "step 3"
    assert step_list([0, 1, 2, 4, 6, 7]) == "steps 1-3, 5, 7-8"


def test_a_warm_up_longer_than_the_cut_is_said_with_the_cut_that_would_do(tmp_path: Path) -> None:
    """Three times as slow for the first 6 s of a step of which 2 s are cut."""
    played = sl.play(sl.plan_of([20], 40, 5.0), servers=50, service=sl.exponential(0.02))
    slow = [
        sl.request(
            r.worker_number, r.request_number, r.step, r.due_s, r.sent_s,
            r.sent_s + (3 if r.due_s < 6 else 1) * r.latency,
        )
        for r in played.requests
    ]  # fmt: skip
    found = _find(tmp_path, sl.Played(played.plan, slow))
    assert "until 6" in message(found["warm_up_longer"]) or "5.9" in message(
        found["warm_up_longer"]
    )
    assert "--warmup" in advice(found["warm_up_longer"])


@pytest.mark.parametrize("stops_per_s", [None, 5.0])
def test_what_our_own_cpu_limit_did_is_not_blamed_on_the_endpoint(
    tmp_path: Path, stops_per_s: float | None
) -> None:
    """The same slow beginning and slow end, with and without pauses of the generator's own."""
    played = sl.play(sl.plan_of([20], 60, 5.0), servers=50, service=sl.exponential(0.02))
    slow = [
        sl.request(
            r.worker_number, r.request_number, r.step, r.due_s, r.sent_s,
            r.sent_s + (20 if r.due_s < 8 else 1 + r.due_s / 60) * r.latency,
        )
        for r in played.requests
    ]  # fmt: skip
    told = sl.cpu_samples(played.plan, limit_stops_per_s=stops_per_s)
    found = _find(tmp_path, sl.Played(played.plan, slow), workers=told)
    blamed = {"warm_up_longer", "cold_answers", "not_steady", "drift"} & set(found)
    if stops_per_s:
        assert not blamed
        assert "stopped it in 290 of 580 periods" in message(found["generator_limited"])
    else:
        assert {"warm_up_longer", "cold_answers"} <= blamed


@pytest.mark.parametrize(
    ("outcome", "stops_per_s", "ours"),
    [("timeout", 5.0, True), ("timeout", None, False), ("http_503", 5.0, False)],
)
def test_a_timeout_may_be_an_answer_that_we_did_not_read(
    tmp_path: Path, outcome: str, stops_per_s: float | None, ours: bool
) -> None:
    """If our own machine stood still meanwhile; what the endpoint answered itself, it answered."""
    played = sl.play(
        sl.plan_of([20], 20, 5.0),
        servers=50,
        service=sl.constant(0.02),
        outcome=lambda chance, sent_s: outcome if 12 < sent_s < 13 else "ok",
    )
    told = sl.cpu_samples(played.plan, limit_stops_per_s=stops_per_s)
    found = _find(tmp_path, played, workers=told)[f"failed_{outcome}"]
    assert ("may have lain unread" in advice(found)) == ours


@pytest.mark.parametrize(
    ("machine", "cpu_cores", "codes"),
    [
        ({"physical_cores": 2, "usable_cores": 4}, 0.5, {"generator_hyper_threads"}),
        ({"physical_cores": 2, "usable_cores": 4}, 0.3, set()),
        ({"physical_cores": 2, "usable_cores": 4, "worker_cpus": ["0+2", "1+3"]}, 0.5, set()),
        ({"physical_cores": 4, "usable_cores": 8}, 0.5, set()),
        ({"physical_cores": 2, "usable_cores": 2}, 0.5, set()),
        ({"physical_cores": None, "usable_cores": 4}, 0.5, set()),
        ({"frequency_governor": "powersave"}, 0.5, {"generator_governor"}),
        ({"frequency_governor": "powersave"}, 0.3, set()),
        ({"frequency_governor": "performance"}, 0.5, set()),
        ({"frequency_governor": None}, 0.5, set()),
    ],
)
def test_slower_cores_are_named_if_the_generator_was_busy(
    tmp_path: Path, machine: dict[str, Any], cpu_cores: float, codes: set[str]
) -> None:
    """Two workers and the rest of the program, busy or not, on machines of several kinds."""
    played = _clean()
    told = sl.cpu_samples(played.plan, cpu_cores)
    found = _find(tmp_path, played, workers=told, machine=machine)
    assert {code for code in found if code.startswith("generator_")} == codes
    for code in codes:
        assert found[code].steps == (0, 1)
        assert "load generator" in message(found[code])


def test_slower_cores_of_a_cluster_are_named_by_their_nodes(tmp_path: Path) -> None:
    """The nodes send, and not the driver, whose own cores have nothing to do with it."""
    played = _clean()
    path = sl.write(
        tmp_path / "log",
        played,
        workers=sl.cpu_samples(played.plan, 0.5),
        machine={"frequency_governor": "ondemand", "physical_cores": 1, "usable_cores": 2},
    )
    kinds: list[dict[str, Any]] = [
        {"physical_cores": 4, "usable_cores": 8, "frequency_governor": "powersave"},
        {"physical_cores": 1, "usable_cores": 2, "frequency_governor": "performance"},
    ]
    nodes = [
        NodeRecord(f"node{n}", [n], 2, 0.0, 1e-5, machine=machine)
        for n, machine in enumerate(kinds)
    ]
    header, _, rest = path.read_bytes().partition(b"\n")
    known = msgspec.json.decode(header, type=Header)
    path.write_bytes(encode([msgspec.structs.replace(known, cluster=ClusterRecord(nodes))]) + rest)
    found = {finding.code: finding for finding in find(analyse(read_log(path)))}
    assert message(found["generator_governor"]).endswith("governor powersave, on node0")
    assert message(found["generator_hyper_threads"]).endswith(
        "1 worker process of the load generator and the rest of it shared 1 physical core with "
        "2 hardware threads, on node1"
    )


def test_late_sends_name_a_slow_clock_even_of_an_idle_generator(tmp_path: Path) -> None:
    """A core at a low clock wakes up later, whatever it computes."""
    played = _clean()
    late = [
        sl.request(
            r.worker_number, r.request_number, r.step, r.due_s, r.sent_s + 0.05, r.done_s + 0.05
        )
        for r in played.requests
    ]
    machine = {"frequency_governor": "schedutil"}
    found = _find(tmp_path, sl.Played(played.plan, late), machine=machine)
    assert {"generator_late", "generator_governor"} <= set(found)


def test_a_box_that_slows_down_under_load_is_suspected_of_heat(tmp_path: Path) -> None:
    """A quarter slower in the fourth minute than in the first."""
    played = sl.play(sl.plan_of([10], 240, 2.0), servers=50, service=sl.exponential(0.02))
    slow = [
        sl.request(
            r.worker_number, r.request_number, r.step, r.due_s, r.sent_s,
            r.sent_s + (1 + r.due_s / 480) * 0.05,
        )
        for r in played.requests
    ]  # fmt: skip
    finding = _find(tmp_path, sl.Played(played.plan, slow))["drift"]
    assert "step 1" in message(finding)
    assert "too hot" in advice(finding)


@pytest.mark.parametrize(("clients", "rate"), [(1, 2.0), (3, 0.7), (7, 5.0), (10, 2.0)])
def test_the_step_length_that_is_advised_gives_a_p99(
    tmp_path: Path, clients: int, rate: float
) -> None:
    """A step of 8 s is too short; one of the length that the advice names is not."""

    def played(step_s: float) -> sl.Played:
        plan = sl.plan_of([clients], step_s, rate)
        return sl.play(plan, servers=clients, service=sl.constant(0.02))

    finding = _find(tmp_path / "short", played(8.0))["too_few_samples"]
    enough_s = finding.numbers["step_s_for_p99"]
    assert isinstance(enough_s, int)
    assert f"--time-between-ramp {enough_s}s or more" in advice(finding)
    assert "too_few_samples" not in _find(tmp_path / "long", played(float(enough_s)))


def test_clocks_that_disagree_are_said(tmp_path: Path) -> None:
    """Requests sent before they were due exist only if clocks differ."""
    played = _clean()
    early = [
        sl.request(r.worker_number, r.request_number, r.step, r.due_s, r.due_s - 0.2, r.due_s - 0.1)
        for r in played.requests[:30]
    ]
    found = _find(tmp_path, sl.Played(played.plan, [*early, *played.requests[30:]]))
    assert "30 requests were sent before" in message(found["clocks_unaligned"])


def test_a_ramp_that_follows_the_scaling_law_says_so(tmp_path: Path) -> None:
    """Eight overloaded loads, each client as fast as its answers: no contention, no coherency.

    Clients that send what is due say nothing about the endpoint's law (method 18).
    """
    loads = (5, 10, 15, 20, 25, 30, 35, 40)
    closed = sl.play(sl.plan_of(loads, 10, 80.0), servers=50, service=sl.constant(0.02))
    found = _find(tmp_path, closed)
    none = "contention 0 % (0 % to 0 %), coherency 0 (0 to 0)"  # and no error of rounding
    assert none in message(found["scaling_law"])
    assert "scaling_law" not in _find(tmp_path / "due", _clean(clients=loads))


@pytest.mark.parametrize("refuses", [False, True])
def test_a_mix_has_cameras_and_frames_only(tmp_path: Path, *, refuses: bool) -> None:
    """No line of its report calls a camera a client, or a frame that was missed a request."""

    def outcome(chance: random.Random, sent_s: float) -> str:
        return "http_503" if refuses or chance.random() < 0.05 else "ok"

    groups = (CameraGroup("a", 4, 5.0), CameraGroup("b", 4, 5.0, late="latest"))
    pools = {name: sl.Pool(1, sl.constant(1 / 30)) for name in "ab"}
    played = sl.play_mix(mix_plan(groups, [2, 1, 2], 10), pools, outcome=outcome)
    summary = analyse(
        read_log(sl.write(tmp_path / "log", played, deaths=[sl.death(0, 25.0)])),
        [parse_objective("a: p95<1ms")],
    )
    found = [*find(summary), *(s for step in summary.steps for s in step.shortfalls)]
    found += [s for group in summary.groups for step in group.steps for s in step.shortfalls]
    texts = [headline(summary), limit(summary), validity(summary)]
    texts += [text for finding in found for text in (message_with_steps(finding), advice(finding))]
    assert {"missed", "failed_http_503", "worker_died"} <= {finding.code for finding in found}
    for text in texts:
        assert "client" not in text.replace("--max-clients", ""), text
        assert "{" not in text, text
        assert not re.search(r"requests? were never|of [\d,]+ requests", text), text
