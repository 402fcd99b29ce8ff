"""Which endpoint each node of a cluster loads: a text, or the YAML file that it names -> a map.

The setting is kept as one text, so the log has all of it, and needs no file when it is read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BeforeValidator

from edgeload.file_names import cannot_be_shown
from edgeload.plain_words import quoted
from edgeload.settings.values import legal_endpoint_url
from edgeload.settings.yaml_texts import YamlTexts, line_of, read_yaml, yaml_places, yaml_texts

ONE_FOR_ALL = "all"
"""The word for the usual case: every node loads ENDPOINT_URL."""
TARGET_MAP_EXAMPLE = "node1=https://192.0.2.7:30143,node2=https://192.0.2.8:30143"
_LEGAL_MAP = f"must be {ONE_FOR_ALL}, NAME=URL for each node, or a YAML file with them"
_LEGAL_FILE = "a YAML mapping from the name of a node to a URL, for example node1: https://…:30143"
_MOST_NAME_CHARS = 300


class TargetMapError(ValueError):
    """A file of a target map that cannot be used: one line with the file and the line."""


def parse_target_map(text: str) -> dict[str, str]:
    """The URL of each node by its name; empty if all load ENDPOINT_URL.

    Raises ValueError, in one line without the name of the setting.
    """
    if text.strip() == ONE_FOR_ALL:
        return {}
    found: dict[str, str] = {}
    for entry in filter(None, map(str.strip, text.split(","))):
        name, is_pair, url = (part.strip() for part in entry.partition("="))
        if not is_pair or not name or not url:
            raise ValueError(_LEGAL_MAP)
        if len(name) > _MOST_NAME_CHARS or any(map(cannot_be_shown, name)):
            raise ValueError(f"a name cannot be shown, or is too long; {_LEGAL_MAP}")
        if name in found:
            raise ValueError(f"{name} stands there twice; must stand there once")
        found[name] = _url(name, url)
    if not found:
        raise ValueError(_LEGAL_MAP)
    return found


def _url(name: str, url: str) -> str:
    try:
        legal = legal_endpoint_url(url)
    except ValueError as problem:
        given = "" if "@" in url else f", {quoted(url)},"
        raise ValueError(f"the address of {name}{given} {problem}") from None
    assert legal is not None
    return legal


def _pairs(targets: Mapping[str, str]) -> str:
    return ",".join(f"{name}={url}" for name, url in targets.items())


def target_map_text(value: object) -> object:
    """The whole map as a text, also if a YAML file of that name has it, or config.py as a mapping.

    Raises ValueError, in one line without the name of the setting.
    """
    if isinstance(value, Mapping):
        return _pairs({str(name): str(url) for name, url in value.items()})
    if value is None or (isinstance(value, str) and not value.strip()):
        return ONE_FOR_ALL
    if not isinstance(value, str | Path):
        raise ValueError(_LEGAL_MAP)
    text = str(value).strip()
    if text == ONE_FOR_ALL or (not os.path.isfile(text) and "=" in text):  # noqa: PTH113
        return text
    return _pairs(_of_file(text))


def _of_file(file: str) -> dict[str, str]:
    try:
        content = read_yaml(Path(file))
    except FileNotFoundError:
        raise ValueError(f"there is no such file; {_LEGAL_MAP}") from None
    except (OSError, ValueError) as problem:
        raise ValueError(f"the file cannot be read ({problem}); {_LEGAL_MAP}") from None
    with yaml_texts(file, content, _LEGAL_FILE, TargetMapError) as (loader, root):
        return dict(_entries(file, loader, root))


def _entries(file: str, loader: YamlTexts, root: yaml.Node) -> Iterator[tuple[str, str]]:
    if not isinstance(root, yaml.MappingNode):
        raise TargetMapError(f"{file}, line {line_of(root)}: must be {_LEGAL_FILE}")
    for _, line, problem in yaml_places(root):
        if problem:
            raise TargetMapError(f"{file}, line {line}: {problem}")
    for name, url in loader.construct_mapping(root, deep=True).items():
        if not isinstance(url, str) or not url.strip() or {",", "="} & set(f"{name}{url}"):
            raise TargetMapError(f"{file}: {name} has no URL; must be {_LEGAL_FILE}")
        yield str(name), url.strip()


def _checked(value: object) -> object:
    text = target_map_text(value)
    if text == ONE_FOR_ALL:
        return text
    return _pairs(parse_target_map(str(text)))


TargetMapText = Annotated[str, BeforeValidator(_checked)]
