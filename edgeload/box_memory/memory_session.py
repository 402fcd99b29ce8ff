"""From settings to memory.json: reaches the box, measures, restores it, and reports."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from edgeload import exit_codes
from edgeload.box_memory.held_box import HeldBox, NotSaved, held_box
from edgeload.box_memory.measuring import MemoryMeasurement, NotMeasured
from edgeload.box_memory.memory_results import write_memory
from edgeload.box_memory.memory_words import MemoryReport
from edgeload.box_memory.readings_file import READINGS_FILE, ReadingsFile
from edgeload.edge.location import Unreachable
from edgeload.edge.putting_back import LOADED_WITHIN_S
from edgeload.file_locks import held_lock
from edgeload.kept_runs import folder_name
from edgeload.plain_words import plural
from edgeload.private_files import new_private_folder
from edgeload.run.embedded_endpoint import endpoint_of
from edgeload.run.no_cloud import check_known, owed_restoration
from edgeload.run.pictures import make_pictures
from edgeload.run.preflight import check_cacert
from edgeload.run.preflight_queries import Sender
from edgeload.run.reaching import choices, reach
from edgeload.run.restoring import NotRestored
from edgeload.run.saved_configs import SAVED_CONFIG, check_not_changed_now
from edgeload.run.session import first_task, sender_for, worker_count
from edgeload.settings import SettingError, Settings
from edgeload.signals import Stopped, StopSignals

_CHECKS_A_STEP_S = 10.0


@dataclass(frozen=True)
class MemoryWanted:
    """Which numbers of detectors to measure; `last` None: all that there are. `text` says so."""

    first: int
    last: int | None
    text: str
    every_s: float
    """How often the box renews its figures of RAM."""

    def check(self, most: int) -> None:
        """Raise SettingError if there are fewer detectors than that."""
        if max(self.first, self.last or most) > most:
            raise SettingError(
                f"--detectors {self.text}: there {'is' if most == 1 else 'are'} only "
                f"{plural(most, 'detector')} in the settings; must be at most {most}, for example "
                f"--detectors {most}, or name more in a mix (docs/mix.md)"
            )


def measure_memory(settings: Settings, wanted: MemoryWanted, out: Console) -> int:
    """Measure, restore the box, write and print the result; the exit code.

    Raises SettingError and Unreachable before anything is changed on the box.
    """
    wanted.check(len({choice for _, _, choice in choices(settings.groups())}))
    session = _MemorySession(settings, wanted)
    code = session.carry_out()
    report = session.report()
    if report is None:
        print(session.why_ended, file=sys.stderr)
        return code or exit_codes.NO_RESULT
    try:
        write_memory(report, session.folder, out)
    except OSError as refused:
        print(f"Cannot write the results to {session.folder}: {refused.strerror}", file=sys.stderr)
        return code or exit_codes.INTERNAL_ERROR
    known = any(each.in_use is not None for each in report.memories)
    return code or (exit_codes.OK if known else exit_codes.NO_RESULT)


class _MemorySession:
    """One measurement, and what is left of it if it ends early: `problem` says why.

    `folder` is its own, from the time when it begins.
    """

    def __init__(self, settings: Settings, wanted: MemoryWanted) -> None:
        self._settings = settings
        self._wanted = wanted
        self.folder = settings.output_dir
        self._names: dict[str, str] = {}
        self._measurement: MemoryMeasurement | None = None
        self._not_restored: list[NotRestored] = []
        self.problem = ""

    def carry_out(self) -> int:
        """Measure and put the box's configuration back; the exit code so far, 0 if all went well.

        Raises SettingError, and Unreachable if nothing was measured.
        """
        code = exit_codes.OK
        with contextlib.ExitStack() as stack:
            try:
                with StopSignals() as stop, stop.raised():
                    self._measure(stack)
            except Stopped as signal:
                self.problem, code = f"Stopped by {signal}", exit_codes.INTERRUPTED
            except NotMeasured as error:
                self.problem, code = str(error), exit_codes.NO_RESULT
            except Unreachable as error:
                if self.report() is None:
                    raise
                self.problem, code = str(error), exit_codes.UNREACHABLE
            except NotSaved as error:
                self.problem, code = str(error), exit_codes.INTERNAL_ERROR
            except OSError as error:
                self.problem = f"Stopped by this machine: {error.strerror or error}"
                code = exit_codes.INTERNAL_ERROR
            finally:
                self._say_if_not_restored()
        return exit_codes.UNREACHABLE if self._not_restored else code

    @property
    def why_ended(self) -> str:
        """Why it ended before the last detector; empty: it did not."""
        return self.problem or (self._measurement.run.ended_early if self._measurement else "")

    def report(self) -> MemoryReport | None:
        """What was measured; None: nothing."""
        if self._measurement is None or not self._measurement.run.readings:
            return None
        run = self._measurement.run
        return MemoryReport(
            url=self._settings.endpoint_url or "the embedded endpoint",
            names=tuple(self._names.values()),
            readings=tuple(run.readings),
            ended_early=self.why_ended,
            renewed_every_s=self._wanted.every_s,
        )

    def _measure(self, stack: contextlib.ExitStack) -> None:
        settings, began_s = self._settings, time.time()
        url, embedded = stack.enter_context(endpoint_of(settings, Console(stderr=True)))
        check_cacert(settings)
        with self._output_refused():
            self.folder = new_private_folder(
                settings.output_dir,
                lambda number: f"memory-{folder_name(began_s, '', number)}",
            )
        stack.callback(_remove_if_empty, self.folder)
        file = self.folder / SAVED_CONFIG
        box = self._reached(url, file, stack)
        self._wanted.check(len(self._names))
        last = self._wanted.last or len(self._names)
        restore = settings.restore_command(file)
        owed = None if embedded else owed_restoration(settings, file, restore)
        self._measurement = MemoryMeasurement(
            box,
            list(self._names),
            self._wanted.every_s,
            time.monotonic,
            time.sleep,
            _say,
            ReadingsFile(self.folder / READINGS_FILE, _say).append,
            list(self._names.values()),
        )
        check_not_changed_now(settings.output_dir, url)
        with self._output_refused():
            stack.enter_context(held_lock(self.folder))
            box.save()
        _say(self._intention(url, last, file))
        with held_box(box, owed, _say) as self._not_restored:
            self._measurement.measure(range(self._wanted.first, last + 1))

    @contextlib.contextmanager
    def _output_refused(self) -> Iterator[None]:
        """Raises SettingError for an OSError that is raised meanwhile."""
        try:
            yield
        except OSError as problem:
            raise SettingError(
                f"OUTPUT_DIR = {str(self._settings.output_dir)!r}: cannot be written "
                f"({problem.strerror}); must be a folder that you may write, for example results"
            ) from problem

    def _reached(self, url: str, file: Path, stack: contextlib.ExitStack) -> HeldBox:
        """The box; its detectors' names by their ids are noted, in the order of being added."""
        settings, groups = self._settings, self._settings.groups()
        pictures = make_pictures(groups, settings.seed, stack)
        reached = reach(url, settings, time.sleep, _say)
        check_known(reached)
        plan = settings.plan()
        task = first_task(settings, plan, worker_count(settings, plan), reached, pictures)
        tasks = {group.name: group for group in task.groups}
        senders: list[Sender] = []
        for group, _, choice in choices(groups):
            detector = reached.detectors[choice].detector
            if detector.id not in self._names:
                self._names[detector.id] = detector.name or detector.id
                senders.append(sender_for(settings, task, tasks[group.load.name], detector.id))
        loaded_s = max(settings.ready_timeout, LOADED_WITHIN_S)
        return HeldBox(
            url, reached.trust, list(self._names), senders, file, loaded_within_s=loaded_s, say=_say
        )

    def _intention(self, url: str, last: int, file: Path) -> str:
        """What is about to happen, in one line."""
        first, every_s = self._wanted.first, self._wanted.every_s
        minutes = (1 + 2 * (last - first + 1)) * (2 * every_s + _CHECKS_A_STEP_S) / 60.0
        number = f"{first} to {last}" if first < last else str(last)
        return (
            f"{url} will have {number} of these detectors, one after the other, which takes about "
            f"{minutes:.0f} min and the time to load their models. Its configuration is saved to "
            f"{file}, and will be put back at the end."
        )

    def _say_if_not_restored(self) -> None:
        file = self.folder / SAVED_CONFIG
        what = f"To restore it, type: {self._settings.restore_command(file)}"
        for why in self._not_restored:
            if why.for_good:  # which that command would refuse as well
                what = f"The one from before the measurement is in {file}"
            _say(f"THE BOX WAS NOT RESTORED: {why}. {what}")


def _remove_if_empty(folder: Path) -> None:
    """Nothing was begun."""
    with contextlib.suppress(OSError):
        folder.rmdir()


def _say(text: str) -> None:
    """A terminal or a pipe that is gone ends no measurement."""
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)
