"""README runs: every command that it shows as such is run, and what it promises is there."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import as_a_user as user
import pytest
from readme_commands import OTHERS, README, SETUP, TESTS, USAGE, cloned, sh, without_setup

from edgeload import exit_codes

# Commands that send no load, and the log that a load test before them would have written.
QUICK = [line for line in USAGE if "load_test.py" not in line or "--dry-run" in line]
LOGS = {"load_test.log": "unsteady", "before.jsonl": "before", "after.jsonl": "after"}


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh clone."""
    return cloned(tmp_path_factory.mktemp("clone"))


@pytest.fixture(scope="module")
def clone_with_logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone in which load tests have been run."""
    folder = cloned(tmp_path_factory.mktemp("clone_with_logs"))
    for name, log in LOGS.items():
        packed = user.ROOT / "tests" / "read" / "yesterday" / f"{log}.log.gz"
        (folder / name).write_bytes(gzip.decompress(packed.read_bytes()))
    return folder


@pytest.mark.parametrize("command", QUICK)
def test_a_command_that_sends_nothing_runs(clone_with_logs: Path, command: str) -> None:
    """On logs of earlier runs."""
    assert sh(command, clone_with_logs).stdout.strip()


@pytest.mark.slow
@pytest.mark.parametrize("command", [without_setup(SETUP), *OTHERS])
def test_every_command_runs(clone: Path, command: str) -> None:
    """In the order in which README shows them; `test_readme_*` run the rest."""
    done = sh(command, clone)
    assert done.stdout.strip()


@pytest.mark.slow
def test_the_main_job_finds_the_capacity_that_the_simulator_has(clone: Path) -> None:
    """README's first command ends with plots, and with a truth: 80 answers/s, 38 clients at 2/s."""
    results = clone / "load_test_results"
    for name in ("throughput.png", "times.png", "capacity.png", "summary.json"):
        assert (results / name).exists()
    text = sh(".venv/bin/python parse_load_test_logs.py load_test.log", clone).stdout
    assert "38 clients" in text.splitlines()[0]
    limit = json.loads((results / "summary.json").read_text())["limit"]
    assert limit["resource"] == "inference_workers"
    assert limit["numbers"]["whole"] == 4


def test_ci_runs_the_test_command_of_readme() -> None:
    """`make env` and `make test` are README's line, and .ci/run runs both and the slow tests."""
    recipes = (user.ROOT / "Makefile").read_text()
    recipes = recipes.replace("$(PYTHON)", "python3").replace("$(VENV)", ".venv")
    for target, commands in {
        "env": TESTS.split(" && ")[:-1],
        "test": [without_setup(TESTS)],
        "test-slow": [f"{without_setup(TESTS)} -m slow"],
    }.items():
        recipe = "".join(f"\t{command}\n" for command in commands)
        assert f"\n{target}:\n{recipe}\n" in recipes, target
    ci = (user.ROOT / ".ci" / "run").read_text()
    assert "for step in env lint types test test-slow; do" in ci


def test_readme_is_short() -> None:
    """It opens with the picture and the answer, and leaves the rest to docs/."""
    lines = README.splitlines()
    assert len(lines) <= 200
    assert lines[4].startswith("![") and "This endpoint serves" in lines[7]


def test_every_link_leads_somewhere() -> None:
    """Links of README and docs/ are files of the project, unless they lead to the web."""
    for page in (user.ROOT / "README.md", *(user.ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\((?!https://)([^)#]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_page_is_linked() -> None:
    """README leads to each page in docs/."""
    for page in (user.ROOT / "docs").glob("*.md"):
        assert f"(docs/{page.name})" in README


def test_what_contributing_names_exists() -> None:
    """Its files and folders, its targets of make, and its commands that make a document."""
    text = (user.ROOT / "CONTRIBUTING.md").read_text()
    for path in re.findall(r"`((?:edgeload|tests|docs)/[a-z_/.]+)`", text):
        assert (user.ROOT / path).exists(), path
    for target in re.findall(r"^make ([a-z-]+)", text, re.MULTILINE):
        assert f"\n{target}:" in (user.ROOT / "Makefile").read_text(), target
    for module, document in re.findall(r"`python -m (\S+) > (\S+)`", text):
        assert (user.ROOT / f"{module.replace('.', '/')}.py").exists(), module
        assert (user.ROOT / document).exists(), document


def test_every_option_of_the_scripts_is_described() -> None:
    """Options that are not settings stand in README; settings stand in docs/settings.md."""
    for option in (
        "--baseline",
        "--margin",
        "--fail-if-worse",
        "--dry-run",
        "--calibrate",
        "--custom-ramp",
        "--duration",
        "--interval",
        "--output",
        "--host",
    ):
        assert option in README


def test_exit_codes_in_readme_are_those_of_the_program() -> None:
    """The table has each exit code once."""
    listed = [int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)]
    codes = {value for name, value in vars(exit_codes).items() if name.isupper()}
    assert sorted(codes) == listed


def test_the_mix_that_is_explained_is_the_one_that_runs() -> None:
    """The first file in docs/mix.md is examples/mix.yaml without its comment."""
    shown = re.findall(r"```yaml\n(.*?)```", (user.ROOT / "docs" / "mix.md").read_text(), re.DOTALL)
    lines = (user.ROOT / "examples" / "mix.yaml").read_text().splitlines()
    assert shown[0].splitlines() == [line for line in lines if line[:1] != "#"][1:]
