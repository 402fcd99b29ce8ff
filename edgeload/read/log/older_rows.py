"""The lines of a log of the older form, in columns as they were written: any unit, any zone."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from edgeload.failure_classes import SUCCESS
from edgeload.plain_words import plural
from edgeload.read.log.kept_texts import KeptTexts
from edgeload.read.log.log_error import LogError
from edgeload.read.log.older_line import (
    Asctime,
    HostLine,
    OlderLine,
    ParsedLine,
    RampLine,
    finite_number,
    outcome_of,
    parse_line,
    small_whole_number,
)
from edgeload.read.log.table_builder import Tally
from edgeload.runlog import DamagedLine, read_lines
from edgeload.untrusted_text import printable

EXACT, LOCAL, UNKNOWN = range(3)
"""How an instant is told: as a number or with its zone, as local time alone, not at all."""

_SHOWN_CHARS = 120
_NAME_CHARS = 50
MOST_CAMERAS = 10_000
_NAMED_CLIENTS_FROM = 1 << 30
_MOST_STEPS = 2**15 - 1


@dataclass(frozen=True)
class RampMark:
    """A ramp step begins in this line, after so many requests; its instant as written, if told."""

    clients: int
    line: int
    requests_before: int
    instant: float | None


@dataclass(frozen=True)
class HostMark:
    """A sample of the host in this line; its instant as written, and how that is told."""

    line: int
    instant: float
    told: int
    values: Mapping[str, Any]


class LensCamera(NamedTuple):
    """A camera of upstream's application benchmark: its lens, and the copy of that, from 0."""

    lens: str
    copy: int
    camera: int


NO_CAMERA = -1
FOLLOWS = "binary"
"""The stage of the further requests about a frame."""


@dataclass
class OlderRows:
    """One row per request; `instant` is when it ended, and NaN stands for what is not said.

    `failures` has outcome and text of the rows that failed. `both` is an instant that one line
    tells twice, exactly and as local time. `camera` indexes `cameras`, if a line names its camera;
    `follows` is 1 for a further request about a frame, of which several are under way at once.
    """

    marks: list[RampMark] = field(default_factory=list)
    hosts: list[HostMark] = field(default_factory=list)
    client: array[int] = field(default_factory=lambda: array("i"))
    number: array[int] = field(default_factory=lambda: array("i"))
    line: array[int] = field(default_factory=lambda: array("q"))
    instant: array[float] = field(default_factory=lambda: array("d"))
    told: array[int] = field(default_factory=lambda: array("b"))
    latency: array[float] = field(default_factory=lambda: array("d"))
    from_edge: array[int] = field(default_factory=lambda: array("b"))
    camera: array[int] = field(default_factory=lambda: array("i"))
    follows: array[int] = field(default_factory=lambda: array("b"))
    cameras: list[LensCamera] = field(default_factory=list)
    failures: dict[int, tuple[str, str]] = field(default_factory=dict)
    both: tuple[float, float] | None = None
    tally: Tally = field(default_factory=Tally)
    good_lines: int = 0
    first_good: int | None = None
    """The first line that is one of a log; `first_line` is the first that is not empty."""
    first_line: int | None = None
    present_form_line: int | None = None
    """The first line of the present form, which another reader understands."""


def looks_older(lines: Iterable[bytes]) -> bool:
    """Whether one of a log's first lines is of the older form."""
    return any(_is_older(line) for line in lines)


def _is_older(raw: bytes) -> bool:
    try:
        parsed = parse_line(raw)
    except ValueError:
        return False
    return any(
        isinstance(one, RampLine) or (isinstance(one, OlderLine) and outcome_of(one) is not None)
        for one in parsed
    )


def older_rows(path: Path, name: Path) -> OlderRows:
    """All lines of a log. Raises LogError for one that holds several runs, or is none."""
    rows = rows_of_lines(path, name)
    check_is_log(rows, name)
    return rows


def rows_of_lines(path: Path, name: Path) -> OlderRows:
    """All lines of a file, be it a log or not. Raises LogError for one that holds several runs."""
    rows = OlderRows()
    reader = _Reader(rows, name)
    for first, lines in read_lines(path):
        for at, raw in enumerate(lines, first):
            if raw and not raw.isspace():
                reader.take(at, raw)
    return rows


def check_is_log(rows: OlderRows, name: Path) -> None:
    """Raises LogError for rows that are not of a log with requests."""
    if rows.first_good != rows.first_line and rows.tally.damaged > rows.good_lines:
        raise LogError(
            f"{name} is not the log of a load test: it has {plural(rows.good_lines, 'line')} of "
            f"one, the first in line {rows.first_good}, among {rows.tally.damaged:,} others"
        )
    if rows.present_form_line is not None:
        raise LogError(
            f"the log {name} has no header line, but line {rows.present_form_line} is of the "
            "present form: its beginning is missing, or two logs were joined"
        )
    if not rows.client:
        first = rows.tally.first_damage
        why = f": line {first.number}: {first.problem}" if first else ""
        raise LogError(f"the log {name} holds no request{why}")
    if all(told == UNKNOWN for told in rows.told):
        raise LogError(
            f"the log {name} does not say when its requests ended: no line has ts or asctime"
        )


class _Reader:
    """Puts lines into rows, and notices where a second run begins."""

    def __init__(self, rows: OlderRows, name: Path) -> None:
        self._rows = rows
        self._name = name
        self._clock = Asctime()
        self._texts = KeptTexts()
        self._names: dict[str, int] = {}
        self._highest: dict[int, int] = {}
        self._begun_again: dict[int, tuple[int, int]] = {}
        self._cameras: dict[tuple[str, Any, Any], int] = {}

    def take(self, at: int, raw: bytes) -> None:
        """One line that is not empty."""
        rows = self._rows
        if rows.first_line is None:
            rows.first_line = at
        try:
            for parsed in parse_line(raw):
                if isinstance(parsed, OlderLine):
                    self._request(at, parsed)
                else:
                    self._take(at, parsed)
        except ValueError as problem:
            if isinstance(problem, LogError):
                raise
            text = printable(raw, _SHOWN_CHARS)
            rows.tally.damage([DamagedLine(at, text, str(problem))])
            return
        rows.good_lines += 1
        if rows.first_good is None:
            rows.first_good = at

    def _take(self, at: int, parsed: ParsedLine) -> None:
        if isinstance(parsed, RampLine):
            if len(self._rows.marks) == _MOST_STEPS:
                raise LogError(f"the log {self._name} has more than {_MOST_STEPS:,} ramp steps")
            mark = RampMark(parsed.clients, at, len(self._rows.client), parsed.ts)
            self._rows.marks.append(mark)
        elif isinstance(parsed, HostLine):
            instant, told = self._instant(parsed.line)
            if told != UNKNOWN:
                self._rows.hosts.append(HostMark(at, instant, told, parsed.values))

    def _request(self, at: int, line: OlderLine) -> None:
        """Raises ValueError for one that says too little to be a request."""
        if line.due_s is not None:
            self._rows.present_form_line = self._rows.present_form_line or at
            return
        outcome = outcome_of(line)
        if outcome is None:
            raise ValueError("a request that does not say whether it succeeded")
        rows = self._rows
        instant, told = self._instant(line)
        latency = line.latency if type(line.latency) is float else finite_number(line.latency)
        if told == UNKNOWN and latency is None and line.worker_number is None:
            raise ValueError("a request without instant, latency and worker_number")
        said = line.worker_number
        if type(said) is int and 0 <= said < _NAMED_CLIENTS_FROM:
            client = said
        else:
            client = self._client(said)
        if (numbered := small_whole_number(line.request_number)) is not None:
            self._follow(at, client, numbered)
        if outcome[0] != SUCCESS:
            rows.failures[len(rows.client)] = self._texts.example(*outcome)
        rows.client.append(client)
        rows.number.append(len(rows.number) + 1 if numbered is None else numbered)
        rows.line.append(at)
        rows.instant.append(instant)
        rows.told.append(told)
        rows.latency.append(float("nan") if latency is None else latency)
        rows.from_edge.append(1 if line.from_edge is True else -1)
        rows.camera.append(NO_CAMERA if line.lens_name is None else self._camera(line))
        rows.follows.append(line.stage == FOLLOWS)

    def _camera(self, line: OlderLine) -> int:
        """The index of the camera that a line names; a name may be anything."""
        copy, camera = (small_whole_number(said) or 0 for said in (line.copy, line.camera))
        said = (str(line.lens_name)[:_NAME_CHARS], copy, camera)
        if said not in self._cameras:
            if len(self._cameras) == MOST_CAMERAS:
                raise LogError(f"the log {self._name} has more than {MOST_CAMERAS:,} cameras")
            self._cameras[said] = len(self._cameras)
            self._rows.cameras.append(LensCamera(printable(said[0]) or "unnamed", copy, camera))
        return self._cameras[said]

    def _instant(self, line: OlderLine) -> tuple[float, int]:
        exact = line.ts if type(line.ts) is float else finite_number(line.ts)
        if exact is not None:
            if self._rows.both is None and (local := self._clock.seconds(line.asctime)):
                self._rows.both = None if local[1] else (exact, local[0])
            return exact, EXACT
        found = self._clock.seconds(line.ts) or self._clock.seconds(line.asctime)
        if found is None:
            return float("nan"), UNKNOWN
        return found[0], EXACT if found[1] else LOCAL

    def _client(self, said: Any) -> int:
        numbered = small_whole_number(said)
        if numbered is not None and numbered < _NAMED_CLIENTS_FROM:
            return numbered
        if said is None:
            return 0
        return self._names.setdefault(str(said), _NAMED_CLIENTS_FROM + len(self._names))

    def _follow(self, at: int, client: int, numbered: int) -> None:
        """Raises LogError where clients begin again with request 1: a second run was appended.

        Unless the ramp has just gone up: some programs begin every step so.
        """
        highest = self._highest.get(client, 0)
        if numbered > highest:
            self._highest[client] = numbered
            return
        marks = self._rows.marks
        if len(marks) > 1 and marks[-1].clients > marks[-2].clients:
            self._highest[client] = numbered
        elif numbered == 1 and highest > 1:
            self._begun_again.setdefault(client, (at, len(self._rows.client)))
        elif numbered == 2 and client in self._begun_again:
            line, before = min(self._begun_again.values())
            if marks and marks[-1].requests_before == before:
                line = marks[-1].line
            raise LogError(
                f"the log {self._name} holds several runs, and the second begins in line {line}: "
                f"divide it, for example with head -n {line - 1} and tail -n +{line}"
            )
