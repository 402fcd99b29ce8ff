"""What is legal in place of a value that pydantic refused, in our own words. Pure."""

from __future__ import annotations

from typing import Any


def legal_words(error: Any) -> str:
    """What is legal, in our words: pydantic's speak of inputs and of parsing."""
    kind, context = str(error["type"]), error.get("ctx", {})
    if kind == "value_error":
        return str(error["msg"]).removeprefix("Value error, ")
    if kind == "literal_error":
        return f"must be {context['expected']}"
    limits = {
        "greater_than": ("gt", "above"),
        "greater_than_equal": ("ge", "at least"),
        "less_than": ("lt", "below"),
        "less_than_equal": ("le", "at most"),
    }
    if kind in limits:
        key, words = limits[kind]
        return f"must be {words} {context[key]}"
    kinds = {
        "int": "must be a whole number",
        "float": "must be a number",
        "finite": "must be a finite number",
        "bool": "must be True or False",
        "string": "must be a text",
        "path": "must be a path",
        "tuple": "must be a list",
        "too": "must not be empty",
    }
    return kinds.get(kind.split("_", maxsplit=1)[0], str(error["msg"]))
