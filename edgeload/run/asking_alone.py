"""Asks every picture twice before the run, one request at a time: the answers to compare with.

What is asked, and what follows from the answers, is decided in `answers_alone`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping

from edgeload.edge.location import Unreachable
from edgeload.run.answers_alone import (
    PASSES,
    TRIES,
    AnswersAlone,
    answers_of_group,
    asked_pairs,
    found,
    intended,
    no_answer,
    nothing_to_compare,
    with_expected,
)
from edgeload.run.picture_answers import PictureAnswer, expected_answers, picture_answer
from edgeload.run.preflight_queries import Sender
from edgeload.run.preflight_rules import PreflightQuery
from edgeload.run.tasks import GroupTask, WorkerTask

_FIRST_NUMBER = 1 << 24
"""In the requests' ids; the queries of the preflight have smaller ones."""
_AFTER_A_FAILURE_S = 0.2


def ask_alone(
    task: WorkerTask,
    sender_for: Callable[[GroupTask, str], Sender],
    *,
    url: str,
    query_s: Mapping[str, float],
    pause: Callable[[float], object] = time.sleep,
    say: Callable[[str], object] = lambda text: None,
) -> tuple[WorkerTask, list[AnswersAlone]]:
    """Ask for each group and detector; the task with the answers to compare with, and what was got.

    `query_s` is the time of one query by the detector's id, as far as it is known; `say` gets what
    a user should read before the run. Raises Unreachable, in one line, if a picture gets no good
    answer or one that cannot be compared.
    """
    pairs = asked_pairs(task.groups)
    to_ask = list(dict.fromkeys((group.name, one) for group, one in pairs.values()))
    groups = {group.name: group for group in task.groups}
    pictures: Counter[str] = Counter()
    for name, detector_id in to_ask:
        pictures[detector_id] += len(groups[name].pictures.sizes)
    say(intended(pictures, query_s))
    got: dict[tuple[str, str], AnswersAlone] = {}
    for name, detector_id in to_ask:
        whose = answers_of_group(name, task.plan.is_mix)
        asker = _Asker(sender_for(groups[name], detector_id), url, detector_id, whose, pause)
        got[name, detector_id] = alone = asker.ask(groups[name])
        for line in found(alone, is_mix=task.plan.is_mix):
            say(line)
    expected = {
        pair: got[group.name, detector_id].expected for pair, (group, detector_id) in pairs.items()
    }
    return with_expected(task, expected), list(got.values())


class _Asker:
    """Asks one detector for the pictures of one group."""

    def __init__(
        self,
        sender: Sender,
        url: str,
        detector_id: str,
        whose: str,
        pause: Callable[[float], object],
    ) -> None:
        self._sender = sender
        self._url = url
        self._detector_id = detector_id
        self._whose = whose
        self._pause = pause
        self._number = _FIRST_NUMBER

    def ask(self, group: GroupTask) -> AnswersAlone:
        start_s = time.monotonic()
        pictures = range(len(group.pictures.sizes))
        passes = [[self._answer(picture) for picture in pictures] for _ in range(PASSES)]
        return AnswersAlone(
            group.name,
            self._detector_id,
            expected_answers(*passes),
            start_s,
            time.monotonic(),
        )

    def _answer(self, picture: int) -> PictureAnswer:
        """The answer to a picture by its index. Raises Unreachable."""
        named = f"{picture + 1}{self._whose}"
        for attempt in range(TRIES):
            if attempt:
                self._pause(_AFTER_A_FAILURE_S)
            self._number += 1
            sent_s = time.monotonic()
            status, result, body = self._sender.send(self._number, picture)
            query = PreflightQuery(
                self._number, sent_s, time.monotonic(), status, result, self._detector_id
            )
            if query.good:
                answer = picture_answer(body)
                if answer is None:
                    raise Unreachable(nothing_to_compare(self._url, named, self._detector_id))
                return answer
        raise Unreachable(no_answer(self._url, named, query))
