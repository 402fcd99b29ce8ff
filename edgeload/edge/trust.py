"""Which TLS certificates are trusted, in the three forms in which our libraries want to know it."""

from __future__ import annotations

import dataclasses
import hashlib
import re
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeload.edge.location import Target

_HANDSHAKE_WITHIN_S = 3.0
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


@dataclass(frozen=True)
class TlsTrust:
    """The settings INSECURE and CACERT as one value.

    By default a certificate must be signed by an authority that the system trusts (OpenSSL reads
    SSL_CERT_FILE and SSL_CERT_DIR, if they are set) and must name the host. With `cacert` (a PEM
    file) the certificates in that file are trusted instead, as authorities. With `fingerprint`
    exactly one certificate is trusted, whatever host it names (see `for_endpoint`). With `insecure`
    every certificate is accepted.
    """

    insecure: bool = False
    cacert: Path | None = None
    fingerprint: str | None = None
    """SHA-256 of a certificate in DER form, in hexadecimal digits."""

    def for_endpoint(self, target: Target) -> TlsTrust:
        """The trust for one endpoint: pinned if the very certificate it presents is in `cacert`.

        An Edge Endpoint signs its own certificate, for the name localhost and without an
        alternative name, so no other check could ever succeed. Raises OSError if `cacert` cannot be
        read.
        """
        if self.insecure or self.cacert is None or target.scheme != "https":
            return self
        presented = _presented_certificate(target)
        if presented is None or presented not in _certificates_in(self.cacert):
            return self
        return dataclasses.replace(self, fingerprint=_fingerprint(presented))

    @property
    def _checks_itself(self) -> bool:
        """Whether the library's own check is on: authority and host name."""
        return not self.insecure and self.fingerprint is None

    def ssl_context(self) -> ssl.SSLContext:
        """For the sockets of the lean client. Raises OSError if `cacert` cannot be read."""
        if self.fingerprint is not None:
            return _PinnedContext(self.fingerprint)
        context = ssl.create_default_context(cafile=self.cacert)
        if self.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def requests_verify(self) -> bool:
        """For the parameter `verify` of the library requests; needs `pool_options` as well."""
        return self._checks_itself

    def pool_options(self) -> dict[str, Any]:
        """For the connection pools of urllib3, on which both requests and the SDK are built.

        They get the context of the lean client: left alone, requests trusts authorities of its own,
        or those of REQUESTS_CA_BUNDLE. Raises OSError if `cacert` cannot be read.
        """
        if self.fingerprint is not None:
            return {"assert_fingerprint": self.fingerprint}
        return {} if self.insecure else {"ssl_context": self.ssl_context()}

    def sdk_options(self) -> dict[str, bool]:
        """For the constructor of the Groundlight SDK; needs `pool_options` as well."""
        return {"disable_tls_verification": not self._checks_itself}


class _PinnedContext(ssl.SSLContext):
    """Accepts exactly one certificate, whoever signed it, whatever host it names."""

    fingerprint: str

    def __new__(cls, fingerprint: str) -> _PinnedContext:
        context = super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)
        context.fingerprint = fingerprint
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.sslobject_class = _PinnedObject
        return context


class _PinnedObject(ssl.SSLObject):
    """Compares the certificate at the end of the handshake."""

    def do_handshake(self) -> None:
        super().do_handshake()
        assert isinstance(self.context, _PinnedContext)
        presented = self.getpeercert(binary_form=True)
        if presented is None or _fingerprint(presented) != self.context.fingerprint:
            raise ssl.SSLCertVerificationError(
                "the server's certificate is not the one that it had before the run"
            )


def _fingerprint(certificate: bytes) -> str:
    return hashlib.sha256(certificate).hexdigest()


def _certificates_in(path: Path) -> set[bytes]:
    """The certificates of a PEM file in DER form. Raises OSError, ValueError if one is damaged."""
    return {ssl.PEM_cert_to_DER_cert(pem.decode()) for pem in _PEM.findall(path.read_bytes())}


def _presented_certificate(target: Target) -> bytes | None:
    """The certificate that the endpoint presents, unchecked; None if there is no handshake."""
    context = TlsTrust(insecure=True).ssl_context()
    try:
        with (
            socket.create_connection((target.address, target.port), _HANDSHAKE_WITHIN_S) as plain,
            context.wrap_socket(plain, server_hostname=target.host) as encrypted,
        ):
            return encrypted.getpeercert(binary_form=True)
    except OSError:
        return None
