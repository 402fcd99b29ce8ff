"""The text of a variants file (YAML) -> checked variants, each with how it is applied. Pure.

docs/variants.md explains every key.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError

from edgeload.durations import DAY_S, TimeLimits
from edgeload.settings.error_words import legal_words
from edgeload.settings.yaml_texts import Place, YamlTexts, line_of, yaml_places, yaml_texts

ASK = "ask"
"""Stands instead of a command if a person applies the variant."""
LEGAL_VARIANTS = (
    "YAML with the keys variants and restore, for example "
    "{variants: [{name: two, apply: ./workers 2}, {name: four, apply: ./workers 4}], restore: two}"
)
MOST_VARIANTS = 64
_NAME = re.compile(r"[^\W_][\w .,:=+()-]{0,39}")
_SHOWN_CHARS = 80
_EXAMPLES = {
    "name": "four workers",
    "apply": "./workers 4",
    "ready": "kubectl rollout status deployment/inference",
    "settle_s": "5s",
    "apply_timeout_s": "5m",
    "ready_timeout_s": "5m",
    "restore": "four workers",
    "restore_command": "./workers 4",
    "variants": "[{name: two, apply: ./workers 2}, {name: four, apply: ./workers 4}]",
}


class VariantsError(ValueError):
    """A variants file that cannot be used: one line with the file, the line and the key."""


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not _NAME.fullmatch(name):
        raise ValueError(
            "must be a letter or digit, then at most 39 letters, digits, spaces or the signs "
            "_ . , : = + ( ) -"
        )
    return name


def _command(text: str) -> str:
    if not text.strip() or "\0" in text:
        raise ValueError("must be a command as one types it in a shell")
    return text.strip()


Command = Annotated[str, AfterValidator(_command)]
_Wait = Annotated[float, BeforeValidator(TimeLimits(0.0, DAY_S, above=True).read)]
_Pause = Annotated[float, BeforeValidator(TimeLimits(0.0, DAY_S).read)]


class VariantSpec(BaseModel):
    """One configuration of the box, and how it is applied. Times are seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, AfterValidator(_name)]
    apply: Command
    """A shell command, or `ask`."""
    ready: Command | None = None
    """A command that succeeds once the box is ready; None: only the endpoint itself is asked."""
    settle_s: _Pause = 0.0
    """Waited between readiness and warming up."""
    apply_timeout_s: _Wait = 300.0
    """How long the command may take."""
    ready_timeout_s: _Wait = 300.0
    """How long the box may take to be ready after that."""

    @property
    def asks(self) -> bool:
        """Whether a person applies it."""
        return self.apply == ASK


_FOR_ALL = ("ready", "settle_s", "apply_timeout_s", "ready_timeout_s")
_KEYS = ("variants", "restore", "restore_command", *_FOR_ALL)


@dataclass(frozen=True)
class Variants:
    """Everything that a variants file says."""

    variants: tuple[VariantSpec, ...]
    restoring: VariantSpec
    """How the box is left at the end: one of the variants, or a command of its own."""

    @property
    def asks(self) -> bool:
        """Whether a person is needed."""
        return any(variant.asks for variant in (*self.variants, self.restoring))


def parse_variants(file: str, text: str) -> Variants:
    """The variants of a file, of which `text` is the content. Raises VariantsError."""
    with yaml_texts(file, text, LEGAL_VARIANTS, VariantsError) as (loader, root):
        return _Reader(file, root).read(loader)


class _Reader:
    """One file, with the lines of all of its places."""

    def __init__(self, file: str, root: yaml.Node) -> None:
        self._file = file
        self._root = root
        self._lines: dict[Place, int] = {}
        self._names: list[str] = []

    def read(self, loader: YamlTexts) -> Variants:
        if not isinstance(self._root, yaml.MappingNode):
            raise VariantsError(
                f"{self._file}, line {line_of(self._root)}: must be {LEGAL_VARIANTS}"
            )
        for place, line, problem in yaml_places(self._root):
            self._lines.setdefault(place, line)
            if problem:
                raise VariantsError(f"{self._file}, line {line}: {problem}")
        values = _without_empty(loader.construct_mapping(self._root, deep=True))
        for key in values:
            if key not in _KEYS:
                raise self._problem((key,), _no_key(key, "a variants file", _KEYS))
        shared = {key: values[key] for key in _FOR_ALL if key in values}
        self._model({"name": "all", "apply": ":", **shared}, ())  # these have lines of their own
        listed = values.get("variants")
        if not isinstance(listed, list) or not 2 <= len(listed) <= MOST_VARIANTS:
            raise self._problem(
                ("variants",),
                f"variants must be a list of 2 to {MOST_VARIANTS} variants, for example variants: "
                f"{_EXAMPLES['variants']}",
            )
        variants = tuple(self._variant(n, each, shared) for n, each in enumerate(listed))
        self._check_names(variants)
        return Variants(variants, self._restoring(values, shared, variants))

    def _variant(self, number: int, values: Any, shared: Mapping[str, Any]) -> VariantSpec:
        place: Place = ("variants", number)
        if not isinstance(values, dict):
            raise self._problem(
                place, "must have keys and values, for example {name: two, apply: ./workers 2}"
            )
        values = _without_empty(values)
        for key in values:
            if key not in VariantSpec.model_fields:
                legal = tuple(VariantSpec.model_fields)
                raise self._problem((*place, key), _no_key(key, "a variant", legal))
        return self._model({**shared, **values}, place)

    def _model(self, values: Mapping[str, Any], place: Place) -> VariantSpec:
        try:
            return VariantSpec.model_validate(dict(values))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            key = str(first["loc"][0])
            example = f"for example {key}: {_EXAMPLES[key]}"
            if first["type"] == "missing":
                raise self._problem(place, f"{key} is missing, {example}") from None
            shown = repr(first["input"])[:_SHOWN_CHARS]
            raise self._problem(
                (*place, key), f"{key} = {shown}: {legal_words(first)}, {example}"
            ) from None

    def _check_names(self, variants: tuple[VariantSpec, ...]) -> None:
        count = Counter(variant.name.lower() for variant in variants)
        for number, variant in enumerate(variants):
            if count[variant.name.lower()] > 1:
                raise self._problem(
                    ("variants", number, "name"),
                    f"name = {variant.name!r}: {count[variant.name.lower()]} variants have this "
                    "name; each needs a name of its own, and not only in another case; for example "
                    f"name: {variant.name[:37]} 2",
                )

    def _restoring(
        self,
        values: Mapping[str, Any],
        shared: Mapping[str, Any],
        variants: tuple[VariantSpec, ...],
    ) -> VariantSpec:
        if ("restore" in values) == ("restore_command" in values):
            both = "both are there" if "restore" in values else "neither is there"
            raise self._problem(
                ("restore",),
                "needs either restore, the name of the variant to leave the box with, or "
                f"restore_command, and {both}; for example restore: {variants[0].name}",
            )
        if "restore" in values:
            wanted = " ".join(str(values["restore"]).split())
            found = [variant for variant in variants if variant.name.lower() == wanted.lower()]
            if found:
                return found[0]
            names = ", ".join(variant.name for variant in variants)
            raise self._problem(
                ("restore",),
                f"restore = {wanted[:_SHOWN_CHARS]!r}: must be the name of a variant ({names}); a "
                "command is given with restore_command, for example restore_command: "
                f"{_EXAMPLES['restore_command']}",
            )
        command = values["restore_command"]
        try:
            own = {"name": "restore", "apply": _command(str(command)), **shared}
        except ValueError as error:
            example = f"for example restore_command: {_EXAMPLES['restore_command']}"
            raise self._problem(
                ("restore_command",), f"restore_command = {command!r}: {error}, {example}"
            ) from None
        return self._model(own, ())

    def _problem(self, place: Place, text: str) -> VariantsError:
        """An error at a place, or at what contains it if it is not there."""
        at = place
        while at not in self._lines and at:
            at = at[:-1]
        called = ""
        if len(place) > 1 and place[0] == "variants":
            called = f", variant {self._called(int(place[1]))}"
        return VariantsError(f"{self._file}, line {self._lines.get(at, 1)}{called}: {text}")

    def _called(self, number: int) -> str:
        """A variant's name in quotation marks, or its number from 1."""
        assert isinstance(self._root, yaml.MappingNode)
        for key, node in self._root.value:
            if key.value == "variants" and isinstance(node, yaml.SequenceNode):
                entry = node.value[number]
                pairs = entry.value if isinstance(entry, yaml.MappingNode) else []
                for name, value in pairs:
                    if name.value == "name" and isinstance(value, yaml.ScalarNode):
                        return repr(" ".join(value.value.split())[:60])
        return str(number + 1)


def _without_empty(values: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key): value for key, value in values.items() if value is not None}


def _no_key(key: str, of: str, legal: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(key, legal, n=1)
    hint = f"did you mean {near[0]}?" if near else f"legal: {', '.join(legal)}"
    return f"{key[:_SHOWN_CHARS]} is not a key of {of}; {hint}"
