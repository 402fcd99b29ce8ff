"""Frozen dataclasses to JSON and back, checked against their types. Pure.

With the standard library alone: a host that only runs the monitor needs no other package for it.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable
from dataclasses import MISSING, asdict, fields, is_dataclass
from functools import cache
from typing import Any, NoReturn, TypeVar, Union, get_args, get_origin, get_type_hints

_T = TypeVar("_T")
Read = Callable[[Any], Any]


def encode_line(event: str, record: Any) -> bytes:
    """A record as one line of JSON, its key `event` first."""
    values = {"event": event, **asdict(record)}
    text = json.dumps(values, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode() + b"\n"


def decode_line(event: str, kind: type[_T], line: bytes) -> _T:
    """The record of a line that `encode_line` wrote. Keys that `kind` does not have are ignored.

    Raises ValueError, with the reason in a few words, for anything else.
    """
    try:
        values = json.loads(line, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("JSON nested too deeply") from None
    if not isinstance(values, dict) or values.get("event") != event:
        raise ValueError(f"no JSON object with the event {event!r}")
    any_kind: Any = kind  # mypy takes a type[T] for unhashable
    record: _T = _reader(any_kind)(values)
    return record


def encode_document(value: Any) -> bytes:
    """A dataclass as a JSON document for people, indented by two spaces."""
    return json.dumps(asdict(value), ensure_ascii=False, allow_nan=False, indent=2).encode() + b"\n"


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


@cache
def _reader(kind: Any) -> Read:
    """What turns a decoded JSON value into a `kind`, or raises ValueError; made once per type."""
    arguments = get_args(kind)
    if is_dataclass(kind):
        return _record_reader(kind)
    if get_origin(kind) is list:
        return _list_reader(_reader(arguments[0]))
    if get_origin(kind) is dict:
        return _dict_reader(_reader(arguments[1]))
    if get_origin(kind) in (Union, types.UnionType):
        [inner] = [argument for argument in arguments if argument is not types.NoneType]
        return _optional_reader(_reader(inner))
    return _plain_reader(kind)


def _record_reader(kind: Any) -> Read:
    hints = get_type_hints(kind)
    readers = [(field.name, _reader(hints[field.name]), field.default) for field in fields(kind)]

    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            raise ValueError(f"{value!r:.40} is not an object")
        found = {}
        for name, read_field, default in readers:
            told = value.get(name, default)
            if told is MISSING:
                raise ValueError(f"the key {name!r} is missing")
            found[name] = read_field(told)
        return kind(**found)

    return read


def _list_reader(read_one: Read) -> Read:
    def read(value: Any) -> Any:
        if not isinstance(value, list):
            raise ValueError(f"{value!r:.40} is not a list")
        return [read_one(one) for one in value]

    return read


def _dict_reader(read_one: Read) -> Read:
    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            raise ValueError(f"{value!r:.40} is not an object")
        return {key: read_one(one) for key, one in value.items()}

    return read


def _optional_reader(read_one: Read) -> Read:
    return lambda value: None if value is None else read_one(value)


def _plain_reader(kind: type) -> Read:
    def read(value: Any) -> Any:
        if type(value) is kind:
            return value
        if kind is float and type(value) is int:
            return float(value)
        raise ValueError(f"{value!r:.40} is not of type {kind.__name__}")

    return read
