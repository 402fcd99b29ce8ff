"""The text of a YAML file -> its nodes, with every plain word as a text, and their lines. Pure.

`name: on` is the name "on", and `cameras: 010` ten cameras. What such a text means is decided where
its key is known.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

import yaml

_MERGE = "tag:yaml.org,2002:merge"
NULL_TAG = "tag:yaml.org,2002:null"
_MOST_BYTES = 1_000_000
_MOST_VALUES = 50_000
_DEEPEST = 4
"""Keys lie no deeper: `then`, its entry, its key. A file of aliases may be endlessly deep."""

Place = tuple[str | int, ...]
"""The way to a value within a node: `("then", 0, "detector")`."""


class YamlTexts(yaml.SafeLoader):
    """Leaves every plain word as the text that it is, but for nothing at all and for merging."""

    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [each for each in resolvers if each[0] in (_MERGE, NULL_TAG)]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _refuse(_: YamlTexts, node: yaml.Node) -> None:
    said = f"the tag {node.tag.replace('tag:yaml.org,2002:', '!!')} is not allowed"
    raise yaml.constructor.ConstructorError(None, None, said, node.start_mark)


for _tag in ("bool", "int", "float", "binary", "timestamp", "omap", "pairs", "set"):
    YamlTexts.add_constructor(f"tag:yaml.org,2002:{_tag}", _refuse)


@contextlib.contextmanager
def yaml_texts(
    file: str, text: str, legal: str, problem: type[ValueError]
) -> Iterator[tuple[YamlTexts, yaml.Node]]:
    """The loader of a file, and its root. While entered, an error of YAML is one line.

    `text` is the content of `file`, and `legal` says what it must be. Raises `problem`.
    """
    try:
        loader = YamlTexts(text)
        try:
            root = loader.get_single_node()
            if root is None or root.tag == NULL_TAG:
                raise problem(f"{file}: the file is empty; must be {legal}")
            yield loader, root
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        said = " ".join(str(error.problem or error.context).split())
        if "\\t" in said:
            said += "; use spaces instead of tabs"
        raise problem(f"{file}{line}: is not YAML ({said}); must be {legal}") from None
    except yaml.reader.ReaderError as error:
        line = f", line {text.count(chr(10), 0, error.position) + 1}"
        said = f"the character {int(error.character):#04x} is not allowed"
        raise problem(f"{file}{line}: is not YAML ({said}); must be {legal}") from None
    except RecursionError:
        raise problem(f"{file}: is too deeply nested; must be {legal}") from None


def read_yaml(path: Path) -> str:
    """The text of a file. Raises UnicodeDecodeError, and OSError also if it is too long."""
    with path.open("rb") as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise OSError(errno.EFBIG, f"it has more than {_MOST_BYTES:,} bytes")
    return content.decode()


def yaml_places(node: yaml.Node) -> Iterator[tuple[Place, int, str]]:
    """Every value below a node: its place, its line, and what is wrong with its key, if anything.

    YAML itself takes the last of two equal keys in silence. Aliases of aliases may stand for
    billions of values: after very many, the last one says that there are too many.
    """
    for number, (place, line, problem) in enumerate(_places(node, ())):
        if number == _MOST_VALUES:
            yield place, line, f"more than {_MOST_VALUES:,} values stand here; must be fewer"
            return
        yield place, line, problem


def _places(node: yaml.Node, place: Place) -> Iterator[tuple[Place, int, str]]:
    yield place, line_of(node), ""
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
            yield place, line_of(key), "a list or a mapping cannot be a key; must be a word"
        elif key.tag == _MERGE:
            merged += value.value if isinstance(value, yaml.SequenceNode) else [value]
        else:
            twice = f"{key.value} stands there twice; must stand there once"
            yield (*place, key.value), line_of(key), twice if key.value in seen else ""
            seen.add(key.value)
            yield from _places(value, (*place, key.value))
    for other in merged:
        yield from (each for each in _places(other, place) if each[0] != place)


def line_of(node: yaml.Node) -> int:
    """The line on which a node begins, from 1."""
    return int(node.start_mark.line) + 1
