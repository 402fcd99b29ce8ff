"""The types of the settings: texts from config.py or the command line -> legal values. Pure.

Each check raises ValueError with the legal values, and an example unless the field has one.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from edgeload.durations import DAY_S, TimeLimits
from edgeload.edge_facts import DETECTOR_ID_FORM, is_detector_id
from edgeload.file_names import cannot_be_shown, wrong_name
from edgeload.kept_runs import LATEST
from edgeload.objectives import is_group_name, parse_abort, parse_objective
from edgeload.plain_words import quoted
from edgeload.plan import BUILT_IN_RAMP
from edgeload.target_rules import is_cloud, plain_host
from edgeload.untrusted_text import printable

_WHOLE = re.compile(r"[0-9]{1,9}")

BUILT_IN = "built-in"
"""The word that stands for the built-in ramp."""

_MAX_WORKERS = 1024
_LEGAL_RAMP = "must be client counts with commas between them, for example 1,5,20"
_LEGAL_WORKERS = f"must be a whole number from 1 to {_MAX_WORKERS}, auto, or clients"
_LEAST_BUDGET_S = 5.0
_LEAST_SOAK_S = 1.0
_MOST_S = 7 * DAY_S
_MOST_LEASE_S = 3600.0
_LEGAL_SEARCH = (
    "must be auto, clients, copies, rate, headroom or group:NAME with the name of a group of the "
    "mix"
)
_MOST_LOCAL_NODES = 16
_LEGAL_CLUSTER = (
    "must be HOST:PORT of the head of a cluster, or local:N with N from 1 to "
    f"{_MOST_LOCAL_NODES}, for example 192.0.2.1:6379"
)
_MOST_NAME_CHARS = 50
_LEGAL_NAME = (
    f"must be at most {_MOST_NAME_CHARS} letters, digits, dots, hyphens and underscores, of which "
    "the first is a letter or a digit"
)
_HOST_ALONE = re.compile(r"([A-Za-z0-9.-]+)(?::([0-9]{1,5}))?")
_LEGAL_URL = "must be http://HOST:PORT or https://HOST:PORT"


def empty_is_none(value: object) -> object:
    """None for a text without a visible character."""
    return None if isinstance(value, str) and not value.strip() else value


def _text(most: int) -> Callable[[str | None], str | None]:
    """A check of a text that is sent and shown: its length, and that all of it can be."""

    def check(text: str | None) -> str | None:
        if text is not None and (len(text) > most or any(map(cannot_be_shown, text))):
            raise ValueError(f"must be a text of at most {most} characters that can be printed")
        return text

    return check


def _run_name(name: str | None) -> str | None:
    """A name that is a part of the name of a folder, and a word on a command line."""
    if name is None:
        return None
    if len(name) > _MOST_NAME_CHARS or not re.fullmatch(r"[^\W_][\w.-]*", name):
        raise ValueError(_LEGAL_NAME)
    if name == LATEST:
        raise ValueError(f"{LATEST} means the newest run; must be another name")
    return name


def _path(path: Path | None) -> Path | None:
    """Whether the file is there is asked where it is used."""
    if path is not None and (legal := wrong_name(path)):
        raise ValueError(legal)
    return path


def _not_blank(value: object) -> object:
    if isinstance(value, str) and not value.strip():
        raise ValueError("must not be empty")
    return value


def _ramp(value: object) -> object:
    """`1,5,20`, `1 5 20`, `[1, 5, 20]` or the word for the built-in ramp -> client counts."""
    if not isinstance(value, str):
        return value
    if value == BUILT_IN:
        return BUILT_IN_RAMP
    text = value.strip()
    if text[:1] + text[-1:] in ("[]", "()"):
        text = text[1:-1].strip()
    counts = re.split(r"\s*[,;]\s*|\s+", re.sub(r"\s*[,;]$", "", text))
    if not all(_WHOLE.fullmatch(count) for count in counts):
        raise ValueError(_LEGAL_RAMP)
    if not all(map(int, counts)):
        raise ValueError("every step must have at least 1 client, for example 1,5,20")
    return tuple(counts)


def _workers(value: object) -> object:
    """A count as a number or as text, or one of the two words."""
    if value in ("auto", "clients"):
        return value
    text = quoted(value) if isinstance(value, int) else str(value)
    if not _WHOLE.fullmatch(text) or not 1 <= int(text) <= _MAX_WORKERS:
        raise ValueError(_LEGAL_WORKERS)
    return int(text)


def _list(value: object) -> object:
    """A text is a list of one; None and the empty text are the empty list, alone or as its member.

    `--slo ""` on the command line thus takes the place of what config.py says.
    """
    if isinstance(value, str):
        value = (value,)
    if isinstance(value, list | tuple):
        return tuple(text for text in value if not isinstance(text, str) or text.strip())
    return value or ()


def _objective(text: str) -> str:
    return parse_objective(text).text


def _abort_condition(text: str) -> str:
    return parse_abort(text).text


def _host(host: str) -> str:
    """A host in the form in which hosts are compared. Raises ValueError."""
    try:
        return plain_host(host)
    except ValueError as error:
        raise ValueError(
            f"the host {printable(host, 70)!r} is neither an address nor a name (at most 63 "
            f"characters between two dots, 253 in all); {_LEGAL_URL}"
        ) from error


def _allowed_host(host: str | None) -> str | None:
    """The host of a target, without scheme and port, in the form in which hosts are compared."""
    if host is None:
        return None
    try:
        return plain_host(host.strip().removeprefix("[").removesuffix("]"))
    except ValueError as error:
        raise ValueError("must be the host of ENDPOINT_URL, without scheme and port") from error


def _monitor_url(url: str | None) -> str | None:
    """Raises ValueError for anything but the address of a monitor."""
    legal = "must be the address of a monitor, http://HOST:PORT, for example http://192.0.2.7:9105"
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(legal) from error
    named = parts.scheme == "http" and parts.hostname and port
    if not named or parts.username or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(legal)
    return url.rstrip("/")


def legal_endpoint_url(url: str | None) -> str | None:
    """The base URL of an endpoint. Raises ValueError for anything but the address of an Edge
    Endpoint of the user's own.
    """
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port  # which is parsed only when it is asked for
    except ValueError as error:
        raise ValueError(_LEGAL_URL) from error
    if parts.username is not None or parts.password is not None:
        raise ValueError(f"{_LEGAL_URL}, without a user name or password")
    if bare := _HOST_ALONE.fullmatch(url):
        raise ValueError(f"{_LEGAL_URL}, for example {_with_scheme(*bare.groups())}")
    if parts.scheme not in ("http", "https") or port == 0 or re.search(r"[\s\x00-\x1f\\]", url):
        raise ValueError(_LEGAL_URL)
    host = _host(parts.hostname or "")
    if "[" in parts.netloc and ":" not in (parts.hostname or ""):  # brackets are for IPv6
        raise ValueError(_LEGAL_URL)
    if parts.path.rstrip("/") not in ("", "/device-api") or parts.query or parts.fragment:
        raise ValueError(f"{_LEGAL_URL}, with nothing after it")
    if is_cloud(host):
        raise ValueError("is the Groundlight cloud; must be an Edge Endpoint of your own")
    return url.rstrip("/").removesuffix("/device-api")


def _with_scheme(host: str, port: str | None) -> str:
    """The URL that is probably meant: an Edge Endpoint has two usual ports."""
    return f"{'http' if port == '30101' else 'https'}://{host}:{port or 30143}"


def _token(token: SecretStr | None) -> SecretStr | None:
    if token is None or not token.get_secret_value():
        return None
    if not re.fullmatch(r"[\x21-\x7e]+", token.get_secret_value()):
        raise ValueError("must be printable ASCII characters without a space")
    return token


def _detector_id(detector_id: str | None) -> str | None:
    if detector_id is not None and not is_detector_id(detector_id):
        raise ValueError(f"must be {DETECTOR_ID_FORM}")
    return detector_id


def _time(limits: TimeLimits) -> Callable[[object], object]:
    """A check of `5m`, `90s` or a number of seconds; the empty text is None."""

    def check(value: object) -> object:
        return value if (value := empty_is_none(value)) is None else limits.read(value)

    return check


def _search(value: str) -> str:
    """A word, or `group:NAME`; `auto` is clients, or copies with a mix."""
    kind, _, name = (part.strip() for part in value.partition(":"))
    if kind == "group" and is_group_name(name):
        return f"group:{name}"
    if name or kind not in ("auto", "clients", "copies", "rate", "headroom"):
        raise ValueError(_LEGAL_SEARCH)
    return kind


def cluster_nodes(place: str) -> int | None:
    """The number of nodes that `local:N` asks for on this machine; None for a real cluster."""
    kind, _, count = place.partition(":")
    return int(count) if kind == "local" else None


def _cluster(value: object) -> object:
    """`HOST:PORT`, or `local:N`."""
    if not isinstance(value, str) or not value.strip():
        return empty_is_none(value)
    host, _, count = value.strip().rpartition(":")
    most = _MOST_LOCAL_NODES if host == "local" else 65535
    if not host or not _WHOLE.fullmatch(count) or not 1 <= int(count) <= most:
        raise ValueError(_LEGAL_CLUSTER)
    if not _HOST_ALONE.fullmatch(host) and not re.fullmatch(r"\[[0-9A-Fa-f:.]+\]", host):
        raise ValueError(_LEGAL_CLUSTER)
    return f"{host}:{int(count)}"


def _shell_words(options: str) -> str:
    if any(map(cannot_be_shown, options.replace("\n", " "))):
        raise ValueError("must be options as one types them in a shell, without control characters")
    try:
        shlex.split(options)
    except ValueError as error:
        raise ValueError(f"must be options as one types them in a shell ({error})") from error
    return options


Text = Annotated[str | None, BeforeValidator(empty_is_none)]
Name = Annotated[str | None, AfterValidator(_text(200)), BeforeValidator(empty_is_none)]
Question = Annotated[str | None, AfterValidator(_text(300)), BeforeValidator(empty_is_none)]
"""As long as the Groundlight SDK lets the names and queries of detectors be."""
RunName = Annotated[str | None, AfterValidator(_run_name), BeforeValidator(empty_is_none)]
Label = Annotated[str | None, AfterValidator(_text(60)), BeforeValidator(empty_is_none)]
Notes = Annotated[str | None, AfterValidator(_text(300)), BeforeValidator(empty_is_none)]
File = Annotated[Path | None, AfterValidator(_path), BeforeValidator(empty_is_none)]
NamedFile = Annotated[Path, AfterValidator(_path), BeforeValidator(_not_blank)]
Token = Annotated[SecretStr | None, AfterValidator(_token)]
MonitorUrl = Annotated[str | None, AfterValidator(_monitor_url), BeforeValidator(empty_is_none)]
EndpointUrl = Annotated[
    str | None, AfterValidator(legal_endpoint_url), BeforeValidator(empty_is_none)
]
TargetHost = Annotated[str | None, AfterValidator(_allowed_host), BeforeValidator(empty_is_none)]
DetectorId = Annotated[str | None, AfterValidator(_detector_id), BeforeValidator(empty_is_none)]
ShellWords = Annotated[str, AfterValidator(_shell_words)]
Seconds = Annotated[float, BeforeValidator(TimeLimits(0.0, _MOST_S, above=True).read)]
Budget = Annotated[float | None, BeforeValidator(_time(TimeLimits(_LEAST_BUDGET_S, _MOST_S)))]
SoakTime = Annotated[float | None, BeforeValidator(_time(TimeLimits(_LEAST_SOAK_S, _MOST_S)))]
Reserve = Annotated[float, Field(ge=0, lt=100, allow_inf_nan=False)]
SearchText = Annotated[str, AfterValidator(_search)]
WarmUp = Annotated[float | None, BeforeValidator(_time(TimeLimits(0.0, _MOST_S)))]
PauseSeconds = Annotated[float, BeforeValidator(TimeLimits(0.0, _MOST_S).read)]
RunCount = Annotated[int, Field(ge=1, le=100)]
Rate = Annotated[float, Field(ge=0.0001, le=10_000, allow_inf_nan=False)]
MOST_CLIENTS = 100_000
Clients = Annotated[int, Field(ge=1, le=MOST_CLIENTS)]
Ramp = Annotated[tuple[Clients, ...] | None, Field(min_length=1), BeforeValidator(_ramp)]
ClientsOfSoak = Annotated[Clients | None, BeforeValidator(empty_is_none)]
Required = Annotated[Clients | None, BeforeValidator(empty_is_none)]
Rounds = Annotated[Annotated[int, Field(ge=3, le=1000)] | None, BeforeValidator(empty_is_none)]
Rollouts = Annotated[Annotated[int, Field(ge=1, le=1000)] | None, BeforeValidator(empty_is_none)]
Workers = Annotated[Literal["auto", "clients"] | int, BeforeValidator(_workers)]
ClusterPlace = Annotated[str | None, BeforeValidator(_cluster)]
NodeCount = Annotated[Annotated[int, Field(ge=1, le=10_000)] | None, BeforeValidator(empty_is_none)]
Lease = Annotated[float, BeforeValidator(TimeLimits(2.0, _MOST_LEASE_S).read)]
"""Nodes are asked once a second: a shorter lease would end by chance."""
Seed = Annotated[int, Field(ge=0, lt=2**63)]
Pictures = Annotated[int, Field(ge=1, le=100_000)]
Port = Annotated[Annotated[int, Field(ge=1, le=65535)] | None, BeforeValidator(empty_is_none)]
Objectives = Annotated[
    tuple[Annotated[str, AfterValidator(_objective)], ...], BeforeValidator(_list)
]
AbortConditions = Annotated[
    tuple[Annotated[str, AfterValidator(_abort_condition)], ...], BeforeValidator(_list)
]
