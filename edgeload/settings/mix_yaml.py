"""The text of a mix file -> its groups as texts, lists and mappings, with their lines. Pure.

Every plain word of the file is a text: `name: on` is the name "on", and `cameras: 010` ten cameras.
What such a text means is decided where its key is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

LEGAL_MIX = (
    "a YAML list of camera groups, for example "
    "[{name: door, detector_name: front-door, cameras: 4}]"
)
_MERGE = "tag:yaml.org,2002:merge"
_NULL = "tag:yaml.org,2002:null"
_DEEPEST = 4
"""Keys lie no deeper: `then`, its entry, its key. A file of aliases may be endlessly deep."""

Place = tuple[str | int, ...]
"""The way to a value within a group: `("then", 0, "detector")`."""


class MixError(ValueError):
    """A mix file that cannot be used: one line with the file, the line, the group and the key."""


@dataclass(frozen=True)
class GroupEntry:
    """One camera group as it stands in the file."""

    file: str
    called: str
    """Its name in quotation marks, or its number, from 1."""
    values: Mapping[str, Any]
    """Without the keys that have no value."""
    lines: Mapping[Place, int]

    def line(self, place: Place = ()) -> int:
        """The line of a value, or of what contains it if it is not there."""
        while place not in self.lines:
            place = place[:-1]
        return self.lines[place]

    def problem(self, place: Place, text: str) -> MixError:
        """An error in this group."""
        return _problem(self.file, self.line(place), self.called, text)


class _Texts(yaml.SafeLoader):
    """Leaves every plain word as the text that it is, but for nothing at all and for merging."""

    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [each for each in resolvers if each[0] in ("tag:yaml.org,2002:merge", _NULL)]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def mix_entries(file: str, text: str) -> tuple[GroupEntry, ...]:
    """The groups of a file, of which `text` is the content. Raises MixError."""
    try:
        loader = _Texts(text)
        try:
            return tuple(_entries(file, loader))
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        said = " ".join(str(error.problem or error.context).split())
        if "\\t" in said:
            said += "; use spaces instead of tabs"
        raise MixError(f"{file}{line}: is not YAML ({said}); must be {LEGAL_MIX}") from None
    except yaml.reader.ReaderError as error:
        line = f", line {text.count(chr(10), 0, error.position) + 1}"
        said = f"the character {int(error.character):#04x} is not allowed"
        raise MixError(f"{file}{line}: is not YAML ({said}); must be {LEGAL_MIX}") from None
    except RecursionError:
        raise MixError(f"{file}: is too deeply nested; must be {LEGAL_MIX}") from None


def _problem(file: str, line: int, group: str, text: str) -> MixError:
    return MixError(f"{file}, line {line}, group {group}: {text}")


def _entries(file: str, loader: _Texts) -> Iterator[GroupEntry]:
    root = loader.get_single_node()
    if root is None or root.tag == _NULL:
        raise MixError(f"{file}: the file is empty; must be {LEGAL_MIX}")
    if not isinstance(root, yaml.SequenceNode) or not root.value:
        raise MixError(f"{file}, line {_line(root)}: must be {LEGAL_MIX}")
    for number, node in enumerate(root.value, 1):
        if not isinstance(node, yaml.MappingNode):
            legal = f"must have keys and values; the file must be {LEGAL_MIX}"
            raise _problem(file, _line(node), str(number), legal)
        called = _called(node, number)
        lines: dict[Place, int] = {}
        for place, line, problem in _places(node):
            if problem:
                raise _problem(file, line, called, problem)
            lines.setdefault(place, line)
        values = loader.construct_mapping(node, deep=True)
        given = {str(key): value for key, value in values.items() if value is not None}
        yield GroupEntry(file, called, given, lines)


def _called(node: yaml.MappingNode, number: int) -> str:
    for key, value in node.value:
        if key.value == "name" and isinstance(value, yaml.ScalarNode) and value.value.strip():
            return repr(" ".join(value.value.split())[:60])
    return str(number)


def _places(node: yaml.Node, place: Place = ()) -> Iterator[tuple[Place, int, str]]:
    """Every value below a node: its place, its line, and what is wrong with its key, if anything.

    YAML itself takes the last of two equal keys in silence.
    """
    yield place, _line(node), ""
    if len(place) >= _DEEPEST:
        return
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _places(item, (*place, index))
    if not isinstance(node, yaml.MappingNode):
        return
    seen: set[str] = set()
    merged: list[yaml.Node] = []
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            yield place, _line(key), "a list or a mapping cannot be a key; must be a word"
        elif key.tag == _MERGE:
            merged += value.value if isinstance(value, yaml.SequenceNode) else [value]
        else:
            twice = f"{key.value} stands there twice; must stand there once"
            yield (*place, key.value), _line(key), twice if key.value in seen else ""
            seen.add(key.value)
            yield from _places(value, (*place, key.value))
    for other in merged:
        yield from (each for each in _places(other, place) if each[0] != place)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
