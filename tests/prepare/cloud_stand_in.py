"""A stand-in for the Groundlight cloud on loopback, made from the SDK's own description of its API.

What comes in is checked with the SDK's models, and what goes out has the form of its models. It
knows only routes of the SDK, and notes down every request.
"""

from __future__ import annotations

import base64
import contextlib
import json
import ssl
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from model import DetectorCreationInputRequest, LabelValueRequest, PatchedDetectorRequest
from PIL import Image
from pydantic import ValidationError
from recording_server import ME

TOKEN = "api_token_of_a_test_0123456789"
ROUTES = (
    ("GET", "/v1/me"),
    ("GET", "/v1/detectors"),
    ("POST", "/v1/detectors"),
    ("GET", "/v1/detectors/{id}"),
    ("PATCH", "/v1/detectors/{id}"),
    ("DELETE", "/v1/detectors/{id}"),
    ("GET", "/v1/detectors/{detector_id}/pipelines"),
    ("POST", "/v1/image-queries"),
    ("POST", "/v1/labels"),
)
NOW = "2026-11-22T08:59:36.329040Z"


@dataclass
class Picture:
    """A picture that came in, and its label once that has come."""

    detector_id: str
    size: tuple[int, int]
    jpeg: bytes
    parameters: dict[str, list[str]]
    label: str | None = None
    boxes: list[tuple[float, float, float, float]] = field(default_factory=list)
    class_names: list[str] = field(default_factory=list)


class LostConnection(Exception):
    """The connection is to break without an answer."""


class Refusal(Exception):
    """An answer with another status."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


@dataclass
class CloudStandIn:
    """The cloud's memory, and how it is to behave."""

    url: str = ""
    detectors: dict[str, dict[str, Any]] = field(default_factory=dict)
    pictures: list[Picture] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Method and path of every request."""
    tokens: set[str] = field(default_factory=set)
    polls_until_trained: int = 2
    """How often one must ask for the pipelines of a detector until it is trained."""
    labels_missing: int = 0
    """How many of its labels a trained model lacks."""
    cannot_delete: bool = False
    refuse: deque[int] = field(default_factory=deque)
    """Statuses for the next requests; 0: as usual."""
    lose_request: int | None = None
    """The number of the request, from 1, that does not arrive."""
    lose_answer: int | None = None
    """The number of the one that is carried out, but not answered."""
    polls: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def pictures_of(self, name: str) -> list[Picture]:
        """Those of the detector of this name."""
        ids = [each["id"] for each in self.detectors.values() if each["name"] == name]
        return [each for each in self.pictures if each.detector_id in ids]

    def names(self) -> set[str]:
        """The names of all detectors."""
        return {each["name"] for each in self.detectors.values()}

    def add(self, name: str, mode: str = "BINARY", query: str = "Is it?", **more: Any) -> str:
        """A detector that exists already; its id."""
        number = len(self.asked) * 1000 + len(self.detectors)
        detector_id = f"det_{number:027d}"
        self.detectors[detector_id] = {
            "id": detector_id,
            "type": "detector",
            "created_at": NOW,
            "name": name,
            "query": query,
            "group_name": "default",
            "metadata": None,
            "mode": mode,
            "mode_configuration": None,
            "confidence_threshold": 0.9,
            "patience_time": 30.0,
            "status": "ON",
            "escalation_type": "STANDARD",
            **more,
        }
        return detector_id

    def answer(
        self, method: str, path: str, query: dict[str, list[str]], body: bytes
    ) -> tuple[int, Any]:
        """Status and JSON. Raises Refusal and LostConnection."""
        with self.lock:
            self.asked.append((method, path))
            number = len(self.asked)
            if number == self.lose_request:
                raise LostConnection
            if self.refuse and (status := self.refuse.popleft()):
                raise Refusal(status, f"refused {TOKEN}")
            answered = self._answer(method, path, query, body)
            if number == self.lose_answer:
                raise LostConnection
            return answered

    def _answer(  # noqa: PLR0911 (a table of routes)
        self, method: str, path: str, query: dict[str, list[str]], body: bytes
    ) -> tuple[int, Any]:
        words = path.strip("/").split("/")
        match (method, *words):
            case ("GET", "v1", "me"):
                return 200, ME
            case ("GET", "v1", "detectors"):
                wanted = query.get("name")
                return 200, _page(
                    [d for d in self.detectors.values() if not wanted or d["name"] == wanted[0]]
                )
            case ("POST", "v1", "detectors"):
                return 201, self._create(json.loads(body))
            case ("GET", "v1", "detectors", detector_id):
                return 200, self._detector(detector_id)
            case ("PATCH", "v1", "detectors", detector_id):
                changes = json.loads(body)
                PatchedDetectorRequest.model_validate(changes)
                self._detector(detector_id).update(changes)
                return 200, self._detector(detector_id)
            case ("DELETE", "v1", "detectors", detector_id):
                self._detector(detector_id)
                if self.cannot_delete:
                    raise Refusal(403, "This account may not delete detectors.")
                del self.detectors[detector_id]
                return 204, None
            case ("GET", "v1", "detectors", detector_id, "pipelines"):
                self._detector(detector_id)
                return 200, _page(self._pipelines(detector_id))
            case ("POST", "v1", "image-queries"):
                return 201, self._submit(query, body)
            case ("POST", "v1", "labels"):
                return 201, self._label(json.loads(body))
        raise Refusal(404, "Not found.")

    def _detector(self, detector_id: str) -> dict[str, Any]:
        if detector_id not in self.detectors:
            raise Refusal(404, "Not found.")
        return self.detectors[detector_id]

    def _create(self, body: dict[str, Any]) -> dict[str, Any]:
        wanted = DetectorCreationInputRequest.model_validate(body)
        if wanted.name in self.names():
            raise Refusal(400, "violates constraint unique_undeleted_name_per_set")
        encoded = wanted.metadata
        detector_id = self.add(
            wanted.name,
            str(wanted.mode).rpartition(".")[2],
            wanted.query,
            metadata=json.loads(base64.urlsafe_b64decode(encoded)) if encoded else None,
            mode_configuration=body.get("mode_configuration"),
            confidence_threshold=wanted.confidence_threshold,
        )
        self.detectors[detector_id] |= {
            "pipeline_config": wanted.pipeline_config,
            "edge_pipeline_config": wanted.edge_pipeline_config,
        }
        return self.detectors[detector_id]

    def _submit(self, query: dict[str, list[str]], body: bytes) -> dict[str, Any]:
        (detector_id,) = query["detector_id"]
        detector = self._detector(detector_id)
        with Image.open(BytesIO(body)) as image:
            image.load()
            self.pictures.append(Picture(detector_id, image.size, body, query))
        return {
            "metadata": None,
            "id": f"iq_{len(self.pictures):027d}",
            "type": "image_query",
            "created_at": NOW,
            "query": detector["query"],
            "detector_id": detector_id,
            "result_type": "binary_classification",
            "result": {"confidence": 0.5, "source": "ALGORITHM", "label": "YES"},
            "patience_time": 30.0,
            "confidence_threshold": 0.0,
            "rois": None,
            "text": None,
        }

    def _label(self, body: dict[str, Any]) -> dict[str, Any]:
        label = LabelValueRequest.model_validate(body)
        picture = self.pictures[int(label.image_query_id.removeprefix("iq_")) - 1]
        picture.label = label.label
        boxes = [(each.label, each.geometry) for each in label.rois or ()]
        picture.boxes = [(box.left, box.top, box.right, box.bottom) for _, box in boxes]
        picture.class_names = [name for name, _ in boxes]
        return {
            "confidence": None,
            "class_name": label.label,
            "rois": None,
            "annotations_requested": [],
            "created_at": NOW,
            "detector_id": None,
            "source": "CUST",
            "text": None,
        }

    def _pipelines(self, detector_id: str) -> list[dict[str, Any]]:
        """The cloud's own is trained at once, the edge's later, one for odd pictures never."""
        self.polls[detector_id] = self.polls.get(detector_id, 0) + 1
        labels = sum(p.detector_id == detector_id and p.label is not None for p in self.pictures)
        trained = self.polls[detector_id] > self.polls_until_trained
        label_cnt = labels - self.labels_missing
        return [
            _pipeline(detector_id, "active", labels, trained=True),
            _pipeline(detector_id, "edge", label_cnt, trained=trained),
            _pipeline(detector_id, "oodd", None, trained=False),
        ]


def _page(results: list[dict[str, Any]]) -> dict[str, Any]:
    return {"count": len(results), "next": None, "previous": None, "results": results}


def _pipeline(
    detector_id: str, kind: str, label_cnt: int | None, *, trained: bool
) -> dict[str, Any]:
    return {
        "id": f"pipe_{kind}_{detector_id}",
        "pipeline_config": "never-review",
        **{f"is_{each}_pipeline": each == kind for each in ("active", "edge", "unclear", "oodd")},
        "is_enabled": True,
        "created_at": NOW,
        "trained_at": NOW if trained else None,
        "type": kind,
        "friendly_name": None,
        "model_binary_id": "mlb_1" if trained else None,
        "training_in_progress": None if trained else {"status": "RUNNING"},
        "metrics": {"label_cnt": label_cnt} if trained else {},
        "eval_mlbinary_key": None,
        "eval_mlbinary_revision_number": None,
        "eval_mlbinary_friendly_name": None,
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet
    cloud: CloudStandIn

    def _any(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        token = self.headers.get("x-api-token")
        self.cloud.tokens.add(str(token))
        try:
            if not parts.path.startswith("/device-api/") or token != TOKEN:
                raise Refusal(401, f"Unknown token {token}")
            path = unquote(parts.path.removeprefix("/device-api"))
            status, answer = self.cloud.answer(self.command, path, parse_qs(parts.query), body)
        except LostConnection:
            self.close_connection = True
            return
        except Refusal as refusal:
            status, answer = refusal.status, {"detail": str(refusal)}
        except (ValidationError, ValueError, KeyError) as error:
            status, answer = 400, {"detail": f"{type(error).__name__}: {error}"}
        said = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST = do_PATCH = do_DELETE = _any

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing on stderr."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no error of the server."""


@contextlib.contextmanager
def cloud_stand_in(tls: ssl.SSLContext | None = None) -> Iterator[CloudStandIn]:
    """While entered, it answers on a free port of loopback."""
    cloud = CloudStandIn()
    server = _Server(("127.0.0.1", 0), type("Bound", (_Handler,), {"cloud": cloud}))
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    cloud.url = f"http{'' if tls is None else 's'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield cloud
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
