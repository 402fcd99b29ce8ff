"""A mix file (YAML) -> checked camera groups, each with the lines on which its keys stand.

docs/mix.md explains every key. A key that is left out has the value of the run's setting.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    TypeAdapter,
    ValidationError,
)

from edgeload.edge_facts import is_detector_id
from edgeload.plan import Arrivals, CameraGroup, LatePolicy, is_group_name
from edgeload.settings import values
from edgeload.settings.error_words import legal_words
from edgeload.settings.groups import (
    ChainSettings,
    DetectorChoice,
    GroupSettings,
    PictureChoice,
)

if TYPE_CHECKING:
    from edgeload.settings.resolved import Settings

MAX_RATE = "max"
"""The rate of a closed loop."""
MAX_FOLLOWERS = 256
"""Further requests of one frame."""
_MAX_SIDE = 8192
_check_rate: TypeAdapter[float] = TypeAdapter(values.Rate)
_SIZE = re.compile(r"([0-9]{1,5})\s*x\s*([0-9]{1,5})")
_LEGAL_SIZE = f"must be WIDTHxHEIGHT in pixels, at most {_MAX_SIDE}, for example 640x480"
_EXAMPLES = {
    "name": "door",
    "detector_id": "det_2aBcDeFgHiJkLmNoPqRsTuVwXyZ",
    "detector_name": "front-door",
    "query": "Is the door open?",
    "cameras": "4",
    "requests_per_second": "10, or max",
    "image_path": "door.jpg",
    "image_size": "640x480",
    "image_pool": "64",
    "timeout": "10",
    "slo": "[p95<300ms]",
    "then": "[{detector: front-door, requests: 3}]",
    "detector": "front-door",
    "requests": "3",
}


class MixError(ValueError):
    """A mix file that cannot be used: one line with the file, the line, the group and the key."""


def _name(text: str) -> str:
    if not is_group_name(" ".join(text.split())):
        raise ValueError("must be a letter, then at most 39 letters, digits or the signs _ . -")
    return " ".join(text.split())


def _size(text: str) -> str:
    found = _SIZE.fullmatch(text.strip())
    if not found or not all(1 <= int(side) <= _MAX_SIDE for side in found.groups()):
        raise ValueError(_LEGAL_SIZE)
    return text


def _rate(value: object) -> object:
    """The word max, or a rate as the setting has it."""
    if value is None or value == MAX_RATE:
        return value
    try:
        return _check_rate.validate_python(value)
    except ValidationError:
        raise ValueError("must be a number above 0 and at most 10000, or max") from None


class ChainSpec(BaseModel):
    """One entry of `then`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    detector: Annotated[str, Field(min_length=1)]
    requests: Annotated[int, Field(ge=1, le=MAX_FOLLOWERS)] = 1

    def resolved(self) -> ChainSettings:
        """A detector's id has its own form; every other text is a name."""
        by_id = is_detector_id(self.detector)
        choice = DetectorChoice(self.detector) if by_id else DetectorChoice(name=self.detector)
        return ChainSettings(choice, self.requests)


class GroupSpec(BaseModel):
    """One camera group as it stands in the file; None: as the run's setting."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, AfterValidator(_name)]
    detector_id: values.DetectorId = None
    detector_name: values.Text = None
    query: values.Text = None
    cameras: values.Clients = 1
    requests_per_second: Annotated[str | float | None, BeforeValidator(_rate)] = None
    arrivals: Arrivals | None = None
    late: LatePolicy | None = None
    image_path: Path | None = None
    image_size: Annotated[str, AfterValidator(_size)] | None = None
    image_pool: values.Pictures | None = None
    timeout: values.Seconds | None = None
    slo: values.Objectives = ()
    then: tuple[ChainSpec, ...] = ()

    _file: str = PrivateAttr("")
    _lines: tuple[tuple[str, int], ...] = PrivateAttr(())

    def resolved(self, settings: Settings) -> GroupSettings:
        """The group with all of its settings."""
        rate = self.requests_per_second
        then = tuple(link.resolved() for link in self.then)
        return GroupSettings(
            load=CameraGroup(
                self.name,
                self.cameras,
                _frames_per_s(rate, settings),
                self.arrivals or settings.arrivals,
                self.late or settings.late,
                1 + sum(link.requests for link in then),
            ),
            detector=DetectorChoice(self.detector_id, self.detector_name, self.query),
            pictures=self._pictures(settings),
            timeout_s=self.timeout or settings.timeout,
            slo=self.slo,
            then=then,
            file=self._file,
            lines=self._lines,
        )

    def _pictures(self, settings: Settings) -> PictureChoice:
        size = _SIZE.fullmatch(self.image_size.strip()) if self.image_size else None
        return PictureChoice(
            self.image_path or settings.image_path,
            (int(size[1]), int(size[2])) if size else None,
            None if settings.same_image else self.image_pool or settings.image_pool,
        )


def _frames_per_s(rate: str | float | None, settings: Settings) -> float | None:
    if rate == MAX_RATE:
        return None
    return settings.requests_per_second if rate is None else float(rate)


def load_mix(path: Path) -> tuple[GroupSpec, ...]:
    """The camera groups in a file, in its order. Raises MixError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not a text in UTF-8"
        raise MixError(
            f"MIX = {str(path)!r}: cannot be read ({why}); must be a YAML file with camera groups, "
            "for example examples/mix.yaml"
        ) from error
    groups = [_group(path, number, node, entry) for number, node, entry in _entries(path, text)]
    names = Counter(group.name for group in groups)
    for group in groups:
        if names[group.name] > 1:
            raise MixError(
                f"{path}, line {dict(group._lines)['name']}, group {group.name!r}: name = "
                f"{group.name!r}: {names[group.name]} groups have this name; each needs a name of "
                f"its own, for example {group.name}-2"
            )
    return tuple(groups)


def _entries(path: Path, text: str) -> Iterator[tuple[int, yaml.MappingNode, dict[Any, Any]]]:
    """Number, node and values of each group. Raises MixError."""
    loader = yaml.SafeLoader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            raise MixError(f"{path}: the file is empty; must be {_LEGAL_FILE}")
        if not isinstance(root, yaml.SequenceNode) or not root.value:
            raise MixError(f"{path}, line {_line(root)}: must be {_LEGAL_FILE}")
        for number, node in enumerate(root.value, 1):
            if not isinstance(node, yaml.MappingNode):
                raise MixError(f"{path}, line {_line(node)}, group {number}: must be {_LEGAL_FILE}")
            _check_keys_once(path, number, node)
            yield number, node, loader.construct_mapping(node, deep=True)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise MixError(
            f"{path}{line}: is not YAML ({error.problem}); must be {_LEGAL_FILE}"
        ) from None
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        if isinstance(error, MixError):
            raise
        raise MixError(f"{path}: is not YAML ({error}); must be {_LEGAL_FILE}") from None
    finally:
        loader.dispose()


_LEGAL_FILE = (
    "a YAML list of camera groups, for example "
    "[{name: door, detector_name: front-door, cameras: 4}]"
)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _check_keys_once(path: Path, number: int, node: yaml.MappingNode) -> None:
    """YAML takes the last of two equal keys in silence."""
    seen: set[str] = set()
    for key, _ in node.value:
        if key.value in seen:
            raise MixError(
                f"{path}, line {_line(key)}, group {_called(node, number)}: {key.value} stands "
                "there twice; must stand there once"
            )
        seen.add(key.value)


def _called(node: yaml.MappingNode, number: int) -> str:
    """The group's name in quotation marks, or its number."""
    for key, value in node.value:
        if key.value == "name" and isinstance(value, yaml.ScalarNode):
            return repr(value.value)
    return str(number)


def _group(path: Path, number: int, node: yaml.MappingNode, entry: dict[Any, Any]) -> GroupSpec:
    lines = {"": _line(node), **{str(key.value): _line(key) for key, _ in node.value}}

    def problem(key: str, text: str) -> MixError:
        line = lines.get(key, lines[""])
        return MixError(f"{path}, line {line}, group {_called(node, number)}: {text}")

    _check_names(entry, problem)
    try:
        group = GroupSpec.model_validate(entry)
    except ValidationError as error:
        raise problem(*_first(error)) from None
    if (group.detector_id is None) == (group.detector_name is None):
        both = "not both" if group.detector_id else "neither is there"
        raise problem(
            "detector_id",
            f"needs either detector_id or detector_name, and {both}; for example detector_name: "
            f"{_EXAMPLES['detector_name']}",
        )
    if group.image_path is not None:
        picture = path.parent / group.image_path
        group = group.model_copy(update={"image_path": picture})
        if not picture.is_file():
            raise problem(
                "image_path",
                f"image_path = {str(entry['image_path'])!r}: there is no such file; must be a JPEG "
                "or PNG file, its path relative to the mix file",
            )
    group._file, group._lines = str(path), tuple(lines.items())
    return group


def _check_names(entry: dict[Any, Any], problem: Any) -> None:
    """Raise for keys that do not exist."""
    for key in entry:
        if key not in GroupSpec.model_fields:
            near = difflib.get_close_matches(str(key), GroupSpec.model_fields, n=1)
            hint = (
                f"did you mean {near[0]}?"
                if near
                else f"legal: {', '.join(GroupSpec.model_fields)}"
            )
            raise problem(str(key), f"{key} is not a key of a camera group; {hint}")


def _first(error: ValidationError) -> tuple[str, str]:
    """The key of the first problem, and what it is in words."""
    first = error.errors(include_url=False)[0]
    places = [place for place in first["loc"] if place not in ("constrained-str",)]
    key = str(places[0])
    path = ".".join(str(p) for p in places if isinstance(p, str) and p in _EXAMPLES) or key
    if first["type"] == "missing":
        return key, f"{path} is missing, for example {path}: {_EXAMPLES.get(key, '')}"
    if first["type"] == "extra_forbidden":
        return key, f"{'.'.join(map(str, places))} is not a key there; legal: detector, requests"
    legal = legal_words(first)
    example = _EXAMPLES.get(str(path.rsplit(".", maxsplit=1)[-1]))
    if example and "for example" not in legal and first["type"] != "literal_error":
        legal += f", for example {example}"
    return key, f"{path} = {first['input']!r}: {legal}"
