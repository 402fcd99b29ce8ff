"""What serves each detector: pools, service times, random numbers, counts."""

from __future__ import annotations

import random
from collections import Counter

from edgeload.simulator.accounts import Account, Accounts, QueryCounts
from edgeload.simulator.command_line import parse_options
from edgeload.simulator.detectors import Detector, Detectors
from edgeload.simulator.pools import FifoPools


class Opened:
    """Accounts as the inference process opens them."""

    def __init__(self, *arguments: str) -> None:
        deployment = parse_options(arguments).deployment
        self.detectors = Detectors(
            [Detector(one.id, one.name, one.query, 0.0) for one in deployment.detectors],
            strict=not deployment.all_alike,
            chance=random.Random(1),
        )
        self.pools = FifoPools(deployment.pools)
        self.accounts = Accounts(deployment, self.detectors, self.pools, seed=1)

    def named(self, name: str) -> Account:
        (detector,) = self.detectors.named(name)
        account = self.accounts.of(detector.id)
        assert account is not None
        return account

    def create(self, name: str) -> Account:
        self.detectors.create({"name": name, "query": "?"}, 0.0)
        return self.named(name)


def draws(account: Account) -> list[float]:
    return [account.service_time.draw(account.service_chance) for _ in range(20)]


EXPONENTIAL = ("--distribution", "exponential")


def test_a_detectors_random_numbers_do_not_depend_on_the_others() -> None:
    """Its service times are the same alone, beside others, and after they were asked."""
    alone = Opened(*EXPONENTIAL, "--detector", "door")
    mixed = Opened(*EXPONENTIAL, "--detector", "cat", "--detector", "door")
    cats = draws(mixed.named("cat"))
    doors = draws(mixed.named("door"))
    assert doors == draws(alone.named("door"))
    assert doors != cats


def test_with_one_default_detector_all_draw_from_the_same_numbers() -> None:
    """As it was before there were several: whichever id is asked, the next service time comes."""
    one = Opened(*EXPONENTIAL)
    other = one.accounts.of("det_" + "Q" * 27)
    assert other is not None
    chance = random.Random("1 service")
    expected = [chance.expovariate(1.0 / 0.05) for _ in range(40)]
    assert draws(one.named("simulated detector")) + draws(other) == expected
    assert other.pool == one.create("new").pool == "simulated detector"


def test_a_detector_that_is_created_later_is_served() -> None:
    """By a pool of its own beside other such pools, and by the shared one where that exists."""
    own = Opened("--detector", "door:workers=2", "--inference-workers", "3")
    later = own.create("later")
    assert (later.pool, later.workers) == (later.detector.id, 3)
    own.pools.arrive(later.pool, 0.0, 1.0)
    assert own.pools.busy_share(later.pool, 0.5) == 1 / 3
    assert own.pools.busy_share("door", 0.5) == 0.0
    shared = Opened("--detector", "door", "--shared-workers", "5").create("later")
    assert (shared.pool, shared.workers) == ("shared", 5)


def test_an_id_is_known_in_upper_and_lower_case_and_others_are_not() -> None:
    """All spellings lead to one account; an id that does not exist has none."""
    opened = Opened("--detector", "door")
    door = opened.named("door")
    for spelled in (door.detector.id.upper().replace("DET_", "det_"), door.detector.id.lower()):
        assert opened.accounts.of(spelled) is door
    assert opened.accounts.of("det_" + "Q" * 27) is None
    assert opened.accounts.all() == [door]


def test_counts_add_up() -> None:
    """Each count of the total is the sum of those of the detectors and of the unknown ones."""
    opened = Opened("--detector", "a", "--detector", "b")
    counts = [opened.accounts.nobodys, opened.named("a").counts, opened.named("b").counts]
    for number, one in enumerate(counts, start=1):
        one.add(
            QueryCounts(
                received=number * 10,
                in_flight=number * 10 + 1,
                reset=number * 10 + 2,
                over_limit=number * 10 + 3,
                abandoned=number * 10 + 4,
                escalated=number * 10 + 5,
                by_status=Counter({200: number, 500 + number: 1}),
                by_fault=Counter({"hang": number}),
            )
        )
    total = opened.accounts.total().as_json(queue=7, in_service=8)
    assert total == {
        "received": 60,
        "answered": 9,
        "by_status": {"200": 6, "501": 1, "502": 1, "503": 1},
        "in_flight": 63,
        "queue": 7,
        "in_service": 8,
        "reset": 66,
        "over_limit": 69,
        "abandoned": 72,
        "escalated": 75,
        "faults": {"hang": 6},
    }
