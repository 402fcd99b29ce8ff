"""What a run is about to send, and where to, in one line before it does. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from edgeload.plain_words import listed, plural, some_of
from edgeload.plan import Plan
from edgeload.run.due_counts import frames_of_run
from edgeload.search_axis import SearchAxis, axes_of
from edgeload.settings import Settings
from edgeload.settings.search import search_record


def load_ahead(
    settings: Settings,
    url: str,
    address: str | None,
    plan: Plan,
    image_bytes: Mapping[str, float],
    most: int | None = None,
) -> str:
    """The target, its address, the requests of the whole run, and the bytes of their pictures.

    The targets of a map are named without addresses.
    `address` is None in a dry run, which looks no name up; it is not said twice. `image_bytes` is
    the mean size of a picture in bytes, by the group's name. The loads of a search are not known
    before, except for the largest, `most`: of it, the line says what it may send at most.
    """
    found = f", address {address}" if address not in (None, urlsplit(url).hostname) else ""
    where = f"Target: {url}" + (", not looked up" if address is None else found)
    if len(settings.urls) > 1:
        looked_up = ", not looked up" if address is None else ""
        where = f"Targets: {some_of(settings.urls)}{looked_up}"
    closed = [group.name for group in plan.groups if group.closed]
    if settings.find_capacity:
        assert most is not None
        said = _of_search(settings, plan, image_bytes, most)
    else:
        said = _of_plan(plan, image_bytes)
    also = f", and as many as are answered of {listed(closed)} (a closed loop)" if closed else ""
    return f"{where}. {said}{also}."


def _of_plan(plan: Plan, image_bytes: Mapping[str, float]) -> str:
    requests, size, exact = 0, 0.0, True
    for index, group in enumerate(plan.groups):
        if not group.closed:
            frames = frames_of_run(plan, index)
            exact &= frames.exact
            requests += frames.frames * group.requests_per_frame
            size += frames.frames * group.requests_per_frame * image_bytes[group.name]
    about = "" if exact else "about "
    return f"In all, {about}{_with_pictures(plural(requests, 'request'), size)}"


def _of_search(settings: Settings, plan: Plan, image_bytes: Mapping[str, float], most: int) -> str:
    """What its largest load would send in all of its budget, if it has one."""
    axes = axes_of(search_record(settings, most), plan)
    axis = max(axes, key=lambda each: _per_s(plan, each, most, dict.fromkeys(image_bytes, 1.0)))
    per_s = _per_s(plan, axis, most, dict.fromkeys(image_bytes, 1.0))
    bytes_per_s = _per_s(plan, axis, most, image_bytes)
    load = f"{per_s:,.6g} requests/s ({_load_words(plan, axis, most)})"
    if settings.budget is None:
        sent = _with_pictures(load, bytes_per_s, "/s")
        return f"Up to {sent}, without a limit of time (--budget sets one)"
    requests = plural(round(per_s * settings.budget), "request")
    sent = _with_pictures(requests, bytes_per_s * settings.budget)
    return f"In all, at most {sent}: up to {load} for {settings.budget:g} s (--budget)"


def _load_words(plan: Plan, axis: SearchAxis, load: int) -> str:
    """`120 clients`; of a search over the rate, `5 clients at 200.00 requests/s each`."""
    words = axis.words(plan, load)
    if axis.over != "rate" or plan.is_mix:
        return words
    return f"{plural(axis.clients, 'client')} at {words} each"


def _per_s(plan: Plan, axis: SearchAxis, load: int, weights: Mapping[str, float]) -> float:
    """Requests per second of a load, each with the weight of its group."""
    step = axis.step(plan, load, 0, 0.0, 0.0)
    return sum(
        (plan.arrival_rate(step, index) or 0.0) * group.requests_per_frame * weights[group.name]
        for index, group in enumerate(plan.groups)
    )


def _with_pictures(requests: str, size: float, per: str = "") -> str:
    return f"{requests} with {_size_words(size)}{per} of pictures"


def _size_words(size: float) -> str:
    """`20.4 kB`, `1.02 MB`, `3.5 GB`."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6)):
        if size >= factor:
            return f"{size / factor:,.3g} {unit}"
    return f"{size / 1e3:,.3g} kB"
