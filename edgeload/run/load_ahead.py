"""What a run is about to send, and where to, in one line before it does. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from edgeload.plain_words import listed, plural
from edgeload.plan import Plan
from edgeload.run.due_counts import frames_of_run
from edgeload.settings import Settings


def load_ahead(
    settings: Settings, url: str, address: str | None, plan: Plan, image_bytes: Mapping[str, float]
) -> str:
    """The target, its address, the requests of the whole run, and the bytes of their pictures.

    `address` is None in a dry run, which looks no name up. `image_bytes` is the mean size of a
    picture in bytes, by the group's name. The loads of a search are not known before: of it, the
    line says how long it sends at most.
    """
    where = f"Target: {url}, " + ("not looked up" if address is None else f"address {address}")
    if settings.find_capacity:
        sizes = [image_bytes[group.name] for group in plan.groups]
        each = _size_words(max(sizes))
        most = (
            "without a limit" if settings.budget is None else f"for at most {settings.budget:g} s"
        )
        return f"{where}. Each request carries {each} of pictures, and it sends {most} (--budget)."
    requests, size, exact, closed = 0, 0.0, True, []
    for index, group in enumerate(plan.groups):
        if group.closed:
            closed.append(group.name)
            continue
        frames = frames_of_run(plan, index)
        exact &= frames.exact
        requests += frames.frames * group.requests_per_frame
        size += frames.frames * group.requests_per_frame * image_bytes[group.name]
    about = "" if exact else "about "
    text = f"{where}. In all, {about}{plural(requests, 'request')} with {_size_words(size)}"
    text += " of pictures"
    if closed:
        text += f", and as many as are answered of {listed(closed)} (a closed loop)"
    return text + "."


def _size_words(size: float) -> str:
    """`20.4 kB`, `1.02 MB`, `3.5 GB`."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6)):
        if size >= factor:
            return f"{size / factor:,.3g} {unit}"
    return f"{size / 1e3:,.3g} kB"
