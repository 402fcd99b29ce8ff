"""Finds the user's config.py, runs it, and takes its constants."""

from __future__ import annotations

import ast
import runpy
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edgeload.settings import TOKEN, SettingError
from edgeload.settings.fields import Fields, declared

NAME = "config.py"


def load_config(folders: Sequence[Path]) -> dict[str, object]:
    """The upper-case constants of the first config.py in these folders; empty if there is none.

    A relative path whose setting says so is made relative to the file's folder. Raises SettingError
    with one line for a file that cannot be run.
    """
    for folder in folders:
        path = folder / NAME
        if path.is_file():
            return _beside(path, _constants(path))
    return {}


def _constants(path: Path) -> dict[str, object]:
    try:
        found = runpy.run_path(str(path))
    except (Exception, SystemExit) as problem:  # it is the user's program: anything may go wrong
        raise SettingError(f"{path}{_where(path, problem)}") from problem
    return {
        name: value for name, value in found.items() if name.isupper() and not name.startswith("_")
    }


def _where(path: Path, problem: BaseException) -> str:
    """`, line 3: NameError: name 'x' is not defined; must be Python constants, for example …`."""
    if isinstance(problem, SyntaxError) and problem.filename == str(path):
        line, text = problem.lineno, problem.msg
    else:
        frames = traceback.extract_tb(problem.__traceback__)
        line = next((f.lineno for f in reversed(frames) if f.filename == str(path)), None)
        text = "(hidden)" if line and _is_about_the_token(path, line) else str(problem)
    said = " ".join(f"{type(problem).__name__}: {text}".split())
    where = f", line {line}" if line else ""
    return f"{where}: {said}; must be Python constants, for example TIMEOUT = 10.0"


def _is_about_the_token(path: Path, line: int) -> bool:
    """Whether a line gives the token: without its quotes, Python quotes it in the error."""
    return any(
        isinstance(node, ast.Assign | ast.AnnAssign)
        and TOKEN in ast.unparse(node)
        and node.lineno <= line <= (node.end_lineno or node.lineno)
        for node in ast.walk(ast.parse(path.read_bytes()))
    )


def _beside(path: Path, constants: Mapping[str, Any]) -> dict[str, object]:
    """Paths that are relative to config.py, as the working folder has them."""
    folder = path.parent
    found = dict(constants)
    if folder.resolve() == Path.cwd():
        return found
    for name, value in constants.items():
        setting = name.lower()
        if setting in Fields.model_fields and declared(setting).beside_config and str(value or ""):
            found[name] = str(folder / value) if isinstance(value, str | Path) else value
    return found
