"""What fits beside a mix, in words: the answer, and a line for each group. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeload.plain_words import listed, plural, sentence
from edgeload.read.analysis.headroom_result import GroupHeadroom, HeadroomResult, TierHeadroom
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.words.finding_words import message

BASE_LOAD = "base load"
_TIMES = "\N{MULTIPLICATION SIGN}"
_CLIFF = " It gets bad at once there: a cliff."


def headroom_headline(summary: RunSummary, found: HeadroomResult) -> str:
    """What fits beside the base load: `door x14 at 10/s and person x3 at 2/s are carried; 5 more
    door (4 to 6) or 1 more person (1 to 2) fit.` Of several tiers, one line each.
    """
    load = base_words(summary, found)
    return "\n".join(
        f"{tier.tier.name}: {said}" if tier.tier.name else said
        for tier in found.tiers
        for said in [sentence(_answer(tier, load), load)]
    )


def base_words(summary: RunSummary, found: HeadroomResult) -> str:
    """`door x14 at 10/s and person x3 at 2/s`."""
    plan = summary.log.plan
    assert plan is not None  # a search has one
    rates = {
        group.name: "in a closed loop" if group.closed else f"at {group.rate:.4g}/s"
        for group in plan.groups
    }
    return listed([f"{name} {_TIMES}{count:,} {rates[name]}" for name, count in found.cameras])


def _answer(tier: TierHeadroom, load: str) -> str:
    are = "are" if " and " in load else "is"
    if tier.carried is None:
        why = _not_told(tier)
        return f"whether {load} {are} carried is unknown{why}, so what fits beside is unknown"
    if not tier.carried:
        return f"{load} {are} not carried: {_too_many(tier.groups)}"
    return f"{load} {are} carried; {_fitting(tier.groups)}"


def _not_told(tier: TierHeadroom) -> str:
    if tier.base is None:
        return ", because its trial did not come to an end"
    return f" ({'; '.join(dict.fromkeys(map(message, tier.base.shortfalls)))})"


def _fitting(groups: Sequence[GroupHeadroom]) -> str:
    """`5 more door (4 to 6) or 1 more person (1 to 2) fit`."""
    told = [group for group in groups if group.more is not None and group.searched]
    unknown = [group.group for group in groups if group not in told]
    texts = [_more(group) for group in told]
    parts = []
    if texts:
        one = len(texts) == 1 and told[0].more in (0, 1)
        parts.append(f"{_or(texts)} {'fits' if one else 'fit'}")
    if unknown:
        parts.append(f"how many more {_or(unknown)} fit was not found out")
    return "; ".join(parts)


def _more(group: GroupHeadroom) -> str:
    least = "at least " if group.high is None else ""
    if not group.more and not least and not _is_wide(group):
        return f"no more {group.group}{_interval(group)}"
    return f"{least}{_count(group)} more {group.group}{_interval(group)}"


def _too_many(groups: Sequence[GroupHeadroom]) -> str:
    """`2 door (1 to 3) too many; fewer person alone are not enough`."""
    enough = [each for each in groups if not _never_fits(each)]
    others = [group.group for group in groups if group not in enough]
    parts = []
    if enough:
        texts = [f"{_count(each)} {each.group}{_interval(each)}" for each in enough]
        parts.append(f"{_or(texts)} too many")
    if others and len(groups) > 1:
        parts.append(f"fewer {_or(others)} alone are not enough")
    elif others:
        parts.append("not even one camera fits")
    return "; ".join(parts)


def _is_wide(group: GroupHeadroom) -> bool:
    """Whether only the interval is known: its middle is no answer."""
    return group.capacity.answer == "wide" and group.high != group.low


def _never_fits(group: GroupHeadroom) -> bool:
    """Whether not even one camera of the group is carried beside the others."""
    return group.more is None or group.cameras + group.more <= 0


def _count(group: GroupHeadroom) -> str:
    """`5`, or `4 to 9` if more is not known: how many more fit, or are too many."""
    if _is_wide(group):
        return _limits(group)
    return f"{abs(group.more or 0):,}"


def _interval(group: GroupHeadroom) -> str:
    """` (4 to 6)`; empty if there is one number only, or if the count says the interval."""
    if group.high is None or group.high == group.low or _is_wide(group):
        return ""
    return f" ({_limits(group)})"


def _limits(group: GroupHeadroom) -> str:
    high = group.low if group.high is None else group.high
    if (group.more or 0) < 0:
        return f"{-high:,} to {-group.low:,}"
    return f"{group.low:,} to {high:,}"


def _or(texts: Sequence[str]) -> str:
    return " or ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


# --- group by group -------------------------------------------------------------------------------


@dataclass(frozen=True)
class HeadroomLine:
    """What is said about one group, for one tier: for a card of the page, or a line."""

    tier: str
    group: str
    fits: bool | None
    """Whether more of it fit; None: unknown."""
    said: str
    """`5 more fit (4 to 6)`."""
    load: str
    """`19 door cameras at 10/s`: what is carried beside the other groups; empty if that is not
    known."""
    limit: str
    """What falls short beyond that, in a sentence; empty if nothing did."""


def headroom_lines(found: HeadroomResult) -> list[HeadroomLine]:
    """A line for each group and tier."""
    return [_line(tier, group) for tier in found.tiers for group in tier.groups]


def _line(tier: TierHeadroom, group: GroupHeadroom) -> HeadroomLine:
    known = group.more is not None and group.searched
    all_cameras = group.cameras + (group.more or 0)
    return HeadroomLine(
        tier=tier.tier.name,
        group=group.group,
        fits=(group.more or 0) > 0 if known else None,
        said=_said(group),
        load=f"{plural(all_cameras, f'{group.group} camera')} at {group.rate:.4g}/s"
        if known and all_cameras > 0 and not _is_wide(group)
        else "",
        limit=_limit(group),
    )


def _said(group: GroupHeadroom) -> str:
    if group.more is None or not group.searched:
        return "what fits was not found out"
    if _never_fits(group):
        return "no number of cameras is carried beside the others"
    count, interval = _count(group), _interval(group)
    if group.more < 0:
        return f"{count} too many{interval}"
    if group.high is None:
        return f"at least {count} more {_fit(group)}"
    if group.more == 0 and not _is_wide(group):
        return f"no more fits{interval}"
    return f"{count} more {_fit(group)}{interval}"


def _fit(group: GroupHeadroom) -> str:
    return "fits" if group.more == 1 and not _is_wide(group) else "fit"


def _limit(group: GroupHeadroom) -> str:
    """`At 20 door cameras, door: p95<300ms is not met …`: why more are not carried."""
    capacity = group.capacity
    if capacity.beyond is None or capacity.beyond_load is None:
        return "" if group.high is not None or not group.searched else "Its limit was not reached."
    if capacity.binding is None:
        return ""
    beyond = plural(capacity.beyond_load, f"{group.group} camera")
    said = sentence(f"at {beyond}, {message(capacity.binding)}")
    return f"{said}{_CLIFF if capacity.kind == 'cliff' else ''}"


def trials_head(group: str) -> str:
    """What stands above the trials in which the cameras of a group are varied."""
    return f"{group} cameras, the other groups at the base load:"


def headroom_text(found: HeadroomResult) -> str:
    """A line for each group, and one that says how it was found."""
    return "\n".join([*map(_text, headroom_lines(found)), _method(found)])


def _text(line: HeadroomLine) -> str:
    head = f"{line.tier}: {line.group}" if line.tier else line.group
    total = f": {line.load} in all" if line.load else ""
    return " ".join(filter(None, (f"{head}: {line.said}{total}.", line.limit)))


def _method(found: HeadroomResult) -> str:
    """How it was found, and how far it can be believed."""
    how = f"Found in {plural(found.trials, 'trial')} and {found.seconds:.0f} s."
    ours = (
        " Our own machine was the limit of a trial, so more may fit." if found.stopped_by_us else ""
    )
    return (
        f"{how}{ours} Each number is for one group alone, while the others stay as they are: all "
        "of them at once may be too much."
    )
