"""A mix -> the detectors that are to be made, and those that have to exist. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from edgeload.edge_facts import is_detector_id
from edgeload.prepare.priming_pictures import LEAST_CELL_PX, smallest_cell_px
from edgeload.settings.make_spec import DetectorMode, MakeSpec
from edgeload.settings.mix_file import GroupSpec, picture_size
from edgeload.settings.mix_yaml import MixError

DEFAULT_SIZE = (640, 480)
DEFAULT_MAX_COUNT = 10
"""What Groundlight takes if nobody says how many objects there may be."""


@dataclass(frozen=True)
class DetectorToMake:
    """A detector that is to be made, unless it exists."""

    name: str
    query: str
    mode: DetectorMode
    class_names: tuple[str, ...] = ()
    """The one class of a detector that counts or marks objects; none of a binary one."""
    max_count: int | None = None
    confidence_threshold: float | None = None
    pipeline_config: str | None = None
    edge_pipeline_config: str | None = None
    size: tuple[int, int] = DEFAULT_SIZE
    """Width and height of the pictures that it is primed with, in pixels."""
    where: str = ""
    """Where it stands, at the beginning of a message."""

    @property
    def most_objects(self) -> int:
        """How many objects a picture for it may have."""
        return self.max_count or DEFAULT_MAX_COUNT

    @property
    def labels(self) -> tuple[str, ...]:
        """What is told apart in its pictures."""
        if self.mode == "binary":
            return ("YES", "NO")
        if self.mode == "multi_class":
            return self.class_names
        return tuple(map(str, range(self.most_objects + 1)))


@dataclass(frozen=True)
class NamedDetector:
    """A detector of the mix that nobody is to make: it must exist."""

    name_or_id: str
    where: str

    @property
    def is_id(self) -> bool:
        """Whether it is named by its id."""
        return is_detector_id(self.name_or_id)


@dataclass(frozen=True)
class WantedMix:
    """All detectors of a mix, each once."""

    to_make: tuple[DetectorToMake, ...]
    others: tuple[NamedDetector, ...]


def wanted_detectors(groups: Sequence[GroupSpec], size: tuple[int, int] | None = None) -> WantedMix:
    """The detectors of a mix. `size` takes the place of what the groups say about their pictures.

    Raises MixError if two groups say different things about one detector, or if so many objects
    have no room in its pictures.
    """
    made: dict[str, DetectorToMake] = {}
    for wanted in (each for group in groups for each in _made(group, size)):
        first = made.setdefault(wanted.name, wanted)
        if replace(wanted, size=first.size, where=first.where) != first:
            raise MixError(
                f"{wanted.where}make: the detector {wanted.name!r} is made in another way further "
                "up; both must say the same, or one must leave make out"
            )
        _check_room(first)
    others = {each.name_or_id: each for group in groups for each in _named(group)}
    return WantedMix(
        tuple(made.values()), tuple(each for name, each in others.items() if name not in made)
    )


def _made(group: GroupSpec, size: tuple[int, int] | None) -> Iterator[DetectorToMake]:
    own = picture_size(group.image_size) if group.image_size else DEFAULT_SIZE
    size = size or own
    if group.make is not None:
        assert group.detector_name is not None and group.query is not None  # load_mix ensures that
        yield _wanted(group.detector_name, group.query, group.make, size, group.where("make"))
    for link in group.then:
        if link.make is not None:
            assert link.make.query is not None  # load_mix ensures that
            yield _wanted(link.detector, link.make.query, link.make, size, group.where("then"))


def _wanted(
    name: str, query: str, make: MakeSpec, size: tuple[int, int], where: str
) -> DetectorToMake:
    return DetectorToMake(
        name=name,
        query=query,
        mode=make.mode,
        class_names=make.class_names or ((make.class_name,) if make.class_name else ()),
        max_count=make.max_count,
        confidence_threshold=make.confidence_threshold,
        pipeline_config=make.pipeline_config,
        edge_pipeline_config=make.edge_pipeline_config,
        size=size,
        where=where,
    )


def _check_room(wanted: DetectorToMake) -> None:
    if wanted.mode in ("binary", "multi_class"):
        objects, what = 1, "a shape"
    else:
        objects, what = wanted.most_objects, f"{wanted.most_objects} objects"
    width, height = wanted.size
    if smallest_cell_px(wanted.size, objects) < LEAST_CELL_PX:
        raise MixError(
            f"{wanted.where}image_size = {width}x{height}: too small for {what}; must be larger, "
            "for example 640x480"
        )


def _named(group: GroupSpec) -> Iterable[NamedDetector]:
    key = "detector_id" if group.detector_id else "detector_name"
    yield NamedDetector(group.detector_id or group.detector_name or "", group.where(key))
    for link in group.then:
        yield NamedDetector(link.detector, group.where("then"))
