"""One line of a log of the older form: a request, a ramp step, a sample of the host. Pure.

Such lines were written by several versions of several scripts, and were carried through shells,
spreadsheets and other zones since. Whatever can be understood is read; a line raises ValueError,
with the reason, only if it is none of these.
"""

from __future__ import annotations

import json
import math
import re
from calendar import timegm
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from edgeload.failure_classes import ESCALATED, SUCCESS, UNCLASSIFIED, http_failure
from edgeload.read.log.failure_text import class_of_text
from edgeload.untrusted_text import printable

_RAMP = re.compile(
    r"(?:[^{]{0,60}[\s:|\]-])?RAMP\W{1,3}(?:to )?(\d{1,9})(?: clients?)?(?:\s+ts=(\S{1,40}))?",
)
_ASCTIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?"
    r"(?:\s?(?:(Z)|([+-]\d\d):?(\d\d)))?"
)
_RAMP_EVENTS = ("ramp", "ramp_step")
_CLIENTS_KEYS = ("clients", "num_clients", "ramp")
HOST_EVENTS = ("cpu", "gpu")
_STATUS_KEYS = ("status_code", "status", "http_status", "code")
_MOST_CHARS = 1 << 20
_MOST_OBJECTS = 1000
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}
_NO_ERROR: tuple[Any, ...] = (None, False, "", 0)


class OlderLine(msgspec.Struct):
    """The keys of a JSON line that matter, as they stand there."""

    event: Any = "request"
    asctime: str | None = None
    ts: float | str | None = None
    worker_number: int | float | str | None = None
    request_number: int | float | str | None = None
    latency: float | str | None = None
    success: bool | int | str | None = None
    error: Any = None
    from_edge: bool | None = None
    outcome: str | None = None
    due_s: float | None = None
    lens_name: Any = None
    copy: Any = None
    camera: Any = None
    stage: Any = None


class RampLine(NamedTuple):
    """From here on so many clients; `ts` as written, in any unit, if it is there."""

    clients: int
    ts: float | None


class HostLine(NamedTuple):
    """A sample of the host's CPU or GPU, by its keys."""

    line: OlderLine
    values: Mapping[str, Any]


class OtherLine(NamedTuple):
    """A JSON line of another kind: neither wrong nor of use."""


ParsedLine = OlderLine | RampLine | HostLine | OtherLine

_decoder = msgspec.json.Decoder(OlderLine)
_KEYS = OlderLine.__struct_fields__


def parse_line(raw: bytes) -> list[ParsedLine]:
    """All that one line of a log says: several things if two writers met in it.

    Raises ValueError for a line that is none.
    """
    try:
        line = _decoder.decode(raw)
        if line.event == "request" and line.success is not None:
            return [line]
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass
    text = raw.decode("utf-8", "replace").strip("\ufeff\x00 \t\r\n")
    if ramp := _RAMP.fullmatch(text):
        return [RampLine(int(ramp[1]), finite_number(ramp[2]))]
    objects = list(_objects(text))
    if not objects:
        raise ValueError("neither a JSON object nor a RAMP line")
    return [_parsed(values) for values in objects]


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Every JSON object in a line, also behind a torn one or the prefix of a logger."""
    decoder = json.JSONDecoder()
    at = text.find("{") if len(text) <= _MOST_CHARS else -1
    for _ in range(_MOST_OBJECTS):
        if at < 0:
            return
        try:
            values, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            at += 1
        else:
            yield values
        at = text.find("{", at)


def _parsed(values: dict[str, Any]) -> ParsedLine:
    line = OlderLine(**{key: values[key] for key in _KEYS if key in values})
    event = line.event.lower() if isinstance(line.event, str) else "request"
    if event in HOST_EVENTS:
        return HostLine(line, values)
    if (clients := _ramp_clients(event, values)) is not None:
        return RampLine(clients, finite_number(line.ts))
    if event != "request" and "success" not in values:
        return OtherLine()
    if outcome_of(line) is None:
        raise ValueError("a request that does not say whether it succeeded")
    return line


def _ramp_clients(event: str, values: Mapping[str, Any]) -> int | None:
    """Clients of a ramp step written as JSON; None for anything else."""
    if event in _RAMP_EVENTS or "ramp" in values:
        clients = small_whole_number(next((values[k] for k in _CLIENTS_KEYS if k in values), None))
        if clients is None:
            raise ValueError("a ramp step without its number of clients")
        return clients
    message = values.get("message")
    ramp = _RAMP.fullmatch(message.strip()) if isinstance(message, str) else None
    return int(ramp[1]) if ramp else None


def finite_number(value: Any) -> float | None:
    """A finite number, also if it was written as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def small_whole_number(value: Any) -> int | None:
    """A whole number from 0 that 32 bits hold, also if written as text; None for anything else."""
    if type(value) is int:
        return value if 0 <= value < 2**31 else None
    found = finite_number(value)
    return int(found) if found is not None and 0 <= found < 2**31 and found % 1 == 0 else None


def outcome_of(line: OlderLine) -> tuple[str, str] | None:
    """A request's outcome and its failure's text; None if the line does not say.

    Without `success`, a text of an error is one, and so is an answer that was not the edge's.
    """
    succeeded = line.success
    if succeeded is True and line.from_edge is not False:
        return SUCCESS, ""
    if isinstance(succeeded, str):
        succeeded = _TRUTHS.get(succeeded.strip().lower())
    failed = not succeeded if succeeded is not None else line.error not in _NO_ERROR
    if failed:
        text = _error_text(line.error)
        named = line.outcome if isinstance(line.outcome, str) else None
        known = named not in (None, "", SUCCESS)
        return (printable(named or "", 40) if known else _class_of(line.error, text)), text
    if line.from_edge is False:
        return ESCALATED, "a non-edge answer"
    return None if succeeded is None else (SUCCESS, "")


def _class_of(error: Any, text: str) -> str:
    """The class of a failure: that of its text, else that of the HTTP status of an object.

    `code` may also be an errno; those are smaller than any status of a failure.
    """
    found = class_of_text(text)
    if found != UNCLASSIFIED or not isinstance(error, dict):
        return found
    inner = error.get("error")
    values = {**error, **(inner if isinstance(inner, dict) else {})}
    statuses = (small_whole_number(values.get(key)) for key in _STATUS_KEYS)
    status = next((each for each in statuses if each is not None and 300 <= each <= 599), None)
    return found if status is None else http_failure(status)


def _error_text(error: Any) -> str:
    """An error as one line of text; an object's own message if it has one."""
    if isinstance(error, dict):
        error = next((error[key] for key in ("message", "error") if error.get(key)), error)
    if error in _NO_ERROR:
        return ""
    return printable(error if isinstance(error, str) else json.dumps(error, default=str))


class Asctime:
    """Reads local times, `2026-11-23 18:30:01` with or without `,123`; keeps the last second."""

    def __init__(self) -> None:
        self._head = ""
        self._second = 0

    def seconds(self, text: Any) -> tuple[float, bool] | None:
        """Seconds since the epoch, and whether the text tells its zone.

        Without a zone they are those of UTC: `instants.zone_s` knows how far it is off. None for a
        text of another form.
        """
        if not isinstance(text, str):
            return None
        head, tail = text[:19], text[19:]
        if head == self._head and (not tail or (tail[0] in ",." and tail[1:].isdecimal())):
            return self._second + (float(f"0.{tail[1:]}") if tail else 0.0), False
        match = _ASCTIME.fullmatch(text.strip())
        if match is None:
            return None
        *date, fraction, utc, hours, minutes = match.groups()
        year, month, day, hour, minute, second = map(int, date)
        if not (year >= 1970 and 1 <= month <= 12 and 1 <= day <= 31 and hour < 24):
            return None
        self._second = timegm((year, month, day, hour, minute, second, 0, 0, 0))
        self._head = head
        told = self._second + (float(f"0.{fraction}") if fraction else 0.0)
        if hours:
            shift_s = int(hours) * 3600 + int(hours[0] + minutes) * 60
            return told - shift_s, True
        return told, utc is not None
