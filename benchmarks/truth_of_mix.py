"""Runs of a mix against the simulator, beside what its own log says of each detector.

Three camera groups with their own rates and arrivals, each before a detector with inference workers
of its own. The percentiles of each group's service time come with an interval, and each interval
is held against two truths from the simulator's log: the percentile of the very same requests, and
that of all rounds together, which is nearly the endpoint's own. The first shows that nothing is
lost or confused, the second that the stated uncertainty is right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks import ours
from benchmarks.table import markdown
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.records import GroupRecord, Header, Request
from edgeload.run.wire import id_prefix
from edgeload.runlog import read_records
from edgeload.simulator.detector_option import id_from_name
from edgeload.simulator.launch import running_simulator
from edgeload.simulator.truth import Truth, read_truth_log

Floats = npt.NDArray[np.float64]

QUANTILES = {"p50": 0.5, "p95": 0.95}


@dataclass(frozen=True)
class Group:
    """One camera group, and the detector of its name that answers it."""

    name: str
    cameras: int
    requests_per_second: float
    arrivals: str
    serving: str
    """The simulator's keys for this detector."""

    def lines(self) -> str:
        """Its entry in the mix file."""
        return (
            f"- name: {self.name}\n  detector_name: {self.name}\n  cameras: {self.cameras}\n"
            f"  requests_per_second: {self.requests_per_second}\n  arrivals: {self.arrivals}\n"
        )


GROUPS = (
    Group("person", 12, 4.0, "poisson", "workers=4,service-time=50ms,distribution=lognormal"),
    Group("door", 8, 5.0, "constant", "workers=4,service-time=50ms,distribution=exponential"),
    Group("label", 10, 5.0, "poisson", "workers=4,service-time=40ms,distribution=exponential"),
)


@dataclass(frozen=True)
class MixRun:
    """What both sides say about one run."""

    header: Header
    requests: list[Request]
    truth: dict[str, Truth]
    """By request id."""
    stats: dict[str, int]
    """Requests that the simulator counted, by detector id."""
    step: StepSummary
    valid: bool

    def id_of(self, request: Request) -> str:
        """The id that a request had on the wire."""
        prefix = id_prefix(self.header.run_id, request.worker_number, request.part).decode()
        return f"req_uu{prefix}{request.request_number:08x}"

    def of_group(self, name: str) -> list[Request]:
        """The requests of one group."""
        return [request for request in self.requests if request.group == name]

    def asked(self, request: Request) -> str:
        """Id of the detector that a request was for, by the log's header."""
        (group,) = (g for g in self.header.plan.groups if g.name == request.group)
        return detectors_of(group)[request.part]

    def truth_s(self, name: str) -> Floats:
        """Seconds from a request's last byte to its answer's last byte, by the simulator's log.

        Of the requests of one group that fell due in the step's window.
        """
        window = self.step.window
        lines = [
            self.truth[self.id_of(request)]
            for request in self.of_group(name)
            if window.start_s <= request.due_s < window.end_s
        ]
        return np.array([(line.answered_s or 0.0) - line.arrival_s for line in lines])


def detectors_of(group: GroupRecord) -> list[str]:
    """The detector of each part of a frame."""
    further = [link.detector_id for link in group.then for _ in range(link.requests)]
    return [group.detector_id, *further]


def run_mix(
    mix: str, serving: Sequence[str], seconds: float, folder: Path, seed: int = 1
) -> MixRun:
    """One copy of a mix for one step, against a simulator with these options."""
    truth_log, file = folder / "truth.jsonl", folder / "mix.yaml"
    file.write_text(mix, encoding="utf-8")
    options = [*serving, "--truth-log", str(truth_log), "--seed", str(seed)]
    with running_simulator(options) as simulator:
        more = ("--seed", str(seed), "--workers", "2")
        valid = ours.run(ours.mix_command(simulator.url, file, seconds, folder, *more))
        stats = simulator.stats()
    log = ours.log_in(folder)
    records = [record for chunk in read_records(log) for record in chunk]
    header = records[0]
    assert isinstance(header, Header)
    return MixRun(
        header=header,
        requests=[record for record in records if isinstance(record, Request)],
        truth={line.request_id: line for line in read_truth_log(truth_log)},
        stats={detector: found["received"] for detector, found in stats["by_detector"].items()},
        step=analyse(read_log(log)).steps[0],
        valid=valid,
    )


def own_pools(groups: Sequence[Group]) -> list[str]:
    """Simulator options: a detector with workers of its own for each group."""
    return [word for group in groups for word in ("--detector", f"{group.name}:{group.serving}")]


def check_counts(run: MixRun) -> None:
    """Every request is in both logs, for the same detector; raises AssertionError if not."""
    ids = {run.id_of(request): run.asked(request) for request in run.requests}
    assert len(ids) == len(run.requests)
    assert ids == {line.request_id: line.detector_id for line in run.truth.values()}
    counts: dict[str, int] = dict.fromkeys(run.stats, 0)
    for detector in ids.values():
        counts[detector] += 1
    assert counts == run.stats


@dataclass(frozen=True)
class Interval:
    """What a run states about one percentile of one group; seconds."""

    group: str
    quantile: str
    value_s: float
    low_s: float
    high_s: float
    truth_s: float
    """The same percentile of the same requests, by the simulator's log."""

    def holds(self, value_s: float) -> bool:
        """Whether a value lies in the interval."""
        return self.low_s <= value_s <= self.high_s


def intervals(run: MixRun) -> list[Interval]:
    """Those that a run states; a group with too few requests states none."""
    found = []
    for step in run.step.groups:
        assert step.group is not None
        for name, share in QUANTILES.items():
            quantile = step.times.service.quantile(name)
            if quantile is None or quantile.low is None or quantile.high is None:
                continue
            truth_s = nearest_rank(run.truth_s(step.group), share)
            found.append(
                Interval(step.group, name, quantile.value, quantile.low, quantile.high, truth_s)
            )
    return found


def nearest_rank(sample: Floats, share: float) -> float:
    """The smallest value that so large a share of a sample does not exceed."""
    return float(np.quantile(sample, share, method="inverted_cdf"))


def compare(rounds: int, seconds: float, folder: Path) -> str:
    """Rounds with a seed each; the table. INVALID runs are judged like others: both logs know."""
    mix = "".join(group.lines() for group in GROUPS)
    stated: list[Interval] = []
    truths: dict[str, list[Floats]] = {group.name: [] for group in GROUPS}
    for seed in range(1, rounds + 1):
        run = run_mix(mix, own_pools(GROUPS), seconds, folder, seed)
        check_counts(run)
        stated += intervals(run)
        for name, columns in truths.items():
            columns.append(run.truth_s(name))
    rows = []
    for group in GROUPS:
        together = np.concatenate(truths[group.name])
        for name, share in QUANTILES.items():
            mine = [i for i in stated if (i.group, i.quantile) == (group.name, name)]
            endpoint_s = nearest_rank(together, share)
            more_ms = [1000 * (i.value_s - i.truth_s) for i in mine]
            rows.append(
                [
                    f"{group.name}, {group.arrivals}, {_kind(group)}",
                    name,
                    f"{len(together) / rounds:,.0f}",
                    f"{1000 * endpoint_s:.2f}",
                    f"{np.median(more_ms):+.2f}" if mine else "-",
                    f"{sum(i.holds(i.truth_s) for i in mine)} of {len(mine)}",
                    f"{sum(i.holds(endpoint_s) for i in mine)} of {len(mine)}",
                ]
            )
    head = [
        "group", "", "n a round", "truth of all rounds, ms", "a round - its truth, ms",
        "interval holds its own truth", "that of all rounds",
    ]  # fmt: skip
    return markdown(head, rows)


def _kind(group: Group) -> str:
    found = re.search(r"distribution=(\w+)", group.serving)
    return found[1] if found else "constant"


def detector_ids(groups: Sequence[Group]) -> dict[str, str]:
    """The id of each group's detector in the simulator."""
    return {group.name: id_from_name(group.name) for group in groups}
