"""`--variants FILE`: what is checked before anything is applied, and the way through all of it."""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Callable

from rich.console import Console

from edgeload import exit_codes
from edgeload.plain_words import quoted
from edgeload.run.no_cloud import no_cloud
from edgeload.run.preflight import check_before_run
from edgeload.run.session import worker_count
from edgeload.settings import SettingError, Settings
from edgeload.settings.yaml_texts import read_yaml
from edgeload.signals import StopSignals
from edgeload.variants.applying import Applier, NotApplied
from edgeload.variants.contest import USUAL_ROUNDS, Contest
from edgeload.variants.contest_run import ContestRun, new_folder, warmer
from edgeload.variants.measuring import as_set
from edgeload.variants.variants_file import Variants, VariantsError, parse_variants
from edgeload.variants.variants_results import contest_exit_code, write_contest
from edgeload.variants.variants_words import plan_lines

_EXAMPLE = "for example examples/variants.yaml"


def checked_variants(settings: Settings) -> Variants:
    """The variants of a run with these settings. Raises SettingError."""
    assert settings.variants is not None
    where = f"VARIANTS = {quoted(str(settings.variants))}"
    if settings.interference:
        raise SettingError(
            f"{where}: must be left out with --interference, which measures no capacity, "
            "for example run --interference once for each variant"
        )
    if settings.audit_cache:
        raise SettingError(
            f"{where}: must be left out with --audit-cache, which measures no capacity, "
            "for example run --audit-cache once for each variant"
        )
    if settings.repeat > 1:
        raise SettingError(
            f"{where}: must be left out with --repeat, because its rounds repeat each variant; for "
            f"example --variants-rounds {max(3, settings.repeat)} instead of --repeat"
        )
    if settings.endpoint_url is None:
        raise SettingError(
            f"{where}: needs ENDPOINT_URL, the address of the box that the commands of the file "
            "configure, for example --endpoint-url http://192.0.2.7:30101"
        )
    try:
        text = read_yaml(settings.variants)
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not a text in UTF-8"
        raise SettingError(
            f"{where}: cannot be read ({why}); must be a YAML file with variants, {_EXAMPLE}"
        ) from error
    try:
        variants = parse_variants(str(settings.variants), text)
    except VariantsError as error:
        raise SettingError(str(error)) from error
    if variants.asks and not sys.stdin.isatty():
        raise SettingError(
            f"{where}: a variant with apply: ask needs a person at a terminal, and standard input "
            "is none; must be a command, for example apply: ./workers 4"
        )
    return variants


def show_contest(settings: Settings, out: Console) -> None:
    """Print what would be applied and measured. Raises SettingError."""
    variants = checked_variants(settings)
    names = tuple(variant.name for variant in variants.variants)
    contest = Contest(names, settings.variants_rounds or USUAL_ROUNDS)
    for line in plan_lines(variants, contest, _run_s(settings)):
        out.print(line, highlight=False, markup=False, soft_wrap=True)


def _run_s(settings: Settings) -> float | None:
    """How long one measurement takes at most, without applying and warming up, if that is known."""
    return settings.budget if settings.find_capacity else settings.plan().duration_s


def rank_variants(settings: Settings, *, out: Console, err: Console) -> int:
    """Rank the variants of the settings' file; the exit code.

    `out` gets the ranking, `err` the progress. Raises SettingError and Unreachable as a run does;
    the box is restored all the same.
    """
    variants = checked_variants(settings)
    plan = settings.plan()
    check_before_run(settings, plan, worker_count(settings, plan))
    folder = new_folder(settings.log_file, time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()))
    assert settings.variants is not None

    def say(text: str) -> None:
        err.print(text, highlight=False, markup=False, soft_wrap=not err.is_terminal)

    # A pipe gets a line for each measurement; who looks closer sees the steps of each as well.
    closer = err.is_terminal or settings.progress in ("plain", "json")
    steps = err if closer else Console(file=io.StringIO())
    with (
        no_cloud(settings, lambda: folder, say) as configured,
        StopSignals() as stop,
        Applier(
            variants.restoring,
            settings.variants.parent,
            os.environ,
            token=settings.token(),
            ask=_asker(say),
        ) as applier,
    ):
        result = ContestRun(
            variants=variants,
            settings=settings,
            applier=applier,
            measure=as_set(settings, steps, configured.detector_ids),
            warm=warmer(settings, say),
            folder=folder,
            say=say,
        ).run(stop)
    write_contest(result, variants, settings, folder, out)
    if result.not_restored:
        say(
            f"The box was not restored ({result.not_restored}); do it by hand: "
            f"{variants.restoring.apply}"
        )
    return exit_codes.UNREACHABLE if configured.not_restored else contest_exit_code(result)


def _asker(say: Callable[[str], None]) -> Callable[[str], None]:
    """Asks the person at the terminal, and waits for Enter."""

    def ask(what: str) -> None:
        say(f"{what}, then press Enter.")
        if not sys.stdin.readline():
            raise NotApplied("nobody is at the terminal any more")

    return ask
