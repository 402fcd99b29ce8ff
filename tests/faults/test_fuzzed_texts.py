"""Parsers of what a user writes, driven by hypothesis: a value, or the one error that they have."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from edgeload.objectives import Objective, parse_abort, parse_objective
from edgeload.settings import values
from edgeload.settings.mix_file import load_mix
from edgeload.settings.mix_yaml import MixError, mix_entries
from edgeload.settings.wanted_file import wanted_cameras_text
from edgeload.simulator.command_line import refusal
from edgeload.variants.variants_file import VariantsError, parse_variants
from edgeload.wanted_cameras import parse_wanted, wanted_text

_WEEK_S = 7 * 86_400


def made_of(*pieces: str) -> st.SearchStrategy[str]:
    """Texts that look like what is wanted, and any others."""
    piece = st.sampled_from(pieces) | st.text(max_size=3) | st.integers(0, 10**12).map(str)
    return st.lists(piece, max_size=8).map("".join) | st.text(max_size=60)


OBJECTIVES = made_of(
    "p95", "p99.9", "p0", "p100", " service", " response", "age ", "errors", "missed", "outage",
    "throughput", "edge", "<", "<=", ">", ">=", "300", "0.5", "ms", "s", "%", ": ", "20 clients",
    "3 copies", "each step", "door", "gold", " ", "\N{ARABIC-INDIC DIGIT THREE}", "9" * 30,
)  # fmt: skip


@pytest.mark.parametrize("parse", [parse_objective, parse_abort])
@given(text=OBJECTIVES)
@example(text="p95<" + "9" * 400 + "ms")
@example(text="p95<" + "9" * 190 + "s")
@example(text="9" * 5000 + " clients: p95<1s")
@example(text="p99." + "9" * 60 + "<1s")
@example(text="p0." + "0" * 100 + "1<1s")
@example(text="age p95<0." + "0" * 100 + "1s")
def test_objectives(parse: Callable[[str], Objective], text: str) -> None:
    """A bound that can be reached, or a ValueError; and what an objective says is the same one."""
    try:
        found = parse(text)
    except ValueError as problem:
        assert str(problem).isprintable()
        assert "limit" not in str(problem) or "digits" not in str(problem)  # those are Python's
        return
    assert 0 <= found.bound <= _WEEK_S
    assert found.quantile is None or 0 < found.quantile < 1
    if parse is parse_objective:
        assert parse_objective(found.text) == found


WANTED = made_of("door", "gate 2", ":", "@", "120", "2", "0.5", "0.00001", "max", ",", " ", "0")


@given(WANTED)
@example("1@0.00001")
@example("9" * 5000)
@example("door:" + "1" * 400 + "@2")
@example("1@" + "9" * 400)
@example("a:1," * 3000 + "b:1")
def test_wanted_cameras(text: str) -> None:
    """Cameras that are written and read again as the same, or a ValueError."""
    try:
        wanted = parse_wanted(text)
    except ValueError as problem:
        assert str(problem).isprintable()
        assert "limit" not in str(problem)
        return
    again = parse_wanted(wanted_text(wanted))
    for one, other in zip(wanted, again, strict=True):
        assert (one.group, one.cameras) == (other.group, other.cameras)
        assert (one.rate is None) == (other.rate is None)
        assert math.isclose(one.rate or 0.0, other.rate or 0.0, rel_tol=1e-11)


@given(st.text(max_size=40) | st.sampled_from(["/", ".", "~", "\0", "x" * 300, "a.yaml", "/dev"]))
def test_a_wanted_file_that_is_none(text: str) -> None:
    """A name that no file can have is no file."""
    try:
        wanted_cameras_text(text)
    except ValueError as problem:
        assert str(problem)


TYPES = (
    values.Ramp, values.Budget, values.Seconds, values.WarmUp, values.Rate, values.Clients,
    values.Workers, values.Seed, values.Port, values.Rounds, values.Reserve, values.SearchText,
    values.File, values.NamedFile, values.Name, values.Question, values.ShellWords,
    values.DetectorId, values.EndpointUrl, values.Objectives, values.AbortConditions,
)  # fmt: skip
NUMBERS = made_of("1", "5", "20", ",", "[", "]", "-", ".", "e", "s", "m", "h", "auto", "built-in")


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: str(kind)[:60])
@given(value=NUMBERS | st.floats() | st.integers() | st.none() | st.lists(st.text(max_size=3)))
@example(value="9" * 5000)
@example(value="[1, 5, 20]")
@example(value="\N{ARABIC-INDIC DIGIT THREE}")
@example(value="\N{SUPERSCRIPT TWO}")
@example(value="\udcff")
@example(value="a\0b")
def test_settings(kind: object, value: object) -> None:
    """A legal value, or pydantic's error, which becomes one line."""
    adapter: TypeAdapter[object] = TypeAdapter(kind)  # type: ignore[arg-type]
    try:
        adapter.validate_python(value)
    except ValidationError as problem:
        assert problem.errors(include_url=False)


YAML = made_of(
    "- ", "name", ": ", "door", "\n", "\n  ", "detector_name", "cameras", "4", "slo", "then",
    "[", "]", "{", "}", "&a ", "*a", "<<", "!!int ", "!!float ", "!!set ", "!x ", "? ", "|", ">",
    '"', "'", "#", "---", "...", "%YAML 1.1", "\t", "~", "variants", "apply", "restore",
)  # fmt: skip
BOMB = "\n".join(
    ["- name: &a0 [x, x, x, x, x, x, x, x, x]"]
    + [f"- name: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
)
WIDE_BOMB = f"- name: door\n  a: &a [{'x,' * 400}]\n  b: &b [{'*a,' * 400}]\n  c: [{'*b,' * 400}]\n"


@settings(max_examples=50)
@given(YAML)
@example("!!float x")
@example("- !!float x: 1")
@example("- {name: door, cameras: !!int x}")
@example("- &a [*a]")
@example("- {<<: *nobody}")
@example("- {<<: 5}")
@example("- ? [a]\n  : 1")
@example("[" * 500)
@example("{a: " * 1000)
@example(BOMB)
@example(WIDE_BOMB)
def test_mix_files_and_variants_files(text: str) -> None:
    """Groups and variants, or an error that names the file: also for YAML that never ends."""
    for parse, error in ((mix_entries, MixError), (parse_variants, VariantsError)):
        try:
            parse("file.yaml", text)
        except error as problem:
            assert str(problem).startswith("file.yaml")


def test_a_mix_file_that_is_no_text_of_ours(tmp_path: Path) -> None:
    """Bytes of another encoding, a folder, and a file without end."""
    for content in (b"\xff\xfe- \x00", b"\x80", b"- {name: \xe9}"):
        path = tmp_path / "mix.yaml"
        path.write_bytes(content)
        with pytest.raises(MixError, match=r"is not|cannot be read"):
            load_mix(path)
    for path in (tmp_path, Path("/dev/zero")):
        with pytest.raises(MixError, match="cannot be read"):
            load_mix(path)


@given(
    st.lists(
        made_of("--detector=", "--fault=", "door", ":", "workers=", "pool=", ",", "=", "50ms", "4"),
        max_size=3,
    )
)
@example(["--detector=a:workers=" + "9" * 5000])
@example(["--fault=x=nan"])
def test_options_of_the_embedded_endpoint(words: list[str]) -> None:
    """They start it, or it says why not."""
    assert refusal(words) is None or refusal(words)
