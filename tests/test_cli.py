"""The command line that all programs share: errors in one line, and pipes that close early."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from argparse import ArgumentTypeError
from pathlib import Path

import as_a_user as user
import pytest
import synthetic_log as sl

from edgeload import arguments, cli


@pytest.mark.parametrize("text", ["abc", "", "0", "-1", "nan", "inf", "1e999"])
def test_a_number_above_0_is_finite_and_above_0(text: str) -> None:
    """Everything else is refused with the value, what is legal, and an example that is."""
    parse = cli.number_above_0("a number of percent", "5")
    with pytest.raises(ArgumentTypeError) as problem:
        parse(text)
    assert str(problem.value) == f"{text!r}: must be a number of percent above 0, for example 5"
    assert parse("5") == 5.0


def test_an_objective_on_the_command_line() -> None:
    """The value first, then what is legal."""
    assert cli.objective("p95<300ms").bound == 0.3
    with pytest.raises(ArgumentTypeError, match="'errors>1%': errors needs an upper limit, for ex"):
        cli.objective("errors>1%")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--rate", "x"], "tool: --rate: 'x': must be a number above 0, for example 10"),
        (["--rate"], "tool: --rate: expected one argument; see tool --help"),
        (["--rat_=1"], "tool: unrecognized arguments: --rat_=1; did you mean --rate?; see tool "),
        (["rate", "1"], "tool: unrecognized arguments: rate 1; did you mean --rate?; see tool --h"),
        (["-rate", "1"], "tool: unrecognized arguments: -rate 1; did you mean --rate?; see tool "),
        (["rat"], "tool: unrecognized arguments: rat; see tool --help"),
        (
            ["--rat", "1"],
            "tool: unrecognized arguments: --rat 1; did you mean --rate?; see tool --help",
        ),
        (["--way", "up"], "tool: --way: invalid choice: 'up' (choose from "),
    ],
)
def test_errors_are_one_line_and_exit_code_2(
    arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """No usage block, no name of a function, no abbreviations."""
    parser = cli.Parser(prog="tool")
    parser.add_argument("--rate", type=cli.number_above_0("a number", "10"))
    parser.add_argument("--way", choices=["north", "south"])
    with pytest.raises(SystemExit) as raised:
        parser.parse_args(arguments)
    assert raised.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(line)
    assert len(err.splitlines()) == 1


def test_what_is_missing_is_shown_in_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    """A whole command line, where the program knows one."""
    for prog, example, hint in (
        ("tool", "", "; see tool --help\n"),
        ("tool.py", "--size 3", "; for example python tool.py --size 3\n"),
    ):
        parser = cli.Parser(prog=prog, example=example)
        parser.add_argument("--size", required=True)
        with pytest.raises(SystemExit):
            parser.parse_args(["3"])
        line = capsys.readouterr().err
        assert line == f"{prog}: the following arguments are required: --size{hint}"


def test_the_token_is_no_option_and_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever types it is told where it goes."""
    for words in (["--token", "secret"], ["--api-token=secret"], ["--groundlight-api-token"]):
        with pytest.raises(SystemExit) as raised:
            arguments.parse(words, {})
        assert raised.value.code == 2
        line = capsys.readouterr().err
        assert "set GROUNDLIGHT_API_TOKEN in config.py or in the environment, for example" in line
        assert "secret" not in line


def test_brackets_in_a_help_text_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    """`edgeload[hdr]` is printed as it is."""
    parser = cli.Parser(prog="tool", description="A [bold] claim.")
    parser.add_argument("--hdr", action="store_true", help="needs edgeload[hdr]")
    with pytest.raises(SystemExit):
        parser.parse_args(["--help"])
    out = capsys.readouterr().out
    assert "edgeload[hdr]" in out
    assert "A [bold] claim." in out


PROGRAMS = {
    "load_test.py": ["load_test.py"],
    "parse_load_test_logs.py": ["parse_load_test_logs.py"],
    "monitor_cpu_gpu_usage.py": ["monitor_cpu_gpu_usage.py"],
    "simulator": ["-m", "edgeload.simulator"],
    "edgeload": ["-m", "edgeload"],
}


def _unread(folder: Path, *words: str, with_stderr: bool = False) -> tuple[int, str]:
    """Run Python with these words, its output in a pipe that is closed; exit code and stderr."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, *words],
            cwd=folder,
            env={**user.environment(), "PYTHONPATH": str(user.ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=writing if with_stderr else subprocess.PIPE,
            timeout=120,
            check=False,
        )
    finally:
        os.close(writing)
    return done.returncode, (done.stderr or b"").decode()


@pytest.mark.parametrize("program", PROGRAMS)
def test_help_for_a_pipe_that_nobody_reads(program: str) -> None:
    """`--help | head -1` ends like `--help`: exit code 0, nothing on stderr."""
    assert _unread(user.ROOT, *PROGRAMS[program], "--help") == (0, "")


@pytest.mark.parametrize("with_stderr", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_run_for_a_pipe_that_nobody_reads(tmp_path: Path, with_stderr: bool) -> None:
    """The run goes on to its end; its exit code says how it went, and all of it is on disk."""
    code, err = _unread(
        tmp_path, str(user.ROOT / "load_test.py"), "--custom-ramp", "2", "--time-between-ramp",
        "3", "--log-file", "run.log", "--output-dir", "results", with_stderr=with_stderr,
    )  # fmt: skip
    assert code in (0, 4), err
    assert "Traceback" not in err
    assert user.summary(tmp_path)["totals"]["planned"] == 60
    assert (tmp_path / "results" / "report.html").exists()


def test_a_report_for_a_pipe_that_nobody_reads(tmp_path: Path) -> None:
    """All files are written, also with Python's unbuffered output."""
    played = sl.play(sl.plan_of([4, 8], 5, 5.0), servers=8, service=sl.constant(0.01))
    log = sl.write(tmp_path / "load_test.log", played)
    script = str(user.ROOT / "parse_load_test_logs.py")
    for words in ([script], ["-u", script]):
        assert _unread(tmp_path, *words, str(log), "--output-dir", "results") == (0, "")
        (tmp_path / "results" / "report.html").unlink()


def test_the_monitor_for_a_pipe_that_nobody_reads(tmp_path: Path) -> None:
    """It draws its figures after the table that nobody reads."""
    words = [str(user.ROOT / "monitor_cpu_gpu_usage.py"), "--duration", "1", "--interval", "0.5"]
    code, err = _unread(tmp_path, *words)
    assert code == 0, err
    assert "Traceback" not in err
    assert (tmp_path / "monitor_results" / "host_usage.png").exists()


def test_the_simulator_for_a_pipe_that_nobody_reads(tmp_path: Path) -> None:
    """The line with its URL is lost, and it serves all the same, until it is told to end."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    reading, writing = os.pipe()
    os.close(reading)
    with subprocess.Popen(
        [sys.executable, "-m", "edgeload.simulator", "--until-stdin-closes", "--port", str(port)],
        cwd=tmp_path,
        env={**user.environment(), "PYTHONPATH": str(user.ROOT)},
        stdin=subprocess.PIPE,
        stdout=writing,
        stderr=subprocess.PIPE,
    ) as process:
        os.close(writing)
        assert process.stdin is not None
        assert process.stderr is not None
        until_s = time.monotonic() + 30
        while process.poll() is None and time.monotonic() < until_s:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5):
                    break
            except OSError:
                time.sleep(0.1)
        time.sleep(0.5)  # the line is printed at about the time of the first answer
        process.stdin.close()
        assert process.wait(timeout=30) == 0
        assert process.stderr.read() == b""


def test_what_is_read_arrives(tmp_path: Path) -> None:
    """A pipe that stays open gets every line, in the stream's own encoding."""
    code = "from edgeload import cli; cli.leave(lambda: print('✓ done') or 7)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, check=False,
        env={**os.environ, "PYTHONPATH": str(user.ROOT), "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert (done.returncode, done.stdout.decode()) == (7, "✓ done\n")


def _in_encoding(encoding: str, folder: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    environment = {
        **user.environment(),
        "PYTHONPATH": str(user.ROOT),
        "PYTHONIOENCODING": encoding,
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
    }
    if not encoding:
        del environment["PYTHONIOENCODING"]
    return subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, capture_output=True, check=False,
        timeout=120,
    )  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "ascii", "latin-1", ""])
def test_a_verdict_can_be_printed_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    """Plain characters stand for those that it lacks; exit code and files are the same."""
    played = sl.play(sl.plan_of([4, 8], 20, 5.0), servers=8, service=sl.constant(0.01))
    slo = ["p95<300ms", "p50<1ms"]
    log = sl.write(tmp_path / "log", played, slo=slo)
    script = str(user.ROOT / "parse_load_test_logs.py")
    done = _in_encoding(encoding, tmp_path, script, str(log), "--output-dir", "results")
    assert (done.returncode, done.stderr) == (3, b"")
    out = done.stdout.decode(encoding or "ascii")
    met, not_met = ("✓", "✗") if encoding == "utf-8" else ("+", "x")
    assert f"{met} p95<300ms" in out
    assert f"{not_met} p50<1ms" in out
    summary = json.loads((tmp_path / "results/summary.json").read_text("utf-8"))
    assert [o["verdict"] for o in summary["objectives"]] == ["pass", "fail"]


@pytest.mark.parametrize(
    "words",
    [
        ("-m", "edgeload", "--help"),
        ("-m", "edgeload", "compare", "--help"),
        ("-m", "edgeload.simulator", "--help"),
        (str(user.ROOT / "load_test.py"), "--help"),
        (str(user.ROOT / "load_test.py"), "--dry-run", "--custom-ramp", "2"),
        (str(user.ROOT / "monitor_cpu_gpu_usage.py"), "--duration", "0.5", "--interval", "0.5"),
    ],
    ids=lambda words: " ".join(Path(word).name for word in words[:3]),
)
def test_every_program_speaks_plain_ascii(tmp_path: Path, words: tuple[str, ...]) -> None:
    """Whatever it prints, no character is refused."""
    done = _in_encoding("ascii", tmp_path, *words)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.isascii()
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("module", "page"),
    [("edgeload.settings.table", "settings"), ("edgeload.read.words.findings_page", "findings")],
)
def test_a_page_is_made_in_utf_8(tmp_path: Path, module: str, page: str) -> None:
    """Its file is the same, whatever the locale of whoever makes it."""
    done = _in_encoding("ascii", tmp_path, "-m", module)
    assert done.stdout == (user.ROOT / "docs" / f"{page}.md").read_bytes()


@pytest.mark.parametrize(
    "script", ["parse_load_test_logs.py", "monitor_cpu_gpu_usage.py"], ids=["report", "monitor"]
)
def test_what_the_user_set_for_matplotlib_has_no_effect(tmp_path: Path, script: str) -> None:
    """LaTeX, a backend that does not exist, a style that cannot be read: pictures, and no word."""
    style = tmp_path / "config" / "matplotlibrc"
    style.parent.mkdir()
    style.write_bytes(b"text.usetex: True\nno.such.key: 1\n\xff\xfe\n")
    played = sl.play(sl.plan_of([2], 5, 5.0), servers=8, service=sl.constant(0.01))
    log = sl.write(tmp_path / "log", played)
    words = {
        "parse_load_test_logs.py": [str(log), "--output-dir", "results"],
        "monitor_cpu_gpu_usage.py": [
            "--duration",
            "0.5",
            "--interval",
            "0.5",
            "--output",
            "results",
        ],
    }
    done = subprocess.run(
        [sys.executable, str(user.ROOT / script), *words[script]], cwd=tmp_path, text=True,
        env={**user.environment(), "MATPLOTLIBRC": str(style), "MPLBACKEND": "nonsense"},
        capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "matplotlib" not in done.stderr
    assert list((tmp_path / "results").glob("*.png"))
