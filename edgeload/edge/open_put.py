"""Keeps in mind that a PUT may be on its way: the box may get it after everybody has given up.

So it is noted in the file with the box's configuration before the PUT is sent, and taken back when
the box has answered. Whoever puts the configuration back later, us, the keeper or
`--restore-edge-config`, knows then that what the box says at first may not last.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from edgeload.edge.edge_config import BoxAway, EdgeConfigError
from edgeload.signals import withheld

PUT_LANDS_WITHIN_S = 15.0
"""The longest PUT: we wait 10 s for its answer (`asking.WHOLE_ANSWER_S`), and the box may go on."""


@contextlib.contextmanager
def noted_open(note: Callable[[bool], object]) -> Iterator[None]:
    """Send a PUT inside. `note(True)` comes before it, `note(False)` once it is answered.

    Signals wait meanwhile. If the box does not answer, or only something in front of it does, the
    PUT stays open. Raises what `note` raises before anything is sent.
    """
    note(True)
    with withheld():
        try:
            yield
        except BoxAway:
            raise
        except EdgeConfigError:
            _closed(note)
            raise
        _closed(note)


def _closed(note: Callable[[bool], object]) -> None:
    with contextlib.suppress(
        Exception
    ):  # it counts as open then, which costs time and nothing else
        note(False)
