"""What makes a run INVALID: meaning, cause, advice, and what was seen. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from edgeload.plain_words import listed, plural
from edgeload.read.statistics.format import share
from edgeload.read.words.finding_kind import Kind, Numbers
from edgeload.time_words import moment


def _log_disagrees(n: Numbers) -> str:
    counted, in_log = n["counted"], n["in_log"]
    wrong = ", ".join(
        f"{counted[name]:,} requests {name} but the log holds {in_log[name]:,}"
        for name in counted
        if counted[name] != in_log[name]
    )
    return f"the workers counted {wrong}"


def _worker_died(n: Numbers) -> str:
    how = f"killed by {n['signal']}" if n["signal"] else f"exit code {n['exit_code']}"
    return (
        f"worker {n['worker']} of the load generator (process {n['pid']}, with up to "
        f"{plural(n['clients'], '{client}')}) died at {moment(n['at_s'])}, {how}"
    )


_MOST_CAMERAS_NAMED = 5


def _some_of(names: Sequence[str]) -> str:
    more = len(names) - _MOST_CAMERAS_NAMED
    shown = [*names[:_MOST_CAMERAS_NAMED], *([f"{more} more"] if more > 0 else [])]
    return listed(shown)


def _cameras_lost(n: Numbers) -> str:
    said = []
    if n["silent"]:
        said.append(f"{_some_of(n['silent'])} sent nothing in the measured time")
    if n["failed"]:
        failed = plural(len(n["failed"]), "process")
        said.append(f"{failed} of the load generator failed: {_some_of(n['failed'])}")
    return "; ".join(said)


def _generator_late(n: Numbers) -> str:
    waits = (
        (n.get("core_wait_share"), "a worker waited for a core"),
        (n.get("stolen_share"), "the hypervisor ran another virtual machine"),
    )
    named = [f"{what} {share(part)} of the time" for part, what in waits if part and part >= _PART]
    kernel = f"; by the kernel's account, {listed(named)}" if named else ""
    return f"the generator sent {share(n['late_share'])} of the requests late{kernel}"


_PART = 0.01
"""A part of the time that explains nothing is not worth a word."""


INVALID_KINDS = {
    "generator_late": Kind(
        meaning="The generator sent more than 1 % of a step's requests later than allowed, those "
        "that waited behind a late one included.",
        cause="The machine that makes the load is busy, or has too few cores for it.",
        advice="Give the generator more cores (--workers), stop other programs, or use a machine "
        "of its own.",
        message=_generator_late,
    ),
    "generator_limited": Kind(
        meaning="The CPU limit of the load generator's container was used up in more than 5 % of "
        "its periods (mostly of 100 ms), and stopped it until the next one.",
        cause="The limit is too low for this load, or other programs in the container use it up.",
        advice="Raise the CPU limit of the container in which the load generator runs, or make "
        "less load from it, and run again: its pauses are in the times that were measured.",
        message=lambda n: (
            f"the CPU limit of the load generator's container stopped it in {n['stops']:,} of "
            f"{n['periods']:,} periods"
        ),
    ),
    "generator_stolen": Kind(
        meaning="A hypervisor ran other virtual machines on the CPUs of the load generator, though "
        "these had something to do, in more than 5 % of the time.",
        cause="The machine that makes the load is a virtual one, and its host is too busy.",
        advice="Use a machine whose CPUs are its own, or a time at which its host is quiet, and "
        "run again: the pauses are in the times that were measured.",
        message=lambda n: (
            f"the hypervisor took the load generator's CPUs away for {share(n['stolen_share'])} of "
            "the time"
        ),
    ),
    "generator_starved": Kind(
        meaning="A worker process of the load generator waited more than 5 ms, on average, each "
        "time that it had something to do and needed a core.",
        cause="Other programs, or a limit on its CPU, kept the cores from it, and answers that had "
        "come lay there unread.",
        advice="Stop other programs on the machine that makes the load, lift its CPU limit, or use "
        "a machine of its own, and run again. Times measured then are the generator's, not the "
        "endpoint's.",
        message=lambda n: (
            f"the load generator waited {n['core_wait_s'] * 1e3:,.0f} ms on average for a free "
            "core of its own machine"
        ),
    ),
    "worker_stood_still": Kind(
        meaning="A worker process of the load generator did nothing for more than 1.5 s.",
        cause="It was frozen, or starved of CPU or memory, or its machine was suspended.",
        advice="Stop other programs on the machine that makes the load, or use a machine of its "
        "own, and run again. Times measured then are the generator's, not the endpoint's.",
        message=lambda n: (
            f"worker {n['worker']} of the load generator stood still for {moment(n['gap_s'])} from "
            f"{moment(n['from_s'])} on"
        ),
    ),
    "unaccounted": Kind(
        meaning="The log does not say of some planned requests that they were sent, nor that they "
        "were missed.",
        cause="The load generator did not serve their clients again, or lines are missing.",
        advice="Run again, with more worker processes (--workers) or on a machine of its own.",
        message=lambda n: (
            f"the log says nothing about {plural(n['requests'], 'planned {request}')}: the load "
            "generator did not serve their {client}s"
        ),
    ),
    "clients_idle": Kind(
        meaning="Clients had requests due and none in flight, for more than 1.5 s, and sent none.",
        cause="The load generator did not serve them: a worker process is overloaded or at fault.",
        advice="Run again, with more worker processes (--workers) or on a machine of its own.",
        message=lambda n: (
            f"{plural(n['clients'], '{client}')} had requests due and none in flight, but the load "
            "generator sent nothing more for them"
        ),
    ),
    "generator_cpu": Kind(
        meaning="A worker process used more than 80 % of a core.",
        cause="Too many clients or requests for this many worker processes.",
        advice="Spread the {client}s over more worker processes (--workers) or machines.",
        message=lambda n: (
            f"a worker process used {share(n['cpu_cores'])} of a core, above "
            f"{share(n['allowed_cores'])}"
        ),
    ),
    "worker_died": Kind(
        meaning="A worker process ended before its work did; its clients sent nothing more.",
        cause="It was killed, often because memory ran out, or it met an error.",
        advice="Look for the cause in the system log of the machine that makes the load (a common "
        "cause is lack of memory), and run again. What its {client}s had not sent counts as "
        "missed.",
        message=_worker_died,
    ),
    "cameras_lost": Kind(
        meaning="Cameras of upstream's application benchmark sent nothing, or their processes "
        "failed.",
        cause="A process of the benchmark ended before its time, or its log is not in the folder.",
        advice="The load was smaller than planned. Look for the error in what the benchmark "
        "printed, and run it again.",
        message=_cameras_lost,
    ),
    "generator_failed": Kind(
        meaning="Requests could not be sent because the generating machine had run out.",
        cause="Too few open files or local ports are allowed on the generating machine.",
        advice="Raise the limit of open files (ulimit -n) and the range of local ports "
        "(net.ipv4.ip_local_port_range).",
        message=lambda n: f"this machine could not send {plural(n['requests'], 'request')}",
    ),
    "no_end": Kind(
        meaning="The log has no end line: the run was killed.",
        cause="The process was killed, or the machine went down.",
        advice="Steps that had ended before are whole. Run again for the rest.",
        message=lambda n: (
            f"the log stops at {moment(n['last_s'])} without an end line: the run was killed"
        ),
    ),
    "log_disagrees": Kind(
        meaning="The workers counted other numbers of requests than the log holds.",
        cause="Lines were lost or added: a full disk, a network file system, or a second writer.",
        advice="Keep the log on a local disk with free space, and let nothing else write to it.",
        message=_log_disagrees,
    ),
}
