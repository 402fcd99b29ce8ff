"""How figures are to be read: meaning, cause, advice, and what was seen. Pure."""

from __future__ import annotations

from edgeload.plain_words import plural, some_of
from edgeload.read.statistics.format import milliseconds, number, share
from edgeload.read.words.finding_kind import Kind, Numbers
from edgeload.read.words.longer_steps import step_option
from edgeload.untrusted_text import printable


def _longer_steps(n: Numbers) -> str:
    enough_s = n["step_s_for_p99"]
    if enough_s is None:
        return "Use longer steps (--time-between-ramp)."
    return (
        "To know how slow the slowest answers are, use longer steps: "
        f"{step_option(enough_s)} or more."
    )


def _warm_up_left_out(n: Numbers) -> str:
    told = ((n["before"], "before the measured time"), (n["after"], "after it"))
    said = [f"{plural(count, 'frame')} sent {when}" for count, when in told if count]
    one = n["before"] + n["after"] == 1
    return f"{' and '.join(said)} {'is' if one else 'are'} left out"


def _not_saturated(n: Numbers) -> str:
    p95 = n["response_p95_s"]
    at = f", with a response p95 of {milliseconds(p95)} ms" if p95 is not None else ""
    count, noun = (n["copies"][0], "copy") if "copies" in n else (n["clients"], "client")
    return (
        f"the ramp ended before the endpoint reached its limit: {plural(count, noun)} "
        f"({{steps}}) {'is' if count == 1 else 'are'} only a lower bound of the capacity{at}"
    )


def _scaling_law(n: Numbers) -> str:
    peak = n["peak_clients"]
    largest = f"; it peaks near {peak:.0f} clients" if peak else ""
    contention, coherency = n["contention_limits"], n["coherency_limits"]
    return (
        f"throughput over {n['loads']} loads follows the Universal Scalability Law within "
        f"{share(n['misfit'])}: contention {share(n['contention'])} "
        f"({share(contention[0])} to {share(contention[1])}), coherency {number(n['coherency'])} "
        f"({number(coherency[0])} to {number(coherency[1])}){largest}"
    )


def _largest_demand(n: Numbers) -> str:
    low, high = n["demand_limits_s"]
    rest = "; ".join(f"{name} at {number(rate)}/s" for name, rate in n["next"].items())
    return (
        f"{n['resource']}: each answer takes {milliseconds(n['demand_s'])} ms of it "
        f"({milliseconds(low)} to {milliseconds(high)}), so it is full at "
        f"{number(n['full_at_per_s'])} answers/s" + (f"; then {rest}" if rest else "")
    )


def _on_nodes(n: Numbers) -> str:
    """Of a cluster run, which of its nodes that is about."""
    return f", on {some_of(n['nodes'])}" if n.get("nodes") else ""


NOTE_KINDS = {
    "warm_up_left_out": Kind(
        meaning="Frames of a run of upstream's application benchmark do not count.",
        cause="They were sent before the time that the benchmark measured, or after it.",
        advice="They are in none of the figures. A frame counts by when it was sent.",
        message=_warm_up_left_out,
    ),
    "too_few_samples": Kind(
        meaning="A step has too few answers for a p99.",
        cause="The step is short, or its load small: p95 needs 59 answers, p99 needs 299.",
        advice="To know how slow the slowest answers are, use longer steps (--time-between-ramp).",
        advise=_longer_steps,
        message=lambda n: (
            "{steps} had too few answers after the warm-up for a p99, which needs 299"
            + (", and some for a p95, which needs 59" if n["p95_too"] else "")
        ),
    ),
    "not_saturated": Kind(
        meaning="No load of the ramp reached the endpoint's limit.",
        cause="The ramp ended too early.",
        advice="Go on to a larger load (--max-clients or --custom-ramp) to find the limit.",
        message=_not_saturated,
    ),
    "generator_hyper_threads": Kind(
        meaning="Worker processes of the load generator shared physical cores, as two hardware "
        "threads of one, with each other or with the rest of the program, and were late or busy.",
        cause="There are more of them than physical cores.",
        advice="Use fewer worker processes (--workers) or a machine with more cores: two threads "
        "of one core are each about half as fast, and their CPU time does not show that.",
        message=lambda n: (
            f"{plural(n['workers'], 'worker process')} of the load generator and the rest of it "
            f"shared {plural(n['cores'], 'physical core')} with {n['threads']} hardware threads"
            + _on_nodes(n)
        ),
    ),
    "generator_governor": Kind(
        meaning="The frequency governor of the load generator's cores may run them slower than "
        "they can, and the generator was late or busy.",
        cause="It saves power, as is usual on laptops and boards.",
        advice="Set the governor to performance (cpupower frequency-set -g performance) and run "
        "again: a core at a low clock wakes up later, and needs more time for the same work.",
        message=lambda n: (
            "the cores of the load generator have the frequency governor "
            f"{printable(n['governor'])}" + _on_nodes(n)
        ),
    ),
    "scaling_law": Kind(
        meaning="Throughput follows the Universal Scalability Law.",
        cause="The endpoint has work that is done one at a time, or that grows with its load.",
        advice="Contention is work that is done one at a time (a lock, a single GPU). Coherency is "
        "work that grows with every pair of clients.",
        message=_scaling_law,
    ),
    "largest_demand": Kind(
        meaning="The resource of the host that is full first, by the utilisation law.",
        cause="It is the resource that each answer uses most of.",
        advice="The resource that is full first limits the box, unless something else gives way "
        "before (utilisation law; a GPU is busy while any kernel runs).",
        message=_largest_demand,
    ),
}
