"""The Groundlight SDK, made to do exactly what it is asked: no silent retry, no token rotation.

Imports the SDK when called, since that takes 0.3 s and 49 MB.
"""

from __future__ import annotations

import contextlib
import logging
import os
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeload.untrusted_text import printable

if TYPE_CHECKING:
    from groundlight import Groundlight


class SdkError(Exception):
    """The SDK could not do it; one line, without the token or any part of it."""


def sdk_client(url: str, token: str, *, insecure: bool, cacert: Path | str | None) -> Groundlight:
    """An SDK client for an Edge Endpoint. Constructing it asks `/v1/me` twice. Raises SdkError."""
    from groundlight import Groundlight  # noqa: PLC0415  (0.3 s: only where the SDK is wanted)

    logging.getLogger("groundlight").setLevel(logging.ERROR)
    if cacert is not None:  # the SDK has no parameter for it; its HTTP libraries read these
        os.environ["SSL_CERT_FILE"] = os.environ["REQUESTS_CA_BUNDLE"] = str(cacert)
    with _one_line(token), warnings.catch_warnings():
        return Groundlight(
            endpoint=url,
            api_token=token,
            disable_tls_verification=insecure,
            http_transport_retries=False,
            enable_token_rotation=False,
            shrink_oversized_images=False,
        )


def take_off_retries(client: Any, next_request_id: Callable[[], str]) -> None:
    """Let every call be one request, with an id of our choosing.

    SDK 1.3.1 wraps `call_api` so that a 5xx is sent up to three more times, in silence; the
    method of its base class underneath is not wrapped.
    """
    from groundlight_openapi_client.api_client import ApiClient  # noqa: PLC0415

    api: Any = client.api_client

    def call_api(*args: Any, **kwargs: Any) -> Any:
        args[4][api.REQUEST_ID_HEADER] = next_request_id()  # the fifth is the header dictionary
        return ApiClient.call_api(api, *args, **kwargs)

    api.call_api = call_api


def find_detector(client: Groundlight, token: str, name: str, query: str | None) -> str:
    """Id of the detector of that name; made where it does not exist. Raises SdkError."""
    with _one_line(token):
        if query is None:
            return str(client.get_detector_by_name(name).id)
        return str(client.get_or_create_detector(name=name, query=query).id)


@contextlib.contextmanager
def _one_line(token: str) -> Iterator[None]:
    """Turn whatever the SDK raises into an SdkError; its texts quote the token's beginning."""
    try:
        yield
    except Exception as error:  # the SDK raises a dozen unrelated classes
        raise SdkError(printable(without_token(str(error), token))) from None


def without_token(text: str, token: str) -> str:
    """The text with the token, and the beginning of it that the SDK likes to quote, taken out."""
    return text.replace(token, "(hidden)").replace(token[:12], "(hidden)")
