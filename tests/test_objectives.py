"""The language of objectives: what is legal means what it says, and nothing else is legal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgeload.objectives import Objective, is_group_name, parse_abort, parse_objective


@pytest.mark.parametrize(
    ("text", "objective"),
    [
        ("p95<300ms", Objective("p95<300ms", "response", 0.3, 0.95)),
        ("outage < 1m30s", Objective("outage < 1m30s", "outage", 90.0)),
        ("p99.9 service<=1s", Objective("p99.9 service<=1s", "service", 1.0, 0.999)),
        (" p50  response < 0.25s", Objective("p50 response < 0.25s", "response", 0.25, 0.5)),
        ("age p95<1s", Objective("age p95<1s", "age", 1.0, 0.95)),
        ("age  p99.9 <= 800ms", Objective("age p99.9 <= 800ms", "age", 0.8, 0.999)),
        ("door: age p50<1s", Objective("door: age p50<1s", "age", 1.0, 0.5, group="door")),
        ("errors<0.5%", Objective("errors<0.5%", "errors", 0.005)),
        ("missed<=0%", Objective("missed<=0%", "missed", 0.0)),
        ("throughput>=95%", Objective("throughput>=95%", "throughput", 0.95)),
        ("edge>=99.9%", Objective("edge>=99.9%", "edge", 0.999)),
        (
            "20 clients: p99<1s",
            Objective("20 clients: p99<1s", "response", 1.0, 0.99, load=20),
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
    assert parsed.quantile == pytest.approx(objective.quantile)
    assert replace(parsed, bound=objective.bound, quantile=objective.quantile) == objective


@pytest.mark.parametrize(
    "text",
    ["", "p95", "p95<300", "p95<300%", "errors<5ms", "p100<1s", "p0<1s", "p95<0ms", "errors<101%",
     "p95>300ms", "errors>1%", "throughput<95%", "edge<=1%", "latency<1s", "p95<1s; p99<2s",
     "age<1s", "age p95 service<1s", "agep95<1s", "age p95>1s", "age p95<1%", "age max<1s",
     "mean<1s", "p95<-1s", "20: p95<1s", "p95<1s\nerrors<1%"],
)  # fmt: skip
def test_nothing_else_is_an_objective(text: str) -> None:
    """The error is one line that says what is legal and gives an example."""
    with pytest.raises(ValueError, match="for example ") as problem:
        parse_objective(text)
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("errors>1%", "errors needs an upper limit, for example errors<1%"),
        ("p95 service>1s", "a percentile needs an upper limit, for example p95 service<200ms"),
        ("throughput<95%", "throughput needs a lower limit, for example throughput>=95%"),
        ("errors<101%", "a share cannot exceed 100 %, for example errors<1%"),
        ("errors<5ms", "errors needs a limit in %, for example errors<1%"),
        ("p95<300%", "a percentile needs a limit in ms, s, m or h, for example p95<300ms"),
        ("p100<1s", "a percentile lies between p0 and p100, for example p95<300ms"),
        ("age p95>1s", "a percentile needs an upper limit, for example age p95<1s"),
        ("p95<0ms", "the limit of a percentile must be above 0, for example p95<300ms"),
    ],
)
def test_an_error_names_the_fault_and_gives_one_example_that_is_legal(text: str, line: str) -> None:
    """A reader can copy the example: it parses."""
    with pytest.raises(ValueError) as problem:
        parse_objective(text)
    assert str(problem.value) == line
    parse_objective(line.rsplit("for example ", maxsplit=1)[1])


@pytest.mark.parametrize("text", ["errors>150%", "missed>5s", "p95>5%", "p100 service>5s"])
def test_the_example_for_an_abort_condition_is_an_abort_condition(text: str) -> None:
    """`--abort-on` never suggests an objective."""
    with pytest.raises(ValueError) as problem:
        parse_abort(text)
    parse_abort(str(problem.value).rsplit("for example ", maxsplit=1)[1])


def test_an_abort_condition_is_the_breach_of_an_objective() -> None:
    """`errors>50%` is the breach of the objective that errors are at most 50 %."""
    assert parse_abort("errors>50%") == Objective("errors>50%", "errors", 0.5)
    assert parse_abort("p95 service>=5s") == Objective("p95 service>=5s", "service", 5.0, 0.95)
    others = ("errors<50%", "throughput<50%", "edge<50%", "each step: errors>50%", "age p95>1s")
    for text in others:
        with pytest.raises(ValueError, match="for example errors>50%"):
            parse_abort(text)


@pytest.mark.parametrize(
    ("name", "legal"),
    [
        ("door", True), ("North door_2.b-c", True), ("a" * 40, True), ("total hall", True),
        ("", False), ("2 doors", False), ("a" * 41, False), ("total", False), ("Each Step", False),
        ("a:b", False), ("a/b", False), ("a\n", False), ("\u00e4", False), (" a", False),
    ],
)  # fmt: skip
def test_names_of_groups(name: str, legal: bool) -> None:
    """What cannot be told from a number, a load or another word before an objective is refused."""
    assert is_group_name(name) is legal


def test_group_and_load_stand_in_any_order() -> None:
    """Both are the same objective, with one text."""
    one, other = map(parse_objective, ("3 copies: door: p95<1s", "door: 3 copies: p95<1s"))
    assert one == other
    assert (one.group, one.load, one.text) == ("door", 3, "door: 3 copies: p95<1s")
