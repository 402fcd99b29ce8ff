"""What is wrong with a group of a mix file, in one line: the value, what is legal, an example."""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Iterable, Mapping

from pydantic import ValidationError

from edgeload.settings.error_words import legal_words
from edgeload.settings.yaml_texts import Place

EXAMPLES = {
    "name": "door",
    "detector_id": "det_2aBcDeFgHiJkLmNoPqRsTuVwXyZ",
    "detector_name": "front-door",
    "query": "Is the door open?",
    "cameras": "4",
    "requests_per_second": "10",
    "arrivals": "poisson",
    "late": "latest",
    "image_path": "door.jpg",
    "image_size": "640x480",
    "image_pool": "64",
    "timeout": "10s",
    "slo": "[p95<300ms]",
    "then": "[{detector: front-door, requests: 3}]",
    "detector": "front-door",
    "requests": "3",
    "make": "{mode: count, class_name: car}",
    "mode": "count",
    "class_name": "car",
    "class_names": "[red, green]",
    "max_count": "10",
    "confidence_threshold": "0.9",
    "pipeline_config": "generic-cached-timm-efficientnetv2s-mlp",
    "edge_pipeline_config": "generic-cached-timm-efficientnetv2s-mlp",
}
"""A legal value of every key."""

LegalKeys = Mapping[str, Iterable[str]]
"""The keys that are legal within another key, by its name."""


def no_key(key: str, of: str, legal: Iterable[str]) -> str:
    """That `key` is none of the keys of something, and which one may be meant."""
    near = difflib.get_close_matches(key, legal, n=1)
    hint = f"did you mean {near[0]}?" if near else f"legal: {', '.join(legal)}"
    return f"{_SHORT.repr(key)[1:-1]} is not a key of {of}; {hint}"


def first_problem(error: ValidationError, within: LegalKeys) -> tuple[Place, str]:
    """The place of the first problem, and what it is in words."""
    first = error.errors(include_url=False)[0]
    place: Place = first["loc"]
    kind = first["type"]
    words = [part for part in place if isinstance(part, str)]
    path, last = ".".join(words), words[-1]
    example = f"for example {last}: {EXAMPLES[last]}" if last in EXAMPLES else ""
    if kind == "missing":
        return place, f"{path} is missing, {example}"
    if kind == "extra_forbidden":
        of = words[-2]
        return place, no_key(last, of if of == "make" else f"an entry of {of}", within[of])
    value = f"{path} = {_SHORT.repr(first['input'])}: "
    if kind == "model_type":
        keys = "a mapping of keys" if last == "make" else "detector and requests"
        return place, f"{value}must be {keys}, for example {EXAMPLES[last]}"
    legal = legal_words(first)
    if last == "make" and kind == "value_error":  # which keys do not fit each other
        return place, f"{path}: {legal}"
    if legal.startswith(
        "must be an objective"
    ):  # what may stand before the objective of a whole run
        legal = legal.partition("; ")[0] + "; `each step:` or `3 copies:` may stand before it"
    if not legal.startswith("must") or "for example" in legal:
        example = ""
    return place, value + (f"{legal}, {example}" if example else legal)


class _Short(reprlib.Repr):
    """Values as they are, unless they are very long."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = 80


_SHORT = _Short()
