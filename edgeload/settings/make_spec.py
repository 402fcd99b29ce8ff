"""The key `make` of a mix file: the detector that `edgeload prepare` makes. Load tests ignore it.

docs/prepare.md explains every key. The limits are those of the Groundlight SDK.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from edgeload.settings import values

DetectorMode = Literal["binary", "count", "bounding_box", "multi_class"]
MOST_OBJECTS = 50
MOST_CLASSES = 50
_MOST_CONFIG_CHARS = 100
_OF_ONE_CLASS = ("count", "bounding_box")


def _pipeline(text: str | None) -> str | None:
    if text is not None and len(text) > _MOST_CONFIG_CHARS:
        raise ValueError(f"must be a text of at most {_MOST_CONFIG_CHARS} characters")
    return text


def _class_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Two to fifty different names, without the spaces around them."""
    stripped = tuple(name.strip() for name in names)
    different = {name.lower() for name in stripped}
    if "" in different or not 2 <= len(different) == len(stripped) <= MOST_CLASSES:
        raise ValueError(f"must be a list of 2 to {MOST_CLASSES} different names")
    return stripped


PipelineText = Annotated[
    str | None, AfterValidator(_pipeline), BeforeValidator(values.empty_is_none)
]
ClassNames = Annotated[tuple[str, ...], AfterValidator(_class_names)]


class MakeSpec(BaseModel):
    """The detector to make as it stands in the file; None: as Groundlight has it."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    mode: DetectorMode = "binary"
    query: values.Question = None
    class_name: values.Name = None
    class_names: ClassNames | None = None
    max_count: Annotated[int, Field(ge=1, le=MOST_OBJECTS)] | None = None
    confidence_threshold: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] | None = None
    pipeline_config: PipelineText = None
    edge_pipeline_config: PipelineText = None

    @model_validator(mode="before")
    @classmethod
    def _without_empty_keys(cls, values: Any) -> Any:
        """A key without a value is as if it were not there."""
        if not isinstance(values, dict):
            return values
        return {key: value for key, value in values.items() if value is not None}

    @model_validator(mode="after")
    def _keys_fit_the_mode(self) -> MakeSpec:
        needed = {"multi_class": "class_names"}.get(self.mode, "class_name")
        if self.mode == "binary":
            needed = ""
        for key in ("class_name", "class_names"):
            given = getattr(self, key) is not None
            if given != (key == needed):
                example = "class_names: [red, green]" if key == "class_names" else "class_name: car"
                raise ValueError(
                    f"mode {self.mode} needs {key}, for example {example}"
                    if not given
                    else f"mode {self.mode} has no {key}; must be left out"
                )
        if self.max_count is not None and self.mode not in _OF_ONE_CLASS:
            raise ValueError(f"mode {self.mode} has no max_count; must be left out")
        return self
