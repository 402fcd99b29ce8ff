"""config.py: where it is looked for, what is taken from it, and what a broken one says."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeload.config_file import load_config
from edgeload.settings import TOKEN, SettingError
from edgeload.settings.fields import Fields, is_path


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The working folder, which is empty, and another one."""
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    monkeypatch.chdir(here)
    return here, there


def test_the_first_folder_that_has_one_wins(folders: tuple[Path, Path]) -> None:
    """Without any config.py there are no constants: the defaults hold."""
    here, there = folders
    assert load_config([Path(), there]) == {}
    (there / "config.py").write_text("SEED = 2\n")
    assert load_config([Path(), there]) == {"SEED": 2}
    assert load_config([Path()]) == {}
    (here / "config.py").write_text("SEED = 1\n")
    assert load_config([Path(), there]) == {"SEED": 1}


def test_only_upper_case_constants_are_taken(folders: tuple[Path, Path]) -> None:
    """Imports, helpers and private names of the user's file are no settings."""
    (folders[0] / "config.py").write_text(
        "import os\n_HALF = 15.0\ndef double(x: float) -> float:\n    return 2 * x\n"
        "TIME_BETWEEN_RAMP = double(_HALF)\n"
    )
    assert load_config([Path()]) == {"TIME_BETWEEN_RAMP": 30.0}


def test_paths_are_beside_config_py(folders: tuple[Path, Path]) -> None:
    """Whichever setting: an absolute path stays what it is, and no path stays none."""
    here, there = folders
    text = 'IMAGE_PATH = "dog.jpeg"\nCACERT = "{}"\nLOG_FILE = "run.log"\nOUTPUT_DIR = "out"\n'
    (there / "config.py").write_text(text.format("edge.pem"))
    assert load_config([there]) == {
        "IMAGE_PATH": f"{there}/dog.jpeg",
        "CACERT": f"{there}/edge.pem",
        "LOG_FILE": f"{there}/run.log",
        "OUTPUT_DIR": f"{there}/out",
    }
    (there / "config.py").write_text(text.format(""))
    assert load_config([there])["CACERT"] == ""
    (here / "config.py").write_text(text.format("/etc/edge.pem"))
    assert load_config([Path()])["IMAGE_PATH"] == "dog.jpeg"
    assert load_config([here])["CACERT"] == "/etc/edge.pem"
    (there / "config.py").write_text('PLAN_FOR = "120@2"\nMIX = "a.yaml"\nVARIANTS = "b.yaml"\n')
    beside = {"MIX": f"{there}/a.yaml", "VARIANTS": f"{there}/b.yaml"}
    assert load_config([there]) == {"PLAN_FOR": "120@2", **beside}
    (there / "120@2").touch()
    assert load_config([there])["PLAN_FOR"] == f"{there}/120@2"
    (there / "fleet.yaml").touch()
    for given, taken in (("fleet.yaml", f"{there}/fleet.yaml"), ("all", "all"), ("x" * 300,) * 2):
        (there / "config.py").write_text(f"TARGET_MAP = {given!r}\n")
        assert load_config([there]) == {"TARGET_MAP": taken}
    paths = {name for name in Fields.model_fields if is_path(name)}
    assert paths == {
        *("image_path", "cacert", "mix", "variants"),
        *("log_file", "output_dir", "junit"),
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SEED = 1\nSEED == = 2\n", "2: SyntaxError: "),
        ("SLO = [\n    'p95<1s',\n", "1: SyntaxError: '[' was never closed; must be"),
        ("\nSEED = one\n", "2: NameError: name 'one' is not defined; a text needs quotation m"),
        ("import no_such_module\n", "1: ModuleNotFoundError: "),
        ("def f():\n    raise ValueError('a\\nb')\nf()\n", "2: ValueError: a b; must be"),
        ("raise SystemExit(0)\n", "1: SystemExit: 0"),
        ("SEED = 1\n\nENDPOINT_ULR = ''\n", "3: ENDPOINT_ULR is not a setting of config.py; did "),
    ],
)
def test_a_broken_config_py_is_one_line(folders: tuple[Path, Path], text: str, said: str) -> None:
    """The line names the file, the line in it, and what is wrong, with an example."""
    (folders[1] / "config.py").write_text(text)
    with pytest.raises(SettingError) as problem:
        load_config([folders[1]])
    line = str(problem.value)
    assert line.startswith(f"{folders[1]}/config.py:{said}")
    assert "\n" not in line
    assert "for example" in line or line.endswith("did you mean ENDPOINT_URL?")


def test_a_message_says_where_its_constant_stands(folders: tuple[Path, Path]) -> None:
    """The last line that gives it a value; none if the option was typed, or it is a default."""
    (folders[0] / "config.py").write_text("TIMEOUT: float = 1\nSEED = 2\nTIMEOUT = 3\n")
    config = load_config([Path()])
    assert config.located("TIMEOUT = 3: no\nMIX = '': no\nSEED: no", {"seed"}) == (
        "config.py:3: TIMEOUT = 3: no\nMIX = '': no\nSEED: no"
    )


@pytest.mark.parametrize(
    "text",
    [
        "{} = secret\n",
        "{} = (\n    secret\n)\n",
        "{}S = secret\n",
        "MY_TOKEN: str = secret\n",
        "GROUNDLIGHT_API_TOKN = secret\n",
        "def find():\n    return api_secret\n{} = find()\n",
        "api_secret\n",
        "{} = 'secret\n",
        "{} = “secret”\n",
        "{} = 1secret\n",
        "{} = secret of mine\n",
    ],
)
def test_a_token_without_quotes_is_not_printed(folders: tuple[Path, Path], text: str) -> None:
    """Python's own message would quote it as the name that is not defined."""
    (folders[1] / "config.py").write_text(text.format(TOKEN))
    with pytest.raises(SettingError) as problem:
        load_config([folders[1]])
    assert "(hidden)" in str(problem.value) or "SyntaxError" in str(problem.value)
    assert "secret" not in str(problem.value)
