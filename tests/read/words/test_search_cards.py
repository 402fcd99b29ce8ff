"""Cards of a search: the answer of each tier, and what each camera group is at the capacity."""

from __future__ import annotations

from pathlib import Path

import pytest
import searched_log
from searched_log import GROUP_OBJECTIVES, TIERS

from edgeload.read.words.headline import headline
from edgeload.read.words.limit import limit
from edgeload.read.words.search_cards import search_group_cards, tier_cards


def test_a_card_says_the_answer_of_its_tier(tmp_path: Path) -> None:
    """Capacity, interval and the load beyond, as the analysis has them; each tier its own."""
    summary = searched_log.summary_of(tmp_path / "log", searched_log.box_search(), slo=TIERS)
    assert summary.search is not None
    cards = tier_cards(summary)
    assert [card.name for card in cards] == ["gold", "silver"]
    for card, tier in zip(cards, summary.search.tiers, strict=True):
        known, facts = tier.boundary, dict(card.facts)
        assert card.said.startswith(f"{known.best} clients")
        assert facts["interval"].startswith(f"{known.low} to {known.high} clients")
        assert facts["beyond"].startswith(f"{tier.beyond_load} clients not carried (")
        assert f" at {tier.at_load} clients" in facts["times"]
        assert facts["objectives"] == tier.tier.objectives[0].text
        assert facts["found by"] == f"10 trials, in {summary.search.seconds:.0f} s"


@pytest.mark.parametrize(
    ("trials", "verdict", "said"),
    [
        (((1, 4), (2, 4), (8, 30)), "carried", "at least 8 clients"),
        (((1, 4),), "undecided", "unknown: no trial shows that its load is carried"),
    ],
)
def test_a_search_without_a_capacity_says_so(
    tmp_path: Path, trials: tuple[tuple[int, float], ...], verdict: str, said: str
) -> None:
    """Nothing failed, or nothing told anything."""
    found = searched_log.box_search(trials)
    (card,) = tier_cards(searched_log.summary_of(tmp_path / "log", found))
    assert (card.name, card.verdict) == ("", verdict)
    assert card.said.startswith(said)


def test_a_search_in_which_even_one_client_is_too_much_says_so(tmp_path: Path) -> None:
    """120/s are due from one client, and 80/s are carried."""
    found = searched_log.box_search(((1, 5), (1, 15)), rate=120.0)
    (card,) = tier_cards(searched_log.summary_of(tmp_path / "log", found))
    assert (card.verdict, card.said) == ("fails", "no load is shown to be carried")
    assert dict(card.facts)["beyond"].startswith("1 client not carried")
    assert "interval" not in dict(card.facts)


@pytest.mark.parametrize(("seconds", "verdict"), [(1, "undecided"), (20, "carried")])
def test_a_capacity_counts_as_carried_if_its_trial_passed(
    tmp_path: Path, seconds: float, verdict: str
) -> None:
    """A trial of one second leaves the objective undecided, though its load be the likeliest."""
    found = searched_log.box_search(((8, 20), (32, seconds), (64, 12)))
    summary = searched_log.summary_of(tmp_path / "log", found, slo=["p95<51ms", "throughput>=90%"])
    (card,) = tier_cards(summary)
    assert card.verdict == verdict
    assert ("≤?" in headline(summary)) == (verdict == "undecided")


def test_trials_in_which_the_endpoint_broke_are_counted_apart(tmp_path: Path) -> None:
    """They are part of the time that the search took, not of its evidence."""
    summary = searched_log.summary_of(tmp_path / "log", searched_log.breaking_search())
    facts = dict(tier_cards(summary)[0].facts)
    assert facts["found by"].startswith("4 trials, and 1 in which the endpoint broke, in ")


def test_the_group_that_falls_short_beyond_the_capacity_is_named(tmp_path: Path) -> None:
    """person is due more than its pool carries; the others have room."""
    found = searched_log.three_groups_search("group", "person")
    summary = searched_log.summary_of(tmp_path / "log", found, slo=GROUP_OBJECTIVES)
    cards = {card.name: card for card in search_group_cards(summary)}
    assert {name: card.verdict for name, card in cards.items()} == {
        "door": "carried",
        "person": "first",
        "label": "carried",
    }
    assert cards["person"].said.startswith("fails first: ")
    assert dict(cards["door"].facts)["load"] == "4 door cameras at 5/s"
    assert summary.search is not None
    at_load = summary.search.tiers[0].at_load
    assert dict(cards["person"].facts)["load"] == f"{at_load} person cameras at 2/s"


def test_only_one_group_fails_first(tmp_path: Path) -> None:
    """Of six copies, door is due 120/s of the 100/s it gets, and person 72/s of its 40/s.

    They may have overloaded one box, so what one of them got there is not called its limit.
    """
    found = searched_log.mix_search(((1, 6), (3, 20), (6, 12)), "copies", door=5)
    summary = searched_log.summary_of(tmp_path / "log", found, slo=GROUP_OBJECTIVES)
    cards = search_group_cards(summary)
    assert summary.search is not None
    binding = summary.search.tiers[0].binding
    assert binding is not None
    assert [card.name for card in cards if card.verdict == "first"] == [binding.group]
    assert sum("fails first" in card.said for card in cards) == 1
    beyond = summary.search.tiers[0].beyond
    assert beyond is not None
    short = {each.group for each in beyond.shortfalls if each.severity == "warning"}
    assert {card.name for card in cards if card.said.startswith("fails")} == short
    assert len(short) == 2
    text = limit(summary)
    assert "The limit of" not in text
    assert f"answered {beyond.rates.throughput_per_s:.3g} frames/s in all" in text


def test_other_runs_have_no_such_cards(tmp_path: Path) -> None:
    """A search without a mix has no groups, and one that never began has no answer."""
    summary = searched_log.summary_of(tmp_path / "log", searched_log.box_search(((1, 4),)))
    assert search_group_cards(summary) == []
    none = searched_log.Searched(searched_log.box_search(()).plan, searched_log.OVER_CLIENTS)
    assert tier_cards(searched_log.summary_of(tmp_path / "none", none)) == []
