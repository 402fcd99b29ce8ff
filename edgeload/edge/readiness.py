"""Asks the endpoint whether it is ready, before any load is sent.

Sends only GET requests for `/health/ready` and `/edge-detector-readiness`. A server without these
routes counts as ready, because an older Edge Endpoint does not have them. Nothing here is timed.
"""

from __future__ import annotations

import time
import warnings

import requests
import urllib3

from edgeload.edge.location import Unreachable
from edgeload.edge.trust import TlsTrust
from edgeload.untrusted_text import printable

_READY_WITHIN_S = 10.0
_ANSWER_WITHIN_S = 3.0
_ASK_EVERY_S = 0.5


def await_ready(url: str, detector_id: str | None, trust: TlsTrust) -> None:
    """Return once the endpoint says that it is ready, and the detector too if it is listed.

    Asks for up to 10 seconds, because the edge caches a detector's readiness for 5 s in each of
    its processes. Raises Unreachable.
    """
    until_s = time.monotonic() + _READY_WITHIN_S
    while True:
        problem = _not_ready(url, detector_id, trust)
        if problem is None:
            return
        if time.monotonic() > until_s:
            raise Unreachable(f"ENDPOINT_URL = {url}: {problem}")
        time.sleep(_ASK_EVERY_S)


def _not_ready(url: str, detector_id: str | None, trust: TlsTrust) -> str | None:
    health = _get(f"{url}/health/ready", trust)
    if health.status_code >= 500 and health.status_code != 501:
        said = f"HTTP status {health.status_code}: {printable(health.content)}"
        return f"the endpoint is not ready ({said}); wait until it has started, and try again"
    if detector_id is None:
        return None
    try:
        answer = _get(f"{url}/edge-detector-readiness", trust).json()
        ready = answer[detector_id]["ready"]
    except (ValueError, KeyError, TypeError):
        return None  # an older edge, or the detector is not listed
    if ready:
        return None
    return (
        f"detector {detector_id} is not ready on the edge; wait until its model has been loaded, "
        "and try again"
    )


def _get(url: str, trust: TlsTrust) -> requests.Response:
    with warnings.catch_warnings(), requests.Session() as session:
        warnings.simplefilter("ignore", urllib3.exceptions.InsecureRequestWarning)
        session.trust_env = False  # ignore proxies of the environment, as the clients do
        try:
            return session.get(
                url,
                timeout=_ANSWER_WITHIN_S,
                verify=trust.requests_verify(),
                allow_redirects=False,
            )
        except requests.exceptions.SSLError as error:
            raise Unreachable(
                f"{url}: the TLS certificate is not trusted ({printable(_root(error))}); an Edge "
                "Endpoint signs its own certificate: pass it with --cacert FILE, or use --insecure"
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
