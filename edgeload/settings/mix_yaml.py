"""The text of a mix file -> its groups as texts, lists and mappings, with their lines. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from edgeload.settings.yaml_texts import Place, YamlTexts, line_of, yaml_places, yaml_texts

LEGAL_MIX = (
    "a YAML list of camera groups, for example "
    "[{name: door, detector_name: front-door, cameras: 4}]"
)


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


def mix_entries(file: str, text: str) -> tuple[GroupEntry, ...]:
    """The groups of a file, of which `text` is the content. Raises MixError."""
    with yaml_texts(file, text, LEGAL_MIX, MixError) as (loader, root):
        return tuple(_entries(file, loader, root))


def _problem(file: str, line: int, group: str, text: str) -> MixError:
    return MixError(f"{file}, line {line}, group {group}: {text}")


def _entries(file: str, loader: YamlTexts, root: yaml.Node) -> Iterator[GroupEntry]:
    if not isinstance(root, yaml.SequenceNode) or not root.value:
        raise MixError(f"{file}, line {line_of(root)}: must be {LEGAL_MIX}")
    for number, node in enumerate(root.value, 1):
        if not isinstance(node, yaml.MappingNode):
            legal = f"must have keys and values; the file must be {LEGAL_MIX}"
            raise _problem(file, line_of(node), str(number), legal)
        called = _called(node, number)
        lines: dict[Place, int] = {}
        for place, line, problem in yaml_places(node):
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
