"""What a cache of pictures saves, and who has seen a picture."""

from __future__ import annotations

import random

import pytest

from edgeload.simulator.command_line import parse_options
from edgeload.simulator.deployment import default_deployment
from edgeload.simulator.description import capacity_words
from edgeload.simulator.detectors import Detector, Detectors
from edgeload.simulator.faults import faults_from
from edgeload.simulator.inference import Inference
from edgeload.simulator.messages import Finished, Query
from edgeload.simulator.picture_cache import CacheLaw, PictureCache
from edgeload.simulator.query import QueryParameters
from edgeload.simulator.queueing import ServiceTime
from edgeload.simulator.truth import Truth

ID = "det_" + "A" * 27


def test_one_process_misses_each_picture_once() -> None:
    """Of every picture and pool the first query misses, and all others hit."""
    cache = PictureCache(CacheLaw(0.2), random.Random(1))
    asked = [(pool, picture) for _ in range(3) for pool in "ab" for picture in range(5)]
    hits = [cache.asked(*each) for each in asked]
    assert hits == [False] * 10 + [True] * 20


@pytest.mark.parametrize("processes", [1, 4, 16])
def test_each_process_misses_once(processes: int) -> None:
    """One picture misses as often as there are processes, if it is asked long enough.

    The n-th query misses with probability (1 - 1/c)^(n-1), which adds up to c.
    """
    misses = []
    for seed in range(50):
        cache = PictureCache(CacheLaw(0.2, processes), random.Random(seed))
        misses.append([cache.asked("pool", 7) for _ in range(40 * processes)].count(False))
    assert set(misses) == {processes}


def truth_of(cache: CacheLaw | None, pictures: list[int]) -> list[Truth]:
    """The truth about queries with these pictures, one after the other, each 50 ms."""
    detector = Detector(ID, "a detector", "Is it?", 0.0)
    found: list[Truth] = []
    inference = Inference(
        deployment=default_deployment(ID, "a detector", "Is it?", 1, ServiceTime("constant", 0.05)),
        detectors=Detectors([detector], strict=False, chance=random.Random(1)),
        faults=faults_from({}),
        max_in_flight=None,
        cache=cache,
        seed=1,
        unix_minus_monotonic_s=1e9,
        record=found.append,
    )
    for number, picture in enumerate(pictures, 1):
        asked = QueryParameters(ID)
        inference.receive(0, Query(number, 1.0 * number, 1, f"r{number}", asked, ID, picture))
        inference.due(number + 0.5)
        inference.finished(0, Finished(number, number + 0.5))
    return found


def test_hits_take_less_time_and_the_truth_names_them() -> None:
    """A hit takes 80 % of 50 ms; without a cache nothing does, and nothing is called a hit."""
    lines = truth_of(CacheLaw(0.2), [1, 2, 1, 1, 3])
    assert [line.cache_hit for line in lines] == [False, False, True, True, False]
    took_s = [(line.end_s or 0.0) - (line.start_s or 0.0) for line in lines]
    assert took_s == pytest.approx([0.05, 0.05, 0.04, 0.04, 0.05])
    lines = truth_of(None, [1, 1])
    assert [line.cache_hit for line in lines] == [None, None]
    took_s = [(line.end_s or 0.0) - (line.start_s or 0.0) for line in lines]
    assert took_s == pytest.approx([0.05, 0.05])


def test_the_cache_is_named() -> None:
    """The endpoint's own line says what it saves, so that nobody takes its times for the rest."""
    options = parse_options(["--cache-saves", "0.2", "--cache-processes", "8"])
    assert options.cache == CacheLaw(0.2, 8)
    assert capacity_words(options).endswith(
        "; a cache of pictures in each of 8 processes saves 20 % of the service time"
    )
    assert "cache" not in capacity_words(parse_options([]))


def test_processes_without_a_cache_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """An option that does nothing is an error, with one that would."""
    with pytest.raises(SystemExit):
        parse_options(["--cache-processes", "8"])
    assert "for example --cache-saves 0.2" in capsys.readouterr().err
