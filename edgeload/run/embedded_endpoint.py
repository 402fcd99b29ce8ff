"""Starts the embedded endpoint with the options that the settings give it, if they name none."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Iterator

from rich.console import Console

from edgeload.edge.location import Unreachable
from edgeload.plain_words import quoted
from edgeload.settings import SettingError, Settings
from edgeload.simulator.command_line import refusal
from edgeload.simulator.launch import BadOptions, running_simulator

_EMBEDDED = ("--metrics-time", "50ms")
"""Options of the embedded endpoint that others come after: nobody has to wait for it."""


def check_simulator_options(settings: Settings) -> None:
    """Raise SettingError, without starting it, if the embedded endpoint would refuse them."""
    if settings.endpoint_url is not None or settings.urls:
        return
    if problem := refusal(shlex.split(settings.simulator_options)):
        raise SettingError(bad_simulator_options(settings, problem))


def bad_simulator_options(settings: Settings, problem: str) -> str:
    """The line that says why the embedded endpoint does not start."""
    return (
        f"SIMULATOR_OPTIONS = {quoted(settings.simulator_options)}: {problem}; must be options as "
        "listed by python -m edgeload.simulator --help, for example '--service-time 20ms'"
    )


@contextlib.contextmanager
def endpoint_of(settings: Settings, console: Console) -> Iterator[tuple[str, str | None]]:
    """URL of the endpoint, and the description of the embedded endpoint if it is that one.

    Of the endpoints of a target map it is the first.
    """
    url = settings.endpoint_url or next(iter(settings.urls), None)
    if url is not None:
        yield url, None
        return
    check_simulator_options(settings)
    with contextlib.ExitStack() as stack:
        try:
            simulator = stack.enter_context(
                running_simulator([*_EMBEDDED, *shlex.split(settings.simulator_options)])
            )
        except BadOptions as error:
            raise SettingError(bad_simulator_options(settings, str(error))) from error
        except (OSError, RuntimeError) as error:
            raise Unreachable(f"the embedded endpoint did not start: {error}") from error
        what = simulator.description.partition(simulator.url)[2].strip()
        say_sentence(console, f"ENDPOINT_URL is empty: testing the embedded endpoint {what}")
        yield simulator.url, simulator.description


def say_sentence(console: Console, text: str) -> None:
    """Print a sentence; a terminal wraps it, a file or pipe gets it in one line.

    It may quote the endpoint, so nothing in it is markup.
    """
    wrap = console.is_terminal
    console.print(text, highlight=False, markup=False, emoji=False, soft_wrap=not wrap)
