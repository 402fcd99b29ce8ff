"""Finds the user's config.py, runs it, and takes its constants."""

from __future__ import annotations

import ast
import difflib
import os
import re
import runpy
import traceback
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import Any

from edgeload.settings import TOKEN, SettingError
from edgeload.settings.fields import Fields, is_path

NAME = "config.py"
_LIKE_A_TOKEN = "api_"
"""How Groundlight's API tokens begin."""


class Config(dict[str, object]):
    """The upper-case constants of a config.py, and the lines on which they stand."""

    def __init__(
        self,
        constants: Mapping[str, object] | None = None,
        path: Path = Path(NAME),
        lines: Mapping[str, int] | None = None,
    ) -> None:
        super().__init__(constants or {})
        self._path = path
        self._lines = lines or {}

    def located(self, message: str, typed: Container[str] = ()) -> str:
        """A message, each line of which may begin with a setting's name, with where that stands.

        `TIMEOUT = 'soon': must be …` becomes `config.py:12: TIMEOUT = 'soon': must be …`, unless
        the option was `typed`, which wins over the constant.
        """
        return "\n".join(self._where(line, typed) + line for line in message.split("\n"))

    def _where(self, line: str, typed: Container[str]) -> str:
        found = re.match("[A-Z][A-Z0-9_]*", line)
        name = found[0] if found else ""
        if name not in self._lines or name.lower() in typed:
            return ""
        return f"{self._path}:{self._lines[name]}: "


def load_config(folders: Sequence[Path]) -> Config:
    """The constants of the first config.py in these folders; empty if there is none.

    A relative path is relative to the file's folder. Raises SettingError with one line for a file
    that cannot be run, and for a constant that is not a setting: a misspelt one would silently do
    nothing.
    """
    for folder in folders:
        path = folder / NAME
        if path.is_file():
            constants = _constants(path)
            config = Config(_beside(path, constants), path, _lines_of(path))
            _check_names(config)
            return config
    return Config()


def _constants(path: Path) -> dict[str, object]:
    try:
        found = runpy.run_path(str(path))
    except (Exception, SystemExit) as problem:  # it is the user's program: anything may go wrong
        raise SettingError(f"{path}{_what_is_wrong(path, problem)}") from problem
    return {
        name: value for name, value in found.items() if name.isupper() and not name.startswith("_")
    }


def _lines_of(path: Path) -> dict[str, int]:
    """Where each constant is given its value for the last time."""
    return {
        target.id: node.lineno
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.stmt)
        for target in _targets(node)
        if isinstance(target, ast.Name)
    }


def _targets(node: ast.stmt) -> list[ast.expr]:
    """What a statement gives a value to."""
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AnnAssign) else []


def _check_names(config: Config) -> None:
    names = {name.upper() for name in Fields.model_fields}
    for name in config:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]}?" if near else f"legal: {', '.join(sorted(names))}"
            raise SettingError(config.located(f"{name} is not a setting of config.py; {hint}"))


def _what_is_wrong(path: Path, problem: BaseException) -> str:
    """`:3: NameError: name 'x' is not defined; must be Python constants, for example …`."""
    if isinstance(problem, SyntaxError) and problem.filename == str(path):
        line, text = problem.lineno, problem.msg
    else:
        frames = traceback.extract_tb(problem.__traceback__)
        line = next((f.lineno for f in reversed(frames) if f.filename == str(path)), None)
        text = str(problem)
        if line and (_LIKE_A_TOKEN in text or _is_about_the_token(path, line)):
            text = "(hidden)"
    said = " ".join(f"{type(problem).__name__}: {text}".split())
    legal = "must be Python constants, for example TIMEOUT = 10.0"
    if isinstance(problem, NameError):
        legal = 'a text needs quotation marks, for example DETECTOR_NAME = "front-door"'
    return f":{line or 1}: {said}; {legal}"


def _is_about_the_token(path: Path, line: int) -> bool:
    """Whether a line gives the token, however its name is spelt: without quotation marks, Python
    quotes it in the error.
    """
    return any(
        isinstance(target, ast.Name) and _means_the_token(target.id)
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno)
        for target in _targets(node)
    )


def _means_the_token(name: str) -> bool:
    return "TOKEN" in name.upper() or bool(difflib.get_close_matches(name.upper(), [TOKEN]))


def _beside(path: Path, constants: Mapping[str, Any]) -> dict[str, object]:
    """The constants; paths, which are relative to config.py, as the working folder has them.

    PLAN_FOR and TARGET_MAP are paths only if there is such a file.
    """
    folder = path.parent
    if folder.resolve() == Path.cwd():
        return dict(constants)
    found = dict(constants)
    for name, value in constants.items():
        setting = name.lower()
        if setting not in Fields.model_fields or not isinstance(value, str | Path):
            continue
        named = is_path(setting) and str(value).strip()
        may_be = setting in ("plan_for", "target_map") and value
        if named or (may_be and os.path.isfile(folder / value)):  # noqa: PTH113 (a long text)
            found[name] = str(folder / value)
    return found
