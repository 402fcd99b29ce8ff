"""Whether the embedded endpoint can be started with the options that the settings give it."""

from __future__ import annotations

import shlex

from edgeload.plain_words import quoted
from edgeload.settings import SettingError, Settings
from edgeload.simulator.command_line import refusal


def check_simulator_options(settings: Settings) -> None:
    """Raise SettingError, without starting it, if the embedded endpoint would refuse them."""
    if settings.endpoint_url is not None:
        return
    if problem := refusal(shlex.split(settings.simulator_options)):
        raise SettingError(bad_simulator_options(settings, problem))


def bad_simulator_options(settings: Settings, problem: str) -> str:
    """The line that says why the embedded endpoint does not start."""
    return (
        f"SIMULATOR_OPTIONS = {quoted(settings.simulator_options)}: {problem}; must be options as "
        "listed by python -m edgeload.simulator --help, for example '--service-time 20ms'"
    )
