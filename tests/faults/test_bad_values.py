"""Values that nobody should give, for every option, constant and key there is.

They are taken from the parsers and the declarations: an option that is added is tried by itself.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import math
import re
import time
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edgeload import arguments, exit_codes
from edgeload.child_processes import TOKEN
from edgeload.cli import Parser
from edgeload.commands import monitor, report, run
from edgeload.settings.fields import Fields, declared, option_of
from edgeload.settings.mix_file import ChainSpec, GroupSpec
from edgeload.simulator import command_line
from edgeload.variants.variants_file import VariantsError, VariantSpec, parse_variants

TEXTS = (
    "0", "-1", "-0.0", "nan", "inf", "-inf", "1e9", "1000000000", "1e-300", "1e400", "9" * 400,
    "9" * 5000, "x" * 5000, "sinbad", "", " \t ", "٣", "²", "a\0b", "\udcff", "a\nb", "\x1b[31m",
    "\ufeff1", "1_000", "[1,5,20]", "1," * 5000 + "1", "'", "p95<" + "9" * 400 + "ms",
    "9" * 400 + " clients: p95<1s", "9" * 400 + "s", "p95<" + "9" * 99 + "s",
)  # fmt: skip
VALUES: tuple[object, ...] = (
    *TEXTS, 0, -1, math.nan, math.inf, 1e9, 10**400, 10**5000, None, True, b"x", [], {}, [None],
    ["x" * 5000], object(), 1j, Path("x" * 5000),
)  # fmt: skip
_LONGEST_LINE = 900
_GENEROUS_S = 20.0
"""A busy machine needs a hundredth of it."""


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(TOKEN, raising=False)


def check(
    call: Callable[[], object], capsys: pytest.CaptureFixture[str], *named: str
) -> tuple[object, str]:
    """What is given is used, or refused in one line that has one of these names; code and line."""
    before_s = time.monotonic()
    try:
        code = call()
    except SystemExit as ended:
        code = ended.code
    assert time.monotonic() - before_s < _GENEROUS_S
    err = capsys.readouterr().err
    if code != exit_codes.BAD_SETTING:
        return code, err
    assert err.endswith("\n")
    line = err[:-1]
    assert not any(unicodedata.category(character) == "Cc" for character in line), line[:300]
    assert len(line) <= _LONGEST_LINE
    assert any(name in line for name in named), (named, line)
    return code, line


def options_of(parser: argparse.ArgumentParser) -> Iterator[str]:
    """The options that take a value."""
    for action in parser._actions:
        if action.option_strings and action.nargs != 0 and action.help != argparse.SUPPRESS:
            yield action.option_strings[0]


def parser_of(program: Callable[..., int], words: list[str]) -> argparse.ArgumentParser:
    """The parser that a program makes for itself."""
    found: list[argparse.ArgumentParser] = []
    made = Parser.parse_args

    def remember(parser: Any, *given: Any) -> Any:
        found.append(parser)
        return made(parser, *given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Parser, "parse_args", remember)
        with contextlib.redirect_stderr(io.StringIO()):
            program(words, config_folders=())
    return found[0]


OF_A_RUN = tuple(options_of(arguments._parser({}, "load_test.py")))
OF_THE_SIMULATOR = tuple(options_of(command_line._options_parser("simulator")))


@pytest.mark.parametrize("option", OF_A_RUN)
def test_every_option_of_a_load_test(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The plan is shown, or one line names the setting and says what is legal: exit code 2."""
    names = {option_of(name): name.upper() for name in Fields.model_fields}
    for text in TEXTS:
        words = [f"{option}={text}", "--dry-run"]
        code, line = check(
            lambda words=words: run.main(words, config_folders=()),  # type: ignore[misc]
            capsys, option, names.get(option, option),
        )  # fmt: skip
        assert code in (exit_codes.OK, exit_codes.BAD_SETTING)
        if code:
            assert re.search("must|needs|set one|no key|cannot|does not exist|is a directory", line)


@pytest.mark.parametrize("name", [n for n in Fields.model_fields if declared(n).form != "secret"])
def test_every_constant_of_config_py(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same, whatever kind of value Python has there."""
    for value in VALUES:
        monkeypatch.setattr(
            "edgeload.config_file._constants", lambda _, value=value: {name.upper(): value}
        )
        Path("config.py").touch()
        code, _ = check(
            lambda: run.main(["--dry-run"], config_folders=(Path(),)), capsys, name.upper()
        )
        assert code in (exit_codes.OK, exit_codes.BAD_SETTING)


def test_the_token_is_never_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A bad token is refused by its name alone."""
    for value in ("se cret" * 500, "sec\0ret", "sécret", ["secret"], {"secret": 1}, b"secret"):
        monkeypatch.setattr(
            "edgeload.config_file._constants", lambda _, value=value: {TOKEN: value}
        )
        Path("config.py").touch()
        code, line = check(lambda: run.main(["--dry-run"], config_folders=(Path(),)), capsys, TOKEN)
        if code:
            assert "cret" not in line


@pytest.mark.parametrize("program", [report.script_main, report.report_main, report.compare_main])
def test_every_option_of_a_report(
    program: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """A value is refused by its option's name, or the log that is not there is missed."""
    others = ["--baseline", "missing"] if program is report.compare_main else []
    for option in options_of(parser_of(program, ["missing", *others])):
        for text in TEXTS:
            words = ["missing", f"{option}={text}", *(others if option != "--baseline" else [])]
            code, _ = check(
                lambda words=words: program(words, config_folders=()),  # type: ignore[misc]
                capsys, option, "the log missing", f"the log {text[:20]}",
                f"the history {text[:20]}",
            )  # fmt: skip
            assert code == exit_codes.BAD_SETTING
    for text in TEXTS:
        words = [*others, "--", text]
        code, _ = check(
            lambda words=words: program(words, config_folders=()),  # type: ignore[misc]
            capsys, "log: ", "LOG: ", "RUN: ", f"the log {text[:20]}", "the log missing",
        )  # fmt: skip
        assert code == exit_codes.BAD_SETTING


@pytest.mark.parametrize("option", ["--duration", "--interval", "--output"])
def test_every_option_of_the_monitor(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Its command line alone: what is legal would sample for as long as it says."""
    others = [] if option == "--duration" else ["--duration=60"]
    for text in TEXTS:
        words = [f"{option}={text}", *others]
        check(lambda words=words: monitor._parse(words, "monitor"), capsys, option)  # type: ignore[misc]


@pytest.mark.parametrize("option", OF_THE_SIMULATOR)
def test_every_option_of_the_embedded_endpoint(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its command line alone, and as a word of SIMULATOR_OPTIONS: the dry run says it, too."""
    for text in TEXTS:
        words = [f"{option}={text}"]
        code, line = check(lambda words=words: command_line.parse_options(words), capsys, option)  # type: ignore[misc]
        refused = command_line.refusal(words)
        assert (code == exit_codes.BAD_SETTING) == (refused is not None)
        assert refused is None or line.endswith(refused)


def test_the_dry_run_knows_the_options_of_the_embedded_endpoint(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A plan is not shown for a run that could not start: also for --help, which serves nobody."""
    for text in ("--no-such-option", "--service-time=never", "word", "--help", "--tls --tls=1"):
        code, line = check(
            lambda text=text: run.main(  # type: ignore[misc]
                [f"--simulator-options={text}", "--dry-run"], config_folders=()
            ),
            capsys,
            "SIMULATOR_OPTIONS = ",
        )
        assert code == exit_codes.BAD_SETTING
        assert "python -m edgeload.simulator --help" in line


def quoted_in_yaml(text: str) -> str:
    """A text as YAML has it between double quotes."""
    escapes = {"\\": "\\\\", '"': '\\"', "\0": "\\0", "\n": "\\n", "\x1b": "\\e", "\t": "\\t"}
    return '"' + "".join(escapes.get(c, c) for c in text if c != "\udcff") + '"'


YAML_VALUES = (
    *map(quoted_in_yaml, TEXTS), "0", "-1", ".nan", ".inf", "1e9", "9" * 400, "[]", "{}", "[[[]]]",
    "{a: {b: {c: 1}}}", "[1, 5]", "~", "yes", "2001-01-01", "!!python/object:os.system {}",
    "!!binary eA==", "!!float x", "!!int x", "!!timestamp x", "*nobody", "&a [*a]", "? {} : x",
)  # fmt: skip


@pytest.mark.parametrize(
    "key", [*GroupSpec.model_fields, *(f"then.{n}" for n in ChainSpec.model_fields)]
)
def test_every_key_of_a_mix_file(key: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line names the file, and with a group its line and its key."""
    for value in YAML_VALUES:
        given = {"name": "door", "detector_name": "d"}
        if key == "detector_id":
            del given["detector_name"]
        if key.startswith("then."):
            entry = {"detector": "d"} | {key[5:]: value}
            given["then"] = "[{" + ", ".join(f"{k}: {v}" for k, v in entry.items()) + "}]"
        else:
            given[key] = value
        lines = "\n  ".join(f"{k}: {v}" for k, v in given.items())
        Path("mix.yaml").write_text(f"- {lines}\n")
        code, _ = check(
            lambda: run.main(["--mix=mix.yaml", "--dry-run"], config_folders=()),
            capsys, "mix.yaml, line ",
        )  # fmt: skip
        assert code in (exit_codes.OK, exit_codes.BAD_SETTING)


OF_ALL = ("variants", "restore", "restore_command", "ready", "settle_s", "apply_timeout_s")


@pytest.mark.parametrize("key", [*VariantSpec.model_fields, *(f"all.{key}" for key in OF_ALL)])
def test_every_key_of_a_variants_file(key: str) -> None:
    """One line names the file and the line."""
    for value in YAML_VALUES:
        of_one = {"name": "two", "apply": "./workers 2"}
        of_all = {"restore": "four"} if key != "all.restore_command" else {}
        if key.startswith("all."):
            of_all[key[4:]] = value
        else:
            of_one[key] = value
        two = ", ".join(f"{k}: {v}" for k, v in of_one.items())
        rest = "".join(f"{k}: {v}\n" for k, v in of_all.items())
        text = f"{rest}variants: [{{{two}}}, {{name: four, apply: ./w 4}}]\n"
        if key == "all.variants":
            text = rest
        try:
            parse_variants("variants.yaml", text)
        except VariantsError as problem:
            line = str(problem)
            assert line.startswith("variants.yaml")
            assert line.isprintable()
            assert len(line) <= _LONGEST_LINE
