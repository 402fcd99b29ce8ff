"""What the inference stage decides, in virtual time."""

from __future__ import annotations

import random
from collections import Counter

import msgspec
import pytest

from edgeload.simulator.deployment import default_deployment
from edgeload.simulator.detectors import Detector, Detectors
from edgeload.simulator.faults import faults_from
from edgeload.simulator.inference import Inference
from edgeload.simulator.messages import Finished, Query, Reply
from edgeload.simulator.model_rollouts import ModelPods, PlannedRollout
from edgeload.simulator.query import QueryParameters, error_answer, label_of
from edgeload.simulator.queueing import ServiceDistribution, ServiceTime
from edgeload.simulator.truth import Truth

ID = "det_" + "A" * 27


class Stage:
    """An inference stage of 4 workers and 50 ms, with its truth collected."""

    def __init__(
        self,
        faults: dict[str, float] | None = None,
        *,
        max_in_flight: int | None = None,
        swap_above: float | None = None,
        distribution: ServiceDistribution = "constant",
        models: ModelPods | None = None,
    ) -> None:
        detector = Detector(ID, "a detector", "Is it?", 0.0)
        service_time = ServiceTime(distribution, 0.05)
        self.truth: list[Truth] = []
        self.inference = Inference(
            deployment=default_deployment(ID, detector.name, detector.query, 4, service_time),
            detectors=Detectors([detector], strict=False, chance=random.Random(1)),
            faults=faults_from(faults or {}),
            max_in_flight=max_in_flight,
            swap_above=swap_above,
            models=models,
            seed=1,
            unix_minus_monotonic_s=1e9,
            record=self.truth.append,
        )
        self.number = 0

    def ask(
        self, at_s: float, detector_id: str = ID, worker: int = 0, picture: int = 0
    ) -> Reply | None:
        self.number += 1
        asked = QueryParameters(detector_id)
        query = Query(self.number, at_s, 1, f"req_{self.number}", asked, picture=picture)
        return self.inference.receive(worker, query)

    def count(self, name: str) -> int:
        return int(self.inference.stats(0.0)[name])


def test_answers_come_at_their_end_and_balance() -> None:
    """Ten at once over 4 workers: 4, 4, 2 answers, 50 ms apart."""
    stage = Stage()
    assert [stage.ask(0.0) for _ in range(10)] == [None] * 10
    assert stage.inference.stats(0.01)["in_service"] == 4
    assert stage.inference.stats(0.01)["queue"] == 6
    answered, in_flight = [], []
    for now_s in (0.0499, 0.0501, 0.1001, 0.1501):
        answered.append([reply.number for _, reply in stage.inference.due(now_s)])
        in_flight.append(stage.count("in_flight"))
    assert answered == [[], [1, 2, 3, 4], [5, 6, 7, 8], [9, 10]]
    assert in_flight == [10, 6, 2, 0]
    assert stage.inference.next_due_s() is None
    assert stage.inference.stats(1.0)["by_status"] == {"200": 10}


def test_a_roll_out_shows_in_the_answers() -> None:
    """A new key, a cold pod that takes 4 times as long, and a 503 while the old one goes."""
    rollout = PlannedRollout(10.0, fail=1.0, fail_s=1.0, cold_s=3.0, slower=4.0)
    stage = Stage(models=ModelPods([rollout]))
    keys = []
    for at_s, takes_s in ((9.0, 0.05), (11.5, 0.2), (14.0, 0.05)):
        assert stage.ask(at_s) is None
        assert stage.inference.due(at_s + takes_s - 0.001) == []
        ((_, reply),) = stage.inference.due(at_s + takes_s + 0.001)
        keys.append(msgspec.json.decode(reply.body)["metadata"]["edge_result"]["mlb_key"])
    assert keys[0] != keys[1] == keys[2]
    refused = stage.ask(10.5)
    assert refused is not None
    assert refused.status == 503


def test_replies_go_to_the_proxy_that_asked() -> None:
    """Numbers of different proxies do not mix."""
    stage = Stage()
    for worker in (0, 1):
        stage.inference.receive(worker, Query(7, 0.0, 1, f"r{worker}", QueryParameters(ID)))
    assert [(w, r.number) for w, r in stage.inference.due(0.05)] == [(0, 7), (1, 7)]
    stage.inference.finished(1, Finished(7, 0.06))
    assert [(t.worker, t.request_id, t.answered_s) for t in stage.truth] == [(1, "r1", 0.06)]


def test_beyond_the_limit_is_reset() -> None:
    """With a limit of 119, the 120th at once is reset; after an answer there is room again."""
    stage = Stage(max_in_flight=119)
    replies = [stage.ask(0.0) for _ in range(121)]
    assert replies[:119] == [None] * 119
    assert [reply.manner for reply in replies[119:] if reply] == ["reset", "reset"]
    stage.inference.due(0.05)
    assert stage.ask(0.05) is None
    assert [stage.count(name) for name in ("reset", "over_limit", "in_flight")] == [2, 2, 116]


def test_a_client_that_leaves_is_abandoned_and_its_service_goes_on() -> None:
    """Capacity is not given back by leaving, and the truth log shows the service."""
    stage = Stage()
    for _ in range(5):
        stage.ask(0.0)
    stage.inference.finished(0, Finished(1, None))
    assert (stage.count("abandoned"), stage.count("in_flight")) == (1, 4)
    assert [r.number for _, r in stage.inference.due(0.05)] == [2, 3, 4]
    assert [(t.request_id, t.end_s, t.answered_s) for t in stage.truth] == [("req_1", 0.05, None)]
    assert [r.number for _, r in stage.inference.due(0.1)] == [5]
    assert (stage.count("answered"), stage.count("in_flight")) == (4, 0)


def test_a_fault_switch_changes_no_service_time() -> None:
    """The queries that are served with faults on take the same times, in order, as without."""

    def service_times(faults: dict[str, float]) -> list[float]:
        stage = Stage(faults, distribution="exponential")
        for number in range(200):
            stage.ask(number * 10.0)
            for _, reply in stage.inference.due(number * 10.0 + 9.0):
                stage.inference.finished(0, Finished(reply.number, number * 10.0 + 9.0))
        return [t.end_s - t.start_s for t in stage.truth if t.end_s and t.start_s is not None]

    without, with_faults = service_times({}), service_times({"status_503": 0.5})
    assert len(without) == 200
    assert 50 < len(with_faults) < 150
    assert with_faults == pytest.approx(without[: len(with_faults)], abs=1e-9)


def test_every_fault_is_what_it_says() -> None:
    """One query under each certain fault."""
    outcomes = {}
    for kind in ("reset", "hang", "status_503", "status_500", "escalate", "bad_json",
                 "wrong_detector", "slow_body"):  # fmt: skip
        stage = Stage({kind: 1.0})
        reply = stage.ask(0.0)
        late = [r for _, r in stage.inference.due(0.05)]
        outcomes[kind] = (reply, late)
        assert stage.inference.stats(1.0)["faults"] == {kind: 1}
    assert outcomes["reset"][0] is not None
    assert outcomes["reset"][0].manner == "reset"
    assert outcomes["hang"] == (None, [])
    for status in (500, 503):
        at_once = outcomes[f"status_{status}"][0]
        assert at_once is not None
        assert at_once.status == status
    assert outcomes["slow_body"][1][0].manner == "slow"
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(outcomes["bad_json"][1][0].body)
    escalated = msgspec.json.decode(outcomes["escalate"][1][0].body)
    assert escalated["result"]["from_edge"] is False
    assert escalated["metadata"] is None
    other = msgspec.json.decode(outcomes["wrong_detector"][1][0].body)
    assert other["detector_id"] != ID


def label(body: bytes) -> str:
    return str(msgspec.json.decode(body)["result"]["label"])


def test_a_picture_has_one_label_whenever_it_is_asked_and_a_swap_is_the_other() -> None:
    """Two stages in another order and with another load give each picture the same label.

    With the fault swap_label all answers have the other one, and the log says so.
    """
    labels: list[dict[int, str]] = []
    forth, back = range(40), range(39, -1, -1)
    for faults, order in (({}, forth), ({}, back), ({"swap_label": 1.0}, forth)):
        stage = Stage(faults)
        for picture in order:
            stage.ask(picture * 0.001, picture=picture)
        replies = dict(zip(order, stage.inference.due(99.0), strict=True))
        labels.append({picture: label(reply.body) for picture, (_, reply) in replies.items()})
        stage.inference.end(99.0)
        assert {truth.fault for truth in stage.truth} == {"swap_label" if faults else None}
    first, again, swapped = labels
    assert first == again
    assert set(first.values()) == {"YES", "NO"}
    assert all(swapped[picture] != first[picture] for picture in first)


def test_labels_are_swapped_only_above_the_load() -> None:
    """Five at once find 0, 1, 2, 3 and 4 of 4 workers busy: above 60 %, the last two are swapped.

    The count, the log and the labels agree, and a query that comes later, alone, is answered right.
    """
    stage = Stage({"swap_label": 1.0}, swap_above=0.6)
    for _ in range(5):
        stage.ask(0.0)
    right = label_of(0, ID)
    labels = [label(reply.body) for _, reply in stage.inference.due(1.0)]
    assert [one == right for one in labels] == [True, True, True, False, False]
    stage.ask(2.0)
    stage.inference.end(3.0)
    assert stage.inference.stats(3.0)["faults"] == {"swap_label": 2}
    swapped = sorted(truth.request_id for truth in stage.truth if truth.fault == "swap_label")
    assert swapped == ["req_4", "req_5"]


def test_what_is_open_at_the_end_is_recorded_as_far_as_it_came() -> None:
    """Instants that have not come are null in the truth log."""
    stage = Stage()
    for _ in range(6):
        stage.ask(0.0)
    stage.inference.due(0.03)
    stage.inference.end(0.03)
    kinds = Counter((t.start_s, t.end_s, t.status) for t in stage.truth)
    assert kinds == {(0.0, None, None): 4, (None, None, None): 2}


def test_refusals_are_counted_and_take_no_worker() -> None:
    """A query refused at the door is received and answered, and not served."""
    stage = Stage()
    reply = stage.inference.receive(0, Query(1, 0.0, 1, "r", error_answer(415, "no image")))
    assert reply is not None
    assert reply.status == 415
    assert stage.inference.next_due_s() is None
    assert stage.inference.stats(0.0)["by_status"] == {"415": 1}
