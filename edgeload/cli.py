"""What all programs share on the command line: the parser, its values, a pipe that closes early."""

from __future__ import annotations

import argparse
import atexit
import codecs
import contextlib
import difflib
import errno
import io
import logging
import math
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn, TextIO

from edgeload.completion import complete
from edgeload.durations import TimeLimits
from edgeload.exit_codes import BAD_SETTING, INTERNAL_ERROR, INTERRUPTED
from edgeload.file_names import wrong_name
from edgeload.import_path import put_installed_first
from edgeload.installation import version_line
from edgeload.objectives import Objective, parse_objective
from edgeload.plain_words import without_long_words
from edgeload.signals import StopSignals
from edgeload.stopping import stopping_signals
from edgeload.untrusted_text import HidingStream, one_line, print_traceback

_PLAIN = {
    "✓": "+", "✗": "x", "…": "...", "±": "+/-", "°": " deg", "→": "->", "≤": "<=", "≥": ">=",
    "µ": "u", "—": "-", "–": "-", "\N{MULTIPLICATION SIGN}": "x",
}  # fmt: skip
"""What stands for a character in an encoding that lacks it; a ? stands for any other."""

_NOBODY_READS = (errno.EPIPE, errno.EIO)
"""Errors of writing to a closed pipe or a closed terminal."""

_NARROWEST = 20
"""Columns of a terminal that is taken to be as narrow as that."""

_DEFAULT_HANDLERS = ("strict", "surrogateescape", "backslashreplace")
"""The error handlers that Python itself gives to output: the first two refuse characters."""


def _in_plain_characters(error: UnicodeError) -> tuple[str, int]:
    """For `codecs.register_error`: the plain characters, and where to go on."""
    assert isinstance(error, UnicodeEncodeError)
    lacking = error.object[error.start : error.end]
    return "".join(_PLAIN.get(character, "?") for character in lacking), error.end


codecs.register_error("edgeload", _in_plain_characters)


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, without the usage, and exit code 2.

    Description and epilog are printed as they are, so their lines must fit 80 columns. `example`
    are words of a command line that is complete.
    """

    def __init__(self, *, example: str = "", **options: Any) -> None:
        super().__init__(**{"formatter_class": _formatter(), "allow_abbrev": False, **options})
        self.add_argument("--version", action=_Version, help="Print the version and stop.")
        self._example = example
        self._words: list[str] = []

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """See argparse; answers a shell that asks what may come next."""
        complete(self)
        return super().parse_args(args, namespace)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """See argparse; remembers the words for `error`."""
        self._words = list(sys.argv[1:] if args is None else args)
        return super().parse_known_args(self._words, namespace)

    def error(self, message: str) -> NoReturn:
        """Print the line on stderr and exit."""
        given = [text for word in self._words for text in (word, word.partition("=")[2])]
        said = one_line(without_long_words(message.removeprefix("argument "), given))
        line = " ".join(said.split())
        self.exit(BAD_SETTING, f"{self.prog}: {line}{self._hint(line)}\n")

    def _hint(self, line: str) -> str:
        """What helps: the nearest option, an example, or where all options are."""
        see = f"; see {self.prog} --help"
        if line.startswith("unrecognized arguments"):
            return f"{self._meant(line.split()[2:])}{see}"
        if line.startswith(("the following arguments", "one of the arguments")):
            return f"; for example {typed(self.prog)} {self._example}" if self._example else see
        return see if line.endswith("expected one argument") else ""

    def _meant(self, words: list[str]) -> str:
        """`; did you mean --max-clients?` for the first word that is nearly an option.

        With one dash or none, the rest must be right.
        """
        for word in words:
            name = word.partition("=")[0]
            least = 0.75 if name.startswith("--") else 1.0
            option = f"--{name.lstrip('-').replace('_', '-')}"
            near = difflib.get_close_matches(option, self._option_string_actions, 1, least)
            if near:
                return f"; did you mean {near[0]}?"
        return ""


class _Version(argparse.Action):
    """Finds the version out only if somebody asks."""

    def __init__(self, option_strings: list[str], dest: str, help: str, **_: Any) -> None:
        super().__init__(option_strings, argparse.SUPPRESS, 0, default=argparse.SUPPRESS, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        """See argparse."""
        print(version_line())
        parser.exit()


def _formatter() -> type[argparse.HelpFormatter]:
    """Help in colours; plain on a host that only runs the monitor and lacks the package."""
    try:
        from rich_argparse import RawDescriptionRichHelpFormatter  # noqa: PLC0415
    except ImportError:
        return argparse.RawDescriptionHelpFormatter

    class Plain(RawDescriptionRichHelpFormatter):
        """Brackets in a text are brackets, not markup: edgeload[hdr]."""

        text_markup = False
        help_markup = False

    return Plain


def number_above_0(what: str, example: str) -> Callable[[str], float]:
    """A parser of finite numbers above 0; `what` names the kind: "a number of seconds"."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and value > 0):
            raise argparse.ArgumentTypeError(
                f"{text!r}: must be {what} above 0, for example {example}"
            )
        return value

    return parse


def seconds(limits: TimeLimits, example: str) -> Callable[[str], float]:
    """A parser of a time within these limits."""

    def parse(text: str) -> float:
        try:
            return limits.read(text)
        except ValueError as problem:
            raise argparse.ArgumentTypeError(
                f"{text!r}: {problem}, for example {example}"
            ) from None

    return parse


def path(text: str) -> Path:
    """A path that a file could have. Its user checks whether the file exists."""
    legal = wrong_name(Path(text)) if text.strip() else "must not be empty"
    if legal:
        raise argparse.ArgumentTypeError(f"{text!r}: {legal}, for example ./results")
    return Path(text)


def objective(text: str) -> Objective:
    """An objective; an error says what is legal."""
    try:
        return parse_objective(text)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(f"{text!r}: {problem}") from None


def typed(program: str) -> str:
    """What one types to start a program: `python load_test.py`, `edgeload run`."""
    return f"python {program}" if program.endswith(".py") else program


def leave(program: Callable[[], int]) -> NoReturn:
    """Run a program and end the process with its exit code, whoever and whatever reads its output.

    A signal where no program counts it, for example while results are drawn, ends with one line.
    What the user has set for matplotlib, which reads it when it is imported, has no effect. Nor has
    a file in the current folder that is called like a package. No secret is printed.
    """
    _open_closed_streams()
    atexit.register(_ignore_signals)  # what is registered first is called last
    put_installed_first(sys.argv[0])
    sys.excepthook = print_traceback
    if os.environ.get("COLUMNS", "") in map(str, range(1, _NARROWEST)):  # rich would print nothing
        os.environ["COLUMNS"] = str(_NARROWEST)
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # its cache is no matter of ours
    os.environ.update(MATPLOTLIBRC=os.devnull, MPLBACKEND="agg")
    with output_never_fails() as refused, StopSignals() as stop:
        try:
            with stop.raised():
                code = program()
        except KeyboardInterrupt:
            print("Interrupted.", file=sys.stderr)
            code = INTERRUPTED
    if refused:
        with contextlib.suppress(OSError):  # perhaps it is the same disk
            os.write(2, f"Not all of the output could be written: {refused[0]}\n".encode())
        code = code or INTERNAL_ERROR
    for number in stopping_signals():  # one more Ctrl-C does not change the exit code
        signal.signal(number, lambda *_: os._exit(code))
    if "ray" in sys.modules:  # its threads go on, and would crash Python while it ends
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _ignore_signals() -> None:
    """The last moments of Python: it takes its own handlers away, so a signal would be the end."""
    for number in stopping_signals():
        signal.signal(number, signal.SIG_IGN)


def _open_closed_streams() -> None:
    """Let streams that the caller closed (`>&-`) lead nowhere.

    Otherwise the next file that is opened, which may be the log, takes the number of standard
    output, and what some process prints is written into it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # takes the lowest free number
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


@contextlib.contextmanager
def output_never_fails() -> Iterator[list[str]]:
    """While entered, no text is refused because of the file or the encoding that it is printed to.

    `… | head -1` closes the pipe after one line, and a terminal may be closed. The program goes on,
    writes its files and ends with the exit code that says how it went, as if somebody had read
    everything. If the output is a file that cannot take more, for example on a full disk, it goes
    on as well, and the list says why afterwards. A character that the encoding of the output
    lacks, for example ✓ in cp1252, is replaced by plain ones. A secret is hidden.
    """
    before = sys.stdout, sys.stderr
    refused: list[str] = []
    sys.stdout, sys.stderr = (_forgiving(stream, refused) for stream in before)
    try:
        yield refused
    finally:
        ours = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = before
        for stream in ours:
            if stream is not None:
                stream.flush()


def _forgiving(stream: TextIO, refused: list[str]) -> TextIO:
    """The same stream over a file that may refuse; itself if it has no file of its own.

    An error handler that the user chose, with PYTHONIOENCODING=ascii:replace, stays.
    """
    buffer = getattr(stream, "buffer", None)
    raw = getattr(buffer, "raw", buffer)
    if not isinstance(stream, io.TextIOWrapper) or not isinstance(raw, io.FileIO):
        return stream
    stream.flush()
    return HidingStream(
        io.BufferedWriter(_FileThatMayRefuse(raw, refused)),
        encoding=stream.encoding,
        errors="edgeload" if stream.errors in _DEFAULT_HANDLERS else stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


class _FileThatMayRefuse(io.RawIOBase):
    def __init__(self, raw: io.FileIO, refused: list[str]) -> None:
        self._raw = raw
        self._refused = refused
        self._interrupted = False

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._raw.fileno()

    def isatty(self) -> bool:
        return self._raw.isatty()

    def write(self, data: Any) -> int | None:
        if self._interrupted:
            return len(data)
        try:
            return self._raw.write(data)
        except KeyboardInterrupt:  # nobody reads: the same bytes would be waited for again
            self._interrupted = True
            raise
        except OSError as error:
            if error.errno not in _NOBODY_READS and not self._refused:
                self._refused.append(error.strerror or str(error))
            return len(data)
