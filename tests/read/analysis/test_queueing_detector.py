"""Laws of naming the detector that limits a chain."""

from __future__ import annotations

from pathlib import Path

import pytest
import synthetic_log as sl

from edgeload.camera_group import CameraGroup
from edgeload.plan import mix_plan
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.read.words.limit import limit


def _gate(folder: Path, first: int, then: int, requests: int = 3) -> RunSummary:
    """Cameras with `requests` a frame; pools of so many servers, 50 ms each; 1, 2 and 6 copies."""
    plan = mix_plan((CameraGroup("gate", 2, 2.0, requests_per_frame=requests),), [1, 2, 6], 12.0)
    pools = {
        "gate": sl.Pool(first, sl.constant(0.05)),
        "gate then": sl.Pool(then, sl.constant(0.05)),
    }
    played = sl.play_mix(plan, pools)
    return analyse(read_log(sl.write(folder / "log", played, workers=sl.cpu_samples(plan))))


@pytest.mark.parametrize(
    ("first", "then", "name", "per_s"),
    [(1, 20, "det_gate", 20.0), (20, 1, "det_followers", 20.0)],
)
def test_the_detector_with_too_few_servers_is_named(
    tmp_path: Path, first: int, then: int, name: str, per_s: float
) -> None:
    """With 24 frames/s due: one server of 50 ms answers 20 requests/s, and only its own queue."""
    summary = _gate(tmp_path, first, then)
    found = summary.groups[0].queueing
    assert found is not None
    assert found.name == name
    assert found.per_s == pytest.approx(per_s, rel=0.03)
    assert found.light_s == pytest.approx(0.05, rel=0.6)  # two requests of a frame may share it
    assert found.full_s > 4 * found.light_s
    assert f"because of detector {name}" in limit(summary)


def test_a_chain_that_keeps_up_names_none(tmp_path: Path) -> None:
    """Nor does a group without a chain, however overloaded: its detector is known."""
    assert _gate(tmp_path / "1", 20, 20).groups[0].queueing is None
    assert _gate(tmp_path / "2", 1, 20, requests=1).groups[0].queueing is None
