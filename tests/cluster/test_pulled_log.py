"""The log of a node comes whole, whatever happens on the way."""

from __future__ import annotations

import itertools
from concurrent.futures import Future
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from edgeload.cluster.pulled_log import PulledLog


class Stretches:
    """A node whose answers come at once, cut short or not at all, as it is told."""

    name = "node"

    def __init__(self, content: bytes, fates: list[int]) -> None:
        self.content = content
        self.fates = fates

    def call(self, method: str, *arguments: Any, **_: Any) -> Future[Any]:
        assert method == "fetch"
        start, most = arguments
        future: Future[Any] = Future()
        fate = self.fates.pop() if self.fates else 10**9
        if fate:
            future.set_result(self.content[start : start + min(most, fate)])
        else:
            future.set_exception(OSError("the network was away"))
        return future


@given(
    st.lists(st.binary(max_size=9).map(lambda line: line.replace(b"\n", b"")), max_size=20),
    st.binary(max_size=5).map(lambda torn: torn.replace(b"\n", b"")),
    st.lists(st.integers(0, 30), max_size=30),
)
def test_all_whole_lines_come_once_and_in_order(
    lines: list[bytes], torn: bytes, fates: list[int]
) -> None:
    """Stretches fail or are cut within lines; only whole lines are written, and none twice."""
    content = b"".join(line + b"\n" for line in lines) + torn
    written: list[bytes] = []
    seconds = itertools.count(1.0)
    log = PulledLog(Stretches(content, fates), written.append, lambda: None, lambda: next(seconds))
    for _ in range(100):
        log.go_on(len(content))
    assert log.has(len(content))
    assert b"".join(written) == content[: len(content) - len(torn)]
    assert all(part.endswith(b"\n") for part in written)


def test_a_log_that_cannot_be_read_is_given_up() -> None:
    """It is asked for twice a second, and after 20 s without a byte nothing will come."""
    now_s = [100.0]
    node = Stretches(b"", [])
    log = PulledLog(node, lambda _: None, lambda: None, lambda: now_s[0])
    asked = 0
    while not log.hopeless:
        before = log._coming
        log.go_on(10)
        asked += log._coming is not before and log._coming is not None
        now_s[0] += 0.01
        assert now_s[0] < 130.0
    assert 20.0 < now_s[0] - 100.0 < 21.0
    assert 30 <= asked <= 45
