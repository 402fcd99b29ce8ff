"""The Groundlight cloud, through its SDK: detectors, labelled pictures, training, deletion.

Names are looked up with a plain GET, as everywhere in this program: the SDK puts a name into the
URL as it is. Only what stands here is ever asked of the cloud.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from edgeload.edge.asking import ask
from edgeload.edge.detectors import refused_token, said_by
from edgeload.edge.json_values import as_number, as_object, as_objects
from edgeload.edge.location import Unreachable
from edgeload.edge.sdk import SdkError, sdk_client, sdk_errors
from edgeload.edge.trust import TlsTrust
from edgeload.prepare.priming_pictures import LabelledPicture
from edgeload.prepare.wanted import DetectorToMake
from edgeload.untrusted_text import one_line

MARK = "edgeload"
"""The key in the metadata of a detector that says which preparation has made it."""
_ROUTE = "/device-api/v1/detectors"
_UPLOAD_WITHIN_S = 60.0
"""A picture may have 2 MB, and the way to the cloud may be slow."""
_TOO_MANY_S = (1.0, 2.0, 4.0, 8.0, 16.0)
"""How long to wait when the cloud says that this was too much at once, each time."""


class CloudError(Exception):
    """The cloud cannot be used, or has refused something; one line that says why."""

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status
        """HTTP status of its answer; None if there was none."""


@dataclass(frozen=True)
class CloudDetector:
    """A detector as the cloud knows it; None and empty for what it does not say."""

    id: str
    name: str
    query: str | None
    mode: str | None
    """BINARY, COUNT, BOUNDING_BOX, MULTI_CLASS or TEXT."""
    class_names: tuple[str, ...] = ()
    max_count: int | None = None
    preparation: str | None = None
    """Which preparation has made it, if one has."""


@dataclass(frozen=True)
class Pipeline:
    """One pipeline of a detector."""

    is_edge: bool
    """Whether the box loads its model."""
    is_active: bool
    """Whether the cloud answers with it."""
    is_trained: bool
    labels: int | None
    """How many labels its model was trained with; None if nobody says so."""


class Cloud:
    """One client of the cloud's API."""

    def __init__(
        self, url: str, token: str, *, pause: Callable[[float], object] = time.sleep
    ) -> None:
        """Ask it who we are, twice. Raises CloudError if it does not take the token."""
        self._url, self._token, self._trust, self._pause = url, token, TlsTrust(), pause
        try:
            self._gl: Any = sdk_client(url, token, self._trust, experimental=True)
        except SdkError as error:
            raise CloudError(f"{url}: {error}", error.status) from None

    def find(self, name: str) -> CloudDetector | None:
        """The detector of exactly this name. Raises CloudError, also if several have it."""
        try:
            answer = ask(
                f"{self._url}{_ROUTE}?name={quote(name, safe='')}", self._trust, self._token
            )
        except Unreachable as error:
            raise CloudError(str(error)) from None
        if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            said = refused_token(answer.status, f"GET {_ROUTE}", said_by(answer))
            raise CloudError(said, answer.status)
        try:
            listed = as_object(answer.json()).get("results")
        except ValueError:
            listed = None
        if answer.status != HTTPStatus.OK or not isinstance(listed, list):
            said = f"HTTP status {answer.status}: {said_by(answer)}"
            raise CloudError(f"{self._url}: {name!r} cannot be looked up ({said})", answer.status)
        found = [_detector(each) for each in as_objects(listed) if each.get("name") == name]
        if len(found) > 1:
            ids = ", ".join(each.id for each in found)
            raise CloudError(
                f"{len(found)} detectors are called {name!r}: {ids}; rename all but one"
            )
        return found[0] if found else None

    def make(self, wanted: DetectorToMake, preparation: str) -> CloudDetector:
        """Create a detector, marked as made by this preparation. Raises CloudError."""
        options: dict[str, Any] = {
            "name": wanted.name,
            "query": wanted.query,
            "confidence_threshold": wanted.confidence_threshold,
            "pipeline_config": wanted.pipeline_config,
            "edge_pipeline_config": wanted.edge_pipeline_config,
            "metadata": {MARK: preparation},
        }
        if wanted.mode == "multi_class":
            options["class_names"] = list(wanted.class_names)
        elif wanted.mode != "binary":
            (options["class_name"],) = wanted.class_names
        if wanted.mode == "count":
            options["max_count"] = wanted.max_count
        elif wanted.mode == "bounding_box":
            options["max_num_bboxes"] = wanted.max_count
        create = {
            "binary": self._gl.create_binary_detector,
            "count": self._gl.create_counting_detector,
            "bounding_box": self._gl.create_bounding_box_detector,
            "multi_class": self._gl.create_multiclass_detector,
        }[wanted.mode]
        made = self._call(f"the detector {wanted.name!r} cannot be made", lambda: create(**options))
        return _detector(made.model_dump(mode="json"))

    def send(self, detector_id: str, picture: LabelledPicture, class_name: str) -> None:
        """Send one picture, which no person is to look at, and its label. Raises CloudError.

        `class_name` is what the boxes of the picture have in them.
        """
        problem = f"a labelled picture for {detector_id} cannot be sent"
        query = self._call(
            problem,
            lambda: self._gl.submit_image_query(
                detector_id,
                picture.jpeg,
                wait=0,
                human_review="NEVER",
                confidence_threshold=0.0,
                request_timeout=_UPLOAD_WITHIN_S,
            ),
        )
        rois = [
            self._gl.create_roi(class_name, (left, top), (right, bottom))
            for left, top, right, bottom in picture.boxes
        ]
        self._call(problem, lambda: self._gl.add_label(query.id, picture.label, rois or None))

    def pipelines(self, detector_id: str) -> list[Pipeline]:
        """What is trained for a detector. Raises CloudError."""
        listed = self._call(
            f"it is not known how far {detector_id} is trained",
            lambda: self._gl.list_detector_pipelines(detector_id, page_size=50),
        )
        return [
            Pipeline(
                is_edge=each.is_edge_pipeline and each.is_enabled,
                is_active=each.is_active_pipeline,
                is_trained=each.trained_at is not None,
                labels=_whole(each.metrics.get("label_cnt")),
            )
            for each in getattr(listed, "results", listed)  # a list in earlier versions
        ]

    def get(self, detector_id: str) -> CloudDetector | None:
        """The detector of this id, if there is one. Raises CloudError."""
        try:
            found = self._call(
                f"{detector_id} cannot be looked up",
                lambda: self._gl.detectors_api.get_detector(id=detector_id).to_dict(),
            )
        except CloudError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        return _detector(found)

    def delete(self, detector_id: str) -> None:
        """Delete a detector with all that belongs to it. Raises CloudError."""
        self._call(
            f"{detector_id} cannot be deleted",
            lambda: self._gl.detectors_api.delete_detector(id=detector_id),
        )

    def retire(self, detector_id: str, name: str) -> None:
        """Rename a detector, so that its name is free, and switch it off. Raises CloudError."""
        problem = f"{detector_id} cannot be renamed and switched off"
        self._call(problem, lambda: self._gl.update_detector_name(detector_id, name))
        self._call(problem, lambda: self._gl.update_detector_status(detector_id, enabled=False))

    def _call(self, problem: str, call: Callable[[], Any]) -> Any:
        """What the SDK returns; an error is one line. After 429, it is asked again, more slowly."""
        for wait_s in (*_TOO_MANY_S, None):
            try:
                with sdk_errors(self._trust):
                    return call()
            except SdkError as error:
                if error.status != HTTPStatus.TOO_MANY_REQUESTS or wait_s is None:
                    raise CloudError(f"{self._url}: {problem}: {error}", error.status) from None
            self._pause(wait_s)
        raise AssertionError("the last attempt returns or raises")


def _detector(values: Mapping[Any, Any]) -> CloudDetector:
    """A detector from the JSON of the API, of which nothing is certain."""
    mode = as_object(values.get("mode_configuration"))
    names = mode.get("class_names")
    one = mode.get("class_name")
    classes = names if isinstance(names, list) else [one] if isinstance(one, str) else []
    preparation = as_object(values.get("metadata")).get(MARK)
    return CloudDetector(
        id=one_line(str(values.get("id"))),
        name=str(values.get("name")),
        query=_text(values.get("query")),
        mode=_text(values.get("mode")),
        class_names=tuple(map(str, classes)),
        max_count=_whole(mode.get("max_count", mode.get("max_num_bboxes"))),
        preparation=_text(preparation),
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _whole(value: Any) -> int | None:
    """A whole number; the SDK makes 3.0 of a 3 whose type it does not know."""
    number = as_number(value)
    return int(number) if number is not None and number.is_integer() else None
