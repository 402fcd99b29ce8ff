"""config.py, the environment and the command line -> one frozen Settings. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from edgeload.child_processes import TOKEN
from edgeload.plain_words import quoted, without_long_words
from edgeload.settings.audit_settings import AUDIT_VALUES, refused_beside_audit
from edgeload.settings.cluster_settings import typed_without_a_cluster
from edgeload.settings.mix_yaml import MixError
from edgeload.settings.resolved import Settings
from edgeload.settings.rollout_settings import steady_load
from edgeload.settings.search import ramp_of_a_search, typed_in_vain, typed_without_a_search
from edgeload.settings.setting_error import SettingError
from edgeload.settings.single_setting import error_line
from edgeload.settings.soak_settings import is_soak, ramp_of_a_soak, typed_without_a_soak
from edgeload.settings.wanted_file import wanted_cameras_text


def resolve(
    config: Mapping[str, object],
    options: Mapping[str, object],
    environment: Mapping[str, str],
    *,
    program: str = "python load_test.py",
) -> Settings:
    """One Settings from config.py's constants, the given options, and the environment.

    The command line wins over config.py, and config.py over the defaults. A token in config.py
    wins over the environment variable of the same name. `config` holds the upper-case constants,
    all of them settings. `program` is what starts such a run, for `Settings.command`. Raises
    SettingError.

    The ramp of an interference run is not that of config.py, which is meant for other runs: what
    was not typed is one copy of the mix and short steps. Nor is that of a cache audit, or of a run
    that waits for roll-outs.
    """
    try:
        return _resolved(config, options, environment, program)
    except SettingError as problem:
        given = [text for value in (*config.values(), *options.values()) for text in _texts(value)]
        raise SettingError(without_long_words(str(problem), given)) from None


def _resolved(
    config: Mapping[str, object],
    options: Mapping[str, object],
    environment: Mapping[str, str],
    program: str,
) -> Settings:
    values: dict[str, object] = {name.lower(): value for name, value in config.items()}
    if "detector_name" in options and "detector_id" not in options:
        values.pop("detector_id", None)  # a name that was typed beats an id that stands in a file
    values.update(_of_the_kind(values, options))
    if not options.get("cluster", values.get("cluster")) and (
        refusal := typed_without_a_cluster(options)
    ):
        raise SettingError(refusal)
    values.update(options)
    plan_for = values.get("plan_for") or ""
    if text := (plan_for if isinstance(plan_for, str) else quoted(plan_for)).strip():
        values["plan_for"] = _wanted(text)
    if not values.get(TOKEN.lower()):
        values[TOKEN.lower()] = environment.get(TOKEN) or None
    try:
        settings = Settings.model_validate(values)
    except ValidationError as problem:
        lines: dict[object, str] = {}
        for error in problem.errors(include_url=False):  # the first error of each setting says it
            lines.setdefault(error["loc"][:1], error_line(error))
        raise SettingError("\n".join(lines.values())) from None
    settings._program, settings._typed = program, frozenset(options)
    return settings


def _of_the_kind(values: Mapping[str, object], options: Mapping[str, object]) -> dict[str, object]:
    """What takes the place of the ramp in config.py in another kind of run. Raises SettingError."""
    found = _of_a_soak(values, options)
    values = {**values, **found}
    given = {**values, **options}
    if options.get("audit_cache", values.get("audit_cache")) is True:
        if refused := refused_beside_audit({**values, **options}, options):
            name, value, legal = refused
            raise SettingError(f"{name.upper()} = {quoted(value)}: {legal}")
        found |= AUDIT_VALUES
    elif options.get("interference", values.get("interference")) is True:
        _check_no_objectives(options)
        found |= _INTERFERENCE_RAMP
    if options.get("find_capacity", {**values, **found}.get("find_capacity")) is True:
        if refusal := typed_in_vain(options):
            raise SettingError(refusal)
        found |= ramp_of_a_search({**values, **found, **options})
    elif refusal := typed_without_a_search(options):
        raise SettingError(refusal)
    elif not is_soak(given) and given.get("until_rollouts") not in (None, ""):
        found |= steady_load(values, options)
    return found


def _of_a_soak(values: Mapping[str, object], options: Mapping[str, object]) -> dict[str, object]:
    if is_soak({**values, **options}):
        try:
            return ramp_of_a_soak({**values, **options}, options)
        except ValueError as problem:
            raise SettingError(str(problem)) from None
    if refusal := typed_without_a_soak(options):
        raise SettingError(refusal)
    return {}


def _texts(value: object) -> list[str]:
    """The texts that a value is made of."""
    if isinstance(value, list | tuple):
        return [text for each in value for text in _texts(each)]
    return [str(value)] if isinstance(value, str | Path) else []


_INTERFERENCE_RAMP = {
    "max_clients": 1,
    "step_size": 1,
    "custom_ramp": None,
    "time_between_ramp": 6.0,
}


def _wanted(text: str) -> str:
    """The cameras that are wanted, also if a file says them. Raises SettingError."""
    try:
        return wanted_cameras_text(text)
    except MixError as problem:
        raise SettingError(str(problem)) from None
    except ValueError as problem:
        raise SettingError(f"PLAN_FOR = {text!r}: {problem}") from None


def _check_no_objectives(options: Mapping[str, object]) -> None:
    """Raise SettingError for an objective that was typed: it would say nothing."""
    typed = options.get("slo") or ()
    texts = [str(text) for text in ((typed,) if isinstance(typed, str) else typed)]  # type: ignore[attr-defined]
    if any(text.strip() for text in texts):
        raise SettingError(
            f"SLO = {texts[0]!r}: must be left out with --interference, which overloads the "
            "endpoint on purpose and judges no objectives, for example run the mix without "
            "--interference"
        )
