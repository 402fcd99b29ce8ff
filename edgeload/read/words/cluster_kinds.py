"""The findings about the nodes of a cluster run: meaning, cause, advice, what was seen. Pure."""

from __future__ import annotations

from edgeload.plain_words import plural, some_of
from edgeload.read.statistics.format import milliseconds
from edgeload.read.words.finding_kind import Kind, Numbers
from edgeload.time_words import moment


def _node_lost(n: Numbers) -> str:
    missing = ""
    if n["unrecorded"]:
        where = f" and may still lie there in {n['log']}" if n["log"] else ""
        missing = (
            f"; {plural(n['unrecorded'], '{request}')} that lost nodes counted are not in the "
            f"log{where}"
        )
    return (
        f"node {n['node']} of the load generator, with {plural(n['workers'], 'worker process')} "
        f"and up to {plural(n['clients'], '{client}')}, was lost at {moment(n['at_s'])}: "
        f"{n['why']}{missing}"
    )


def _records_missing(n: Numbers) -> str:
    places = some_of([f"{path} on {name}" for name, path in n["where"]])
    return (
        f"the nodes counted {plural(n['counted'], '{request}')}, and the log has {n['missing']:,} "
        f"less; the records may still lie in {places}"
    )


def _records_left(n: Numbers) -> str:
    places = some_of([f"{path} on {name}" for name, path in n["where"]])
    return f"the records were left on the nodes, in {places}"


def _cluster_nodes(n: Numbers) -> str:
    workers = sum(n["workers"])
    where = ", all of them on one machine" if n["local"] else ""
    return (
        f"{plural(len(n['nodes']), 'node')} made the load with {plural(workers, 'worker process')}"
        f"{where}: {some_of(n['nodes'])}; their clocks were compared to "
        f"{milliseconds(n['clock_error_s'])} ms"
    )


def _cluster_advice(n: Numbers) -> str:
    if n["local"]:
        return (
            "They were not separate machines, so this says nothing about the load that several "
            "machines can make."
        )
    return "Instants on different nodes are comparable to that."


def _node_versions(n: Numbers) -> str:
    said = some_of([f"{version} on {name}" for name, version in n["others"].items()])
    return f"{n['package']} is {n['here']} on the driver, and {said}"


def _endpoints_differ(n: Numbers) -> str:
    if "short" in n:
        parts = "their parts" if len(n["short"]) > 1 else "its part"
        return (
            f"the endpoints differ clearly: {some_of(n['short'])} did not carry {parts} of the "
            f"load, and {some_of(n['carried'])} did"
        )
    return (
        f"the endpoints differ clearly: the median response time was {milliseconds(n['slow_s'])} "
        f"ms at {n['slow']}, and {milliseconds(n['fast_s'])} ms at {n['fast']}"
    )


def _node_clock(n: Numbers) -> str:
    return (
        f"the clock of node {n['node']} was known to {milliseconds(n['clock_error_s'])} ms only, "
        f"more than the {milliseconds(n['allowed_s'])} ms by which a request may be late"
    )


CLUSTER_INVALID_KINDS = {
    "node_lost": Kind(
        meaning="A machine that made a part of the load was lost during the run: it ended, did not "
        "answer any more, or stopped sending because nobody asked it how it was.",
        cause="It was switched off or cut off from the network, its memory ran out, or the network "
        "between it and the driver was away for longer than the lease.",
        advice="Look at that machine and its network, and run again. What it had not sent counts "
        "as missed, and its load was moved to no other node. Raise the lease (--lease) if the "
        "network has short gaps; --records stream saves what a lost node has measured.",
        message=_node_lost,
    ),
    "records_missing": Kind(
        meaning="The log does not have as many requests as the nodes have counted.",
        cause="The run was cut off while the records came, or the log of a node could not be read.",
        advice="Run again, and let it come to its end.",
        message=_records_missing,
    ),
    "records_left": Kind(
        meaning="The log has no requests, because they were to stay on the nodes.",
        cause="The run was made with --records leave.",
        advice="Copy these files here, append them to the log, and make the report again: "
        "cat FILE… >> LOG.",
        message=_records_left,
    ),
}
CLUSTER_WARNING_KINDS = {
    "node_clock": Kind(
        meaning="The clocks of the machines that made the load could be compared less exactly than "
        "5 ms: by so much their requests may stand too early or too late beside each other.",
        cause="The network between the driver and that node is slow or busy, or its clock drifts.",
        advice="Times from sending to the answer are right, because each is measured on one clock. "
        "Trust the instants of short events less, or use a quicker network between the machines.",
        message=_node_clock,
    ),
}
CLUSTER_NOTE_KINDS = {
    "node_versions": Kind(
        meaning="The nodes do not all have the same version of a package that takes part in "
        "sending a request.",
        cause="Their environments were made at different times.",
        advice="Install the same versions on all nodes if their figures are to be compared.",
        message=_node_versions,
    ),
    "cluster_nodes": Kind(
        meaning="Several nodes made the load. Each measures on its own clock, and their clocks are "
        "compared before and during the run.",
        cause="The run was made with --cluster.",
        advice="Instants on different nodes are comparable to the time that is named. Nodes on one "
        "machine say nothing about the load that several machines can make.",
        message=_cluster_nodes,
        advise=_cluster_advice,
    ),
    "endpoints_differ": Kind(
        meaning="The nodes loaded several endpoints, and one of them did not carry its part while "
        "another did; or one is clearly slower: the 95 % intervals of their medians do not meet, "
        "and the medians differ by 10 % or more.",
        cause="Its box has less power, another model or another configuration, the network to it "
        "is slower, or its nodes have more clients.",
        advice="Look at the table by endpoint: figures of the whole run mix these endpoints.",
        message=_endpoints_differ,
    ),
}
ENDPOINT_SHORTFALL_KINDS = {
    "endpoint_short": Kind(
        meaning="All endpoints together kept up, but one of them did not carry its part of the "
        "load.",
        cause="The load is above the capacity of that endpoint.",
        advice="See the table by endpoint.",
        message=lambda n: (
            f"{some_of(n['endpoints'])} did not carry {plural(n['clients'], '{client}')}, "
            f"{'its part' if len(n['endpoints']) == 1 else 'their parts'} of the load"
        ),
    ),
}
