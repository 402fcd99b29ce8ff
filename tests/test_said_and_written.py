"""The three scripts as a user runs them: what they say, write, refuse and leave behind.

Everything but times and rates: these tests pass on a busy machine, too.
"""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import as_a_user as user
import msgspec
import psutil
import pytest
from recording_server import WithoutCloud, recording_server
from three_groups import mix_of_three

from edgeload import exit_codes
from edgeload.run.progress_record import MessageLine, ProgressLine, RunProgressLine, StepEndLine
from edgeload.simulator.launch import running_simulator

PLOTS = ("throughput.png", "times.png", "capacity.png")
# Both clients are tried; one of each kind is enough for the quick set.
SDK = pytest.param("sdk", marks=pytest.mark.slow)


@pytest.mark.parametrize("client", ["http", SDK])
def test_a_run_from_nothing_to_plots(tmp_path: Path, client: str) -> None:
    """Endpoint started, detector found by name, ramp run, log parsed, plots drawn; then again."""
    ended = user.run(
        tmp_path, "load_test.py", "--custom-ramp", "1,3", "--time-between-ramp", "3",
        "--requests-per-second", "4", "--client", client,
    )  # fmt: skip
    user.check_done(tmp_path, ended)
    assert "embedded endpoint" in ended.err
    found = user.summary(tmp_path)
    assert found["totals"] == {"planned": 48, "sent": 48, "ok": 48, "failed": 0, "missed": 0}
    assert [step["clients"] for step in found["steps"]] == [1, 3]
    assert {r.from_edge for r in user.requests_in(tmp_path)} == {True}
    assert len({(r.worker_number, r.request_number) for r in user.requests_in(tmp_path)}) == 48
    for name in PLOTS:
        assert (tmp_path / "results" / name).stat().st_size > 10_000

    for name in ("summary.json", *PLOTS):
        (tmp_path / "results" / name).unlink()
    again = user.run(tmp_path, "parse_load_test_logs.py", str(tmp_path / "run.log"))
    assert again.code == ended.code, again.err
    assert user.summary(tmp_path) == found
    assert again.out.splitlines()[0] == ended.out.splitlines()[0]
    assert all((tmp_path / "results" / name).exists() for name in PLOTS)


def test_the_command_that_repeats_a_run_with_a_mix(tmp_path: Path) -> None:
    """Names the file and the ramped group, no detector of config.py, and makes the same plan."""
    words = [*mix_of_three(tmp_path), "--ramp-group", "door", "--time-between-ramp", "1"]
    with recording_server(handler=WithoutCloud) as server:
        user.run(tmp_path, "load_test.py", "--endpoint-url", server.url, *words)
    header = user.header_of(tmp_path)
    again = shlex.split(header.command)
    assert again[again.index("--mix") + 1] == str(tmp_path / "mix.yaml")
    assert again[again.index("--ramp-group") + 1] == "door"
    assert not [word for word in again if word.startswith("--detector")]
    other = tmp_path / "again"
    other.mkdir()
    with recording_server(handler=WithoutCloud) as server:
        again[again.index("--endpoint-url") + 1] = server.url
        keep = again[again.index("load_test.py") + 1 :]
        where = keep.index("--log-file")
        user.run(other, "load_test.py", *keep[:where], *keep[where + 2 :])
    assert user.header_of(other).plan == header.plan


def test_a_second_ctrl_c_stops_at_once(tmp_path: Path) -> None:
    """Although nothing answers; what was measured can be rebuilt from the log."""
    with running_simulator(["--fault", "hang=1"]) as simulator:
        process = user.start(
            tmp_path, "load_test.py", "--endpoint-url", simulator.url,
            "--detector-id", user.DETECTOR_ID, "--custom-ramp", "3",
            "--time-between-ramp", "60", "--timeout", "60",
        )  # fmt: skip
        user.wait_for(lambda: simulator.stats()["received"] >= 3, 30, "three requests")
        user.interrupt(process)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=1.0)
        user.interrupt(process)
        ended = user.finish(process, 5)
    assert ended.code == 130
    assert "parse_load_test_logs.py" in ended.err
    assert [r.outcome for r in user.requests_in(tmp_path)] == ["aborted"] * 3
    read = user.run(tmp_path, "parse_load_test_logs.py", str(tmp_path / "run.log"))
    assert read.code == exit_codes.NO_RESULT  # not one answer
    assert user.summary(tmp_path)["interrupted"] is True


def test_a_stop_in_the_middle_finishes_the_frames_that_were_begun(tmp_path: Path) -> None:
    """Ctrl-C once while further requests are in flight: no frame of the log lacks one.

    With --progress json, all that was said meanwhile is JSON lines of known types.
    """
    with running_simulator(["--service-time", "300ms", "--inference-workers", "64"]) as simulator:
        process = user.start(
            tmp_path, "load_test.py", "--endpoint-url", simulator.url, *mix_of_three(tmp_path),
            "--time-between-ramp", "30", "--progress", "json",
        )  # fmt: skip
        user.wait_for(lambda: simulator.stats()["answered"] > 40, 30, "the load")
        process.send_signal(signal.SIGINT)
        ended = user.finish(process)
    assert ended.code == exit_codes.INTERRUPTED
    said = [msgspec.json.decode(line, type=ProgressLine) for line in ended.err.splitlines()]
    assert [line.state for line in said if isinstance(line, StepEndLine)] == ["stopped"]
    assert any(isinstance(line, MessageLine) and "Target: " in line.text for line in said)
    assert any(isinstance(line, RunProgressLine) and len(line.groups) == 3 for line in said)
    frames = Counter(
        (line.worker_number, line.request_number)
        for line in user.requests_in(tmp_path)
        if line.group == "gate"
    )
    assert frames
    assert set(frames.values()) == {5}
    assert {line.outcome for line in user.requests_in(tmp_path)} == {"ok"}


def test_abort_on_ends_a_run_and_keeps_what_was_measured(tmp_path: Path) -> None:
    """Long before the plan's end, with exit 3, the reason in words, and sums that are exact."""
    ended = user.run(
        tmp_path, "load_test.py", "--custom-ramp", "5", "--time-between-ramp", "60",
        "--abort-on", "errors>50%", "--simulator-options", "--fault status_503=0.9",
    )  # fmt: skip
    assert ended.code in (3, 4), ended.err
    assert "--abort-on errors>50%" in ended.err
    end = user.records(tmp_path)[-1]
    assert end.at_s < 15
    assert end.reason.startswith("--abort-on errors>50%: ")
    found = user.summary(tmp_path)
    assert found["interrupted"] is True
    assert found["totals"]["failed"] >= 11


@pytest.mark.parametrize(
    "ways",
    [
        [("http", "--cacert")],
        pytest.param(
            [("http", "--insecure"), ("sdk", "--cacert"), ("sdk", "--insecure")],
            marks=pytest.mark.slow,
        ),
    ],
    ids=["http with its certificate", "other ways"],
)
def test_tls_verified_and_refused(tmp_path: Path, ways: list[tuple[str, str]]) -> None:
    """The endpoint's own certificate is refused, unless it is given or checking is off."""
    cert = tmp_path / "cert.pem"
    with running_simulator(["--tls", "--write-cert", str(cert)]) as simulator:
        common = [
            "--endpoint-url", simulator.url, "--detector-id", user.DETECTOR_ID,
            "--custom-ramp", "2", "--time-between-ramp", "2",
        ]  # fmt: skip
        refused = user.run(tmp_path, "load_test.py", *common)
        assert refused.code == 5
        assert "--cacert" in refused.err
        assert simulator.stats()["received"] == 0
        for client, trust in ways:
            trusting = [trust, str(cert)] if trust == "--cacert" else [trust]
            ended = user.run(tmp_path, "load_test.py", *common, *trusting, "--client", client)
            user.check_done(tmp_path, ended)
            assert user.summary(tmp_path)["totals"]["ok"] == 40


@pytest.mark.parametrize("client", ["http", SDK])
def test_the_token_is_nowhere(tmp_path: Path, client: str) -> None:
    """Not in a process list, a file or a message, not even its beginning, also when it fails."""
    with running_simulator(["--fault", "status_500=0.5"]) as simulator:
        process = user.start(
            tmp_path, "load_test.py", "--endpoint-url", simulator.url,
            "--detector-id", user.DETECTOR_ID, "--custom-ramp", "2",
            "--time-between-ramp", "4", "--client", client,
        )  # fmt: skip
        user.wait_for_answers(tmp_path, 5)
        commands = [" ".join(p.cmdline()) for p in [*user.family(process)]]
        commands.append(" ".join(psutil.Process(process.pid).cmdline()))
        ended = user.finish(process)
    files = [path.read_bytes().decode("latin-1") for path in tmp_path.rglob("*") if path.is_file()]
    for text in [*commands, *files, ended.out, ended.err]:
        assert user.TOKEN[:12] not in text


def test_an_error_of_our_own_is_exit_code_1(tmp_path: Path) -> None:
    """A fault in the program, here a function that is gone: its traceback, without the token."""
    broken = (
        "import sys, edgeload.run.session as session; session.run_session = None; import load_test;"
        f"sys.exit(load_test.main(['--log-file', '{tmp_path}/run.log', '--output-dir', "
        f"'{tmp_path}/results']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", broken], cwd=user.ROOT, env=user.environment(),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert user.TOKEN not in done.stderr


def test_the_load_does_not_wait_for_the_reading_side(tmp_path: Path) -> None:
    """What a run without a search imports before it begins: neither statistics nor plots.

    Nor what only a cluster needs.
    """
    looks = (
        "import sys, edgeload.run.session as session; import load_test\n"
        "def begin(*args, **options): print(sorted({'scipy', 'matplotlib', 'edgeload.read', "
        "'edgeload.search', 'edgeload.cluster', 'ray'} & set(sys.modules))); raise SystemExit(0)\n"
        "session.run_session = begin\n"
        f"load_test.main(['--log-file', '{tmp_path}/log', '--output-dir', '{tmp_path}/results'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", looks], cwd=user.ROOT, env=user.environment(),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "[]\n"


def test_nothing_is_sent_on_a_bad_setting_or_a_dry_run(tmp_path: Path) -> None:
    """Exit 2 with one line, or the plan; in both cases the endpoint hears nothing."""
    with running_simulator() as simulator:
        common = ["--endpoint-url", simulator.url, "--detector-id", user.DETECTOR_ID]
        bad = user.run(tmp_path, "load_test.py", *common, "--step-size", "0")
        assert (bad.code, bad.out) == (2, "")
        assert bad.err.splitlines() == ["STEP_SIZE = '0': must be at least 1, for example 5"]
        picture = user.run(tmp_path, "load_test.py", *common, "--image-path", "no/such.jpeg")
        assert picture.code == 2
        assert picture.err.splitlines()[-1].startswith("IMAGE_PATH")
        plan = user.run(
            tmp_path, "load_test.py", *common, "--dry-run",
            "--custom-ramp", "1,4,16", "--time-between-ramp", "5",
        )  # fmt: skip
        assert plan.code == 0
        assert plan.out.startswith("1,050 requests in 15 s")
        assert simulator.stats()["received"] == 0
    assert not (tmp_path / "run.log").exists()


def test_bad_options_of_the_embedded_endpoint_are_a_bad_setting(tmp_path: Path) -> None:
    """One line that names the setting, what is wrong, and where the legal ones are; exit 2."""
    bad = user.run(tmp_path, "load_test.py", "--simulator-options", "--fault nonsense")
    assert bad.code == 2
    (line,) = bad.err.splitlines()
    assert line.startswith("SIMULATOR_OPTIONS = '--fault nonsense': ")
    assert "KIND=PROBABILITY" in line
    assert not (tmp_path / "run.log").exists()


def test_a_certificate_that_is_none_is_a_bad_setting(tmp_path: Path) -> None:
    """A missing file and one that is no certificate: one line that names CACERT; exit 2."""
    (tmp_path / "poem.pem").write_text("roses are red\n")
    for name, problem in (("no.pem", "No such file or directory"), ("poem.pem", "holds no PEM")):
        bad = user.run(
            tmp_path, "load_test.py", "--cacert", f"{tmp_path}/{name}",
            "--endpoint-url", "https://127.0.0.1:9", "--detector-id", user.DETECTOR_ID,
        )  # fmt: skip
        assert bad.code == 2, bad.err
        (line,) = bad.err.splitlines()
        assert line.startswith(f"CACERT = '{tmp_path}/{name}': {problem}")


def test_nobody_home_is_exit_5(tmp_path: Path) -> None:
    """An endpoint that cannot be reached is said in one line, before any load."""
    ended = user.run(
        tmp_path, "load_test.py", "--endpoint-url", "http://127.0.0.1:9",
        "--detector-id", user.DETECTOR_ID,
    )  # fmt: skip
    assert ended.code == 5
    assert len(ended.err.splitlines()) == 1
    assert "http://127.0.0.1:9" in ended.err
