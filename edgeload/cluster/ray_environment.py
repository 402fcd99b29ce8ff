"""How Ray is kept quiet and closed: settings of its own, which it reads from the environment."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from edgeload.child_processes import RAY_TOKEN
from edgeload.settings import SettingError

RAY_TOKEN_MODE = "RAY_AUTH_MODE"
RAY_TOKEN_FILE = "RAY_AUTH_TOKEN_PATH"
RAY_TLS = "RAY_USE_TLS"
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_USAGE_STATS_REPORT_URL": "http://127.0.0.1:9/",  # so that not even "disabled" is reported
    "RAY_DISABLE_IMPORT_WARNING": "1",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


def quiet_ray() -> None:
    """Before Ray is imported: it reports to nobody. Raises SettingError if it is not installed."""
    if find_spec("ray") is None:
        raise SettingError(
            "CLUSTER: needs the package ray on this machine and on all nodes: "
            "pip install -e '.[cluster]'"
        )
    for name, text in _QUIET.items():
        os.environ.setdefault(name, text)


def hush() -> None:
    """After Ray is imported: what happens is said by us."""
    logging.getLogger("ray").setLevel(logging.CRITICAL)


def check_secured(environment: Mapping[str, str], address: str, *, insecure: bool) -> None:
    """Raise SettingError unless Ray is told to use a token or certificates, or an open cluster is
    accepted.
    """
    by_token = environment.get(RAY_TOKEN_MODE, "").lower() == "token"
    by_certificates = environment.get(RAY_TLS, "").lower() in ("1", "true")
    if by_token and (lacking := _lacking_token(environment)):
        raise SettingError(f"{lacking}; must be a file with the token of the cluster {address}")
    if insecure or by_token or by_certificates:
        return
    raise SettingError(
        f"CLUSTER = {address!r}: {RAY_TOKEN_MODE} is not set to token, and whoever reaches a "
        "cluster without a token can run programs on all of its machines; start it with a token "
        "(docs/cluster.md), or permit this with --insecure-cluster"
    )


def _lacking_token(environment: Mapping[str, str]) -> str:
    """Which token is looked for and not there; empty: it is there (see Ray's own loader)."""
    if environment.get(RAY_TOKEN):
        return ""
    named = environment.get(RAY_TOKEN_FILE)
    path = Path(named) if named else Path.home() / ".ray" / "auth_token"
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        return f"{RAY_TOKEN_FILE} = {str(path)!r}: cannot be read ({error.strerror})"
    return "" if text.strip() else f"{RAY_TOKEN_FILE} = {str(path)!r}: is empty"
