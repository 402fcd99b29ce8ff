"""Laws of TLS trust: its three translations mean the same."""

from __future__ import annotations

import os
import pickle
import ssl
from pathlib import Path

import pytest

from edgeload.edge.trust import TlsTrust
from edgeload.simulator.certificate import self_signed


@pytest.fixture
def cacert(tmp_path: Path) -> Path:
    """A certificate in a file."""
    path = tmp_path / "cert.pem"
    path.write_bytes(self_signed()[0])
    return path


@pytest.mark.parametrize("insecure", [False, True])
@pytest.mark.parametrize("with_file", [False, True])
def test_all_translations_agree(
    monkeypatch: pytest.MonkeyPatch, cacert: Path, insecure: bool, with_file: bool
) -> None:
    """Either all of them check certificates, or none does; all use the same file."""
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    trust = TlsTrust(insecure, cacert if with_file else None)
    context, verify = trust.ssl_context(), trust.requests_verify()
    assert (context.verify_mode is ssl.CERT_NONE) is insecure
    assert context.check_hostname is not insecure
    assert (verify is False) is insecure
    assert trust.sdk_options() == {"disable_tls_verification": insecure}
    trust.set_for_sdk()
    assert ("SSL_CERT_FILE" in os.environ) is with_file
    if with_file:
        assert os.environ["SSL_CERT_FILE"] == os.environ["REQUESTS_CA_BUNDLE"] == str(cacert)
        subjects = [dict(pair[0] for pair in c["subject"]) for c in context.get_ca_certs()]  # type: ignore[misc]
        assert {"commonName": "localhost"} in subjects
        if not insecure:
            assert verify == str(cacert)


def test_it_reaches_the_workers_unchanged(cacert: Path) -> None:
    """It is a plain value: a copy that went through a pipe is equal."""
    trust = TlsTrust(cacert=cacert)
    assert pickle.loads(pickle.dumps(trust)) == trust
