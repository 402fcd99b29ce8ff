"""A TLS connection that fails is explained by its cause, in the same words by every client."""

from __future__ import annotations

import contextlib
import json
import os
import ssl
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from certificates import authority
from each_client import Edge, ask_everything, complaints, senders
from recording_server import recording_server

from edgeload.edge.location import locate
from edgeload.edge.trust import TlsTrust
from edgeload.simulator.certificate import self_signed, server_context


def old_server() -> ssl.SSLContext:
    """One that speaks TLS 1.1 at most."""
    context = server_context(*self_signed())
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


def weak_server() -> ssl.SSLContext:
    """One that accepts a single cipher, which nobody offers any more."""
    context = server_context(*self_signed())
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("AES128-SHA:@SECLEVEL=0")
    return context


SELF_SIGNED = "the server signed its certificate itself"
PASS_IT = "pass the endpoint's own certificate with --cacert FILE, or use --insecure"
WRONG_FILE = "ca.pem' holds neither"


@pytest.mark.parametrize(
    ("kind", "what", "advice"),
    [
        ("expired", "certificate has expired", "check this machine's clock"),
        ("early", "certificate is not valid yet", "check this machine's clock"),
        ("other host", "certificate is not valid for this host", "use the host that it names"),
        ("unknown authority", "certificate is not trusted", WRONG_FILE),
        ("self-signed", SELF_SIGNED, WRONG_FILE),
        ("old TLS", "the server refuses every version of TLS", "speak TLS 1.2 or 1.3"),
        ("weak", "the server accepts none of the ciphers", "the usual ciphers"),
        ("plain", "this port does not speak TLS", "check the scheme and the port"),
    ],
)
def test_a_bad_certificate_and_a_refused_handshake_have_their_own_words(
    tmp_path: Path, kind: str, what: str, advice: str
) -> None:
    """Each with its advice in readiness, the look-up of the detector, and the SDK's first question.

    If it happens during a run, the failures of both clients have class tls and the same words.
    """
    own = authority()
    (tmp_path / "ca.pem").write_bytes(own.pem)
    trust = TlsTrust(cacert=tmp_path / "ca.pem")
    servers: dict[str, Callable[[], ssl.SSLContext | None]] = {
        "expired": lambda: own.server(until_days=-1),
        "early": lambda: own.server(from_days=1),
        "other host": lambda: own.server("192.0.2.7"),
        "unknown authority": lambda: authority().server(),
        "self-signed": lambda: server_context(*self_signed()),
        "old TLS": old_server,
        "weak": weak_server,
        "plain": lambda: None,
    }
    with contextlib.ExitStack() as stack:
        with recording_server(tls=own.server()) as good:
            clients = stack.enter_context(senders(good, trust))
            assert [sender.send(1).status for sender in clients.values()] == [200, 200]
        port = int(good.url.rpartition(":")[2])
        stack.enter_context(recording_server(tls=servers[kind](), port=port))
        lines = complaints(good.url, trust)
        results = {name: sender.send(2).result for name, sender in clients.items()}
    for where, line in lines.items():
        if kind == "plain" and where != "sdk":
            assert line.endswith(f"this port speaks plain HTTP: use http://127.0.0.1:{port}")
        else:
            assert what in line, where
            assert advice in line, where
    for name, result in results.items():
        assert (result.outcome, what in str(result.error)) == ("tls", True), (name, result)


LIMITED = """\
import json, sys
from each_client import complaints
from edgeload.edge.trust import TlsTrust

print(json.dumps(complaints(sys.argv[1], TlsTrust(insecure=True))))
"""
OPENSSL_CONF = """\
openssl_conf = a
[a]
ssl_conf = b
[b]
system_default = c
[c]
Protocol = -TLSv{}
"""


@pytest.mark.parametrize(("offered", "other"), [("1.2", "1.3"), ("1.3", "1.2")])
def test_a_machine_that_offers_one_version_of_tls_and_a_server_that_speaks_the_other(
    tmp_path: Path, offered: str, other: str
) -> None:
    """The words name the version, and that the configuration of this machine leaves out the other.

    Another version cannot be the advice: the server speaks it.
    """
    (tmp_path / "openssl.cnf").write_text(OPENSSL_CONF.format(other))
    context = server_context(*self_signed())
    context.minimum_version = context.maximum_version = getattr(
        ssl.TLSVersion, f"TLSv{other.replace('.', '_')}"
    )
    with recording_server(tls=context) as recorder:
        done = subprocess.run(
            [sys.executable, "-c", LIMITED, recorder.url],
            env={
                **os.environ,
                "OPENSSL_CONF": str(tmp_path / "openssl.cnf"),
                "PYTHONPATH": os.pathsep.join(sys.path),
            },
            capture_output=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert sorted(said) == ["detector", "readiness", "sdk"]
    for line in said.values():
        assert f"the server refuses TLS {offered}, the only version that this machine " in line
        assert f"let this machine offer TLS {other} (its configuration of OpenSSL " in line


def test_a_certificate_that_is_replaced_during_a_run_is_refused_in_the_same_words(
    tmp_path: Path,
) -> None:
    """The endpoint's own was trusted as itself, so no other is, by no client and no question."""
    mine = self_signed()
    (tmp_path / "mine.pem").write_bytes(mine[0])
    with contextlib.ExitStack() as stack:
        with recording_server(tls=server_context(*mine)) as good:
            trust = TlsTrust(cacert=tmp_path / "mine.pem").for_endpoint(locate(good.url))
            clients = stack.enter_context(senders(good, trust))
            assert [sender.send(1).status for sender in clients.values()] == [200, 200]
        port = int(good.url.rpartition(":")[2])
        stack.enter_context(recording_server(tls=server_context(*self_signed()), port=port))
        lines = complaints(good.url, trust)
        results = [sender.send(2).result for sender in clients.values()]
    what = "the server's certificate is not the one that it had before the run"
    for line in lines.values():
        assert what in line
        assert "pass the new one with --cacert FILE" in line
    assert [(r.outcome, what in str(r.error)) for r in results] == [("tls", True)] * 2


def test_without_a_file_the_line_says_how_to_trust_the_endpoints_own() -> None:
    """As it is with an Edge Endpoint at first: it signs its own certificate."""
    with recording_server(tls=server_context(*self_signed())) as recorder:
        for line in complaints(recorder.url, TlsTrust()).values():
            assert SELF_SIGNED in line
            assert PASS_IT in line


def test_the_system_says_whom_to_trust_and_no_other_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenSSL's SSL_CERT_FILE counts for every question and for both clients.

    REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE and the authorities that requests brings with it count for
    none: half of a run would follow them.
    """
    own = authority()
    (tmp_path / "ca.pem").write_bytes(own.pem)
    with recording_server(tls=own.server(), handler=Edge) as recorder:
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            monkeypatch.setenv(name, str(tmp_path / "ca.pem"))
        monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", tmp_path / "ca.pem")
        complaints(recorder.url, TlsTrust())
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
        ask_everything(recorder.url, TlsTrust())
        with senders(recorder, TlsTrust()) as clients:
            assert [sender.send(1).status for sender in clients.values()] == [200, 200]
