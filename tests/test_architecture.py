"""The arrows of the house: who may import whom, read from the source."""

from __future__ import annotations

import ast
import graphlib
import itertools
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests"
PACKAGE = ROOT / "edgeload"

# Each room, and the rooms of ours that it may use: no arrow goes up. The running and the reading
# side meet only in the plan, the records and the log.
ARROWS = {
    "edgeload.edge_facts": (),
    "edgeload.durations": (),
    "edgeload.failure_classes": (),
    "edgeload.generator_limits": (),
    "edgeload.message_lines": (),
    "edgeload.file_names": (),
    "edgeload.file_locks": (),
    "edgeload.kept_runs": (),
    "edgeload.machine": (),
    "edgeload.cgroup_files": (),
    "edgeload.core_topology": ("edgeload.cgroup_files",),
    "edgeload.cpu_times": ("edgeload.cgroup_files",),
    "edgeload.core_plan": ("edgeload.core_topology",),
    "edgeload.plain_words": (),
    "edgeload.camera_group": (),
    "edgeload.plan": (),
    "edgeload.interference_plan": ("edgeload.plan",),
    "edgeload.audit_plan": (),
    "edgeload.box_records": (),
    "edgeload.byte_sizes": (),
    "edgeload.records": ("edgeload.box_records", "edgeload.plan"),
    "edgeload.search_axis": ("edgeload.plan", "edgeload.records"),
    "edgeload.wanted_cameras": (),
    "edgeload.target_rules": (),
    "edgeload.untrusted_text": (),
    "edgeload.import_path": (),
    "edgeload.installation": (),
    "edgeload.package_last": (),
    "edgeload.completion": (),
    "edgeload.child_main": ("edgeload.import_path",),
    "edgeload.child_processes": (
        "edgeload.import_path",
        "edgeload.signals",
    ),
    "edgeload.stopping": ("edgeload.exit_codes",),
    "edgeload.start": (
        "edgeload.cli",
        "edgeload.exit_codes",
        "edgeload.installation",
        "edgeload.stopping",
    ),
    "edgeload.signals": ("edgeload.exit_codes", "edgeload.stopping"),
    "edgeload.keeper": (),
    "edgeload.keeper_process": ("edgeload.child_processes", "edgeload.keeper"),
    "edgeload.fork_server": ("edgeload.child_processes",),
    "edgeload.nameless_file": (),
    "edgeload.exit_codes": (),
    "edgeload.palette": (),
    "edgeload.time_words": (),
    "edgeload.private_files": ("edgeload.signals",),
    "edgeload.png_style": ("edgeload.private_files",),
    "edgeload.runlog": ("edgeload.private_files", "edgeload.records"),
    "edgeload.objectives": (),
    "edgeload.settings": (
        "edgeload.audit_plan",
        "edgeload.child_processes",
        "edgeload.interference_plan",
        "edgeload.objectives",
        "edgeload.plan",
        "edgeload.records",
        "edgeload.search_axis",
        "edgeload.wanted_cameras",
        "edgeload.signals",
    ),
    "edgeload.cli": (
        "edgeload.completion",
        "edgeload.exit_codes",
        "edgeload.import_path",
        "edgeload.installation",
        "edgeload.objectives",
        "edgeload.signals",
        "edgeload.stopping",
    ),
    "edgeload.config_file": ("edgeload.settings",),
    "edgeload.arguments": ("edgeload.cli", "edgeload.settings"),
    "edgeload.commands": (
        "edgeload.child_processes",
        "edgeload.arguments",
        "edgeload.box_memory",
        "edgeload.calibrate",
        "edgeload.cli",
        "edgeload.cluster",
        "edgeload.config_file",
        "edgeload.edge",
        "edgeload.exit_codes",
        "edgeload.host",
        "edgeload.objectives",
        "edgeload.prepare",
        "edgeload.private_files",
        "edgeload.read",
        "edgeload.run",
        "edgeload.search",
        "edgeload.settings",
        "edgeload.signals",
        "edgeload.simulator",
        "edgeload.smoke_test",
        "edgeload.variants",
        "edgeload.wanted_cameras",
        "edgeload.web",
    ),
    "edgeload.web": (
        "edgeload.child_processes",
        "edgeload.read",
        "edgeload.settings",
        "edgeload.signals",
    ),
    "edgeload.__main__": (
        "edgeload.cli",
        "edgeload.completion",
        "edgeload.commands",
        "edgeload.start",
    ),
    "edgeload.edge": (
        "edgeload.box_records",
        "edgeload.exit_codes",
        "edgeload.private_files",
        "edgeload.signals",
    ),
    "edgeload.run": (
        "edgeload.audit_plan",
        "edgeload.box_records",
        "edgeload.cgroup_files",
        "edgeload.child_processes",
        "edgeload.core_plan",
        "edgeload.core_topology",
        "edgeload.cpu_times",
        "edgeload.edge",
        "edgeload.file_locks",
        "edgeload.interference_plan",
        "edgeload.keeper",
        "edgeload.keeper_process",
        "edgeload.machine",
        "edgeload.nameless_file",
        "edgeload.objectives",
        "edgeload.plan",
        "edgeload.private_files",
        "edgeload.records",
        "edgeload.runlog",
        "edgeload.search_axis",
        "edgeload.settings",
        "edgeload.signals",
        "edgeload.simulator.command_line",
        "edgeload.simulator.launch",
    ),
    "edgeload.cluster": (
        "edgeload.box_records",
        "edgeload.child_processes",
        "edgeload.core_plan",
        "edgeload.edge",
        "edgeload.exit_codes",
        "edgeload.machine",
        "edgeload.nameless_file",
        "edgeload.plan",
        "edgeload.private_files",
        "edgeload.records",
        "edgeload.run",
        "edgeload.runlog",
        "edgeload.settings",
        "edgeload.signals",
        "edgeload.smoke_test.check_line",
    ),
    "edgeload.calibrate": (
        "edgeload.child_processes",
        "edgeload.machine",
        "edgeload.read",
        "edgeload.run",
        "edgeload.settings",
        "edgeload.signals",
        "edgeload.simulator.null",
    ),
    "edgeload.box_memory": (
        "edgeload.box_records",
        "edgeload.edge",
        "edgeload.exit_codes",
        "edgeload.file_locks",
        "edgeload.keeper",
        "edgeload.keeper_process",
        "edgeload.palette",
        "edgeload.private_files",
        "edgeload.read",
        "edgeload.run",
        "edgeload.settings",
        "edgeload.signals",
    ),
    "edgeload.smoke_test": (
        "edgeload.box_records",
        "edgeload.child_processes",
        "edgeload.edge",
        "edgeload.exit_codes",
        "edgeload.run",
        "edgeload.settings",
    ),
    "edgeload.variants": (
        "edgeload.keeper",
        "edgeload.keeper_process",
        "edgeload.edge",
        "edgeload.exit_codes",
        "edgeload.plan",
        "edgeload.private_files",
        "edgeload.read",
        "edgeload.run",
        "edgeload.search",
        "edgeload.settings",
        "edgeload.signals",
    ),
    "edgeload.prepare": (
        "edgeload.edge",
        "edgeload.private_files",
        "edgeload.settings",
        "edgeload.time_words",
    ),
    "edgeload.host": (
        "edgeload.cgroup_files",
        "edgeload.child_processes",
        "edgeload.machine",
        "edgeload.palette",
        "edgeload.png_style",
        "edgeload.private_files",
        "edgeload.signals",
    ),
    "edgeload.read.statistics": (),
    "edgeload.read.log": (
        "edgeload.box_records",
        "edgeload.child_processes",
        "edgeload.file_locks",
        "edgeload.host.samples",
        "edgeload.machine",
        "edgeload.nameless_file",
        "edgeload.plan",
        "edgeload.read.statistics",
        "edgeload.records",
        "edgeload.runlog",
        "edgeload.signals",
    ),
    "edgeload.read.analysis": (
        "edgeload.audit_plan",
        "edgeload.box_records",
        "edgeload.settings",
        "edgeload.failure_classes",
        "edgeload.host.quantities",
        "edgeload.host.samples",
        "edgeload.interference_plan",
        "edgeload.objectives",
        "edgeload.plan",
        "edgeload.read.log",
        "edgeload.read.statistics",
        "edgeload.records",
        "edgeload.search_axis",
        "edgeload.settings",
        "edgeload.wanted_cameras",
    ),
    "edgeload.read.words": (
        "edgeload.box_records",
        "edgeload.objectives",
        "edgeload.plan",
        "edgeload.read.analysis",
        "edgeload.read.statistics",
        "edgeload.records",
        "edgeload.search_axis",
        "edgeload.wanted_cameras",
    ),
    "edgeload.read.figures": (
        "edgeload.objectives",
        "edgeload.palette",
        "edgeload.read.analysis",
        "edgeload.read.statistics",
        "edgeload.read.words",
        "edgeload.search_axis",
    ),
    "edgeload.read.output": (
        "edgeload.box_records",
        "edgeload.child_processes",
        "edgeload.machine",
        "edgeload.signals",
        "edgeload.interference_plan",
        "edgeload.plan",
        "edgeload.records",
        "edgeload.objectives",
        "edgeload.palette",
        "edgeload.png_style",
        "edgeload.search_axis",
        "edgeload.read.analysis",
        "edgeload.read.figures",
        "edgeload.read.statistics",
        "edgeload.read.words",
        "edgeload.wanted_cameras",
    ),
    "edgeload.read.results": (
        "edgeload.exit_codes",
        "edgeload.host.samples",
        "edgeload.objectives",
        "edgeload.private_files",
        "edgeload.read.analysis",
        "edgeload.read.figures",
        "edgeload.read.log",
        "edgeload.read.output",
        "edgeload.read.words",
        "edgeload.wanted_cameras",
    ),
    "edgeload.read": ("edgeload.read.analysis", "edgeload.read.log"),
    "edgeload.search": (
        "edgeload.edge",
        "edgeload.objectives",
        "edgeload.plan",
        "edgeload.read.analysis",
        "edgeload.read.log",
        "edgeload.read.statistics",
        "edgeload.records",
        "edgeload.run",
        "edgeload.runlog",
        "edgeload.search_axis",
        "edgeload.settings",
        "edgeload.signals",
    ),
    "edgeload.simulator": (
        "edgeload.child_processes",
        "edgeload.cli",
        "edgeload.exit_codes",
        "edgeload.signals",
        "edgeload.start",
        "edgeload.stopping",
    ),
}
# Leaves that import nothing of ours and that every room may use.
FOR_ALL = (
    "edgeload.byte_sizes",
    "edgeload.camera_group",
    "edgeload.durations",
    "edgeload.edge_facts",
    "edgeload.failure_classes",
    "edgeload.file_names",
    "edgeload.kept_runs",
    "edgeload.generator_limits",
    "edgeload.message_lines",
    "edgeload.plain_words",
    "edgeload.target_rules",
    "edgeload.time_words",
    "edgeload.untrusted_text",
)
READING_ROOMS = ("statistics", "log", "analysis", "words", "figures", "output")
MOST_ARROWS_BETWEEN_READING_ROOMS = 20

# A module whose docstring says "Pure" decides and does not act: none of these is in it.
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


def room_of(name: str) -> str:
    """The innermost room that a module is in; itself where it stands alone."""
    rooms = [room for room in ARROWS if within(name, room)]
    assert rooms, f"{name}: give it a room in ARROWS"
    return max(rooms, key=len)


def is_pure(path: Path) -> bool:
    """Whether a module says of itself that it is pure."""
    said = ast.get_docstring(ast.parse(path.read_text())) or ""
    return re.search(r"\bPure\b", said) is not None


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_arrows(path: Path) -> None:
    """A file imports only from its own room and from those that it may look into."""
    name = module_of(path)
    if name == "edgeload":
        assert imports_of(path) == set()
        return
    room = room_of(name)
    for imported in imports_of(path):
        if within(imported, "edgeload") and room_of(imported) != room:
            assert any(within(imported, allowed) for allowed in (*ARROWS[room], *FOR_ALL)), (
                f"{name} imports {imported}"
            )


def test_the_rooms_have_no_circle() -> None:
    """The arrows that are allowed can be put in an order in which each goes down."""
    arrows = {room: {room_of(a) for a in allowed} - {room} for room, allowed in ARROWS.items()}
    list(graphlib.TopologicalSorter(arrows).static_order())


def test_the_reading_rooms_have_few_arrows() -> None:
    """Six rooms and the way through them: a newcomer can hold the picture in mind."""
    rooms = [f"edgeload.read.{name}" for name in (*READING_ROOMS, "results")]
    arrows = {
        (room_of(module_of(path)), room_of(imported))
        for path in (PACKAGE / "read").rglob("*.py")
        for imported in imports_of(path)
        if within(imported, "edgeload.read")
    }
    between = {(a, b) for a, b in arrows if a != b and a in rooms}
    assert len(between) <= MOST_ARROWS_BETWEEN_READING_ROOMS
    assert [path.name for path in (PACKAGE / "read").glob("*.py")] == ["__init__.py"]


@pytest.mark.parametrize(
    "path", [path for path in FILES if is_pure(path)], ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_pure_files_do_not_act(path: Path) -> None:
    """Decisions stay testable without a network, a disk or a clock."""
    assert not imports_of(path) & ACTING


def test_the_reading_side_decides_in_pure_files() -> None:
    """Statistics, analysis, words and figures say that they are pure, file by file."""
    for room in ("statistics", "analysis", "words", "figures"):
        for path in (PACKAGE / "read" / room).glob("*.py"):
            assert is_pure(path), path


def test_matplotlib_is_imported_for_plots_only() -> None:
    """By the files that draw; so nothing else waits for it, or needs it."""
    users = {
        str(path.relative_to(PACKAGE))
        for path in FILES
        if any(within(name, "matplotlib") for name in imports_of(path))
    }
    assert {name for name in users if not name.startswith("read/output/png/")} == {
        "host/plots.py",
        "png_style.py",
    }


def test_workers_import_neither_plots_nor_tables_nor_the_sdk() -> None:
    """What a worker loads is light, and so is load_test.py until it knows what is wanted."""
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


def public_names(path: Path) -> set[str]:
    """What a module defines at its top level for others."""
    names: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return {name for name in names if not name.startswith("_")}


def test_a_public_name_means_one_thing() -> None:
    """No two modules define something under one public name; `main` is a convention."""
    where: dict[str, list[str]] = {}
    for path in FILES:
        for name in public_names(path):
            where.setdefault(name, []).append(module_of(path))
    assert {
        name: modules for name, modules in where.items() if len(modules) > 1 and name != "main"
    } == {}


# Tests of several modules at once, of what lies outside the package, or of the whole.
TESTS_OF_MORE_THAN_A_MODULE = {
    "test_architecture": "the arrows between all modules, the map, these names",
    "test_before_the_run": "run/session.py and all that it asks before the ramp",
    "test_benchmarks": "benchmarks/",
    "test_counted_runs": "the scripts as a user runs them: exact counts under a light load",
    "test_end_to_end": "the scripts as a user runs them: times and rates",
    "test_long_runs": "long runs that leave most of the machine idle",
    "test_entry_point": "edgeload/__main__.py and all its commands",
    "test_images_folder": "images/ and the script that draws its pictures",
    "test_interpreters": "README's first command on every Python",
    "test_lock_file": "poetry.lock against pyproject.toml",
    "test_readme": "README.md, pyproject.toml, Makefile, .ci/run",
    "test_joined_host": "a monitor beside a load test, as a user runs them",
    "test_soak_beside_a_monitor": "a soak beside a monitor, as a user runs both, in little time",
    "test_readme_calibration": "README.md: its calibration",
    "test_readme_comparison": "README.md: the runs that it compares",
    "test_readme_search": "README.md: its search",
    "test_slow_link": "a load test through a link that is too slow for it",
    "test_said_and_written": "the scripts as a user runs them: everything else",
    "test_prepare_messages": "docs/troubleshooting.md: what prepare and cleanup say",
    "test_troubleshooting": "docs/troubleshooting.md: what all programs say",
    "test_side_by_side": "conftest.py: which tests run beside others",
    "test_truth_of_mix": "the whole way of a mix, against the embedded endpoint's own log",
    "cluster/test_cluster_on_machines": "a whole cluster of pseudo-machines, as a user has it",
    "read/analysis/test_log_in_parts": "the analysis of a log: rows part by part, in any order",
    "read/output/test_numbers_agree": "summary.json against all that people read",
    "read/output/test_page_in_browser": "page.py and the script in the page, in a browser",
    "read/statistics/test_same_numbers": "scipy against the formulas it replaced",
    "read/test_headline_truth": "the whole reading side, on runs whose truth is known",
    "read/test_yesterday": "logs of earlier versions, and what these made of them",
    "run/test_clients": "client.py and sdk_client.py, which must behave alike",
    "search/test_search_run": "a whole search against the embedded endpoint, as a user makes it",
    "search/test_capacity_page": "docs/capacity.md against the program",
    "search/test_failing_boxes": "whole searches on boxes that fail by chance, against the truth",
    "simulator/test_groundlight_sdk": "the real SDK against the running simulator",
    "simulator/test_inference_theory": "inference.py and all below it, against queueing theory",
}


def test_a_file_of_tests_is_named_after_what_it_tests() -> None:
    """tests/F/test_X.py tests edgeload/F/X, or the script X.py; the others are listed above.

    Those in tests/faults/ are named after the fault that they make (docs/promises.md).
    """
    named = {
        path.relative_to(TESTS).with_suffix("").as_posix(): path
        for path in TESTS.rglob("test_*.py")
    }
    strangers = []
    for name, path in named.items():
        if path.parent == TESTS / "faults":
            continue
        tested = path.stem.removeprefix("test_")
        module = PACKAGE / path.parent.relative_to(TESTS) / tested
        script = path.parent == TESTS and (ROOT / f"{tested}.py").exists()
        if not (script or module.with_suffix(".py").exists() or module.is_dir()):
            strangers.append(name)
    listed = set(TESTS_OF_MORE_THAN_A_MODULE)
    assert not set(strangers) - listed, "no module or script of that name, and not listed"
    assert not listed - set(strangers), "listed, but there is a module of that name, or no file"


def test_no_two_files_of_tests_have_one_name() -> None:
    """pytest imports them by their last name alone."""
    names = Counter(path.stem for path in TESTS.rglob("*.py"))
    assert [name for name, count in names.items() if count > 1] == []


def modules_in_the_map(text: str) -> set[str]:
    """The modules that the map names: below "The programs", indented under their rooms."""
    found: set[str] = set()
    rooms: list[str] = []
    for line in text.partition("\nThe programs\n")[2].splitlines():
        if match := re.fullmatch(r"((?:    )*)([a-z_]+) +\S.*", line):  # no heading
            rooms = [*rooms[: len(match[1]) // 4], match[2]]
            found.add("/".join(rooms))
    return found


def test_the_map_and_the_folder_agree() -> None:
    """Every module stands in the map in its room, and the map names nothing else."""
    mapped = modules_in_the_map(
        ast.get_docstring(ast.parse((PACKAGE / "__init__.py").read_text())) or ""
    )
    there = {
        (path.parent if path.stem == "__init__" else path.with_suffix(""))
        .relative_to(PACKAGE)
        .as_posix()
        for path in FILES
        if path.parent != PACKAGE or path.stem != "__init__"
    }
    missing = sorted(there - mapped)
    left_over = sorted(mapped - there)
    assert (missing, left_over) == ([], []), (
        f"edgeload/__init__.py lacks {missing} and names {left_over}, which do not exist"
    )
