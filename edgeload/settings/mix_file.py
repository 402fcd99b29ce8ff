"""A mix file (YAML) -> checked camera groups, each with the lines on which its keys stand.

docs/mix.md explains every key. A key that is left out has the value of the run's setting.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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

from edgeload.camera_group import Arrivals, CameraGroup, LatePolicy
from edgeload.edge_facts import is_detector_id
from edgeload.objectives import is_group_name, parse_objective
from edgeload.settings import values
from edgeload.settings.groups import (
    ChainSettings,
    DetectorChoice,
    GroupSettings,
    PictureChoice,
    place_in_mix,
)
from edgeload.settings.make_spec import MakeSpec
from edgeload.settings.mix_words import EXAMPLES, first_problem, no_key
from edgeload.settings.mix_yaml import GroupEntry, MixError, mix_entries
from edgeload.settings.yaml_texts import Place, read_yaml

if TYPE_CHECKING:
    from edgeload.settings.resolved import Settings

MAX_RATE = "max"
"""The rate of a closed loop."""
MAX_FOLLOWERS = 256
"""Further requests of one frame, in all."""
_MAX_SIDE = 8192
_check_rate: TypeAdapter[float] = TypeAdapter(values.Rate, config=ConfigDict(defer_build=True))
_SIZE = re.compile(r"([0-9]{1,5})\s*x\s*([0-9]{1,5})")
_LEGAL_SIZE = f"must be WIDTHxHEIGHT in pixels, at most {_MAX_SIDE}, for example 640x480"


def _name(text: str) -> str:
    if not is_group_name(" ".join(text.split())):
        raise ValueError(
            "must be a letter, then at most 39 letters, digits, spaces or the signs _ . -, and not "
            "the words total or each step"
        )
    return " ".join(text.split())


def picture_size(text: str) -> tuple[int, int]:
    """Width and height in pixels of `640x480`. Raises ValueError, which says what is legal."""
    found = _SIZE.fullmatch(text.strip())
    if not found or not all(1 <= int(side) <= _MAX_SIDE for side in found.groups()):
        raise ValueError(_LEGAL_SIZE)
    return int(found[1]), int(found[2])


def _size(text: str) -> str:
    picture_size(text)
    return text


def _rate(value: object) -> object:
    """The word max, or a rate as the setting has it."""
    if value is None or value == MAX_RATE:
        return value
    try:
        return _check_rate.validate_python(value)
    except ValidationError:
        raise ValueError("must be a number from 0.0001 to 10000, or max") from None


def _own_objectives(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse an objective that names a group: these are about the group in which they stand."""
    for text in texts:
        if group := parse_objective(text).group:
            own = text.removeprefix(f"{group}: ")
            raise ValueError(
                f"the objectives of a group are about that group, so {group} must not stand before "
                f"one; for example {own}"
            )
    return texts


def _stripped(text: object) -> object:
    return text.strip() if isinstance(text, str) else text


def _not_too_many(links: tuple[ChainSpec, ...]) -> tuple[ChainSpec, ...]:
    requests = sum(link.requests for link in links)
    if requests > MAX_FOLLOWERS:
        raise ValueError(
            f"a frame would need {requests} further requests; must be at most {MAX_FOLLOWERS}, "
            "for example [{detector: front-door, requests: 3}]"
        )
    return links


class ChainSpec(BaseModel):
    """One entry of `then`."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    detector: Annotated[str, Field(min_length=1), BeforeValidator(_stripped)]
    requests: Annotated[int, Field(ge=1, le=MAX_FOLLOWERS)] = 1
    make: MakeSpec | None = None

    def resolved(self, settings: Settings) -> ChainSettings:
        """A detector's id has its own form; every other text is a name."""
        by_id = is_detector_id(self.detector)
        embedded = settings.endpoint_url is None  # which creates what prepare would make
        query = self.make.query if self.make is not None and embedded else None
        choice = (
            DetectorChoice(self.detector) if by_id else DetectorChoice(None, self.detector, query)
        )
        return ChainSettings(choice, self.requests)


class GroupSpec(BaseModel):
    """One camera group as it stands in the file; None: as the run's setting."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    name: Annotated[str, AfterValidator(_name)]
    detector_id: values.DetectorId = None
    detector_name: values.Name = None
    query: values.Question = None
    cameras: values.Clients = 1
    requests_per_second: Annotated[str | float | None, BeforeValidator(_rate)] = None
    arrivals: Arrivals | None = None
    late: LatePolicy | None = None
    image_path: values.File = None
    image_size: Annotated[str, AfterValidator(_size)] | None = None
    image_pool: values.Pictures | None = None
    timeout: values.Seconds | None = None
    slo: Annotated[values.Objectives, AfterValidator(_own_objectives)] = ()
    then: Annotated[tuple[ChainSpec, ...], AfterValidator(_not_too_many)] = ()
    make: MakeSpec | None = None

    _file: str = PrivateAttr("")
    _lines: tuple[tuple[str, int], ...] = PrivateAttr(())

    def where(self, key: str) -> str:
        """Where a key of the group stands, at the beginning of a message."""
        return place_in_mix(self._file, dict(self._lines), self.name, key)

    def resolved(self, settings: Settings) -> GroupSettings:
        """The group with all of its settings."""
        rate = self.requests_per_second
        then = tuple(link.resolved(settings) for link in self.then)
        return GroupSettings(
            load=CameraGroup(
                self.name,
                self.cameras,
                _frames_per_s(rate, settings),
                self.arrivals or settings.arrivals,
                self.late or settings.late,
                1 + sum(link.requests for link in then),
            ),
            detector=DetectorChoice(self.detector_id, self.detector_name, self._query(settings)),
            pictures=self._pictures(settings),
            timeout_s=self.timeout or settings.timeout,
            slo=self.slo,
            then=then,
            file=self._file,
            lines=self._lines,
        )

    def _query(self, settings: Settings) -> str | None:
        """What a load test creates a detector with: none that `edgeload prepare` is to make.

        The embedded endpoint is new each time and has detectors of one kind, so there it does.
        """
        return None if self.make is not None and settings.endpoint_url else self.query

    def _pictures(self, settings: Settings) -> PictureChoice:
        return PictureChoice(
            self.image_path or settings.image_path,
            picture_size(self.image_size) if self.image_size else None,
            None if settings.same_image else self.image_pool or settings.image_pool,
        )


def _frames_per_s(rate: str | float | None, settings: Settings) -> float | None:
    if rate == MAX_RATE:
        return None
    return settings.requests_per_second if rate is None else float(rate)


_WITHIN: Mapping[str, Iterable[str]] = {
    "then": ChainSpec.model_fields,
    "make": MakeSpec.model_fields,
}
"""The keys that are legal within another key."""


def load_mix(path: Path) -> tuple[GroupSpec, ...]:
    """The camera groups in a file, in its order. Raises MixError."""
    try:
        text = read_yaml(path)
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not a text in UTF-8"
        raise MixError(
            f"MIX = {str(path)!r}: cannot be read ({why}); must be a YAML file with camera groups, "
            "for example examples/mix.yaml"
        ) from error
    entries = mix_entries(str(path), text)
    groups = tuple(_group(path.parent, entry) for entry in entries)
    names = Counter(group.name.lower() for group in groups)
    for group, entry in zip(groups, entries, strict=True):
        if names[group.name.lower()] > 1:
            raise entry.problem(
                ("name",),
                f"name = {group.name!r}: {names[group.name.lower()]} groups have this name; each "
                "needs a name of its own, and not only in another case; for example name: "
                f"{group.name[:37]}-2",
            )
    return groups


def _group(folder: Path, entry: GroupEntry) -> GroupSpec:
    """One group, checked; a picture's path is relative to the file's folder. Raises MixError."""
    for key in entry.values:
        if key not in GroupSpec.model_fields:
            raise entry.problem((key,), no_key(key, "a camera group", GroupSpec.model_fields))
    try:
        group = GroupSpec.model_validate(dict(entry.values))
    except ValidationError as error:
        raise entry.problem(*first_problem(error, _WITHIN)) from None
    if (group.detector_id is None) == (group.detector_name is None):
        both = "not both" if group.detector_id else "neither is there"
        raise entry.problem(
            ("detector_id",),
            f"needs either detector_id or detector_name, and {both}; for example detector_name: "
            f"{EXAMPLES['detector_name']}",
        )
    if group.image_path is not None:
        picture = folder / group.image_path
        if not picture.is_file():
            what = "is not a file" if picture.exists() else "there is no such file"
            raise entry.problem(
                ("image_path",),
                f"image_path = {entry.values['image_path']!r}: {what}; must be a JPEG or PNG file, "
                f"its path relative to the mix file, for example {EXAMPLES['image_path']}",
            )
        group = group.model_copy(update={"image_path": picture})
    if problem := _wrong_make(group):
        raise entry.problem(*problem)
    group._file = entry.file
    group._lines = tuple((key, entry.line((key,))) for key in ("", *entry.values))
    return group


def _wrong_make(group: GroupSpec) -> tuple[Place, str] | None:
    """What is wrong with the detectors that are to be made, if anything, and where."""
    if group.make is not None:
        if group.detector_name is None:
            return ("make",), (
                "a detector that is to be made has no id yet; use detector_name instead of "
                f"detector_id, for example detector_name: {EXAMPLES['detector_name']}"
            )
        if group.query is None:
            example = f"for example query: {EXAMPLES['query']}"
            return ("make",), f"a detector that is to be made needs a query beside make, {example}"
        if group.make.query is not None:
            return ("make", "query"), "the query must stand beside make, not in it"
    for index, link in enumerate(group.then):
        if link.make is None:
            continue
        place = ("then", index, "make")
        if is_detector_id(link.detector):
            return place, "a detector that is to be made has no id yet; name it in then.detector"
        if link.make.query is None:
            return (
                *place,
                "query",
            ), f"then.make.query is missing, for example query: {EXAMPLES['query']}"
    return None
