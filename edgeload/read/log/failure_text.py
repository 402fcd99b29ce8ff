"""The text of a failure -> its class, for logs that record the text alone. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from edgeload.failure_classes import (
    BAD_ANSWER,
    DNS,
    ESCALATED,
    GENERATOR,
    REFUSED,
    RESET,
    TIMEOUT,
    TLS,
    UNCLASSIFIED,
    http_failure,
)

# Texts of the SDK, urllib3, requests and the operating system. The first that is found decides:
# urllib3 wraps the cause into "Max retries exceeded … (Caused by …)".
_CLASSES = tuple(
    (re.compile(pattern, re.IGNORECASE), name)
    for pattern, name in (
        (r"non-edge answer", ESCALATED),
        (r"too many open files|cannot assign requested address|cannot allocate memory", GENERATOR),
        (
            r"name or service not known|name resolution|failed to resolve|getaddrinfo|nodename nor",
            DNS,
        ),
        (r"certificate|ssl\s?error|\[ssl|sslv3|tlsv1|wrong version number", TLS),
        (r"connection refused|actively refused|errno 111", REFUSED),
        (r"time[d]?[ -]?out", TIMEOUT),
        (
            r"connection reset|remote end closed|remotedisconnected|connection aborted|broken pipe"
            r"|incompleteread|connection broken|server disconnected|connection was closed",
            RESET,
        ),
        (r"jsondecodeerror|expecting value|not valid json", BAD_ANSWER),
    )
)
_STATUS = re.compile(
    r"^\s*\(?([1-5][0-9][0-9])\)?(?=\W|$)"
    r"|\bHTTP(?:/[0-9.]+|\s*error|\s*status)?(?:\s*code)?[\s:_(]*([1-5][0-9][0-9])\b"
    r"|\bstatus(?:[ _-]?code)?\W{0,3}([1-5][0-9][0-9])\b"
    r"|\b([45][0-9][0-9]) (?:client|server) error\b"
    r"|\btoo many ([45][0-9][0-9]) error responses\b",
    re.IGNORECASE,
)
_GOOD = ("200", "201")


@lru_cache(maxsize=4096)
def class_of_text(text: str) -> str:
    """The class that a failure's text tells of; `unclassified` if it tells of none.

    >>> class_of_text("HTTPConnectionPool(host='box', port=30101): Read timed out.")
    'timeout'
    >>> class_of_text("(503) Reason: Service Unavailable")
    'http_503'
    """
    first, *others = _CLASSES
    if first[0].search(text):
        return first[1]
    status = _STATUS.search(text)
    if status and (number := next(filter(None, status.groups()))) not in _GOOD:
        return http_failure(number)
    return next((name for pattern, name in others if pattern.search(text)), UNCLASSIFIED)
