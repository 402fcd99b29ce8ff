"""The endpoints of a run whose nodes load several: each is reached as a single one is."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence

from edgeload.edge.detectors import NoSuchDetector
from edgeload.edge.location import Unreachable
from edgeload.run.group_setup import group_tasks
from edgeload.run.pictures import PictureSets
from edgeload.run.reaching import Reached, reach
from edgeload.run.tasks import EndpointTask
from edgeload.settings import SettingError, Settings
from edgeload.settings.fleet_settings import of_target_map

_SEVERAL = 2


def reach_all(url: str, settings: Settings, say: Callable[[str], None]) -> tuple[Reached, ...]:
    """All endpoints of the target map, in its order; without a map only that at `url`.

    Raises as `reach`.
    """
    found = []
    for each in settings.urls or (url,):
        with named_endpoint(each, settings):
            found.append(reach(each, settings, time.sleep, about_endpoint(each, settings, say)))
    return tuple(found)


def about_endpoint(
    url: str, settings: Settings, say: Callable[[str], None]
) -> Callable[[str], None]:
    """Says what is said about an endpoint, with its name if it is one of several."""
    if len(settings.urls) < _SEVERAL:
        return say
    return lambda text: say(text if url in text else f"{url}: {text}")


@contextlib.contextmanager
def named_endpoint(url: str, settings: Settings) -> Iterator[None]:
    """While entered, an error about an endpoint of the target map says so, and names it."""
    try:
        yield
    except (Unreachable, SettingError) as error:
        if not settings.urls:
            raise
        text = of_target_map(str(error))
        kinds = (SettingError, NoSuchDetector, Unreachable)
        kind = next(each for each in kinds if isinstance(error, each))
        raise kind(text if url in text else f"{url}: {text}") from error


def endpoint_tasks(
    settings: Settings, reached: Sequence[Reached], pictures: PictureSets
) -> tuple[EndpointTask, ...]:
    """What the tasks of the nodes of each endpoint have of their own; none without a map."""
    if not settings.urls:
        return ()
    groups = settings.groups()
    return tuple(
        EndpointTask(each.url, each.target, each.trust, group_tasks(groups, each, pictures))
        for each in reached
    )
