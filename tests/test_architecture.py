"""The arrows of the house: who may import whom, read from the source."""

from __future__ import annotations

import ast
import itertools
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "edgeload"

# Each room, and the modules of ours that it may use. The running and the reading side meet only
# in the plan, the records and the log.
ARROWS = {
    "edgeload.plan": (),
    "edgeload.records": (),
    "edgeload.text": (),
    "edgeload.stopping": (),
    "edgeload.exit_codes": (),
    "edgeload.runlog": ("edgeload.records",),
    "edgeload.objectives": (),
    "edgeload.settings": ("edgeload.objectives", "edgeload.plan"),
    "edgeload.arguments": ("edgeload.settings",),
    "edgeload.edge": ("edgeload.edge", "edgeload.text"),
    "edgeload.run": (
        "edgeload.run",
        "edgeload.edge",
        "edgeload.objectives",
        "edgeload.plan",
        "edgeload.records",
        "edgeload.runlog",
        "edgeload.settings",
        "edgeload.simulator.launch",
        "edgeload.stopping",
        "edgeload.text",
    ),
    "edgeload.calibrate": (
        "edgeload.read",
        "edgeload.run",
        "edgeload.settings",
        "edgeload.simulator.null",
    ),
    "edgeload.host": ("edgeload.host", "edgeload.stopping", "edgeload.text"),
    "edgeload.read": (
        "edgeload.read",
        "edgeload.host.samples",
        "edgeload.host.quantities",
        "edgeload.exit_codes",
        "edgeload.objectives",
        "edgeload.plan",
        "edgeload.records",
        "edgeload.runlog",
        "edgeload.text",
    ),
    "edgeload.simulator": ("edgeload.simulator", "edgeload.exit_codes", "edgeload.stopping"),
}

# Files that decide and do not act: no network, disk, clock or process in them.
PURE = (
    "plan.py",
    "objectives.py",
    "settings.py",
    "text.py",
    "run/wire.py",
    "run/pacing.py",
    "read/stats.py",
    "read/analysis.py",
    "read/findings.py",
    "read/judge.py",
    "simulator/queueing.py",
    "simulator/faults.py",
)
ACTING = {"socket", "select", "time", "subprocess", "multiprocessing", "threading", "os", "asyncio"}


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> set[str]:
    """Every module that a file imports, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name for name in inside if is_ours(name)} or {node.module}
    return found


def is_ours(name: str) -> bool:
    base = ROOT.joinpath(*name.split("."))
    return base.with_suffix(".py").exists() or (base / "__init__.py").exists()


def within(name: str, room: str) -> bool:
    return name == room or name.startswith(room + ".")


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_arrows(path: Path) -> None:
    """A file imports only from the rooms that its own may look into."""
    name = module_of(path)
    if name == "edgeload":
        assert imports_of(path) == set()
        return
    rooms = [room for room in ARROWS if within(name, room)]
    assert len(rooms) == 1, f"{name}: give it a room in ARROWS"
    for imported in imports_of(path):
        if within(imported, "edgeload"):
            assert any(within(imported, allowed) for allowed in ARROWS[rooms[0]]), (
                f"{name} imports {imported}"
            )


@pytest.mark.parametrize("name", PURE)
def test_pure_files_do_not_act(name: str) -> None:
    """Decisions stay testable without a network, a disk or a clock."""
    assert not imports_of(PACKAGE / name) & ACTING


def test_matplotlib_is_imported_for_plots_only() -> None:
    """By the files that draw; so nothing else waits for it, or needs it."""
    users = {
        str(path.relative_to(PACKAGE))
        for path in FILES
        if any(within(name, "matplotlib") for name in imports_of(path))
    }
    assert {name for name in users if not name.startswith("read/plots/")} == {
        "read/host_plots.py",
        "read/style.py",
    }


def test_workers_import_neither_plots_nor_tables_nor_the_sdk() -> None:
    """What a worker loads, load_test.py as its main module included, is light."""
    code = (
        "import sys; import load_test, edgeload.run.worker; "
        "heavy = {'matplotlib', 'pandas', 'numpy', 'groundlight', 'PIL', 'aiohttp'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_config_py_imports_nothing_of_ours() -> None:
    """It is the user's file: constants, and nothing that happens on import."""
    tree = ast.parse((ROOT / "config.py").read_text())
    allowed = (ast.Assign, ast.AnnAssign, ast.Expr)
    assert all(isinstance(node, allowed) for node in tree.body)
    assert not any(isinstance(node, ast.Call) for node in ast.walk(tree))


def test_every_setting_of_config_py_has_its_comment() -> None:
    """The line above each constant says what it is."""
    lines = (ROOT / "config.py").read_text().splitlines()
    for before, line in itertools.pairwise(lines):
        if line[:1].isupper() and " = " in line:
            assert before.startswith("# "), line
