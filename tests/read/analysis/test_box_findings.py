"""Laws of the findings about how the box is configured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import synthetic_log as sl

from edgeload.read.analysis.finding import Finding
from edgeload.read.analysis.findings import find
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.read.words.finding_words import advice, message
from edgeload.records import WorkerSample


def sample(worker: int, at_s: float, confident: int, below: int) -> WorkerSample:
    return WorkerSample(sl.WALL_S + at_s, worker, 1, at_s, 0.1, 0, 0, 0, confident, below)


def findings(
    tmp_path: Path, said: dict[str, Any], workers: list[WorkerSample] | None = None
) -> dict[str, Finding]:
    """All findings of a clean run of 600 answers against a box that says this of itself."""
    played = sl.play(sl.plan_of([20, 40], 10, 1.0), servers=50, service=sl.constant(0.02))
    path = sl.write(tmp_path / "log", played, workers=workers)
    header, rest = path.read_bytes().split(b"\n", 1)
    values = json.loads(header)
    values["endpoint"] |= said
    path.write_bytes(json.dumps(values).encode() + b"\n" + rest)
    return {finding.code: finding for finding in find(analyse(read_log(path)))}


@pytest.mark.parametrize("edge_only", [False, None])
def test_a_box_that_audits_its_answers_is_a_warning_before_all_others(
    tmp_path: Path, edge_only: bool | None
) -> None:
    """At 1.0 every good answer went to the cloud as well, though edge purity is 100 %."""
    found = findings(tmp_path, {"edge_only": edge_only, "confident_audit_rate": 1.0})
    finding = found["audited"]
    assert finding.severity == "warning"
    assert next(iter(found)) == "audited"
    assert "about 600 of 600 answers (100 %)" in message(finding)
    assert "0.00001" in advice(finding)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"edge_only": False, "confident_audit_rate": None},
        {"edge_only": False, "confident_audit_rate": 1e-5},
        {"edge_only": False, "confident_audit_rate": 0.0099},
        {"edge_only": True, "confident_audit_rate": 1.0},
        {"edge_only": False, "confident_audit_rate": "often"},
    ],
)
def test_an_ordinary_rate_and_an_edge_only_detector_are_none(
    tmp_path: Path, said: dict[str, Any]
) -> None:
    """The default audits one answer in 100,000; an edge-only detector asks no cloud at all."""
    assert "audited" not in findings(tmp_path, said)


def test_the_share_below_the_detectors_own_threshold_is_said(tmp_path: Path) -> None:
    """From the last counts of each worker: 150 of 600, which cameras would get from the cloud."""
    workers = [sample(0, 0, 1, 1), sample(1, 0, 0, 5), sample(0, 20, 250, 50)]
    workers += [sample(1, 20, 200, 100)]
    said = {"edge_only": False, "confidence_threshold": 0.9}
    finding = findings(tmp_path, said, workers)["below_own_threshold"]
    assert finding.severity == "note"
    assert "25 % of the answers (150 of 600)" in message(finding)
    assert "0.9" in message(finding)
    assert message(finding).endswith("such answers come from the cloud")
    behind = findings(tmp_path / "behind", {**said, "always_edge": True}, workers)
    assert "to the cloud as well" in message(behind["below_own_threshold"])


def test_a_threshold_that_nobody_told_is_no_good_news(tmp_path: Path) -> None:
    """Not edge-only, and the share unknown: that is said, and not taken for none."""
    found = findings(tmp_path, {"edge_only": False, "confidence_threshold": None})
    assert "unknown how many" in message(found["below_own_threshold"])


@pytest.mark.parametrize(
    ("edge_only", "below"),
    [(True, 300), (None, 300), (False, 0)],
)
def test_cameras_that_get_the_same_answers_need_no_note(
    tmp_path: Path, edge_only: bool | None, below: int
) -> None:
    """Edge-only, or all above the threshold; an older box that says nothing was told of before."""
    said = {"edge_only": edge_only, "confidence_threshold": 0.9}
    found = findings(tmp_path, said, [sample(0, 20, 300, below)])
    assert "below_own_threshold" not in found
