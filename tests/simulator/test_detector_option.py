"""The text of --detector: what it may say, and one line for what is not legal."""

from __future__ import annotations

import argparse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeload.edge_facts import is_detector_id
from edgeload.simulator.deployment import WantedDetector
from edgeload.simulator.detector_option import detector_option, id_from_name


def test_all_keys() -> None:
    """Each key has its value; spaces around keys and values do not count."""
    own_id = "det_" + "D" * 27
    assert detector_option(
        f"front door : workers=4, service-time=50ms,distribution=lognormal,sigma=0.5,id={own_id},"
        "query=Is there a dog, or a cat?,threshold=0.7,pool=gpu 0,listed=no"
    ) == WantedDetector(
        name="front door",
        id=own_id,
        query="Is there a dog, or a cat?",
        confidence_threshold=0.7,
        workers=4,
        pool="gpu 0",
        service_time=(("mean_s", 0.05), ("distribution", "lognormal"), ("sigma", 0.5)),
        listed=False,
    )


def test_a_name_alone_leaves_all_to_the_other_options() -> None:
    """Without keys, or with a colon and nothing behind it, nothing is said."""
    assert detector_option("door") == WantedDetector("door", id_from_name("door"))


@given(st.lists(st.text(min_size=1), min_size=2, max_size=30, unique=True))
def test_ids_are_legal_fixed_and_differ_by_name(names: list[str]) -> None:
    """Also of names that have no letter, or the same first letters, in upper or lower case."""
    names += [name + "x" for name in names if name + "x" not in names]
    ids = [id_from_name(name) for name in names]
    assert all(is_detector_id(one) for one in ids)
    assert len({one.lower() for one in ids}) == len(names)
    assert ids == [id_from_name(name) for name in names]


def test_an_id_shows_the_name_and_stays_from_version_to_version() -> None:
    """Users write these ids into their configuration."""
    assert id_from_name("front door 2") == "det_frontdoor200000d4f2ef573d8d"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "must begin with a name of 1 to 300 printable characters"),
        (":workers=4", "must begin with a name"),
        ("a\nb:workers=4", "must begin with a name"),
        ("door:workrs=4", "'workrs=4': must be KEY=VALUE with one of the keys workers,"),
        ("door:listed=maybe", "'maybe': must be yes or no"),
        ("door:4", "'4': must be KEY=VALUE"),
        ("door:", "''"),
        ("door:workers=0", "workers='0': must be a whole number from 1 to 256"),
        ("door:workers=4,service-time=5 parsecs", "service-time='5 parsecs': must be a time"),
        ("door:distribution=normal", "must be one of constant, exponential, lognormal, bimodal"),
        ("door:sigma=0", "sigma='0': must be a number above 0"),
        ("door:id=det_short", "must be det_ followed by 27 letters or digits"),
        ("door:threshold=2", "threshold='2': must be a number from 0 to 1"),
        ("door:query=", "query='': must be a text of 1 to 300"),
        ("door:workers=2,workers=3", "workers= must be given once"),
    ],
)
def test_what_is_not_legal_is_one_line(text: str, says: str) -> None:
    """The line has the text, the key, and what is legal."""
    with pytest.raises(argparse.ArgumentTypeError) as raised:
        detector_option(text)
    assert says in str(raised.value)
    assert repr(text) in str(raised.value)
    assert "\n" not in str(raised.value)
