"""A box that gets hot takes longer from a given time on."""

from __future__ import annotations

import random

import pytest

from edgeload.simulator.command_line import parse_options
from edgeload.simulator.deployment import default_deployment
from edgeload.simulator.description import capacity_words
from edgeload.simulator.detectors import Detector, Detectors
from edgeload.simulator.faults import faults_from
from edgeload.simulator.inference import Inference
from edgeload.simulator.messages import Query
from edgeload.simulator.query import QueryParameters
from edgeload.simulator.queueing import ServiceTime
from edgeload.simulator.slowdown import Slowdown
from edgeload.simulator.truth import Truth

ID = "det_" + "A" * 27


def test_services_take_longer_from_then_on() -> None:
    """Counted from the first query, whenever that came; before, they take what they always do."""
    found: list[Truth] = []
    inference = Inference(
        deployment=default_deployment(ID, "a detector", "Is it?", 1, ServiceTime("constant", 0.05)),
        detectors=Detectors(
            [Detector(ID, "a detector", "Is it?", 0.0)], strict=False, chance=random.Random(1)
        ),
        faults=faults_from({}),
        max_in_flight=None,
        slowdown=Slowdown(10.0, 1.5),
        seed=1,
        unix_minus_monotonic_s=1e9,
        record=found.append,
    )
    for number, at_s in enumerate((500.0, 509.9, 510.0, 600.0), 1):
        inference.receive(0, Query(number, at_s, 1, f"r{number}", QueryParameters(ID), ID, number))
        inference.due(at_s + 0.5)
    inference.end(700.0)
    took_s = [(line.end_s or 0.0) - (line.start_s or 0.0) for line in found]
    assert took_s == pytest.approx([0.05, 0.05, 0.075, 0.075])


def test_it_is_said_in_the_endpoints_own_line() -> None:
    """Nobody takes its capacity for that of the hot box."""
    options = parse_options(["--hot-after", "8m", "--hot-factor", "2"])
    assert options.slowdown == Slowdown(480.0, 2.0)
    assert capacity_words(options).endswith("; from 8 min after the first query on 2 times as slow")
    assert parse_options([]).slowdown is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--hot-factor", "2"], "for example --hot-after 8m"),
        (["--hot-after", "8m", "--hot-factor", "0.5"], "must be a number from 1 to 100"),
    ],
)
def test_what_does_nothing_is_refused(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, with an option that would."""
    with pytest.raises(SystemExit):
        parse_options(words)
    assert said in capsys.readouterr().err
