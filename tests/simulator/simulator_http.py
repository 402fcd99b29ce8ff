"""Asks a running simulator as a plain HTTP client would."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import requests

ID = "det_" + "S" * 27
PICTURE = b"\xff\xd8\xff\xe0 not decoded by the endpoint"
TOKEN = "api_token_of_a_test"
QUERIES = "/device-api/v1/image-queries"


def post(
    url: str,
    *,
    session: requests.Session | None = None,
    body: bytes = PICTURE,
    content_type: str = "image/jpeg",
    token: str | None = TOKEN,
    timeout_s: float = 10.0,
    **parameters: str,
) -> requests.Response:
    """One image query; `parameters` are those of the URL, with a detector id unless given."""
    headers = {"Content-Type": content_type}
    if token is not None:
        headers["x-api-token"] = token
    return (session or requests.Session()).post(
        url + QUERIES,
        params={"detector_id": ID, **parameters},
        data=body,
        headers=headers,
        timeout=timeout_s,
        verify=False,
    )


def get(url: str, path: str, token: str | None = TOKEN) -> requests.Response:
    """GET of another route."""
    headers = {} if token is None else {"x-api-token": token}
    return requests.get(url + path, headers=headers, timeout=10, allow_redirects=False)


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 10.0) -> None:
    """Return once the condition holds; fail after some seconds."""
    until_s = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until_s, f"waited {seconds} s for {what}"
        time.sleep(0.02)
