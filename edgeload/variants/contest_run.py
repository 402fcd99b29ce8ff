"""Carries out a contest: applies the variants in turn, measures each, and restores the box."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from edgeload.edge.location import Unreachable
from edgeload.private_files import private_folder
from edgeload.run.warm_up import warm_up
from edgeload.settings import Settings
from edgeload.signals import Stopped, StopSignals
from edgeload.variants.applying import Applier, NotApplied, NotReady
from edgeload.variants.contest import USUAL_ROUNDS, Contest, ContestResult, ContestTurn
from edgeload.variants.measurement import Measurement, MeasureVariant
from edgeload.variants.variants_file import Variants, VariantSpec
from edgeload.variants.variants_words import left_words, load_unit, place_words, turn_words

Say = Callable[[str], None]
Warm = Callable[[VariantSpec], object]


@dataclass
class ContestRun:
    """Carries out one contest. `run` does it, once."""

    variants: Variants
    settings: Settings
    applier: Applier
    measure: MeasureVariant
    warm: Warm
    folder: Path
    """Where the logs of the measurements go; it is new."""
    say: Say
    pause: Callable[[float], object] = time.sleep
    clock: Callable[[], float] = time.monotonic
    _turns: list[ContestTurn] = field(default_factory=list)
    _began_s: float = 0.0

    def run(self, stop: StopSignals) -> ContestResult:
        """Measure until the contest is over, the budget is spent or a signal comes; restore."""
        self._began_s = self.clock()
        settings = self.settings
        names = tuple(variant.name for variant in self.variants.variants)
        contest = Contest(names, settings.variants_rounds or USUAL_ROUNDS, settings.seed)
        interrupted, spent = "", False
        try:
            while not (contest.over or spent or interrupted):
                measured: dict[str, Measurement] = {}
                for name in contest.order():
                    spent = self._is_spent()
                    if spent:
                        break
                    turn = self._turn(contest, name, len(measured) + 1, stop)
                    if turn.measurement.outcome == "interrupted" or stop.count:
                        interrupted = stop.last or _signal_in(turn.measurement.why)
                    if turn.measurement.outcome == "interrupted":
                        break
                    measured[name] = turn.measurement
                    if interrupted:
                        break
                before = contest
                contest = contest.after_round(measured, complete=not (spent or interrupted))
                if words := left_words(before, contest):
                    self.say(words)
        finally:
            # Whatever happens to this process, the keeper restores the box.
            stop.end_at(stop.count + 1 if interrupted else 2)
            not_restored, restored = self._restore()
        return ContestResult(
            contest,
            tuple(self._turns),
            self.clock() - self._began_s,
            interrupted,
            spent,
            not_restored,
            restored,
        )

    def _is_spent(self) -> bool:
        """Whether one more measurement would not fit into the budget."""
        budget_s = self.settings.variants_budget
        if budget_s is None or not self._turns:
            return False
        longest_s = max(turn.seconds for turn in self._turns)
        return self.clock() - self._began_s + longest_s > budget_s

    def _share_s(self, contest: Contest, number: int) -> float | None:
        """What one measurement may take, so that the budget is enough for all that may be left."""
        if self.settings.variants_budget is None:
            return None
        left_s = self.settings.variants_budget - (self.clock() - self._began_s)
        return max(0.0, left_s) / (contest.most_turns() - number + 1)

    def _turn(self, contest: Contest, name: str, number: int, stop: StopSignals) -> ContestTurn:
        """Apply one variant and measure it; whatever goes wrong with it is the result."""
        began_s = self.clock()
        round_number = len(contest.rounds) + 1
        self.say(place_words(name, contest, number))
        places = [variant.name for variant in self.variants.variants]
        place = places.index(name)
        log_file = self.folder / f"round-{round_number}-{place + 1}-{_slug(name)}.log"
        try:
            with stop.raised():
                self._configure(self.variants.variants[place])
            measurement = self.measure(log_file, self._share_s(contest, number))
        except Stopped as signal:
            measurement = Measurement("interrupted", why=str(signal))
        except NotApplied as problem:
            measurement = Measurement("not_applied", why=str(problem))
        except (NotReady, Unreachable) as problem:
            said = str(problem).replace("--ready-timeout", "ready_timeout_s")
            measurement = Measurement("not_ready", why=said)
        self.say(turn_words(name, measurement, load_unit(self.settings)))
        turn = ContestTurn(round_number, name, measurement, self.clock() - began_s)
        self._turns.append(turn)
        return turn

    def _configure(self, variant: VariantSpec) -> None:
        self.applier.apply(variant)
        self.applier.await_ready(variant)
        if variant.settle_s:
            self.pause(variant.settle_s)
        self.warm(variant)

    def _restore(self) -> tuple[str, bool]:
        """Why the box could not be restored, if so; whether it was."""
        if not self.applier.owes:
            return "", False
        how = self.variants.restoring
        if not how.asks:
            self.say(f"Restoring the box: {how.apply}")
        try:
            self.applier.restore()
        except NotApplied as problem:
            return str(problem), False
        self.say("The box is restored.")
        return "", True


def warmer(settings: Settings, say: Say) -> Warm:
    """Waits until the box answers, and warms up all of its proxy workers."""

    def warm(variant: VariantSpec) -> None:
        warm_up(settings, timeout_s=variant.ready_timeout_s, say=say)

    return warm


def new_folder(log_file: Path, now: str) -> Path:
    """Make a folder for the logs of one contest beside LOG_FILE; an older one is never used."""
    for number in range(1, 1000):
        suffix = "" if number == 1 else f"-{number}"
        folder = log_file.with_name(f"{log_file.stem}-variants-{now}{suffix}")
        try:
            private_folder(folder.parent)
            folder.mkdir(0o700)
        except FileExistsError:
            continue
        return folder
    raise FileExistsError(f"{log_file}-variants-{now}")


def _signal_in(why: str) -> str:
    """`SIGINT`, from how a run says that it was interrupted."""
    found = re.search(r"SIG[A-Z]+", why)
    return found[0] if found else why


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "variant"
