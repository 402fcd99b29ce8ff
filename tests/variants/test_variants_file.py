"""Laws of variants files: what docs/variants.md says is legal, and the rest is one clear line."""

from __future__ import annotations

import re
from pathlib import Path

import as_a_user as user
import pytest

from edgeload.variants.variants_file import VariantsError, VariantSpec, parse_variants

PAGE = user.ROOT / "docs" / "variants.md"
TWO = "variants:\n  - {name: a, apply: ./a}\n  - {name: b, apply: ./b}\n"


def test_a_variant_has_what_the_file_gives_to_all_unless_it_says_otherwise() -> None:
    """Keys beside `variants` are those of each variant; plain words stay texts."""
    text = (
        "restore: ON\nready: ./ready\nsettle_s: 2000ms\nvariants:\n"
        "  - {name: on, apply: ./a 010}\n  - {name: b, apply: ask, settle_s: 0, ready: ./other}\n"
    )
    found = parse_variants("f.yaml", text)
    on, b = found.variants
    assert on == VariantSpec(name="on", apply="./a 010", ready="./ready", settle_s=2)
    assert b == VariantSpec(name="b", apply="ask", ready="./other")
    assert found.restoring is on
    assert found.asks


def test_a_command_of_its_own_restores() -> None:
    """It has the times of all variants."""
    found = parse_variants("f.yaml", TWO + "restore_command: ./back\napply_timeout_s: 9\n")
    assert (found.restoring.apply, found.restoring.apply_timeout_s) == ("./back", 9.0)
    assert not found.asks


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "f.yaml: the file is empty; must be YAML with the keys variants and restore"),
        ("- a\n", "f.yaml, line 1: must be YAML with the keys variants and restore"),
        ("restore: a\n", "line 1: variants must be a list of 2 to 64 variants, for example"),
        ("restore: a\nvariants:\n  - {name: a, apply: b}\n", "line 2: variants must be a list"),
        (TWO, "line 1: needs either restore, the name of the variant to leave the box with, or"),
        (TWO + "restore: a\nrestore_command: b\n", "line 4: needs either restore, the name"),
        (TWO + "restore: c\n", "line 4: restore = 'c': must be the name of a variant (a, b)"),
        (TWO + "restore_command: ' '\n", "line 4: restore_command = ' ': must be a command"),
        (TWO + "restore: a\nready: [x]\n", "line 5: ready = ['x']: must be a text, for example"),
        (TWO + "restore: a\nretsore: a\n", "line 5: retsore is not a key of a variants file; did"),
        (
            TWO.replace("./b}", "./b, aply: x}") + "restore: a\n",
            "line 3, variant 'b': aply is not a key of a variant; did you mean apply?",
        ),
        (
            TWO.replace(", apply: ./b", "") + "restore: a\n",
            "line 3, variant 'b': apply is missing, for example apply: ./workers 4",
        ),
        (
            TWO.replace("name: b, ", "") + "restore: a\n",
            "line 3, variant 2: name is missing, for example name: four workers",
        ),
        (
            TWO.replace("name: b", "name: A") + "restore: a\n",
            "line 2, variant 'a': name = 'a': 2 variants have this name",
        ),
        (
            TWO.replace("./b}", "./b, settle_s: -1}") + "restore: a\n",
            "line 3, variant 'b': settle_s = '-1': must be a time from 0 s to 1 day, in seconds or",
        ),
        (
            TWO.replace("./b}", "./b, ready_timeout_s: soon}") + "restore: a\n",
            "line 3, variant 'b': ready_timeout_s = 'soon': must be a time above 0 s and at",
        ),
        (
            TWO.replace("name: b", "name: ../b") + "restore: a\n",
            "line 3, variant '../b': name = '../b': must be a letter or digit, then",
        ),
        (TWO + "  - 3\nrestore: a\n", "line 4, variant 3: must have keys and values, for example"),
        (TWO + "\tb: c\n", "is not YAML"),
        (TWO + "restore: a\nrestore: b\n", "line 5: restore stands there twice"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line(text: str, line: str) -> None:
    """With the file, the line, the variant, what is legal, and an example."""
    with pytest.raises(VariantsError) as caught:
        parse_variants("f.yaml", text)
    assert line in str(caught.value)
    assert str(caught.value).startswith("f.yaml")
    assert "\n" not in str(caught.value)


def test_the_page_explains_every_key() -> None:
    """A row for each key of a variant and of the file, and for no other."""
    rows = set(re.findall(r"^\| `(\w+)` \|", PAGE.read_text(), re.MULTILINE))
    assert rows == {*VariantSpec.model_fields, "variants", "restore", "restore_command"}


def test_every_block_of_yaml_in_the_page_is_a_variants_file() -> None:
    """And the first is examples/variants.yaml without its comment."""
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    for block in blocks:
        parse_variants("docs/variants.md", block)
    example = Path(user.ROOT / "examples" / "variants.yaml").read_text().splitlines()
    assert blocks[0].splitlines() == [line for line in example if line[:1] != "#"][1:]
