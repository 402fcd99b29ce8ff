"""What a setting says about itself, beside its type and default: `Setting`. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from edgeload.signals import withheld

with withheld():  # a signal while its part in Rust is loaded would end in a panic of that
    from pydantic import Field
    from pydantic.fields import FieldInfo

Group = Literal[
    "The ramp",
    "The capacity",
    "Other kinds of runs",
    "The load",
    "The endpoint",
    "The objectives",
    "The pictures",
    "The results",
    "The cluster",
]
Form = Literal["value", "flag", "list", "ramp", "secret"]


@dataclass(frozen=True)
class Setting:
    """One setting. Its name, type and default are those of the pydantic field that carries it.

    `group` is the heading in `--help`, `metavar` stands for the value there, and `example` is a
    legal value as one types it. `form` says how the option is given: with a value, as a flag,
    several times (list), as a ramp, or never (secret). `measured` is False if the setting does not
    change what is measured, so that a comparison of two runs ignores it. `option` is given only if
    it is not made from the setting's name.
    """

    group: Group
    help: str
    example: str = ""
    metavar: str = ""
    unit: str = ""
    form: Form = "value"
    measured: bool = True
    option: str = ""


_KEY = "edgeload"


def declare(
    default: Any,
    group: Group,
    help: str,
    *,
    example: str = "",
    metavar: str = "",
    unit: str = "",
    form: Form = "value",
    measured: bool = True,
    option: str = "",
) -> Any:
    """A pydantic field with this default that carries a `Setting`."""
    setting = Setting(group, help, example, metavar, unit, form, measured, option)
    extra: dict[str, Any] = {_KEY: setting}
    return Field(default, description=help, json_schema_extra=extra)


def carried_by(field: FieldInfo) -> Setting:
    """The setting that `declare` put into a field."""
    assert isinstance(field.json_schema_extra, dict)
    setting: object = field.json_schema_extra[_KEY]
    assert isinstance(setting, Setting)
    return setting
