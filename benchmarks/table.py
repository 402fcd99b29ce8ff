"""Results as a Markdown table: min / median / max over rounds, beside the machine."""

from __future__ import annotations

import argparse
import platform
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from edgeload.run.environment import generator_machine


def spread(values: Sequence[float], digits: int = 3) -> str:
    """`min / median / max`, to so many significant digits."""
    figures = (min(values), statistics.median(values), max(values))
    return " / ".join(significant(figure, digits) for figure in figures)


def significant(figure: float, digits: int = 3) -> str:
    """A figure to so many significant digits, never with an exponent if it is large."""
    text = f"{figure:.{digits}g}"
    return f"{float(text):,.0f}" if float(text) >= 1000 else text


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table."""
    lines = ["| " + " | ".join(cells) + " |" for cells in [head, ["---"] * len(head), *rows]]
    return "\n".join(lines)


def where() -> str:
    """The machine, in one line."""
    facts = generator_machine()
    return (
        f"{facts['usable_cores']} cores ({facts['processor']}), Linux {platform.release()}, "
        f"Python {platform.python_version()}; other programs share the machine"
    )


def parser(description: str, rounds: int) -> argparse.ArgumentParser:
    """Options that every benchmark has."""
    made = argparse.ArgumentParser(
        description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    made.add_argument("--rounds", type=int, default=rounds, help="rounds, all in turn")
    made.add_argument("--output", type=output_file, help="also write the table to this file")
    return made


def output_file(text: str) -> Path:
    """For argparse: a file that can be written. That is tried before anything is measured."""
    path = Path(text)
    is_new = not path.exists()
    try:
        path.open("ab").close()
    except (OSError, ValueError) as problem:
        why = problem.strerror if isinstance(problem, OSError) else str(problem)
        raise argparse.ArgumentTypeError(
            f"{text!r} cannot be written ({why}); must be a file in a folder that exists, for "
            "example table.md"
        ) from None
    if is_new:
        path.unlink()
    return path


class Named(Protocol):
    """Something that is chosen by its name."""

    @property
    def name(self) -> str:
        """Its name."""


One = TypeVar("One", bound=Named)


def named(
    made: argparse.ArgumentParser, option: str, text: str, all_of: Sequence[One]
) -> list[One]:
    """Those whose names an option gives, separated by commas; without a value, all."""
    names = [one.name for one in all_of]
    wanted = text.split(",") if text else names
    for name in wanted:
        if name not in names:
            made.error(f"{option} {text}: {name!r} is none of {', '.join(names)}")
    return [one for one in all_of if one.name in wanted]


def beginning(made: argparse.ArgumentParser, text: str, all_of: Sequence[One]) -> list[One]:
    """Those whose names begin as `--only` says; without a value, all."""
    found = [one for one in all_of if one.name.startswith(text)]
    if not found:
        made.error(f"--only {text}: no name begins so; {', '.join(one.name for one in all_of)}")
    return found


def present(title: str, table: str, output: Path | None) -> None:
    """Print a result, and keep it where asked."""
    text = f"{title}\n{where()}\n\n{table}\n"
    print(text, flush=True)
    if output is not None:
        output.write_text(text, encoding="utf-8")
