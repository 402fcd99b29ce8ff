"""Asks whether the endpoint is ready, before any load is sent.

Only GETs of `/health/ready` and `/edge-detector-readiness`; a server that knows neither is taken
as ready, since an older Edge Endpoint has no such routes. Nothing here is timed.
"""

from __future__ import annotations

import time
import warnings

import requests
import urllib3

from edgeload.edge.location import Unreachable
from edgeload.untrusted_text import printable

_PATIENCE_S = 10.0
_EACH_S = 3.0


def await_ready(url: str, detector_id: str | None, verify: bool | str) -> None:
    """Return once the endpoint, and the detector where it lists it, call themselves ready.

    `verify` is that of requests: check certificates, or against which file. The edge caches
    detector readiness for 5 s in each of its processes, hence a few tries. Raises Unreachable.
    """
    until_s = time.monotonic() + _PATIENCE_S
    while True:
        problem = _not_ready(url, detector_id, verify)
        if problem is None:
            return
        if time.monotonic() > until_s:
            raise Unreachable(f"ENDPOINT_URL = {url}: {problem}")
        time.sleep(0.5)  # between two questions to a server that is starting


def _not_ready(url: str, detector_id: str | None, verify: bool | str) -> str | None:
    health = _get(f"{url}/health/ready", verify)
    if health.status_code >= 500 and health.status_code != 501:
        return f"not ready (status {health.status_code}: {printable(health.content)})"
    if detector_id is None:
        return None
    try:
        answer = _get(f"{url}/edge-detector-readiness", verify).json()
        ready = answer[detector_id]["ready"]
    except (ValueError, KeyError, TypeError):
        return None  # an older edge, or a detector that has no entry of its own
    return None if ready else f"detector {detector_id} is not ready on the edge"


def _get(url: str, verify: bool | str) -> requests.Response:
    with warnings.catch_warnings(), requests.Session() as session:
        warnings.simplefilter("ignore", urllib3.exceptions.InsecureRequestWarning)
        session.trust_env = False  # no proxy of the environment: the clients use none either
        try:
            return session.get(url, timeout=_EACH_S, verify=verify, allow_redirects=False)
        except requests.exceptions.SSLError as error:
            raise Unreachable(
                f"{url}: the TLS certificate is not trusted ({printable(_root(error))}); an Edge "
                "Endpoint signs its own: give it with --cacert FILE, or use --insecure"
            ) from error
        except requests.RequestException as error:
            raise Unreachable(f"{url}: no answer ({printable(_root(error))})") from error


def _root(error: BaseException) -> str:
    """The innermost reason of a wrapped error."""
    reason: object = error
    while isinstance(reason, BaseException):
        inner = getattr(reason, "reason", None) or (reason.args[0] if reason.args else None)
        if not isinstance(inner, BaseException):
            break
        reason = inner
    return str(reason)
