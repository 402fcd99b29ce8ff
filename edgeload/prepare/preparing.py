"""The steps of `edgeload prepare`: look up, make, prime, wait for training, configure the box.

Each step is noted before it and after it, and each can be done again: what is done already is left
out. So a second call goes on where the first one stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from edgeload.edge.detectors import ask_detector
from edgeload.edge.edge_config import (
    READINESS_CACHED_S,
    await_detectors,
    configured_ids,
    put_edge_config,
    read_edge_config,
)
from edgeload.edge.location import Unreachable
from edgeload.edge.trust import TlsTrust
from edgeload.edge.unlisted_models import refuse_unlisted
from edgeload.plain_words import listed, plural
from edgeload.prepare.box_changes import with_no_cloud
from edgeload.prepare.cloud import Cloud, CloudDetector, CloudError
from edgeload.prepare.note import Note, NotedDetector, NoteFile
from edgeload.prepare.priming_pictures import labelled_picture
from edgeload.prepare.training import await_training
from edgeload.prepare.wanted import DetectorToMake, WantedMix
from edgeload.time_words import duration

SEED = 1
"""Every preparation draws the same pictures."""


class Unfit(Exception):
    """Detectors exist that are not what the mix says, or do not exist; one line for each."""


@dataclass(frozen=True)
class Preparation:
    """What is to be prepared, and for how long it may wait."""

    mix: WantedMix
    pictures: int
    training_timeout_s: float
    ready_timeout_s: float
    url: str
    """The box."""
    trust: TlsTrust
    token: str = field(repr=False)


@dataclass(frozen=True)
class Doing:
    """How it is done: the cloud, the note, and what tests replace."""

    cloud: Cloud
    notes: NoteFile
    say: Callable[[str], object]
    clock: Callable[[], float] = time.monotonic
    pause: Callable[[float], object] = time.sleep
    settled_s: float = READINESS_CACHED_S
    """For how long the box must go on saying that all are ready."""


def prepare_mix(wanted: Preparation, note: Note, doing: Doing) -> Note:
    """Do all that is not done yet; `note` is what was noted so far. Returns the last note.

    Raises Unfit before anything is made; CloudError, NotTrained, Unreachable or NoteError when
    something fails, and then the note has all that was done.
    """
    note, ids = _looked_up(wanted.mix, note, doing.cloud)
    _check_same_cloud(wanted, list(ids.values()), note)
    doing.notes.write(note)
    for each in wanted.mix.to_make:
        if each.name not in ids:
            note, ids[each.name] = _made(each, note, doing)
            _check_same_cloud(wanted, [ids[each.name]], note)
    for each in wanted.mix.to_make:
        note = _primed(each, wanted.pictures, note, doing)
    sent = {each.name: each.pictures for each in note.detectors if each.name in ids}
    if sent:
        doing.say(
            f"Waiting up to {duration(wanted.training_timeout_s)} until the cloud has trained "
            f"{plural(len(sent), 'model')}: {listed(list(sent))}."
        )
    await_training(
        sent,
        lambda name: doing.cloud.pipelines(ids[name]),
        wanted.training_timeout_s,
        say=doing.say,
        clock=doing.clock,
        pause=doing.pause,
    )
    return _configured(wanted, list(ids.values()), note, doing)


def _looked_up(mix: WantedMix, note: Note, cloud: Cloud) -> tuple[Note, dict[str, str]]:
    """The note as the cloud confirms it, and the ids of the detectors that exist. Raises Unfit."""
    ids: dict[str, str] = {}
    problems: list[str] = []
    for wanted in mix.to_make:
        found, noted = cloud.find(wanted.name), note.detector(wanted.name)
        is_ours = noted is not None and found is not None and _is_ours(noted, found, note)
        if noted is not None and not is_ours:
            there = cloud.get(noted.id) if noted.id is not None else None
            if there is not None:
                problems.append(
                    f"{wanted.where}the detector that was made as {wanted.name!r} ({there.id}) is "
                    f"called {there.name!r} now; run edgeload cleanup first, or rename it back"
                )
                continue
            note = note.without_detector(wanted.name)  # it was deleted meanwhile, or never made
        if found is None:
            continue
        ids[wanted.name] = found.id
        if noted is not None and is_ours:
            note = note.with_detector(replace(noted, id=found.id))
        if difference := _difference(wanted, found):
            clean = "run edgeload cleanup first" if is_ours else "use another name"
            problems.append(f"{wanted.where}{difference}; {clean}, or change the mix")
    for other in mix.others:
        found = cloud.get(other.name_or_id) if other.is_id else cloud.find(other.name_or_id)
        if found is None:
            problems.append(
                f"{other.where}there is no detector {other.name_or_id!r}; check it, or let "
                "edgeload prepare make it, for example make: {mode: binary}"
            )
        else:
            ids[other.name_or_id] = found.id
    if problems:
        raise Unfit("\n".join(problems))
    return note, ids


def _is_ours(noted: NotedDetector, found: CloudDetector, note: Note) -> bool:
    return found.preparation == note.preparation if noted.id is None else found.id == noted.id


def _difference(wanted: DetectorToMake, found: CloudDetector) -> str:
    """In what a detector that exists is not the one that the mix wants; empty if in nothing."""
    exists = f"the detector {wanted.name!r} exists ({found.id}) and has"
    if found.mode is not None and found.mode.lower() != wanted.mode:
        return f"{exists} the mode {found.mode.lower()}, not {wanted.mode}"
    if found.query is not None and found.query != wanted.query:
        return f"{exists} the query {found.query!r}, not {wanted.query!r}"
    if found.class_names and set(found.class_names) != set(wanted.class_names):
        has, needs = (
            listed(list(each)) or "none" for each in (found.class_names, wanted.class_names)
        )
        return f"{exists} other classes ({has}, not {needs})"
    if None not in (found.max_count, wanted.max_count) and found.max_count != wanted.max_count:
        return f"{exists} max_count {found.max_count}, not {wanted.max_count}"
    return ""


def _made(wanted: DetectorToMake, note: Note, doing: Doing) -> tuple[Note, str]:
    """Make one detector. If an answer got lost, the mark in its metadata tells that it is ours."""
    note = note.with_detector(NotedDetector(wanted.name))
    doing.notes.write(note)
    try:
        made = doing.cloud.make(wanted, note.preparation)
    except CloudError:
        found = doing.cloud.find(wanted.name)
        if found is None or found.preparation != note.preparation:
            raise
        made = found
    note = note.with_detector(NotedDetector(wanted.name, made.id))
    doing.notes.write(note)
    doing.say(f"Made {wanted.name} ({wanted.mode}, {made.id}).")
    return note, made.id


def _primed(wanted: DetectorToMake, pictures: int, note: Note, doing: Doing) -> Note:
    """Send a detector that is ours the labelled pictures that it has not got yet."""
    noted = note.detector(wanted.name)
    if noted is None or noted.id is None or noted.pictures >= pictures:
        return note
    doing.say(
        f"Sending {plural(pictures - noted.pictures, 'labelled picture')} of "
        f"{wanted.size[0]}x{wanted.size[1]} pixels to {wanted.name}."
    )
    for index in range(noted.pictures, pictures):
        picture = labelled_picture(wanted, index, SEED)
        doing.cloud.send(noted.id, picture, wanted.class_names[0] if picture.boxes else "")
        note = note.with_detector(replace(noted, pictures=index + 1))
        doing.notes.write(note)
    return note


def _configured(wanted: Preparation, ids: list[str], note: Note, doing: Doing) -> Note:
    """Let the box alone answer for these detectors, and wait until it is ready to."""
    config = read_edge_config(wanted.url, wanted.trust)
    changed, box = with_no_cloud(config, ids, note.box)
    if changed != config:
        kept_ids = configured_ids(changed)
        refuse_unlisted(wanted.url, kept_ids, wanted.trust, pause=doing.pause, say=doing.say)
        note = replace(note, box=box)
        doing.notes.write(note)
        put_edge_config(wanted.url, changed, wanted.trust)
        doing.say(
            f"Configured {wanted.url} so that it alone answers for {plural(len(ids), 'detector')}."
        )
    await_detectors(
        wanted.url,
        ids,
        wanted.trust,
        timeout_s=wanted.ready_timeout_s,
        new=changed != config,
        settled_s=doing.settled_s,
        clock=doing.clock,
        pause=doing.pause,
        say=doing.say,
    )
    return note


def _check_same_cloud(wanted: Preparation, ids: list[str], note: Note) -> None:
    """Raise Unreachable if the box asks another cloud, which does not have these detectors.

    It is asked as soon as a detector exists: nothing more is made for a box that cannot load it.
    """
    for each in ids:
        status = ask_detector(wanted.url, each, wanted.trust, wanted.token).status
        if status == HTTPStatus.NOT_FOUND:
            what = f"does not know {each}, which is"
        elif status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            what = f"does not take the token for {each} (HTTP status {status}), which is"
        else:
            continue
        raise Unreachable(
            f"{wanted.url} {what} at {note.cloud}: this box belongs to another account or another "
            "cloud; run edgeload cleanup, then use the token of its account, or --cloud with the "
            "address of its cloud"
        )


def preparation_words(mix: WantedMix, pictures: int, made: Mapping[str, str]) -> list[str]:
    """What would be done, a line for each detector. `made` has those that the note knows."""
    lines = []
    for each in mix.to_make:
        classes = f", {listed(list(each.class_names))}" if each.class_names else ""
        most = f", at most {each.most_objects}" if each.mode in ("count", "bounding_box") else ""
        known = f" (made already: {made[each.name]})" if each.name in made else ""
        lines.append(
            f"{each.name}: {each.mode}{classes}{most}; {each.query!r}; "
            f"{plural(pictures, 'labelled picture')} of {each.size[0]}x{each.size[1]} pixels{known}"
        )
    lines += [f"{each.name_or_id}: must exist" for each in mix.others]
    return lines
