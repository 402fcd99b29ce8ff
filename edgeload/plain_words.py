"""Small pieces of English that several modules need. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

_MOST_NUMBERS = 12
_MOST_CHARS = 255
"""As long as a path may be: one that is cut off does not say which file it is."""
_SHOWN_CHARS = 60


def plural(count: int, noun: str) -> str:
    """`1 client`, `12 clients`, `1,234,567 requests`, `2 processes`, `3 copies`."""
    if count == 1:
        return f"1 {noun}"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{count:,} {noun[:-1]}ies"
    return f"{count:,} {noun}{'es' if noun.endswith(('s', 'x', 'ch', 'sh')) else 's'}"


def quoted(value: object) -> str:
    """A value as Python writes it, on one line: `'5m'`; a long one without its rest.

    >>> quoted("x" * 5000)
    "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…' (5,002 characters)"
    """
    try:
        text = " ".join(repr(value).split())
    except Exception:  # a number of more than 4,300 digits, or an object of the user's own
        return f"a very long {type(value).__name__}"
    if len(text) <= _MOST_CHARS:
        return text
    end = text[-1] if text[-1] in "'\"])}" else ""
    return f"{text[:_SHOWN_CHARS]}…{end} ({len(text):,} characters)"


def without_long_words(line: str, given: Iterable[str]) -> str:
    """A message that leaves out the rest of what somebody gave, if that is long."""
    for text in sorted(set(given), key=len, reverse=True):
        if len(text) > _MOST_CHARS:
            short = f"{repr(text[:_SHOWN_CHARS])[1:-1]}… ({len(text):,} characters)"
            line = line.replace(repr(text)[1:-1], short).replace(text, short)
    return line


def listed(texts: Sequence[str]) -> str:
    """`50`, `50 and 100`, `50, 100 and 150`; empty for nothing."""
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def some_of(texts: Sequence[str], most: int = 5) -> str:
    """All of them, or the first `most` of more: `door, person, cup and 3 more`."""
    more = len(texts) - most
    return listed([*texts[:most], *([f"{more} more"] if more > 0 else [])])


def listed_numbers(numbers: Sequence[int]) -> str:
    """All of them, as in `1, 5, 20`; of more than twelve the first and the last: `1, 2, … 600`."""
    few = numbers if len(numbers) <= _MOST_NUMBERS else numbers[: _MOST_NUMBERS - 2]
    text = ", ".join(map(str, few))
    return text if len(few) == len(numbers) else f"{text}, … {numbers[-1]}"


def rate_words(per_second: float) -> str:
    """`1 request/s`, `2.5 requests/s`, `10,000 requests/s`."""
    number = f"{per_second:.4g}" if per_second < 10_000 else f"{per_second:,.0f}"
    return f"{number} {'request' if per_second == 1 else 'requests'}/s"


def sentence(clause: str, name: str = "") -> str:
    """A clause as a sentence: a capital letter in front, a full stop behind.

    `name` is the user's word that it begins with, if it does; that stays as it is, and so does an
    objective.
    """
    end = "" if clause.endswith((".", "!", "?", "…")) else "."
    if name and clause.startswith(name):
        return clause + end
    if set("<>") & set(clause.partition(" ")[0]):  # an objective, such as p95<300ms
        return clause + end
    return clause[:1].upper() + clause[1:] + end


def step_name(cameras: Mapping[str, int], full: Mapping[str, int], seen_by: str = "") -> str:
    """A step of an interference run by its cameras: `door alone`, `4 door beside 2 (half) person`.

    `cameras` are those that send, by their group, and `full` are all. With `seen_by`, one of these
    groups, it is what that has beside it: `alone`, or `beside 2 (half) person`.

    >>> step_name({"door": 4, "person": 2}, {"door": 4, "person": 4}, seen_by="door")
    'beside 2 (half) person'
    """
    texts = {
        name: f"{count} {'' if count == full[name] else '(half) '}{name}"
        for name, count in cameras.items()
    }
    if len(texts) == 1:
        return "alone" if seen_by in texts else f"{next(iter(texts))} alone"
    if seen_by in texts:
        del texts[seen_by]
        return f"beside {' and '.join(texts.values())}"
    return " beside ".join(texts.values())
