"""A load goes to the user's own endpoint, and nowhere else."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from recording_server import DETECTOR_ID, recording_server

from edgeload.commands.run import main
from edgeload.edge.location import Forbidden, Unreachable, locate
from edgeload.edge.looking_up import FoundAddress, LookUp
from edgeload.run.reaching import reach
from edgeload.settings import SettingError, resolve
from edgeload.signals import Stopped, StopSignals
from edgeload.target_rules import CLOUD_NAMES, literal_address, restricted

TOKEN = {"GROUNDLIGHT_API_TOKEN": "token_of_the_test"}


def refusal(url: str, **options: object) -> str:
    """The one line with which a run against this URL is refused."""
    with pytest.raises(SettingError) as caught:
        resolve({}, {"endpoint_url": url, **options}, TOKEN)
    line = str(caught.value)
    assert line.isprintable()
    assert line.startswith("ENDPOINT_URL = ")
    return line


def test_the_cloud_is_refused_however_it_is_spelt() -> None:
    """Its production, integration and staging names; and no permission helps."""
    for host in (
        "api.groundlight.ai", "api.groundlight.ai.", "API.Groundlight.AI", "groundlight.ai.",
        "api.integ.groundlight.ai", "api.staging.groundlight.ai.", "device.positronix.ai",
        "api\u3002groundlight\u3002ai", "\uff41pi.\uff47roundlight.\uff41i",
        "api.groundlight.ai:443",
    ):  # fmt: skip
        for scheme in ("http", "https"):
            options = {"allow_public_target": host.partition(":")[0]}
            assert "is the Groundlight cloud" in refusal(f"{scheme}://{host}", **options), host
    for url in ("http://x@api.groundlight.ai", "http://@api.groundlight.ai"):
        assert "without a user name" in refusal(url)
    assert "is neither an address nor a name" in refusal("http://%61pi.groundlight.ai")


def test_a_host_that_cannot_be_one_is_refused_in_one_line() -> None:
    """Labels over 63 letters, empty ones, spaces, ports out of range, numbers that are no address.

    The line says what is legal.
    """
    for host in (
        "a" * 64, "a..b", ".a", "a.b..", "a b", "a\tb", "h:0", "h:65536", "h:-1", "h:x", "[::1",
        "[a]", ".".join(["a" * 60] * 5), "1.2.3.4.5", "256.1.1.1", "0x1ffffffff", "a\\b", "a%00b",
        "", ":80", "a" * 5000, "\udcff",
    ):  # fmt: skip
        for suffix in ("", "/device-api"):
            line = refusal(f"http://{host}{suffix}")
            assert "must be http://HOST:PORT or https://HOST:PORT" in line
    for host in ("a" * 63, "box_1.lan", "BOX.", "127.1", "h:65535", "[::1]:1", "m\u00fcnchen.de"):
        resolve({}, {"endpoint_url": f"http://{host}"}, TOKEN)


def test_an_address_outside_the_users_networks_needs_permission() -> None:
    """Public and link-local ones, in every spelling of an address; by the name of this host alone.

    Loopback, private networks and those of overlays are the user's own.
    """
    for host in (
        "8.8.8.8", "0x08080808", "134744072", "010.010.2056", "8.8.8.8.", "[2001:4860:4860::8888]",
        "[::ffff:8.8.8.8]", "[64:ff9b::808:808]", "169.254.169.254", "0xa9fea9fe",
        "[::ffff:a9fe:a9fe]", "[fe80::1]", "[fd00:ec2::254]", "100.100.100.200", "224.0.0.1",
    ):  # fmt: skip
        url = f"http://{host}:30101"
        line = refusal(url)
        assert "add --allow-public-target " in line, host
        permission = {"allow_public_target": line.rpartition(" ")[2]}
        assert resolve({}, {"endpoint_url": url, **permission}, TOKEN).endpoint_url == url
        other = refusal(url, allow_public_target="edge.example.com")
        assert "ALLOW_PUBLIC_TARGET = 'edge.example.com' is another host" in other
    for host in ("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "::1"):
        address = literal_address(host)
        assert address is not None
        assert restricted(address) is None, host


def test_every_kind_of_run_refuses_a_forbidden_target_before_it_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A ramp, a search, an audit, a mix, the SDK, a dry run: exit code 2, one line, no log."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GROUNDLIGHT_API_TOKEN", "token_of_the_test")
    (tmp_path / "mix.yaml").write_text("- name: door\n  detector_name: door\n  query: Open?\n")
    for options in (
        (), ("--find-capacity",), ("--audit-cache",), ("--mix", "mix.yaml"), ("--client", "sdk"),
        ("--dry-run",), ("--find-capacity", "--dry-run"), ("--repeat", "2"), ("--insecure",),
    ):  # fmt: skip
        assert main(["--endpoint-url", "http://169.254.169.254", *options]) == 2
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1)
        assert "link-local" in err
    assert [path.name for path in tmp_path.iterdir()] == ["mix.yaml"]


def names(known: Mapping[str, Sequence[str]]) -> LookUp:
    """A look-up that knows these names, and no network."""

    def look_up(host: str) -> Sequence[FoundAddress]:
        if host not in known:
            raise OSError("Name or service not known")
        family = {False: socket.AF_INET, True: socket.AF_INET6}
        return [(int(family[":" in address]), address) for address in known[host]]

    return look_up


def test_a_name_is_refused_for_any_of_its_addresses() -> None:
    """One that leads to the cloud, whatever is permitted; or to a public address, without.

    Nothing is connected to before all of its addresses are known to be permitted.
    """
    with recording_server() as recorder:
        url = f"http://box.lan:{recorder.url.rpartition(':')[2]}"
        for address, cloud in (
            ("10.9.8.7", "10.9.8.7"), ("52.1.2.3", "52.1.2.3"), ("64:ff9b::3401:203", "52.1.2.3"),
        ):  # fmt: skip
            known = {"box.lan": ["127.0.0.1", address], CLOUD_NAMES[-1]: ["52.9.9.9", cloud]}
            with pytest.raises(Forbidden, match=f"{cloud}, .* address of the Groundlight cloud"):
                locate(url, "box.lan", look_up=names(known))
        for address in ("52.1.2.3", "2600:1f18::7", "169.254.1.1"):
            known = {"box.lan": ["127.0.0.1", address]}
            with pytest.raises(Forbidden, match=r"add --allow-public-target box\.lan$"):
                locate(url, look_up=names(known))
            assert locate(url, "box.lan", look_up=names(known)).address == "127.0.0.1"
        assert recorder.seen == []


def test_a_network_without_the_internet_costs_a_moment() -> None:
    """The look-up of the cloud's names ends after a second, and loopback needs none."""
    asked = []
    over = threading.Event()

    def hanging(host: str) -> Sequence[FoundAddress]:
        asked.append(host)
        if host in CLOUD_NAMES:
            over.wait(60)
        addresses = ["127.0.0.1"] if host == "here" else ["127.0.0.1", "10.9.8.7"]
        return [(int(socket.AF_INET), address) for address in addresses]

    with recording_server() as recorder:
        port = recorder.url.rpartition(":")[2]
        assert locate(f"http://here:{port}", look_up=hanging).address == "127.0.0.1"
        assert asked == ["here"]
        began_s = time.monotonic()
        assert locate(f"http://there:{port}", look_up=hanging).address == "127.0.0.1"
        assert time.monotonic() - began_s < 10
    assert set(asked) == {"here", "there", *CLOUD_NAMES}
    over.set()


def test_a_look_up_that_hangs_ends_in_time_and_with_ctrl_c() -> None:
    """The system's own cannot be interrupted; it is left behind."""
    over = threading.Event()
    left_behind: list[threading.Thread] = []

    def hanging(host: str) -> Sequence[FoundAddress]:
        left_behind.append(threading.current_thread())
        over.wait(60)
        return []

    with pytest.raises(Unreachable, match=r"cannot be resolved \(no answer within 0\.05 s\)"):
        locate("http://box.lan", look_up=hanging, look_up_within_s=0.05)
    main_thread = threading.main_thread().ident
    assert main_thread is not None
    with StopSignals() as stop, stop.raised(), pytest.raises(Stopped):
        threading.Timer(0.1, signal.pthread_kill, (main_thread, signal.SIGINT)).start()
        locate("http://box.lan", look_up=hanging, look_up_within_s=30)
    assert [thread.daemon for thread in left_behind] == [True, True]
    over.set()


def test_a_port_that_refuses_is_waited_for_if_a_time_to_wait_was_given() -> None:
    """An endpoint that is being restarted is found as soon as it listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with contextlib.ExitStack() as stack:
        said: list[str] = []
        pauses: list[float] = []

        def pause(seconds: float) -> None:
            pauses.append(seconds)
            if len(pauses) == 3:
                stack.enter_context(recording_server(port=port))

        def reached(**options: object) -> None:
            options = {"endpoint_url": url, "detector_id": DETECTOR_ID, **options}
            reach(url, resolve({}, options, TOKEN), pause, said.append)

        with pytest.raises(Unreachable, match="no connection"):
            reached()
        assert pauses == []
        with pytest.raises(Unreachable, match=r"no connection .* \(waited 1e-06 s\)"):
            reached(ready_timeout=1e-6)
        said.clear()
        reached(ready_timeout=60)
        assert len(pauses) == 3
        assert len(said) == 1
        assert "Connection refused" in said[0]
        assert "waiting up to 60 s" in said[0]
