"""The runs of a series (REPEAT): the settings, the log and the folder of each. Pure."""

from __future__ import annotations

from pathlib import Path

from edgeload.settings.resolved import Settings


def settings_of_run(settings: Settings, number: int) -> Settings:
    """The settings of run `number`, from 1: one run like any other, that can be repeated alone.

    Each run has the next seed. What we draw by chance (Poisson arrivals, the phases of the groups
    of a mix against each other, the pixels of the pictures) then differs between runs, as it does
    between days: with one seed, their scatter and the interval that is made of it would lack that.
    """
    return settings.for_run(
        {
            "repeat": 1,
            "cooldown": Settings.model_fields["cooldown"].default,  # there is none in one run
            "seed": (settings.seed + number - 1) % 2**63,
            "log_file": log_of_run(settings.log_file, number),
            "output_dir": folder_of_run(settings.output_dir, number),
        }
    )


def log_of_run(log_file: Path, number: int) -> Path:
    """`load_test.log` for the first run, then `load_test-2.log`, `load_test-3.log` and so on."""
    if number == 1:
        return log_file
    return log_file.with_name(f"{log_file.stem}-{number}{log_file.suffix}")


def folder_of_run(output_dir: Path, number: int) -> Path:
    """`run-1` in the folder of the results."""
    return output_dir / f"run-{number}"


def series_s(settings: Settings) -> float | None:
    """Seconds that all runs and the pauses between them take, by the plan, or at most.

    None for searches without BUDGET: nobody knows how long they take.
    """
    run_s = settings.budget if settings.find_capacity else settings.plan().duration_s
    if run_s is None:
        return None
    return settings.repeat * run_s + (settings.repeat - 1) * settings.cooldown
