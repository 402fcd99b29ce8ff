"""An image query according to the contract: what is refused, and what an answer contains. Pure.

The errors are those of the edge endpoint contract, section 3.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from http import HTTPStatus

import msgspec

from edgeload.edge_facts import is_detector_id

QUERY_PATH = "/device-api/v1/image-queries"
JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
HTML = "text/html"
_LABELS = ("YES", "NO")

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_REFUSED = ("metadata", "inspection_id", "image_query_id")
_REVIEWS = ("DEFAULT", "ALWAYS", "NEVER")
_TRUE = ("true", "1", "on", "yes", "t", "y")
_PATIENCE_S = 30.0


class QueryParameters(msgspec.Struct, frozen=True, array_like=True, tag="parameters"):
    """The parameters of a query that is not refused; None for one that was not given.

    `by_cloud` is set if the edge does not understand the query. It passes the query to the cloud
    and returns the answer of the cloud.
    """

    detector_id: str
    confidence_threshold: float | None = None
    patience_time_s: float | None = None
    by_cloud: bool = False


class Refusal(msgspec.Struct, frozen=True, array_like=True, tag="refusal"):
    """An error answer."""

    status: int
    content_type: str
    body: bytes


def error_answer(status: int, detail: str | None = None) -> Refusal:
    """An error in the endpoint's form: text for 500, HTML for those of nginx, else JSON."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Error"
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return Refusal(status, TEXT, phrase.encode())
    if status in (413, 502, 504):
        page = f"<html><head><title>{status} {phrase}</title></head><body>{phrase}</body></html>"
        return Refusal(status, HTML, page.encode())
    return Refusal(status, JSON, json.dumps({"detail": detail or phrase}).encode())


def not_ready(detector_id: str) -> Refusal:
    """The 503 for a detector whose inference server does not run."""
    return error_answer(
        503,
        "Edge predictions are required, but an edge-inference server is not available for "
        f"detector_id='{detector_id}'.",
    )


def read_query(
    parameters: Iterable[tuple[str, str]], content_type: str, *, token_is_known: bool
) -> QueryParameters | Refusal:
    """The parameters of an image query, or the answer that refuses it.

    The endpoint answers 500, and not 401, to a query with a token that it does not know.
    """
    given = dict(parameters)
    understood = _understood(given)
    if understood is None:
        return QueryParameters(given.get("detector_id", ""), by_cloud=True)
    if not content_type.lower().startswith("image/"):
        return error_answer(415, "Request body must be image bytes")
    if not_for_edge := _not_for_edge(given):
        return error_answer(400, not_for_edge)
    if not token_is_known or not is_detector_id(understood.detector_id):
        return error_answer(500)
    return understood


def _not_for_edge(given: dict[str, str]) -> str | None:
    """The error for parameters that the edge understands but cannot serve, if there is one."""
    if refused := {name for name in _REFUSED if name in given}:
        return f"Invalid query parameters: {refused}"
    if given.get("human_review") == "ALWAYS":
        return "Human review is not available: the edge answers by itself"
    if given.get("want_async", "").lower() in _TRUE:
        return "Asynchronous queries are not available: the edge answers by itself"
    return None


def _understood(given: dict[str, str]) -> QueryParameters | None:
    """The parameters; None if the edge would answer 422, after which nginx asks the cloud."""
    if "detector_id" not in given or given.get("human_review", "DEFAULT") not in _REVIEWS:
        return None
    try:
        threshold = _number(given.get("confidence_threshold"))
        patience_s = _number(given.get("patience_time"))
    except ValueError:
        return None
    if threshold is not None and not 0.0 <= threshold <= 1.0:
        return None
    if patience_s is not None and not 0.0 <= patience_s < float("inf"):
        return None
    return QueryParameters(given["detector_id"], threshold, patience_s)


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)


def new_id(prefix: str, chance: random.Random) -> str:
    """A new id: a prefix, for example `iq_`, and 27 letters or digits."""
    return prefix + "".join(chance.choices(_ALPHABET, k=27))


def timestamp(unix_s: float) -> str:
    """An instant in the endpoint's form: ISO 8601 in UTC with microseconds and a Z."""
    moment = datetime.fromtimestamp(unix_s, timezone.utc)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def label_of(picture: int, detector_id: str, *, swapped: bool = False) -> str:
    """YES or NO: always the same for one picture and one detector, each for half of the pictures.

    `picture` is a checksum of the picture's bytes. The label of one detector says nothing about
    that of another. `swapped` gives the other label, which is wrong.
    """
    digest = hashlib.blake2b(f"{picture} {detector_id.lower()}".encode(), digest_size=1).digest()
    return _LABELS[(digest[0] + swapped) % 2]


def answer_body(
    query: QueryParameters,
    *,
    query_id: str,
    created_unix_s: float,
    detector_id: str,
    question: str,
    default_threshold: float,
    label: str,
    confidence: float,
    from_edge: bool,
    models: Mapping[str, str] | None = None,
) -> bytes:
    """The JSON of an answered binary image query, with exactly the fields of the contract.

    `models` are the keys of the models that an edge answer names; None: it names none, as before
    2026-04.
    """
    by_edge: dict[str, object] = {"is_from_edge": True}
    if models is not None:
        by_edge["edge_result"] = models
    threshold = query.confidence_threshold
    patience_s = query.patience_time_s
    return msgspec.json.encode(
        {
            "metadata": by_edge if from_edge else None,
            "id": query_id,
            "type": "image_query",
            "created_at": timestamp(created_unix_s),
            "query": question,
            "detector_id": detector_id,
            "result_type": "binary_classification",
            "result": {
                "confidence": confidence,
                "source": "ALGORITHM" if from_edge else "CLOUD",
                "result_type": None if from_edge else "binary_classification",
                "from_edge": from_edge,
                "label": label,
            },
            "patience_time": _PATIENCE_S if patience_s is None else patience_s,
            "confidence_threshold": default_threshold if threshold is None else threshold,
            "rois": None,
            "text": None,
            "done_processing": True,
        }
    )


def same_answer(detector_id: str) -> bytes:
    """The answer of a server that gives the same one to each request: good, and the edge's own."""
    return answer_body(
        QueryParameters(detector_id, 0.0, None),
        query_id="iq_" + "0" * 27,
        created_unix_s=0.0,
        detector_id=detector_id,
        question="Is there a dog in the picture?",
        default_threshold=0.9,
        label="YES",
        confidence=0.97,
        from_edge=True,
        models={"mlb_key": "mlb_" + "0" * 27, "oodd_mlb_key": "mlb_" + "1" * 27},
    )
