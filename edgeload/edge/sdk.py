"""The Groundlight SDK with its silent retries and its token rotation switched off.

Imports the SDK only when it is called, since the import takes 0.3 s and 49 MB.
"""

from __future__ import annotations

import contextlib
import logging
import ssl
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import urllib3

from edgeload.edge.asking import WHOLE_ANSWER_S, tls_advice
from edgeload.edge.bounded_answers import UnboundedAnswer, pool_classes
from edgeload.edge.causes import errors_within
from edgeload.edge.trust import TlsTrust
from edgeload.untrusted_text import printable, remember_secret

if TYPE_CHECKING:
    from groundlight import Groundlight


MOST_SAID_CHARS = 2000
"""A server's own text is shown whole, up to this length."""


class SdkError(Exception):
    """The SDK reported an error; the text is one line without any part of the token."""

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status
        """HTTP status of the answer; None if there was none."""


def sdk_client(url: str, token: str, trust: TlsTrust, *, experimental: bool = False) -> Groundlight:
    """Make an SDK client for an Edge Endpoint. The SDK asks `/v1/me` twice. Raises SdkError.

    `experimental` gives the one that has more methods, `ExperimentalApi`.
    """
    from groundlight import ExperimentalApi, Groundlight  # noqa: PLC0415  (slow, see above)

    class TrustingGroundlight(ExperimentalApi if experimental else Groundlight):  # type: ignore[misc]
        """Sets up its pool of connections before it asks anything."""

        def _verify_connectivity(self) -> None:
            pool = self.api_client.rest_client.pool_manager
            if url.startswith("https:"):
                pool.connection_pool_kw.update(trust.pool_options())
            pool.pool_classes_by_scheme = pool_classes(WHOLE_ANSWER_S)
            super()._verify_connectivity()

    logging.getLogger("groundlight").setLevel(logging.ERROR)
    remember_secret(token)
    with sdk_errors(trust), warnings.catch_warnings():
        return TrustingGroundlight(
            endpoint=url,
            api_token=token,
            http_transport_retries=False,
            enable_token_rotation=False,
            shrink_oversized_images=False,
            **trust.sdk_options(),
        )


def take_off_retries(client: Any, next_request_id: Callable[[], str]) -> None:
    """Make every call exactly one request, with an id that `next_request_id` returns.

    SDK 1.3.1 wraps `call_api` and sends a request up to three more times after a 5xx, silently.
    The method of its base class is not wrapped.
    """
    from groundlight_openapi_client.api_client import ApiClient  # noqa: PLC0415

    api: Any = client.api_client

    def call_api(*args: Any, **kwargs: Any) -> Any:
        args[4][api.REQUEST_ID_HEADER] = next_request_id()  # the fifth is the header dictionary
        return ApiClient.call_api(api, *args, **kwargs)

    api.call_api = call_api


def create_detector(client: Groundlight, trust: TlsTrust, name: str, query: str) -> Any:
    """Create a detector and return it as the SDK does. Raises SdkError."""
    with sdk_errors(trust):
        return client.create_detector(name=name, query=query)


@contextlib.contextmanager
def sdk_errors(trust: TlsTrust) -> Iterator[None]:
    """Turn any error of the SDK into an SdkError; its texts quote the beginning of the token."""
    try:
        yield
    except Exception as error:  # the SDK raises a dozen unrelated classes
        raise SdkError(_text_of(error, trust), _status_of(error)) from None


def _status_of(error: BaseException) -> int | None:
    """That of the answer; an error after several attempts has it in its cause alone."""
    found = (getattr(each, "status", None) for each in (error, error.__cause__))
    return next((status for status in found if isinstance(status, int)), None)


def _text_of(error: BaseException, trust: TlsTrust) -> str:
    """One line: why there was no answer, or the server's own text, whole; else the SDK's."""
    said = _why_no_answer(error, trust) or _said_by_server(error)
    if said is None:
        by_cause = _said_by_server(error.__cause__)
        said = f"{error} ({by_cause})" if by_cause else str(error)
        if by_cause and type(error).__name__ == "InternalApiError":  # which says that it gave up
            said = f"{by_cause}, after several attempts"
    return printable(said, MOST_SAID_CHARS)


def _why_no_answer(error: BaseException, trust: TlsTrust) -> str | None:
    """The cause that the SDK hides: it stumbles over a TLS error while it handles that."""
    for cause in errors_within(error):
        if isinstance(cause, ssl.SSLError | urllib3.exceptions.SSLError):
            return tls_advice(printable(str(cause)), trust)
        if isinstance(cause, UnboundedAnswer):
            return str(cause)
    return None


def _said_by_server(error: BaseException | None) -> str | None:
    status, body = getattr(error, "status", None), getattr(error, "body", None)
    if not status or not body:
        return None
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body)
    return f"HTTP status {status}: {text}"
