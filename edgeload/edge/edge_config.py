"""Reads, changes, replaces and keeps the whole configuration of the box: `/edge-config`.

A PUT replaces everything: the box takes down each detector that is not listed. So whoever changes
something reads the configuration first, changes a copy that keeps all the rest, and puts that. The
routes need no token, and a box of before April 2026 has none of them.
"""

from __future__ import annotations

import copy
import json
import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Literal

from edgeload.edge.asking import EdgeAnswer, ask, put_json
from edgeload.edge.config_form import secrets_of, strange_part
from edgeload.edge.json_values import as_number, as_object, as_objects, as_text
from edgeload.edge.location import NoAnswer, Unreachable
from edgeload.edge.readiness import ask_detectors_ready
from edgeload.edge.trust import TlsTrust
from edgeload.plain_words import listed
from edgeload.private_files import written_together
from edgeload.untrusted_text import printable, remember_secret

EDGE_CONFIG_ROUTE = "/edge-config"

READINESS_CACHED_S = 5.0
"""For how long each process of the box goes on saying what it found out about a detector."""
_ASK_EVERY_S = 0.25
_YESES = 10
"""In a row: each comes from any of eight processes."""
_FORMAT = "edgeload edge configuration 1"
_URL = re.compile(r"https?://[^/?#@]+?(:[0-9]{1,5})?")

Preset = Literal["default", "edge_answers_with_escalation", "no_cloud", "disabled"]
PRESETS: Mapping[Preset, Mapping[str, bool]] = {
    "default": {
        "enabled": True,
        "always_return_edge_prediction": False,
        "disable_cloud_escalation": False,
    },
    "edge_answers_with_escalation": {
        "enabled": True,
        "always_return_edge_prediction": True,
        "disable_cloud_escalation": False,
    },
    "no_cloud": {
        "enabled": True,
        "always_return_edge_prediction": True,
        "disable_cloud_escalation": True,
    },
    "disabled": {
        "enabled": False,
        "always_return_edge_prediction": False,
        "disable_cloud_escalation": False,
    },
}
"""What the endpoint's own named configurations say; it adds the times that it prefers."""

EdgeConfig = Mapping[str, Any]
"""The JSON of `/edge-config`: global_config, edge_inference_configs and detectors."""


class EdgeConfigError(Unreachable):
    """The box's configuration cannot be read or replaced; the text is one line that says why."""


class BoxAway(EdgeConfigError):
    """Only something in front of the box has answered (HTTP status 5xx), which may pass."""


class HasAnother(EdgeConfigError):
    """The box has accepted a configuration and then has another one."""


class ConfigFileError(Exception):
    """A file with a configuration cannot be read; the text is one line that says why."""


@dataclass(frozen=True)
class KeptConfig:
    """A box's configuration as it was before we changed it, and as we put it.

    `put_before`: of several changes, what the last but one has put. The box has that as long as the
    last one is not made. `put_open`: the last one was sent and not answered, so the box may get it
    at any moment.
    """

    url: str
    kept_unix_s: float
    before: EdgeConfig
    put: EdgeConfig
    put_before: EdgeConfig | None = None
    put_open: bool = False
    restored: bool = False
    """Whether the box has got back what it had before."""

    def is_ours(self, config: EdgeConfig) -> bool:
        """Whether a configuration that the box has is one that we put."""
        ours = [self.put, *([] if self.put_before is None else [self.put_before])]
        return any(agrees(each, config) for each in ours)


def read_edge_config(url: str, trust: TlsTrust) -> dict[str, Any]:
    """The whole configuration of the box. From now on, no secret that it has is shown.

    Raises Unreachable, EdgeConfigError if it has none.
    """
    answer = ask(f"{url}{EDGE_CONFIG_ROUTE}", trust)
    try:
        config = answer.json() if answer.status == HTTPStatus.OK else None
    except ValueError:
        config = None
    _hide_secrets(config)
    if not isinstance(config, dict) or not isinstance(config.get("detectors"), list):
        kind = BoxAway if _is_away(answer) else EdgeConfigError
        raise kind(
            f"{url} does not tell its configuration (GET {EDGE_CONFIG_ROUTE}: {_said(answer)}); "
            "this needs an Edge Endpoint of April 2026 or later"
        )
    if strange := strange_part(config):
        raise EdgeConfigError(
            f"{url} tells a configuration that we do not understand (GET {EDGE_CONFIG_ROUTE}: "
            f"{strange}), so it is not changed"
        )
    return config


def put_edge_config(url: str, config: EdgeConfig, trust: TlsTrust) -> None:
    """Replace the whole configuration of the box, and read it back.

    A box that does not understand the route, or the configuration, lets the cloud answer: 404.
    Raises Unreachable, EdgeConfigError if the box has refused it or has another one afterwards.
    """
    try:
        answer = put_json(f"{url}{EDGE_CONFIG_ROUTE}", config, trust)
    except NoAnswer:
        if agrees(config, read_edge_config(url, trust)):
            return
        raise
    if answer.status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
        raise EdgeConfigError(
            f"{url} cannot take this configuration (PUT {EDGE_CONFIG_ROUTE}: {_said(answer)}): "
            "either the Edge Endpoint is older than April 2026, or it finds the configuration "
            "wrong, which it does not say"
        )
    if answer.status not in (HTTPStatus.OK, HTTPStatus.NO_CONTENT):
        kind = BoxAway if _is_away(answer) else EdgeConfigError
        raise kind(
            f"{url} has refused the configuration (PUT {EDGE_CONFIG_ROUTE}: {_said(answer)})"
        )
    if not agrees(config, read_edge_config(url, trust)):
        raise HasAnother(
            f"{url} has accepted the configuration, but has another one: does somebody else change "
            "it at the same time?"
        )


def _is_away(answer: EdgeAnswer) -> bool:
    return answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _hide_secrets(config: Any) -> None:
    for secret in secrets_of(config):
        remember_secret(secret)


def _said(answer: EdgeAnswer) -> str:
    if answer.status == HTTPStatus.OK:  # it may be a configuration, which may hold a secret
        return f"HTTP status {answer.status}, but not as the JSON of a configuration"
    return f"HTTP status {answer.status}: {printable(answer.body)[:200]}"


def configured_ids(config: EdgeConfig) -> list[str]:
    """The ids of the detectors that are listed, in order."""
    found = [entry.get("detector_id") for entry in as_objects(config.get("detectors"))]
    return [each for each in found if isinstance(each, str)]


def not_served(detector_ids: Iterable[str], config: EdgeConfig) -> list[str]:
    """Those of the ids that the configuration does not list, or disables: no model is loaded."""
    served = {
        each.lower()
        for each in configured_ids(config)
        if _flags_of(config, each).get("enabled", True) is not False
    }
    return [each for each in detector_ids if each.lower() not in served]


def _flags_of(config: EdgeConfig, detector_id: str) -> Mapping[Any, Any]:
    """What the named configuration of a detector says; nothing for one that is not listed."""
    own = next((e for e in as_objects(config.get("detectors")) if _is_for(e, detector_id)), {})
    named = as_object(config.get("edge_inference_configs"))
    return as_object(named.get(own.get("edge_inference_config")))


def with_preset(config: EdgeConfig, detector_ids: Iterable[str], preset: Preset) -> dict[str, Any]:
    """A configuration in which these detectors have the preset, and nothing else is changed.

    A detector that is not listed is added. The preset has its own name, unless the box calls
    another one so.
    """
    changed = copy.deepcopy(dict(config))
    named = changed["edge_inference_configs"] = dict(
        as_object(config.get("edge_inference_configs"))
    )
    name = _name_of(preset, named)
    named.setdefault(name, dict(PRESETS[preset]))
    entries = changed.setdefault("detectors", [])
    for wanted in dict.fromkeys(detector_ids):
        own = next((each for each in as_objects(entries) if _is_for(each, wanted)), None)
        if own is None:
            entries.append({"detector_id": wanted, "edge_inference_config": name})
        else:
            assert isinstance(own, dict)
            own["edge_inference_config"] = name
    return changed


def _name_of(preset: Preset, named: Mapping[str, Any]) -> str:
    """The name of a configuration that says what the preset does; a free one if none does."""
    name, number = str(preset), 1
    while name in named and not _says(named[name], preset):
        number += 1
        name = f"{preset}_{number}"
    return name


def _says(flags: Any, preset: Preset) -> bool:
    """Whether a named configuration says what the preset does; flags are false if left out."""
    said = as_object(flags)
    given = {key: said.get(key, key == "enabled") for key in PRESETS[preset]}
    return given == dict(PRESETS[preset])


def has_preset(config: EdgeConfig, detector_id: str, preset: Preset) -> bool:
    """Whether the configuration lists the detector with what this preset says."""
    listed_so = detector_id.lower() in {each.lower() for each in configured_ids(config)}
    return listed_so and _says(_flags_of(config, detector_id), preset)


def without_detectors(config: EdgeConfig, detector_ids: Collection[str]) -> dict[str, Any]:
    """A configuration that does not list these detectors, and is otherwise the same."""
    gone = {each.lower() for each in detector_ids}
    changed = copy.deepcopy(dict(config))
    changed["detectors"] = [
        entry
        for entry in changed.get("detectors", [])
        if str(as_object(entry).get("detector_id")).lower() not in gone
    ]
    return changed


def configured_name(config: EdgeConfig, detector_id: str) -> str | None:
    """The name of the configuration that a detector has; None if it is not listed."""
    entries = as_objects(config.get("detectors"))
    own = next((entry for entry in entries if _is_for(entry, detector_id)), None)
    return None if own is None else str(own.get("edge_inference_config"))


def with_name(config: EdgeConfig, detector_id: str, name: str) -> dict[str, Any]:
    """A configuration in which a detector that is listed has the one of this name."""
    changed = copy.deepcopy(dict(config))
    for entry in as_objects(changed.get("detectors")):
        if _is_for(entry, detector_id):
            assert isinstance(entry, dict)
            entry["edge_inference_config"] = name
    return changed


def without_names(config: EdgeConfig, names: Collection[str]) -> dict[str, Any]:
    """A configuration without those of these names that no detector has."""
    changed = copy.deepcopy(dict(config))
    used = {each.get("edge_inference_config") for each in as_objects(changed.get("detectors"))}
    changed["edge_inference_configs"] = {
        name: flags
        for name, flags in as_object(changed.get("edge_inference_configs")).items()
        if name not in names or name in used
    }
    return changed


def _is_for(entry: Mapping[Any, Any], detector_id: str) -> bool:
    return str(entry.get("detector_id")).lower() == detector_id.lower()


def agrees(put: EdgeConfig, read: EdgeConfig) -> bool:
    """Whether the box has this configuration: it may have added what we left to it.

    Neither the order of detectors counts nor whether an empty value is left out.
    """
    if not _within(as_object(put.get("global_config")), as_object(read.get("global_config"))):
        return False
    ours, theirs = (as_object(each.get("edge_inference_configs")) for each in (put, read))
    if set(ours) != set(theirs) or not all(_within(ours[each], theirs[each]) for each in ours):
        return False
    return _by_id(put) == _by_id(read)


def _within(put: Any, read: Any) -> bool:
    theirs = as_object(read)
    return all(theirs.get(key) == value for key, value in as_object(put).items())


def _by_id(config: EdgeConfig) -> dict[str, Any]:
    return {
        str(entry.get("detector_id")).lower(): entry.get("edge_inference_config")
        for entry in as_objects(config.get("detectors"))
    }


def keep_config(file: Path, kept: KeptConfig) -> None:
    """Write it to a file that only its owner may read, whole or not at all. Raises OSError."""
    record = {
        "format": _FORMAT,
        "url": kept.url,
        "kept_unix_s": kept.kept_unix_s,
        "before": kept.before,
        "put": kept.put,
        "put_before": kept.put_before,
        "put_open": kept.put_open,
        "restored": kept.restored,
    }
    with written_together(file.parent) as folder:
        (folder / file.name).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def kept_config(file: Path) -> KeptConfig:
    """What `keep_config` has written. From now on, no secret that it has is shown.

    Raises ConfigFileError.
    """
    try:
        record = as_object(json.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigFileError(f"{file}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError):
        record = {}
    _hide_secrets(record)
    url, kept_unix_s = as_text(record.get("url")), as_number(record.get("kept_unix_s"))
    before, put = record.get("before"), record.get("put")
    put_before = record.get("put_before")
    if (
        record.get("format") != _FORMAT
        or url is None
        or not _URL.fullmatch(url)
        or kept_unix_s is None
        or not isinstance(before, dict)
        or not isinstance(put, dict)
        or any(map(strange_part, (before, put, as_object(put_before))))
    ):
        raise ConfigFileError(
            f"{file}: is not the configuration of an Edge Endpoint that a load test has saved"
        )
    earlier = put_before if isinstance(put_before, dict) else None
    return KeptConfig(
        url,
        kept_unix_s,
        before,
        put,
        earlier,
        put_open=record.get("put_open") is True,
        restored=record.get("restored") is True,
    )


def await_detectors(
    url: str,
    detector_ids: Sequence[str],
    trust: TlsTrust,
    *,
    timeout_s: float,
    new: bool = True,
    settled_s: float = READINESS_CACHED_S,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], object] = time.sleep,
    say: Callable[[str], object] = lambda text: None,
) -> None:
    """Return once every process of the box says that these detectors are ready.

    Each process repeats for 5 s what it found out, so one yes is not enough: only yeses count that
    come in a row, for `settled_s` seconds and ten times. Unless the detectors are `new` to the box,
    one yes at the very beginning is enough. `say` gets one line if there is something to wait for.
    Raises EdgeConfigError after `timeout_s`.
    """
    until_s = clock() + timeout_s
    yes_since_s: float | None = None
    yeses, said, doubted = 0, False, new
    while detector_ids:
        waiting = _not_ready(url, detector_ids, trust)
        if waiting:
            yes_since_s, yeses, doubted = None, 0, True
        else:
            yes_since_s = clock() if yes_since_s is None else yes_since_s
            yeses += 1
            settled = yeses >= _YESES and clock() - yes_since_s >= settled_s
            if settled or not doubted:
                return
        if clock() >= until_s:
            names = listed(waiting or list(detector_ids))
            raise EdgeConfigError(f"{url}: not ready within {timeout_s:g} s: {names}")
        if waiting and not said:
            say(f"{url}: waiting up to {timeout_s:g} s until it is ready: {listed(waiting)}")
            said = True
        pause(_ASK_EVERY_S)


def _not_ready(url: str, detector_ids: Sequence[str], trust: TlsTrust) -> list[str]:
    """Those of the detectors that are not ready, or of which nothing is known at present."""
    try:
        told = ask_detectors_ready(url, trust) or {}
    except NoAnswer:
        told = {}
    ready = {each.lower() for each, is_ready in told.items() if is_ready}
    return [each for each in detector_ids if each.lower() not in ready]
