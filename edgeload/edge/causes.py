"""Finds the cause inside an error that libraries have wrapped, each in its own way. Pure."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import urllib3

_MOST_ERRORS = 40


def errors_within(problem: BaseException) -> Iterator[BaseException]:
    """An error and all that it was made of, the outer before the inner.

    requests and urllib3 put an error into the arguments of another or call it its reason; the
    Groundlight SDK stumbles over one while it handles it.
    """
    queue: list[object] = [problem]
    seen: list[BaseException] = []
    while queue and len(seen) < _MOST_ERRORS:
        error = queue.pop(0)
        if not isinstance(error, BaseException) or any(error is known for known in seen):
            continue
        seen.append(error)
        yield error
        queue += [getattr(error, "reason", None), *error.args, error.__cause__, error.__context__]


def tls_error_text(problem: BaseException) -> str | None:
    """OpenSSL's or urllib3's own text, if TLS failed; None for a connection that only ended."""
    texts = []
    for error in errors_within(problem):
        if isinstance(error, ssl.SSLEOFError):
            return None
        if isinstance(error, ssl.SSLError | urllib3.exceptions.SSLError):
            texts.append(str(error))
    return texts[-1] if texts else None
