"""docs/troubleshooting.md: each message on the page is one that the programs say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import as_a_user as user
import pytest
import synthetic_log as sl
from recording_server import DETECTOR_ID, Handler, recording_server

from edgeload.child_processes import TOKEN
from edgeload.cluster import ray_environment
from edgeload.commands import monitor, report, run
from edgeload.edge import putting_back, unlisted_models
from edgeload.edge.edge_config import put_edge_config, read_edge_config, with_preset
from edgeload.edge.location import Unreachable
from edgeload.edge.trust import TlsTrust
from edgeload.installation import Started, missing_package, too_old
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.read.words.headline import headline, validity
from edgeload.run import restoring
from edgeload.run.log_place import held_log
from edgeload.run.no_cloud import no_cloud
from edgeload.settings import SettingError, resolve
from edgeload.simulator.certificate import self_signed, server_context
from edgeload.simulator.launch import running_simulator

PAGE = (user.ROOT / "docs" / "troubleshooting.md").read_text()


def messages_of(part: str) -> list[str]:
    """The messages in a part of the page."""
    return re.findall(r"^\| `(.+?)` \| .+ \| .+ \|$", part, re.MULTILINE)


HERE, _, OF_PREPARE = PAGE.partition("\n## Prepare and cleanup\n")
"""The last part of the page has its own tests, in test_prepare_messages.py."""
MESSAGES = messages_of(HERE)


@dataclass(frozen=True)
class Case:
    """Words on a command line, the files that lie in the current folder, and the exit code."""

    words: str
    files: tuple[tuple[str, str], ...] = ()
    code: int = 2
    program: Callable[..., int] = run.main


def _config(line: str) -> tuple[tuple[str, str], ...]:
    return (("config.py", f"SEED = 1\n{line}\n"),)


WITH_TOKEN = _config(f"{TOKEN} = 't'")
MIX = (("mix.yaml", "- name: door\n  detector_nam: front-door\n"),)
URL = "--endpoint-url"
CLUSTER = "--cluster 192.0.2.1:6379"
ON_THE_COMMAND_LINE = {
    "load_test.py: unrecognized": Case("--max-client 5"),
    "MAX_CLIENTS": Case("--max-clients ten"),
    "TIME_BETWEEN_RAMP": Case("--time-between-ramp 30sec"),
    "CUSTOM_RAMP": Case("--custom-ramp 1-20"),
    "SLO": Case("--slo p95<300"),
    "load_test.py: --token": Case("--token api_secret"),
    "GROUNDLIGHT_API_TOKEN is empty": Case(f"{URL} http://192.0.2.7:30101"),
    "config.py:2: ENDPOINT_ULR": Case("", _config("ENDPOINT_ULR = 'https://192.0.2.7:30143'")),
    "config.py:2: NameError": Case("", _config("DETECTOR_NAME = door")),
    "config.py:2: SyntaxError": Case("", _config("SLO = [")),
    "config.py:2: TIMEOUT": Case("", _config("TIMEOUT = 'soon'")),
    "ENDPOINT_URL = '192.0.2.7'": Case(f"{URL} 192.0.2.7"),
    "ENDPOINT_URL = 'http://8.8.8.8": Case(f"--dry-run {URL} http://8.8.8.8:30101", WITH_TOKEN),
    "ENDPOINT_URL = 'https://api": Case(f"--dry-run {URL} https://api.groundlight.ai"),
    "DETECTOR_ID = 'det_abc'": Case("--detector-id det_abc"),
    "IMAGE_PATH": Case("--dry-run --image-path images/cat.jpeg"),
    "MIX": Case("--mix cameras.yaml"),
    "mix.yaml": Case("--mix mix.yaml", MIX),
    "SET_NO_CLOUD": Case("--set-no-cloud"),
    "--restore-edge-config edge": Case("--restore-edge-config edge-config.json"),
    "CLUSTER = 'farm'": Case("--cluster farm"),
    "NODES is not set": Case(f"{CLUSTER} {URL} http://192.0.2.7:30101", WITH_TOKEN),
    "NODES = '2'": Case("--nodes 2"),
    "ENDPOINT_URL = ''": Case(f"{CLUSTER} --nodes 2"),
    "monitor_cpu_gpu_usage.py": Case("60", program=monitor.main),
    "parse_load_test_logs.py: cannot": Case("", program=report.script_main),
    "parse_load_test_logs.py: 2 logs": Case("a.log b.log", program=report.script_main),
    "ENDPOINT_URL = http://no-such-box": Case(
        f"{URL} http://no-such-box.invalid:30101", WITH_TOKEN, code=5
    ),
}  # fmt: skip
BY_ID = ["--detector-id", DETECTOR_ID]
SHORT = ["--image-pool", "1", "--custom-ramp", "1", "--time-between-ramp", "1", "--log-file"]


def row(beginning: str, messages: Sequence[str] = MESSAGES) -> str:
    """The message on the page that begins so."""
    (found,) = [message for message in messages if message.startswith(beginning)]
    return found


def check(beginning: str, said: str, messages: Sequence[str] = MESSAGES) -> None:
    """One line of what was said is the message on the page."""
    pattern = ".*".join(map(re.escape, row(beginning, messages).split("…")))
    assert [line for line in said.splitlines() if re.fullmatch(f"{pattern}.*", line)], said


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(TOKEN, raising=False)


@pytest.mark.parametrize("beginning", ON_THE_COMMAND_LINE)
def test_what_is_wrong_on_the_command_line(
    beginning: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is sent, and the exit code is that of the heading."""
    case = ON_THE_COMMAND_LINE[beginning]
    for name, text in case.files:
        Path(name).write_text(text)
    names = {run.main: "load_test.py", monitor.main: "monitor_cpu_gpu_usage.py"}
    named = {"program": names[case.program]} if case.program in names else {}
    try:
        code = case.program(case.words.split(), **named)
    except SystemExit as ended:
        code = int(str(ended.code))
    said = capsys.readouterr().err
    assert code == case.code, said
    check(beginning, said)
    assert "secret" not in said


BY_SYSTEM = Started("/usr/bin/python3", ["load_test.py"])
INSTALLED: dict[str, Callable[[Path], str | None]] = {
    "load_test.py: the package": lambda root: missing_package("pydantic", BY_SYSTEM, root),
    "load_test.py: Python": lambda root: too_old(BY_SYSTEM, (3, 9, 18), root),
}


@pytest.mark.parametrize("beginning", INSTALLED)
def test_what_is_not_installed(beginning: str, tmp_path: Path) -> None:
    """In a checkout without an environment."""
    (tmp_path / "pyproject.toml").touch()
    check(beginning, INSTALLED[beginning](tmp_path) or "")


RAY = ("CLUSTER: needs the package ray", "CLUSTER = '192.0.2.1:6379': RAY_AUTH_MODE")


@pytest.mark.parametrize("beginning", RAY)
def test_a_cluster_that_is_not_set_up(
    beginning: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ray is not installed here, or is not told to use a token."""
    monkeypatch.setattr(ray_environment, "_QUIET", {})
    monkeypatch.setattr(ray_environment, "find_spec", lambda _: beginning == RAY[1] or None)
    monkeypatch.delenv(ray_environment.RAY_TOKEN_MODE, raising=False)
    monkeypatch.setenv(TOKEN, "a_token_of_some_length")
    words = [*CLUSTER.split(), "--nodes", "2", URL, "http://192.0.2.7:30101"]
    assert run.main([*words, *SHORT, "run.log"]) == 2
    check(beginning, capsys.readouterr().err)


def test_a_log_that_is_being_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By this very process, as another run would."""
    with held_log(Path("run.log")):
        assert run.main([*SHORT, "run.log"]) == 2
    check("LOG_FILE", capsys.readouterr().err)


class Starting(Handler):
    def do_GET(self) -> None:
        self.reply(503, b'{"detail":"starting"}')


class Stranger(Handler):
    def do_GET(self) -> None:
        self.reply(404, b"<html>")


class RefusesToken(Handler):
    def do_GET(self) -> None:
        if "/detectors" in self.path:
            self.reply(401, b'{"detail":"Invalid token."}')
        else:
            super().do_GET()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.reply(401, b'{"detail":"Invalid token."}')


class LacksDetector(Handler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.reply(500, b"Internal Server Error")


@contextmanager
def _refusing() -> Iterator[str]:
    with recording_server() as server:
        url = server.url
    yield url


@contextmanager
def _serving(handler: type[Handler], scheme: str = "http") -> Iterator[str]:
    with recording_server(handler=handler) as server:
        yield server.url.replace("http", scheme, 1)


@contextmanager
def _with_tls(scheme: str) -> Iterator[str]:
    with recording_server(tls=server_context(*self_signed())) as server:
        yield server.url.replace("https", scheme, 1)


@contextmanager
def _loading_for_ever() -> Iterator[str]:
    with running_simulator(["--configure-time", "1h"]) as box:
        yield box.url


ENDPOINTS: dict[str, Callable[[], AbstractContextManager[str]]] = {
    "ENDPOINT_URL = http://127.0.0.1:…: no connection": _refusing,
    "https://127.0.0.1:…/health/ready: this port": lambda: _serving(Handler, "https"),
    "http://127.0.0.1:…/health/ready: this port": lambda: _with_tls("http"),
    "https://127.0.0.1:…/health/ready: the server": lambda: _with_tls("https"),
    "ENDPOINT_URL = http://127.0.0.1:…: the endpoint is not": lambda: _serving(Starting),
    "ENDPOINT_URL = http://127.0.0.1:…: it answers": lambda: _serving(Stranger),
    "GROUNDLIGHT_API_TOKEN: the endpoint": lambda: _serving(RefusesToken),
    "GROUNDLIGHT_API_TOKEN: the token": lambda: _serving(RefusesToken),
    f"DETECTOR_ID = '{DETECTOR_ID}'": lambda: _serving(LacksDetector),
    "http://127.0.0.1:… does not": lambda: _serving(Handler),
    "http://127.0.0.1:…: not ready": _loading_for_ever,
}


CONFIGURED = ("http://127.0.0.1:… does not", "http://127.0.0.1:…: not ready")
"""Of these, the run was asked to configure the box."""


@pytest.mark.parametrize("beginning", ENDPOINTS)
def test_an_endpoint_that_does_not_answer(
    beginning: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run ends before its load."""
    monkeypatch.setenv(TOKEN, "a_token_of_some_length")
    with ENDPOINTS[beginning]() as url:
        which = ["--detector-name", "door"] if "the token" in beginning else BY_ID
        option = ["--set-no-cloud"] if beginning in CONFIGURED else []
        which += [*option, "--ready-timeout", "200ms"]
        code = run.main([URL, url, *which, *SHORT, "run.log"])
    said = capsys.readouterr().err
    assert code == 5, said
    check(beginning, said)


REPORTS: dict[str, tuple[float, str, bool]] = {
    "INVALID: the log stops": (10.0, "ok", False),
    "The capacity is unknown": (1.0, "ok", True),
    "NO RESULT": (10.0, "refused", True),
}
"""Seconds of the one step, how its requests went, and whether the log has an end."""


@pytest.mark.parametrize("beginning", REPORTS)
def test_a_report(beginning: str, tmp_path: Path) -> None:
    """Its first lines say how the run went."""
    seconds, outcome, has_end = REPORTS[beginning]
    service = sl.constant(0.05)
    played = sl.play(
        sl.plan_of([2], seconds, 2.0), servers=4, service=service, outcome=lambda *_: outcome
    )
    log = sl.write(tmp_path / "log", played, end=True if has_end else None)
    summary = analyse(read_log(log), [])
    check(beginning, f"{validity(summary)}\n{headline(summary)}")


TAKEN = (
    "--restore-edge-config taken.json",
    "THE BOX WAS NOT RESTORED: … no",
    "THE BOX WAS NOT RESTORED: somebody",
)


UNCHANGED = ("ENDPOINT_URL = …: another run", "… has loaded ")


def test_a_box_that_is_not_restored(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is gone when the run is over; or somebody else has configured it, who is left alone."""
    monkeypatch.setattr(restoring, "TRY_FOR_S", 0.0)
    monkeypatch.setattr(putting_back, "KEEPER_TRIES_S", 0.0)
    given = {"set_no_cloud": True, "detector_id": DETECTOR_ID}
    said: list[str] = []

    def configured(url: str) -> AbstractContextManager[object]:
        settings = resolve({}, {"endpoint_url": url, **given}, {TOKEN: "t"})
        return no_cloud(settings, Path, said.append)

    with running_simulator(["--detector-id", DETECTOR_ID, "--edge-inference", "default"]) as box:
        run_of_before = configured(box.url)
        run_of_before.__enter__()
        theirs = with_preset(read_edge_config(box.url, TlsTrust()), [DETECTOR_ID], "default")
        put_edge_config(box.url, {**theirs, "global_config": {"refresh_rate": 9}}, TlsTrust())
        run_of_before.__exit__(None, None, None)
        check(TAKEN[2], said[-1])
        Path("edge-config.json").rename("taken.json")
        assert run.main(["--restore-edge-config", "taken.json"]) == 2
        check(TAKEN[0], capsys.readouterr().err)
        other = configured(box.url)
        other.__enter__()
    other.__exit__(None, None, None)
    check(TAKEN[1], said[-1])


def test_a_box_that_must_not_be_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another run has changed it; or a model would be taken down that somebody needs."""
    monkeypatch.setattr(unlisted_models, "_ENDED_WITHIN_S", 0.0)
    place = Path("load_test_results/own")
    place.mkdir(parents=True)

    def configured(url: str) -> AbstractContextManager[object]:
        given = {"endpoint_url": url, "set_no_cloud": True, "detector_id": DETECTOR_ID}
        return no_cloud(resolve({}, given, {TOKEN: "t"}), lambda: place, lambda _: None)

    with running_simulator(["--detector-id", DETECTOR_ID, "--edge-inference", "default"]) as box:
        with configured(box.url), pytest.raises(SettingError) as busy, configured(box.url):
            pytest.fail("it was entered")
        check(UNCHANGED[0], str(busy.value))
    unlisted = ["--detector", f"door:id={DETECTOR_ID},listed=no"]
    with running_simulator([*unlisted, "--edge-inference", "default"]) as box:
        with pytest.raises(Unreachable) as refused, configured(box.url):
            pytest.fail("it was entered")
        check(UNCHANGED[1], str(refused.value))


def test_each_message_is_produced() -> None:
    """The page has no message without a test, and none twice."""
    beginnings = [
        *ON_THE_COMMAND_LINE,
        *INSTALLED,
        *RAY,
        "LOG_FILE",
        *ENDPOINTS,
        *TAKEN,
        *UNCHANGED,
        *REPORTS,
    ]
    assert sorted(map(row, beginnings)) == sorted(MESSAGES)
    assert len(MESSAGES) == HERE.count("\n| `")
