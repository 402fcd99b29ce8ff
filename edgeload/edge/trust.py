"""Which TLS certificates are trusted, in the three forms in which our libraries want to know it."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class TlsTrust:
    """The settings INSECURE and CACERT as one value.

    By default a certificate must be signed by an authority that the system trusts and must name
    the host. With `cacert` (a PEM file) the certificates in that file are trusted. With `insecure`
    every certificate is accepted.
    """

    insecure: bool = False
    cacert: Path | None = None

    def ssl_context(self) -> ssl.SSLContext:
        """For the sockets of the lean client. Raises OSError if `cacert` cannot be read."""
        context = ssl.create_default_context(cafile=self.cacert)
        if self.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def requests_verify(self) -> bool | str:
        """For the parameter `verify` of the library requests."""
        if self.insecure:
            return False
        return True if self.cacert is None else str(self.cacert)

    def sdk_options(self) -> dict[str, bool]:
        """For the constructor of the Groundlight SDK; call `set_for_sdk` as well."""
        return {"disable_tls_verification": self.insecure}

    def set_for_sdk(self) -> None:
        """Set the environment variables from which the SDK's HTTP libraries read `cacert`.

        The SDK has no parameter for it.
        """
        if self.cacert is not None:
            os.environ["SSL_CERT_FILE"] = os.environ["REQUESTS_CA_BUNDLE"] = str(self.cacert)
