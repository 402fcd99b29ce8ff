"""Laws of carrying out a contest: what is applied when, and that the box is always restored.

Commands are real, through a real keeper; what would take long, measuring, is played.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeload import signals
from edgeload.edge.location import Unreachable
from edgeload.settings import resolve
from edgeload.signals import StopSignals
from edgeload.variants.applying import Applier
from edgeload.variants.contest import ContestResult
from edgeload.variants.contest_run import ContestRun, new_folder
from edgeload.variants.measurement import Measurement
from edgeload.variants.variants_file import parse_variants

FILE = """\
restore: b
variants:
  - {name: a, apply: echo a >>config}
  - {name: b, apply: echo b >>config}
  - {name: c, apply: echo c >>config, settle_s: 5}
"""
PER_S = {"a": 10.0, "b": 20.0, "c": 40.0}


class Player:
    """Plays the clock and what a measurement of the box, as it is configured now, shows."""

    def __init__(self, folder: Path, file: str = FILE, **options: object) -> None:
        self.folder, self.file = folder, file
        self.settings = resolve({}, {"endpoint_url": "http://127.0.0.1:9", **options}, {
            "GROUNDLIGHT_API_TOKEN": "token_of_the_test"
        })  # fmt: skip
        self.now_s = 0.0
        self.said: list[str] = []
        self.events: list[str] = []
        self.budgets: list[float | None] = []
        self.logs: list[Path] = []
        self.during: Callable[[int], Measurement | None] = lambda number: None
        """Called with the number of the measurement; what it returns is what that shows."""

    def configured(self) -> str:
        return (self.folder / "config").read_text().split()[-1]

    def measure(self, log_file: Path, budget_s: float | None) -> Measurement:
        self.now_s += 10.0
        self.logs.append(log_file)
        self.budgets.append(budget_s)
        name = self.configured()
        self.events.append(f"measure {name}")
        own = self.during(len(self.logs))
        per_s = PER_S[name]
        return own or Measurement("measured", per_s, per_s, per_s, log_file=log_file)

    def pause(self, seconds: float) -> None:
        self.events.append(f"settle {seconds:g}")

    def run(self) -> ContestResult:
        variants = parse_variants("f.yaml", self.file)
        with (
            StopSignals() as stop,
            Applier(
                variants.restoring,
                self.folder,
                os.environ,
                token="token_of_the_test",
                ask=self.said.append,
            ) as applier,
        ):
            return ContestRun(
                variants=variants,
                settings=self.settings,
                applier=applier,
                measure=self.measure,
                warm=lambda variant: self.events.append(f"warm {variant.name}"),
                folder=self.folder,
                say=self.said.append,
                pause=self.pause,
                clock=lambda: self.now_s,
            ).run(stop)


def test_what_is_measured_is_what_was_applied(tmp_path: Path) -> None:
    """Each measurement finds the configuration of its variant; at the end the box is restored."""
    player = Player(tmp_path)
    result = player.run()
    applied = (tmp_path / "config").read_text().split()
    assert applied == [*(turn.name for turn in result.turns), "b"]
    assert result.contest.ranked == ["c", "b", "a"]
    assert (result.restored, result.not_restored, result.interrupted) == (True, "", "")


def test_the_box_is_warm_and_settled_before_it_is_measured(tmp_path: Path) -> None:
    """In this order, every time."""
    player = Player(tmp_path)
    player.run()
    for name, before in (("a", ["warm a"]), ("c", ["settle 5", "warm c"])):
        place = player.events.index(f"measure {name}")
        assert player.events[place - len(before) : place] == before


def test_each_measurement_has_a_log_of_its_own(tmp_path: Path) -> None:
    """Named after its round and its variant."""
    player = Player(tmp_path)
    player.run()
    assert len(set(player.logs)) == len(player.logs)
    names = {log.name for log in player.logs}
    assert {"round-1-1-a.log", "round-1-2-b.log", "round-1-3-c.log", "round-2-3-c.log"} <= names


def test_a_variant_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    """It is reported with its output."""
    player = Player(tmp_path, FILE.replace("echo a >>config", "echo no memory; exit 1"))
    result = player.run()
    assert result.contest.ranked == ["c", "b"]
    failed = [turn.measurement for turn in result.turns if turn.name == "a"]
    assert [(m.outcome, m.why) for m in failed] == [("not_applied", "exit code 1: no memory")]
    assert "a: not applied: exit code 1: no memory" in player.said
    assert player.configured() == "b"


def test_an_endpoint_that_is_not_ready_does_not_stop_the_others(tmp_path: Path) -> None:
    """The words name the key of the file, not the option of a run."""
    player = Player(tmp_path)

    def unreachable(number: int) -> None:
        if player.configured() == "a":
            raise Unreachable("not ready (waited 9 s; --ready-timeout waits longer)")

    player.during = unreachable
    result = player.run()
    assert result.contest.left["a"].why == "not_measured"
    assert "a: not ready: not ready (waited 9 s; ready_timeout_s waits longer)" in player.said
    assert result.contest.ranked == ["c", "b"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_a_variant_is_applied_ends_it_and_restores(
    tmp_path: Path, number: signal.Signals
) -> None:
    """What was measured before stays."""
    slow = FILE.replace("echo a >>config", "kill -s $SIG $TOOL; sleep 100").replace(
        "$SIG $TOOL", f"{number.name.removeprefix('SIG')} {os.getpid()}"
    )
    player = Player(tmp_path, slow)
    result = player.run()
    assert result.interrupted == number.name
    assert result.turns[-1].measurement.outcome == "interrupted"
    assert set(result.contest.ranked) == {turn.name for turn in result.turns[:-1]}
    assert (result.restored, player.configured()) == (True, "b")


def test_a_signal_during_a_run_ends_the_contest_and_restores(tmp_path: Path) -> None:
    """The run takes the signal; its outcome says so."""
    player = Player(tmp_path)
    player.during = lambda number: (
        Measurement("interrupted", why="stopped by SIGINT") if number == 2 else None
    )
    result = player.run()
    assert (result.interrupted, len(result.turns), result.restored) == ("SIGINT", 2, True)
    assert len(result.contest.ranked) == 1


@pytest.mark.parametrize(("interrupted", "needed"), [(True, 1), (False, 2)])
def test_signals_while_the_box_is_restored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interrupted: bool, needed: int
) -> None:
    """Two of them end the program, and so does one if another has ended the run before."""
    ended: list[str] = []
    monkeypatch.setattr(signals, "end_now", lambda: ended.append("at once"))
    kill = f"kill -INT {os.getpid()}"
    for sent in (needed - 1, needed):
        command = "; sleep 0.25; ".join(["true", *[kill] * sent])
        file = FILE.replace("restore: b", f"restore_command: {command}")
        player = Player(tmp_path, file)
        if interrupted:
            player.during = lambda number: Measurement("interrupted", why="stopped by SIGINT")
        player.run()
        assert len(ended) == sent - needed + 1


def test_a_crash_restores(tmp_path: Path) -> None:
    """Whatever is raised goes on after that."""
    player = Player(tmp_path)

    def crash(number: int) -> None:
        if number == 2:
            raise ZeroDivisionError

    player.during = crash
    with pytest.raises(ZeroDivisionError):
        player.run()
    assert player.configured() == "b"
    assert len((tmp_path / "config").read_text().split()) == 3


def test_a_restoration_that_fails_is_told(tmp_path: Path) -> None:
    """The ranking is there all the same."""
    file = FILE.replace("restore: b", "restore_command: exit 7")
    result = Player(tmp_path, file).run()
    assert (result.not_restored, result.restored) == ("exit code 7", False)
    assert result.contest.ranked == ["c", "b", "a"]


def test_the_budget_is_not_exceeded(tmp_path: Path) -> None:
    """Five measurements of 10 s each fit into 55 s. Each may take its share of what is left."""
    player = Player(tmp_path, variants_budget=55)
    result = player.run()
    assert (len(result.turns), result.budget_spent) == (5, True)
    most_turns = 3 * 3 + 2 * 3
    assert player.budgets == [
        pytest.approx((55 - 10 * done) / (most_turns - done)) for done in range(5)
    ]
    assert player.configured() == "b"


def test_without_a_budget_measurements_are_not_bounded(tmp_path: Path) -> None:
    """And there are as many rounds as it takes, up to the number that was set."""
    player = Player(tmp_path, variants_rounds=3)
    result = player.run()
    assert (len(result.contest.rounds), len(result.turns)) == (3, 9)
    assert set(player.budgets) == {None}


def test_a_new_folder_never_is_an_older_one(tmp_path: Path) -> None:
    """Also within one second."""
    log = tmp_path / "logs" / "run.log"
    folders = [new_folder(log, "20261127T091500Z") for _ in range(3)]
    assert [folder.name for folder in folders] == [
        "run-variants-20261127T091500Z",
        "run-variants-20261127T091500Z-2",
        "run-variants-20261127T091500Z-3",
    ]
    assert all(folder.is_dir() and folder.parent == log.parent for folder in folders)
