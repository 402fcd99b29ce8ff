"""Laws of the end of a run that has configured the box: tried again, or left to the keeper."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeload.edge.location import NoAnswer
from edgeload.edge.putting_back import ChangedMeanwhile, StillLoading
from edgeload.keeper import KeeperTask
from edgeload.keeper_process import KeeperProcess
from edgeload.run.restoring import TRY_FOR_S, NotRestored, restore


class Keeper(KeeperProcess):
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def tell(self, task: KeeperTask) -> None:
        assert task == KeeperTask(restored=True)
        self.told.append("restored")

    def let_go(self) -> None:
        self.told.append("go on")


@pytest.mark.parametrize(
    ("problem", "told", "for_good"),
    [
        (None, "restored", False),
        (NoAnswer("no answer"), "go on", False),
        (ChangedMeanwhile("somebody else"), "restored", True),
        (StillLoading("it is put back, but"), "restored", False),
    ],
)
def test_the_keeper_goes_on_with_what_has_failed(
    problem: Exception | None, told: str, for_good: bool
) -> None:
    """And with nothing else: what somebody has changed stays, and what is put back is done."""

    def put_back(*, try_for_s: float, **_: object) -> bool:
        assert try_for_s == TRY_FOR_S
        if problem is not None:
            raise problem
        return True

    keeper, said = Keeper(), list[str]()
    if problem is None:
        restore(put_back, keeper, said.append)
        assert said == ["The box has its own configuration again."]
    else:
        with pytest.raises(NotRestored, match=f"^{problem}") as raised:
            restore(put_back, keeper, said.append)
        assert raised.value.for_good is for_good
        assert ("process of its own" in str(raised.value)) is (told == "go on")
    assert keeper.told == [told]


def test_a_signal_ends_the_waiting() -> None:
    """It leaves the box to the keeper; without a pause, putting back goes on to its end."""

    def put_back(*, pause: Callable[[float], object], **_: object) -> bool:
        os.kill(os.getpid(), signal.SIGINT)
        if keeper.told:
            return True
        pause(60.0)
        pytest.fail("it was waited")

    keeper = Keeper()
    began_s = time.monotonic()
    with pytest.raises(NotRestored, match="SIGINT came before it was; a process of its own"):
        restore(put_back, keeper, lambda _: None)
    assert time.monotonic() < began_s + 30.0
    restore(put_back, keeper, lambda _: None)
    assert keeper.told == ["go on", "restored"]


def test_a_keeper_that_is_let_go_is_not_waited_for(tmp_path: Path) -> None:
    """It does its work all the same."""
    done = tmp_path / "done"
    began_s = time.monotonic()
    with KeeperProcess(tmp_path) as keeper:
        wait = "while [ ! -e go ]; do sleep 0.01; done"
        keeper.tell(KeeperTask(restore=f"{wait}; touch {done}", timeout_s=60.0))
        keeper.let_go()
    assert not done.exists()
    (tmp_path / "go").touch()
    while not done.exists():
        assert time.monotonic() < began_s + 30.0
        time.sleep(0.01)
