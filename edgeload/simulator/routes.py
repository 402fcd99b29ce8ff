"""All routes except the image query: detectors, health, configuration, status, /simulator/."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, NamedTuple

from edgeload.edge_facts import RENEWED_EVERY_S
from edgeload.simulator.detectors import (
    DetectorError,
    Detectors,
    PresetName,
    checked_config,
    config_entry,
    first_config,
)
from edgeload.simulator.faults import FaultError, faults_from
from edgeload.simulator.inference import Inference
from edgeload.simulator.messages import Call, Reply
from edgeload.simulator.query import HTML, JSON, error_answer
from edgeload.simulator.resident_memory import MemoryLaw
from edgeload.simulator.status import (
    GPU_OVER_S,
    NO_CLUSTER,
    MemoryNow,
    ResourceKind,
    metrics,
    resources,
    zeros,
)

_API = "/device-api/v1/"
ME = {
    "email": "simulator@localhost.invalid",
    "username": "simulator",
    "group": {"id": 1, "name": "simulator"},
    "is_superuser": False,
}


@dataclass(frozen=True)
class SimulatedBox:
    """What the status routes say about the box: see the options of these names."""

    resources: ResourceKind = "cluster"
    cpu_full: float = 30.0
    gpu_full: float = 50.0
    metrics_time_s: float = 1.0
    edge_inference: PresetName = "no_cloud"
    memory: MemoryLaw = field(default_factory=MemoryLaw)
    figures_renewed_s: float = RENEWED_EVERY_S
    configure_time_s: float = 0.0


class _Error(Exception):
    """An error answer: status and detail."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class _Page(NamedTuple):
    """An answer that is not just JSON with status 200."""

    body: bytes
    status: int = 200
    content_type: str = JSON
    location: str | None = None


class Routes:
    """Answers calls, with counts from the inference, and passes faults and stalls on to it."""

    def __init__(
        self,
        inference: Inference,
        detectors: Detectors,
        description: str,
        *,
        audit_rate: float,
        offline: bool,
        box: SimulatedBox = SimulatedBox(),
        on_demand: Collection[str] = (),
    ) -> None:
        """`description` is shown on the status page; offline, no route of the cloud answers.

        The detectors with the ids `on_demand` are loaded, and the configuration does not list them.
        """
        self._inference = inference
        self._detectors = detectors
        self._description = description
        self._offline = offline
        self._box = box
        self._on_demand = list(on_demand)
        self._edge_config = first_config(
            [detector.id for detector in detectors if detector.id not in self._on_demand],
            audit_rate,
            box.edge_inference,
        )
        self._exact: dict[tuple[str, str], Callable[[Call, float, float], object]] = {
            ("GET", "/"): lambda *_: _Page(b"", 302, HTML, "/status"),
            ("GET", "/ping"): lambda *_: {"message": "Hello!"},
            ("GET", "/health/live"): lambda *_: {"status": "alive"},
            ("GET", "/health/ready"): lambda *_: {"status": "ready"},
            ("GET", "/edge-detector-readiness"): self._readiness,
            ("GET", "/edge-config"): lambda *_: self._edge_config,
            ("PUT", "/edge-config"): self._set_edge_config,
            ("GET", "/status"): self._status_page,
            ("GET", "/status/metrics.json"): self._metrics,
            ("GET", "/status/resources.json"): self._resources,
            ("GET", "/status/edge-config"): lambda *_: self._edge_config,
            ("GET", f"{_API}me"): lambda *_: ME,
            ("GET", f"{_API}detectors"): self._list_detectors,
            ("POST", f"{_API}detectors"): self._create_detector,
            ("GET", "/simulator/detectors"): lambda *_: {"detectors": inference.detectors()},
            ("GET", "/simulator/stats"): lambda _, now_s, __: inference.stats(now_s),
            ("GET", "/simulator/faults"): lambda *_: dict(inference.faults.probabilities),
            ("PUT", "/simulator/faults"): self._set_faults,
            ("POST", "/simulator/stall"): self._stall,
        }

    def delay_s(self, call: Call) -> float:
        """For how many seconds the answer to a call is held back."""
        return self._box.metrics_time_s if call.path == "/status/metrics.json" else 0.0

    def reply(self, call: Call, now_s: float, unix_s: float) -> Reply:
        """The answer to a call; `now_s` is monotonic, `unix_s` the time of day."""
        try:
            answer = self._answer(call, now_s, unix_s)
        except _Error as error:
            answer = _Page(json.dumps({"detail": str(error)}).encode(), error.status)
        if not isinstance(answer, _Page):
            answer = _Page(json.dumps(answer).encode())
        return Reply(
            call.number,
            answer.status,
            answer.content_type,
            answer.body,
            location=answer.location,
        )

    def _answer(self, call: Call, now_s: float, unix_s: float) -> object:
        method = "GET" if call.method == "HEAD" else call.method
        if call.path.startswith("/device-api/") and self._offline:
            page = error_answer(HTTPStatus.BAD_GATEWAY)
            return _Page(page.body, page.status, page.content_type)
        if call.path.startswith("/device-api/") and not call.token_is_known:
            raise _Error(401, "Authentication credentials were not provided.")
        if (route := self._exact.get((method, call.path))) is not None:
            return route(call, now_s, unix_s)
        if method == "GET" and call.path.startswith(f"{_API}detectors/"):
            return self._one_detector(call.path.removeprefix(f"{_API}detectors/"))
        if method == "GET" and call.path.startswith(f"{_API}image-queries/"):
            kept = self._inference.kept_answer(call.path.removeprefix(f"{_API}image-queries/"))
            if kept is not None:
                return _Page(kept)
        raise _Error(404, "Not Found")

    def _one_detector(self, detector_id: str) -> object:
        detector = self._detectors.find(detector_id)
        if detector is None:
            raise _Error(404, "Not Found")
        return detector.as_json()

    def _list_detectors(self, call: Call, _now_s: float, _unix_s: float) -> object:
        name = call.parameters.get("name")
        found = list(self._detectors) if name is None else self._detectors.named(name)
        return {
            "count": len(found),
            "next": None,
            "previous": None,
            "results": [detector.as_json() for detector in found],
        }

    def _create_detector(self, call: Call, now_s: float, unix_s: float) -> object:
        try:
            detector = self._detectors.create(_json(call), unix_s)
        except DetectorError as error:
            raise _Error(400, str(error)) from error
        if "no_cloud" in self._edge_config["edge_inference_configs"]:
            self._edge_config["detectors"].append(config_entry(detector.id, "no_cloud"))
            self._load_listed(now_s, 0.0)
        return _Page(json.dumps(detector.as_json()).encode(), 201)

    def _readiness(self, _call: Call, now_s: float, _unix_s: float) -> object:
        """What one of the box's processes knows about the detectors that are configured."""
        pods = self._inference.pods
        loaded, process = now_s >= self._inference.ready_from_s, pods.any_process()
        return {
            each: {"ready": loaded and pods.ready(each, now_s, process)} for each in self._listed()
        }

    def _listed(self) -> list[str]:
        return [entry["detector_id"] for entry in self._edge_config["detectors"]]

    def _loaded_ids(self) -> list[str]:
        return [*self._listed(), *self._on_demand]

    def _set_edge_config(self, call: Call, now_s: float, _unix_s: float) -> object:
        """The whole configuration is replaced: a detector that is not listed is taken down."""
        before = self._loaded_ids()
        try:
            self._edge_config = checked_config(_json(call))
        except (DetectorError, _Error) as error:  # the edge answers 422, and the cloud then 404
            raise _Error(404, "Not Found") from error
        self._on_demand = []
        self._inference.pods.configured(before, self._listed(), now_s)
        self._load_listed(now_s, self._box.configure_time_s)
        return None

    def _load_listed(self, now_s: float, load_s: float) -> None:
        """The detectors that are listed and enabled are in memory from now on, and no others."""
        named = self._edge_config["edge_inference_configs"]
        enabled = [
            entry["detector_id"]
            for entry in self._edge_config["detectors"]
            if named[entry["edge_inference_config"]]["enabled"]
        ]
        self._inference.residents.configured(enabled, now_s, load_s)

    def _status_page(self, *_: object) -> object:
        page = (
            "<!DOCTYPE html><html><head><title>Edge endpoint simulator</title></head><body>"
            f"<h1>Edge endpoint simulator</h1><p>{html.escape(self._description)}</p></body></html>"
        )
        return _Page(page.encode(), 200, "text/html; charset=utf-8")

    def _metrics(self, _call: Call, now_s: float, unix_s: float) -> object:
        models = self._inference.models
        deployed_s = {
            one.id: at_s
            for one in self._detectors
            if (at_s := models.deployed_s(one.id, one.name, now_s)) is not None
        }
        loaded = {each.lower() for each in self._loaded_ids()}
        return metrics(
            [one for one in self._detectors if one.id.lower() in loaded],
            self._edge_config,
            unix_s,
            cluster=self._box.resources != "none",
            deployed_unix_s={key: unix_s + at_s - now_s for key, at_s in deployed_s.items()},
            ram_bytes=self._box.memory.ram_bytes,
        )

    def _resources(self, _call: Call, now_s: float, _unix_s: float) -> object:
        """GPU over the last second; CPU and RAM of the last renewal, so they may be copies."""
        if self._box.resources == "none":
            return NO_CLUSTER
        every_s, law = self._box.figures_renewed_s, self._box.memory
        renewal = int(now_s // every_s)
        until_s, residents = renewal * every_s, self._inference.residents
        memory = MemoryNow(residents.at(until_s), residents.at(now_s), renewal)
        if self._box.resources == "zeros":
            return zeros(memory, law)
        busy, present = self._inference.busy, self._inference.in_service(now_s)
        return resources(
            memory,
            law,
            busy.shares(until_s - every_s, until_s, present),
            busy.shares(now_s - GPU_OVER_S, now_s, present),
            cpu_full=self._box.cpu_full,
            gpu_full=self._box.gpu_full,
        )

    def _set_faults(self, call: Call, _now_s: float, _unix_s: float) -> object:
        wanted = _json(call)
        try:
            if not isinstance(wanted, dict):
                raise FaultError('the body must be a JSON object, for example {"hang": 0.01}')
            self._inference.faults = faults_from(wanted)
        except FaultError as error:
            raise _Error(400, str(error)) from error
        return dict(self._inference.faults.probabilities)

    def _stall(self, call: Call, now_s: float, _unix_s: float) -> object:
        wanted = _json(call)
        seconds: Any = wanted.get("seconds") if isinstance(wanted, dict) else None
        if (
            isinstance(seconds, bool)
            or not isinstance(seconds, int | float)
            or not 0.0 <= seconds <= 3600.0
        ):
            raise _Error(400, "seconds: must be a number from 0 to 3600")
        self._inference.stall(now_s, float(seconds))
        return {"from_s": now_s, "until_s": now_s + seconds}


def _json(call: Call) -> object:
    try:
        return json.loads(call.body)
    except ValueError as error:
        raise _Error(400, "the body is not JSON") from error
