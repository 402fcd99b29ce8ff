"""Findings about the cores of the load generator that its own figures leave open. Pure.

Hyper-threads and a changing clock make a core slower than its CPU time shows. That is worth a word
only if the generator's own figures are in question: it spoiled a step, or was busy enough for a
slower core to matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
    """Both, for the steps in question."""
    steps = [step for step in summary.steps if _in_question(step)]
    if summary.log.header is not None and steps:
        machines = _machines(summary.log.header)
        yield from _hyper_threads(machines, steps)
        yield from _governor(machines, steps)


@dataclass(frozen=True)
class _Machine:
    """A machine that made load: its name in a cluster, what it is, the numbers of its workers."""

    node: str | None
    facts: Mapping[str, Any]
    workers: Sequence[int]

    def workers_in(self, step: StepSummary) -> int:
        """How many of its workers had clients in a step: these are dealt out one by one."""
        return sum(worker < step.clients for worker in self.workers)


def _machines(header: Header) -> list[_Machine]:
    """In a cluster the nodes: the header itself tells of the driver, which sends nothing."""
    if header.cluster is None:
        return [_Machine(None, header.machine, range(header.workers))]
    return [_Machine(node.name, node.machine, node.workers) for node in header.cluster.nodes]


def _named(machines: Iterable[_Machine]) -> dict[str, Evidence]:
    names = tuple(machine.node for machine in machines if machine.node is not None)
    return {"nodes": names} if names else {}


def _in_question(step: StepSummary) -> bool:
    spoiled = any(doubt.code in _OF_SLOW_CORES for doubt in step.doubts)
    return spoiled or (step.generator.cpu_cores or 0.0) > _MATTERS


def _hyper_threads(machines: Sequence[_Machine], steps: Sequence[StepSummary]) -> Iterator[Finding]:
    """More processes than physical cores: two of them were threads of one core at times.

    The figures are those of the machine that lacked most cores.
    """
    crowded: dict[int, int] = {}
    for place, machine in enumerate(machines):
        cores, usable = (machine.facts.get(name) for name in ("physical_cores", "usable_cores"))
        if not isinstance(cores, int) or not isinstance(usable, int) or usable <= cores:
            continue
        workers = max(machine.workers_in(step) for step in steps)
        if machine.facts.get("worker_cpus") is None and workers + 1 > cores:
            crowded[place] = workers + 1 - cores
    if not crowded:
        return
    found = [machines[place] for place in crowded]
    worst = machines[max(crowded, key=lambda place: crowded[place])]
    cores = worst.facts["physical_cores"]
    shared = [step for step in steps if worst.workers_in(step) + 1 > cores]
    numbers: dict[str, Evidence] = {
        "workers": max(worst.workers_in(step) for step in shared),
        "cores": cores,
        "threads": worst.facts["usable_cores"],
        **_named(found),
    }
    yield Finding("generator_hyper_threads", "note", indices_of(shared), numbers)


def _governor(machines: Sequence[_Machine], steps: Sequence[StepSummary]) -> Iterator[Finding]:
    slow = [
        machine
        for machine in machines
        if isinstance(said := machine.facts.get("frequency_governor"), str)
        and said != _AT_FULL_CLOCK
    ]
    if slow:
        governors = dict.fromkeys(machine.facts["frequency_governor"] for machine in slow)
        numbers: dict[str, Evidence] = {"governor": ", ".join(governors), **_named(slow)}
        yield Finding("generator_governor", "note", indices_of(steps), numbers)
