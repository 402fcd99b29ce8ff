"""Laws of applying variants: through a real keeper, with commands of a shell."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import as_a_user as user
import psutil
import pytest

from edgeload.variants.applying import Applier, KeeperGone, NotApplied, NotReady
from edgeload.variants.variants_file import VariantSpec

BACK = VariantSpec(name="back", apply="echo back >>config")


def nobody(what: str) -> None:
    raise AssertionError(what)


def applier(
    folder: Path, restoring: VariantSpec = BACK, ask: Callable[[str], object] = nobody
) -> Applier:
    environment = {**os.environ, "GROUNDLIGHT_API_TOKEN": user.TOKEN, "OWN": "1"}
    return Applier(
        restoring, folder, environment, token=user.TOKEN, ask=ask, pause=lambda seconds: None
    )


def config(folder: Path) -> str:
    path = folder / "config"
    return path.read_text() if path.exists() else ""


def test_the_box_is_restored_once_and_by_one_of_both(tmp_path: Path) -> None:
    """By `restore`, or else when the applier is left; not if nothing was applied."""
    new = VariantSpec(name="new", apply="echo new >>config")
    with applier(tmp_path) as box:
        assert not box.owes
        box.restore()
    assert config(tmp_path) == ""
    with applier(tmp_path) as box:
        box.apply(new)
        assert box.owes
        box.restore()
        box.restore()
    assert config(tmp_path) == "new\nback\n"
    with applier(tmp_path) as box:
        box.apply(new)
    assert config(tmp_path) == "new\nback\nnew\nback\n"


def test_commands_never_get_the_token(tmp_path: Path) -> None:
    """Neither in the environment of the keeper nor in that of a command; the rest is there."""
    with applier(tmp_path) as box:
        box.apply(
            VariantSpec(name="a", apply="env >seen; tr '\\0' '\\n' </proc/$PPID/environ >>seen")
        )
    seen = (tmp_path / "seen").read_text()
    assert user.TOKEN not in seen
    assert seen.count("OWN=1") == 2
    assert "EDGELOAD_PYTHON=" in seen


def test_a_command_that_fails_is_told_with_its_output_but_without_the_token(
    tmp_path: Path,
) -> None:
    """It may have the token from elsewhere; and the box is restored, as it may be half changed."""
    fails = VariantSpec(name="a", apply=f"echo token {user.TOKEN} refused; exit 9")
    with applier(tmp_path) as box, pytest.raises(NotApplied) as caught:
        box.apply(fails)
    assert str(caught.value) == "exit code 9: token (hidden) refused"
    assert config(tmp_path) == "back\n"


def test_a_command_that_takes_too_long_is_told_with_the_key_that_waits_longer(
    tmp_path: Path,
) -> None:
    """A bounded time is a promise."""
    slow = VariantSpec(name="a", apply="sleep 100", apply_timeout_s=0.2)
    with applier(tmp_path) as box, pytest.raises(NotApplied, match="apply_timeout_s waits longer"):
        box.apply(slow)


def test_what_interrupts_a_command_ends_it_and_the_box_is_restored(tmp_path: Path) -> None:
    """Whatever is raised while it runs, for example by Ctrl-C; the answer is not mistaken later."""

    class Interrupt(BaseException):
        pass

    slow = VariantSpec(name="a", apply="echo $$ >pid; exec sleep 100")
    with applier(tmp_path) as box:
        answered = box._keeper._answer

        def interrupted() -> None:
            user.wait_for((tmp_path / "pid").exists, 10, "the command")
            raise Interrupt

        box._keeper._answer = interrupted  # type: ignore[method-assign,assignment]
        with pytest.raises(Interrupt):
            box.apply(slow)
        box._keeper._answer = answered  # type: ignore[method-assign]
        box.restore()
        assert config(tmp_path) == "back\n"
    assert not psutil.pid_exists(int((tmp_path / "pid").read_text()))


def test_ready_is_asked_until_it_succeeds(tmp_path: Path) -> None:
    """A variant without that command is not waited for here."""
    third = "echo x >>tries; [ $(wc -l <tries) -ge 3 ]"
    with applier(tmp_path) as box:
        box.await_ready(VariantSpec(name="a", apply="true"))
        box.await_ready(VariantSpec(name="a", apply="true", ready=third))
    assert (tmp_path / "tries").read_text() == "x\n" * 3


def test_ready_is_given_up_after_its_time(tmp_path: Path) -> None:
    """With what it said last."""
    never = VariantSpec(
        name="a", apply="true", ready="echo 0 of 2 pods; false", ready_timeout_s=0.3
    )
    with applier(tmp_path) as box, pytest.raises(NotReady) as caught:
        box.await_ready(never)
    assert "did not succeed within 0.3 s (exit code 1: 0 of 2 pods)" in str(caught.value)


def test_a_person_applies_and_restores(tmp_path: Path) -> None:
    """Who is asked in one sentence each, with the variant's name."""
    asked: list[str] = []
    by_hand = VariantSpec(name="as it was", apply="ask")
    with applier(tmp_path, by_hand, asked.append) as box:
        box.apply(VariantSpec(name="new", apply="ask"))
        box.restore()
    assert asked == [
        "Apply the variant 'new' to the box",
        "Restore the box: apply the variant 'as it was'",
    ]


def test_without_the_keeper_the_user_is_told_what_to_do(tmp_path: Path) -> None:
    """It was killed: nothing can be applied any more."""
    with applier(tmp_path) as box:
        box.apply(VariantSpec(name="a", apply="true"))
        box._keeper.kill()
        with pytest.raises(KeeperGone, match="restore it by hand: run echo back"):
            box.apply(VariantSpec(name="b", apply="true"))
        with pytest.raises(NotApplied):
            box.restore()
        assert box.owes


def test_a_restoration_that_fails_is_told_and_not_tried_again(tmp_path: Path) -> None:
    """The user has to look at it."""
    fails = VariantSpec(name="back", apply="echo back >>config; exit 5")
    with applier(tmp_path, fails) as box:
        box.apply(VariantSpec(name="a", apply="true"))
        with pytest.raises(NotApplied, match="exit code 5"):
            box.restore()
    assert config(tmp_path) == "back\n"
