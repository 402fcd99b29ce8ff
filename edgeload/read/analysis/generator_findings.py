"""Findings about the cores of the load generator that its own figures leave open. Pure.

Hyper-threads and a changing clock make a core slower than its CPU time shows. That is worth a word
only if the generator's own figures are in question: it spoiled a step, or was busy enough for a
slower core to matter.
"""

from __future__ import annotations

from collections.abc import Iterator

from edgeload.generator_limits import CPU_LIMIT
from edgeload.read.analysis.finding import Evidence, Finding
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.step_summary import StepSummary, indices_of
from edgeload.records import Header

_MATTERS = CPU_LIMIT / 2
"""Two threads of a core compute about half as fast as one alone, and so may a core at a low clock:
from this share of a core on, that could be more than is allowed."""
_OF_SLOW_CORES = ("generator_late", "generator_cpu", "generator_starved")
_AT_FULL_CLOCK = "performance"


def about_generator(summary: RunSummary) -> Iterator[Finding]:
    """Both, for the steps in question. The header of a cluster run tells of the driver alone."""
    header = summary.log.header
    if header is None or header.cluster is not None:
        return
    steps = [step for step in summary.steps if _in_question(step)]
    yield from _hyper_threads(header, steps)
    yield from _governor(header, steps)


def _in_question(step: StepSummary) -> bool:
    spoiled = any(doubt.code in _OF_SLOW_CORES for doubt in step.doubts)
    return spoiled or (step.generator.cpu_cores or 0.0) > _MATTERS


def _hyper_threads(header: Header, steps: list[StepSummary]) -> Iterator[Finding]:
    """More processes than physical cores: two of them were threads of one core at times."""
    cores, usable = (header.machine.get(name) for name in ("physical_cores", "usable_cores"))
    if not isinstance(cores, int) or not isinstance(usable, int) or usable <= cores:
        return
    if header.machine.get("worker_cpus") is not None:
        return
    shared = [step for step in steps if min(header.workers, step.clients) + 1 > cores]
    if shared:
        workers = max(min(header.workers, step.clients) for step in shared)
        numbers: dict[str, Evidence] = {"workers": workers, "cores": cores, "threads": usable}
        yield Finding("generator_hyper_threads", "note", indices_of(shared), numbers)


def _governor(header: Header, steps: list[StepSummary]) -> Iterator[Finding]:
    governor = header.machine.get("frequency_governor")
    if steps and isinstance(governor, str) and governor != _AT_FULL_CLOCK:
        yield Finding("generator_governor", "note", indices_of(steps), {"governor": governor})
