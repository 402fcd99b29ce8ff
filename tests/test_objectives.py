"""The language of objectives: what is legal means what it says, and nothing else is legal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgeload.objectives import Objective, parse_abort, parse_objective


@pytest.mark.parametrize(
    ("text", "objective"),
    [
        ("p95<300ms", Objective("p95<300ms", "response", 0.3, 0.95)),
        ("p99.9 service<=1s", Objective("p99.9 service<=1s", "service", 1.0, 0.999)),
        (" p50  response < 0.25s", Objective("p50 response < 0.25s", "response", 0.25, 0.5)),
        ("errors<0.5%", Objective("errors<0.5%", "errors", 0.005)),
        ("missed<=0%", Objective("missed<=0%", "missed", 0.0)),
        ("throughput>=95%", Objective("throughput>=95%", "throughput", 0.95)),
        ("edge>=99.9%", Objective("edge>=99.9%", "edge", 0.999)),
        (
            "20 clients: p99<1s",
            Objective("20 clients: p99<1s", "response", 1.0, 0.99, clients=20),
        ),
        (
            "each step: errors<1%",
            Objective("each step: errors<1%", "errors", 0.01, each_step=True),
        ),
    ],
)
def test_an_objective_is_what_its_text_says(text: str, objective: Objective) -> None:
    """Seconds for times, shares of 1 for the rest."""
    parsed = parse_objective(text)
    assert parsed.bound == pytest.approx(objective.bound)
    assert parsed.share == pytest.approx(objective.share)
    assert replace(parsed, bound=objective.bound, share=objective.share) == objective


@pytest.mark.parametrize(
    "text",
    ["", "p95", "p95<300", "p95<300%", "errors<5ms", "p100<1s", "p0<1s", "p95<0ms", "errors<101%",
     "p95>300ms", "errors>1%", "throughput<95%", "edge<=1%", "latency<1s", "p95<1s; p99<2s",
     "mean<1s", "p95<-1s", "20: p95<1s", "p95<1s\nerrors<1%"],
)  # fmt: skip
def test_nothing_else_is_an_objective(text: str) -> None:
    """One line that says what is legal."""
    with pytest.raises(ValueError, match="p95<300ms") as problem:
        parse_objective(text)
    assert "\n" not in str(problem.value)


def test_an_abort_condition_is_the_breach_of_an_objective() -> None:
    """`errors>50%` ends the run where errors are not at most 50 %."""
    assert parse_abort("errors>50%") == Objective("errors>50%", "errors", 0.5)
    assert parse_abort("p95 service>=5s") == Objective("p95 service>=5s", "service", 5.0, 0.95)
    for text in ("errors<50%", "throughput<50%", "edge<50%", "each step: errors>50%"):
        with pytest.raises(ValueError, match="must be such as errors>50%"):
            parse_abort(text)
