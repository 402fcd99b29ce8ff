"""The camera groups of a comparison of mixes, and their loads, in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from edgeload.plain_words import listed, plural
from edgeload.read.analysis.compared_loads import Load
from edgeload.read.analysis.comparison import Comparison, Verdict
from edgeload.read.words.terminal_words import ALL_GROUPS

_SHOWN_GROUPS = 6
_ORDER: tuple[Verdict, ...] = ("worse", "better", "undecided", "not comparable", "same")

NOTE_ON_MIXES = (
    "Only figures that count for the verdict are shown; comparison.json has all. Those of all "
    "groups together count only where they changed."
)


def groups_words(comparison: Comparison, without: str = "") -> str:
    """`person: worse; door and label: same`; empty if there are no groups."""
    groups = comparison.mix.groups if comparison.mix else ()
    named = {
        verdict: [g.name for g in groups if g.verdict == verdict and g.name != without]
        for verdict in _ORDER
    }
    return "; ".join(f"{some_names(names)}: {verdict}" for verdict, names in named.items() if names)


def verdict_of_group(comparison: Comparison, name: str) -> Verdict:
    """What is said about a group."""
    groups = comparison.mix.groups if comparison.mix else ()
    return next(group.verdict for group in groups if group.name == name)


def shown_groups(comparison: Comparison) -> tuple[str, ...]:
    """The groups that pictures show: those that were compared, and of very many those that changed
    before the others.
    """
    groups = comparison.mix.groups if comparison.mix else ()
    compared = [group for group in groups if group.verdict != "not comparable"]
    first = sorted(compared, key=lambda group: _ORDER.index(group.verdict))[:_SHOWN_GROUPS]
    return tuple(group.name for group in compared if group in first)


def some_names(names: Sequence[str]) -> str:
    """The names, or the first of very many."""
    more = len(names) - _SHOWN_GROUPS
    shown = [*names[:_SHOWN_GROUPS], *([f"{more} more"] if more > 0 else [])]
    return listed(shown)


def cameras_words(load: Load) -> str:
    """`8 door cameras and 6 person cameras`, if not all of the copies' cameras send; else empty."""
    return listed([plural(count, f"{name} camera") for name, count in load.cameras])


def copies_words(load: Load) -> str:
    """The load of a mix in a table: `3`, or `8 door, 6 person` if these cameras alone send."""
    return ", ".join(f"{count:,} {name}" for name, count in load.cameras) or f"{load.copies:,}"


def group_words(load: Load) -> str:
    """The group of a load of a mix, or that it is all of them."""
    return load.group or ALL_GROUPS
