"""Laws of TLS trust: its three translations mean the same."""

from __future__ import annotations

import dataclasses
import ipaddress
import pickle
import socket
import ssl
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from recording_server import recording_server

from edgeload.edge.asking import ask
from edgeload.edge.location import Target, Unreachable, locate
from edgeload.edge.sdk import SdkError, sdk_client
from edgeload.edge.trust import TlsTrust
from edgeload.run.connection import connect
from edgeload.simulator.certificate import self_signed, server_context


@pytest.fixture
def cacert(tmp_path: Path) -> Path:
    """A certificate in a file."""
    path = tmp_path / "cert.pem"
    path.write_bytes(self_signed()[0])
    return path


@pytest.mark.parametrize("insecure", [False, True])
@pytest.mark.parametrize("with_file", [False, True])
def test_all_translations_agree(cacert: Path, insecure: bool, with_file: bool) -> None:
    """Either all of them check certificates, or none does; all use the same file."""
    trust = TlsTrust(insecure, cacert if with_file else None)
    context, verify = trust.ssl_context(), trust.requests_verify()
    assert (context.verify_mode is ssl.CERT_NONE) is insecure
    assert context.check_hostname is not insecure
    assert verify is not insecure
    assert trust.sdk_options() == {"disable_tls_verification": insecure}
    contexts = [context, *(c for c in trust.pool_options().values() if not insecure)]
    assert len(contexts) == (1 if insecure else 2)
    if with_file:
        for each in contexts:
            subjects = [dict(pair[0] for pair in c["subject"]) for c in each.get_ca_certs()]
            assert subjects == [{"commonName": "localhost"}]


def test_it_reaches_the_workers_unchanged(cacert: Path) -> None:
    """It is a plain value: a copy that went through a pipe is equal."""
    trust = TlsTrust(cacert=cacert)
    assert pickle.loads(pickle.dumps(trust)) == trust


# --- a certificate that is trusted as itself ------------------------------------------------------


def asked(trust: TlsTrust, target: Target, url: str) -> bool:
    """Whether `requests` accepts the endpoint."""
    try:
        ask(f"{url}/health/ready", trust)
    except Unreachable as problem:
        assert "certificate" in str(problem)
        return False
    return True


def connected(trust: TlsTrust, target: Target, url: str) -> bool:
    """Whether the lean client's socket accepts it."""
    connection = connect(target, trust.ssl_context())
    try:
        while not connection.open:
            try:
                connection.advance()
            except BlockingIOError:
                continue
    except ssl.SSLCertVerificationError:
        return False
    finally:
        connection.close()
    return True


def constructed(trust: TlsTrust, target: Target, url: str) -> bool:
    """Whether the SDK does."""
    try:
        sdk_client(url, "api_token_of_the_test", trust)
    except SdkError:
        return False
    return True


CLIENTS: list[Callable[[TlsTrust, Target, str], bool]] = [asked, connected, constructed]


@pytest.mark.parametrize("accepts", CLIENTS)
def test_the_endpoints_own_certificate_is_trusted_whatever_host_it_names(
    tmp_path: Path, accepts: Callable[[TlsTrust, Target, str], bool]
) -> None:
    """An Edge Endpoint's: CN=localhost, no alternative name, reached by its IP address.

    Another certificate of the same form is not trusted, and neither is one that takes its place
    after the pin was set.
    """
    mine, others = self_signed(), self_signed()
    (tmp_path / "mine.pem").write_bytes(mine[0])
    (tmp_path / "others.pem").write_bytes(others[0])
    (tmp_path / "both.pem").write_bytes(b"a comment\n" + others[0] + mine[0])
    with recording_server(tls=server_context(*mine)) as recorder:
        target = locate(recorder.url)
        for name, trusted in (("mine", True), ("both", True), ("others", False)):
            trust = TlsTrust(cacert=tmp_path / f"{name}.pem").for_endpoint(target)
            assert accepts(trust, target, recorder.url) is trusted, name
        pinned = TlsTrust(cacert=tmp_path / "mine.pem").for_endpoint(target)
    with recording_server(tls=server_context(*others)) as recorder:
        assert not accepts(pinned, locate(recorder.url), recorder.url)


def signed_by_an_authority(tmp_path: Path, address: str) -> tuple[bytes, bytes, bytes]:
    """(certificate, key, the authority's certificate) for an IP address, in PEM."""

    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    def certificate(subject: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.now(timezone.utc)
        return (
            x509.CertificateBuilder()
            .subject_name(name(subject))
            .issuer_name(name("authority"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + timedelta(days=1))
        )

    authority, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    usage = dict.fromkeys(
        ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
         "key_agreement", "encipher_only", "decipher_only"],
        False,
    )  # fmt: skip
    key_id = x509.SubjectKeyIdentifier.from_public_key(authority.public_key())
    root = (
        certificate("authority", authority)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(key_cert_sign=True, crl_sign=True, **usage), critical=True)
        .add_extension(key_id, critical=False)
        .sign(authority, hashes.SHA256())
    )
    leaf = (
        certificate("leaf", own)
        .add_extension(names, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key_id), critical=False
        )
        .sign(authority, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = own.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return leaf.public_bytes(pem), private, root.public_bytes(pem)


@pytest.mark.parametrize("accepts", CLIENTS)
@pytest.mark.parametrize(("address", "trusted"), [("127.0.0.1", True), ("192.0.2.7", False)])
def test_what_an_authority_signed_must_still_name_the_host(
    tmp_path: Path, accepts: Callable[[TlsTrust, Target, str], bool], address: str, trusted: bool
) -> None:
    """CACERT with an authority: a certificate for another host stays refused."""
    certificate, key, authority = signed_by_an_authority(tmp_path, address)
    (tmp_path / "ca.pem").write_bytes(authority)
    with recording_server(tls=server_context(certificate, key)) as recorder:
        target = locate(recorder.url)
        trust = TlsTrust(cacert=tmp_path / "ca.pem").for_endpoint(target)
        assert trust.fingerprint is None
        assert accepts(trust, target, recorder.url) is trusted


def test_nothing_is_pinned_without_need(cacert: Path) -> None:
    """Not without TLS, not with INSECURE, and not if nobody shakes hands."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        silent.close()
        target = Target("https", "localhost", port, socket.AF_INET, "127.0.0.1")
        for trust in (TlsTrust(), TlsTrust(insecure=True, cacert=cacert), TlsTrust(cacert=cacert)):
            assert trust.for_endpoint(target) == trust
        plain = dataclasses.replace(target, scheme="http")
        assert TlsTrust(cacert=cacert).for_endpoint(plain) == TlsTrust(cacert=cacert)
