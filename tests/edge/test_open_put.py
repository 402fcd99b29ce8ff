"""Laws of a PUT that nobody has answered: it may arrive after everybody has given up."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from late_box import A, late_box

from edgeload.edge import putting_back
from edgeload.edge.asking import WHOLE_ANSWER_S
from edgeload.edge.edge_config import (
    BoxAway,
    EdgeConfigError,
    KeptConfig,
    agrees,
    keep_config,
    kept_config,
    put_edge_config,
    read_edge_config,
    with_preset,
)
from edgeload.edge.location import NoAnswer
from edgeload.edge.open_put import PUT_LANDS_WITHIN_S, noted_open
from edgeload.edge.putting_back import put_back, put_back_from
from edgeload.edge.trust import TlsTrust

TRUST = TlsTrust()


def lost(url: str) -> KeptConfig:
    """A PUT is sent, of which nobody knows whether it has arrived; what was kept."""
    before = read_edge_config(url, TRUST)
    kept = KeptConfig(url, 1.0, before, with_preset(before, [A], "no_cloud"))
    noted: list[bool] = []
    with pytest.raises(NoAnswer), noted_open(noted.append):
        put_edge_config(url, kept.put, TRUST)
    assert noted == [True]
    return replace(kept, put_open=noted[-1])


@pytest.mark.parametrize("lands_after", [1, 4, 9, 30])
def test_a_put_that_arrives_late_is_put_back(lands_after: int) -> None:
    """Whenever it does: while it is asked for, and as long as anything may be on its way."""
    with late_box(lands_after=lands_after) as box:
        kept = replace(lost(box.url) if lands_after > 2 else sent(box.url), put_open=True)
        assert put_back(kept, box.url, TRUST, pause=lambda _: None)
        assert agrees(kept.before, box.config)
        assert box.on_its_way is None


def sent(url: str) -> KeptConfig:
    """The same if it arrives before we ask."""
    before = read_edge_config(url, TRUST)
    kept = KeptConfig(url, 1.0, before, with_preset(before, [A], "no_cloud"))
    put_edge_config(url, kept.put, TRUST)
    return kept


def test_the_file_tells_it_to_whoever_puts_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The keeper, and `--restore-edge-config`, which start from it alone."""
    monkeypatch.setattr(putting_back, "PUT_LANDS_WITHIN_S", 0.02)
    monkeypatch.setattr(putting_back, "_LOOK_EVERY_S", 0.001)
    with late_box() as box:
        kept = lost(box.url)
        keep_config(tmp_path / "file", kept)
        assert kept_config(tmp_path / "file") == kept
        assert put_back_from(tmp_path / "file", TRUST, None) == (True, box.url)
        marked = replace(kept, put_open=False, restored=True)
        assert kept_config(tmp_path / "file") == marked
        assert agrees(kept.before, box.config)
        assert box.on_its_way is None


def test_a_put_without_doubt_costs_no_time() -> None:
    """What was answered, and what the box has refused, is not on its way any more."""
    noted: list[bool] = []
    with noted_open(noted.append):
        pass
    with pytest.raises(EdgeConfigError), noted_open(noted.append):
        raise EdgeConfigError("HTTP status 404")
    assert noted == [True, False] * 2
    with pytest.raises(BoxAway), noted_open(noted.append):
        raise BoxAway("HTTP status 504")
    assert noted[4:] == [True]
    assert PUT_LANDS_WITHIN_S > WHOLE_ANSWER_S


def test_a_signal_waits_for_the_answer() -> None:
    """So Ctrl-C does not leave a PUT on its way."""
    said: list[str] = []
    before = signal.signal(signal.SIGINT, lambda *_: said.append("signal"))
    try:
        with noted_open(lambda put_open: said.append("open" if put_open else "answered")):
            os.kill(os.getpid(), signal.SIGINT)
            said.append("answer")
    finally:
        signal.signal(signal.SIGINT, before)
    assert said == ["open", "answer", "answered", "signal"]
