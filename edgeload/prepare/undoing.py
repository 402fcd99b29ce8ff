"""The steps of `edgeload cleanup`: what the note says is undone, and then forgotten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus

from edgeload.edge.edge_config import configured_ids, put_edge_config, read_edge_config
from edgeload.edge.location import Unreachable
from edgeload.edge.trust import TlsTrust
from edgeload.edge.unlisted_models import refuse_unlisted
from edgeload.plain_words import listed, plural
from edgeload.prepare.box_changes import undone
from edgeload.prepare.cloud import Cloud, CloudError
from edgeload.prepare.note import Note, NotedDetector, NoteFile

_MOST_NAME_CHARS = 200


def undo(
    note: Note,
    notes: NoteFile,
    cloud: Cloud,
    trust: Callable[[], TlsTrust],
    say: Callable[[str], object],
) -> list[str]:
    """Undo what the note says; a line for each thing that could not be undone.

    The box comes first: it would ask the cloud for detectors that are gone. So if it fails, the
    detectors that it has been configured with stay. `trust` reaches it, and raises Unreachable if
    it cannot. What is undone is taken out of the note, which goes away when it is empty. Raises
    NoteError.
    """
    problems: list[str] = []
    if note.box is not None:
        try:
            _undo_box(note, trust(), say)
            note = replace(note, box=None)
            notes.write(note)
        except Unreachable as problem:
            problems.append(str(problem))
    kept = _on_the_box(note)
    if kept:
        names = listed([each.name for each in kept])
        problems.append(
            f"Not deleted: {names}, because {note.endpoint} may still be configured for "
            f"{'it' if len(kept) == 1 else 'them'}"
        )
    for noted in note.detectors:
        if noted in kept:
            continue
        try:
            _undo_detector(noted, note, cloud, say)
        except CloudError as problem:
            problems.append(str(problem))
            continue
        note = note.without_detector(noted.name)
        notes.write(note)
    if note.is_empty:
        notes.remove()
    return problems


def _on_the_box(note: Note) -> list[NotedDetector]:
    """The detectors made that are still noted as entries in the configuration of the box."""
    entries = {each.detector_id for each in (note.box.entries if note.box else ())}
    return [each for each in note.detectors if each.id in entries]


def _undo_box(note: Note, trust: TlsTrust, say: Callable[[str], object]) -> None:
    assert note.box is not None
    made = [each.id for each in note.detectors if each.id is not None]
    config = read_edge_config(note.endpoint, trust)
    changed, remarks = undone(config, note.box, made)
    for remark in remarks:
        say(f"{note.endpoint}: {remark}.")
    if changed != config:
        refuse_unlisted(note.endpoint, configured_ids(config), trust, say=say)
        put_edge_config(note.endpoint, changed, trust)
    count = plural(len(note.box.entries) - len(remarks), "detector")
    say(f"{note.endpoint} has its former configuration for {count}.")


def _undo_detector(
    noted: NotedDetector, note: Note, cloud: Cloud, say: Callable[[str], object]
) -> None:
    """Delete one detector, if it is there and ours; else rename it and switch it off."""
    found = cloud.find(noted.name) if noted.id is None else cloud.get(noted.id)
    if found is None:
        gone = "was not made" if noted.id is None else "does not exist any more"
        say(f"{noted.name} {gone}.")
        return
    by_id = noted.id is not None and found.preparation is None and found.name == noted.name
    if found.preparation != note.preparation and not by_id:
        say(f"{noted.name} ({found.id}) was not made by this preparation, so it stays.")
        return
    try:
        cloud.delete(found.id)
    except CloudError as problem:
        if problem.status == HTTPStatus.NOT_FOUND:
            say(f"{noted.name} does not exist any more.")
            return
        if problem.status is None or not 400 <= problem.status < 500:
            raise
        if problem.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS):
            raise
        retired = f"{noted.name} (retired {found.id[-6:]})"[-_MOST_NAME_CHARS:]
        cloud.retire(found.id, retired)
        say(f"{problem}; so it was switched off and is called {retired!r} now.")
        return
    say(f"Deleted {noted.name} ({found.id}).")
