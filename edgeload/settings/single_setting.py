"""One setting by itself, without all others, and why one is refused. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from edgeload.child_processes import TOKEN
from edgeload.plain_words import quoted
from edgeload.settings.error_words import legal_words
from edgeload.settings.fields import Fields, declared
from edgeload.settings.setting_error import SettingError


def constant(config: Mapping[str, object], name: str) -> Any:
    """The value of one setting in config.py, checked by itself; its default if it is not there.

    Raises SettingError.
    """
    given = {name: config[name.upper()]} if name.upper() in config else {}
    try:
        return getattr(Fields.model_validate(given), name)
    except ValidationError as problem:
        raise SettingError(error_line(problem.errors(include_url=False)[0])) from None


def error_line(error: Any) -> str:
    """Setting, value, what is legal, and an example. Never the token's value."""
    legal = legal_words(error)
    if not error["loc"]:
        return legal
    field = str(error["loc"][0])
    name, example = field.upper(), declared(field).example
    if example and error["type"] != "literal_error" and "for example" not in legal:
        legal += f", for example {example}"
    given = error["input"]
    whole = given if isinstance(given, str) else quoted(given)
    secret = name == TOKEN or (name in ("ENDPOINT_URL", "TARGET_MAP") and "@" in whole)
    value = "(hidden)" if secret else quoted(given)
    return f"{name} = {value}: {legal}"
