"""What went wrong, or makes the answer poorer: meaning, cause, advice, and what was seen. Pure."""

from __future__ import annotations

from edgeload.edge_facts import MAX_CONNECTIONS
from edgeload.failure_classes import failure_class
from edgeload.plain_words import plural, sentence
from edgeload.read.statistics.format import milliseconds, number, share, short
from edgeload.read.words.finding_kind import Kind, Numbers
from edgeload.time_words import moment

_SHOWN_CHARS = 160


def _log_damaged(n: Numbers) -> str:
    return (
        f"{plural(n['lines'], 'line')} of the log could not be read, the first of them line "
        f"{n['first_line']}: {short(n['text'], 60)!r} ({short(n['problem'], 80)})"
    )


def _log_damaged_advice(n: Numbers) -> str:
    fate = "count as missed" if n["count_as_missed"] else "are left out"
    return f"A cut last line is usual after a kill. Requests on unreadable lines {fate}."


def _clock_jumped(n: Numbers) -> str:
    said = [
        f"{'back' if seconds < 0 else 'forward'} {number(abs(seconds))} s at line {line}"
        for line, seconds in zip(n["lines"], n["seconds"], strict=True)
    ]
    more = n["jumps"] - len(said)
    return "time goes " + ", ".join(said) + (f", and {plural(more, 'more time')}" if more else "")


def _incomplete(n: Numbers) -> str:
    said = []
    if n["without_instant"]:
        said.append(f"{plural(n['without_instant'], 'request')} without a time of day")
    if n["without_latency"]:
        said.append(f"{plural(n['without_latency'], 'success')} without a latency")
    return "the log holds " + " and ".join(said)


def _other_units(n: Numbers) -> str:
    if n["instants"] == n["latencies"]:
        said = f"instants and latencies in {n['instants']}"
    else:
        said = " and ".join(f"{k} in {n[k]}" for k in ("instants", "latencies") if n[k])
    return f"this log has {said}; they were read as such"


def _failed(n: Numbers) -> str:
    sent = f"{plural(n['sent'], '{request}')} ({share(n['share'])})"
    said = f"in {{steps}}, {n['requests']:,} of {sent} failed as {n['outcome']}"
    if n["first_s"] is not None:
        said += f", from {moment(n['first_s'])} to {moment(n['last_s'])}"
    example = "for example " if n["is_example"] else ""
    return said + (f": {example}{short(n['text'], _SHOWN_CHARS)}" if n["text"] else "")


def _connection_limit(n: Numbers) -> str:
    least, most = n["in_flight"]
    signs = {"the proxy's own 500": n["http_500"], "a reset": n["reset"]}
    ended = " and ".join(f"{count:,} in {sign}" for sign, count in signs.items() if count)
    flight = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    return (
        f"in {{steps}}, requests ended with {flight} requests in flight, {ended}; an Edge "
        f"Endpoint's proxy takes about {n['limit']} at once"
    )


_DEAD = "because their worker had died"
_LOST = "or their records were lost with their node"
_STILL = "because their worker stood still"


_MISSED_BECAUSE = {
    "late": "because their step ended first",
    "skipped": "because the policy --late skip dropped them",
    "stopped": "because the run was stopped",
    "not recorded": "for a reason that is not in the log",
}


def _missed(n: Numbers) -> str:
    said = dict(_MISSED_BECAUSE)
    if n.get("late_policy") == "latest":
        said["skipped"] = "because the policy --late latest keeps only the newest"
    if n["worker_died"] or n["worker_stood_still"]:
        said["not recorded"] = _DEAD if n["worker_died"] else _STILL
    if n.get("node_lost"):
        said["not recorded"] = _LOST
    because = {said.get(reason, reason): count for reason, count in n["reasons"].items()}
    split = ", ".join(f"{count:,} {why}" for why, count in because.items())
    why = next(iter(because)) if len(because) == 1 else f"({split})"
    return (
        f"in {{steps}}, {n['missed']:,} of {plural(n['planned'], 'planned {request}')} were never "
        f"sent {why}"
    )


def _missed_advice(n: Numbers) -> str:
    if set(n["reasons"]) == {"not recorded"}:
        return "They count as unanswered."
    if n.get("our_fault"):
        return (
            "Their {client}s were not free in time, which may be the load generator's own fault: "
            "see INVALID above. They count as unanswered."
        )
    return (
        "The {client}s were still waiting for earlier answers when these {request}s fell due; they "
        "count as unanswered."
    )


def _not_steady(n: Numbers) -> str:
    ratio = n["largest_ratio"]
    much = f", up to {number(ratio)}-fold" if ratio else ""
    return (
        "{steps} did not settle: throughput or response time differed between the thirds of the "
        f"step{much}"
    )


def _outage(n: Numbers) -> str:
    lost = f"{plural(n['frames_lost'], 'frame')} lost ({n['outcome']})"
    if not n["failures"]:
        return (
            f"the endpoint gave no answer for {moment(n['recovered_s'] - n['start_s'])}, from "
            f"{moment(n['start_s'])} to {moment(n['recovered_s'])}, and answered late what had "
            "waited"
        )
    if n["recovered_s"] is None:
        return f"the endpoint was down from {moment(n['start_s'])} on and did not recover: {lost}"
    down_s = n["recovered_s"] - n["start_s"]
    said = (
        f"the endpoint was down for {moment(down_s)}, from {moment(n['start_s'])} until its first "
        f"good answer at {moment(n['recovered_s'])}: {lost}"
    )
    if n["caught_up_s"] is None:
        return f"{said}; its backlog was still there at the end"
    if n["caught_up_s"] > n["recovered_s"]:
        return f"{said}; its backlog was gone at {moment(n['caught_up_s'])}"
    return said


def _not_monotone(n: Numbers) -> str:
    loads = ", ".join(f"{load:,}" for load in n.get("copies", n["clients"]))
    noun = "copies" if "copies" in n else "clients"
    refused = n.get("not_carried_copies", n["not_carried"])
    return (
        f"{{steps}} ({loads} {noun}) carried the load, although a step of "
        f"{plural(refused, 'copy' if 'copies' in n else 'client')} did not"
    )


def _cold_answers(n: Numbers) -> str:
    times = f"{milliseconds(n['fastest_s'])} to {milliseconds(n['slowest_s'])} ms"
    usual = f"the p95 of later answers is {milliseconds(n['warm_p95_s'])} ms"
    if n["until_s"] is None:
        return (
            f"{n['slow']:,} of {n['answers']:,} first answers of {{client}}s took {times}; "
            f"{usual}, so a new connection is slow"
        )
    return (
        f"{n['slow']:,} of the first {n['answers']:,} answers, up to {moment(n['until_s'])}, took "
        f"{times}; {usual}, so the endpoint was still cold"
    )


def _drift(n: Numbers) -> str:
    change = n["change"]
    return (
        f"in {{steps}}, the median service time went from {milliseconds(n['first_s'])} ms in the "
        f"first minute to {milliseconds(n['last_s'])} ms in the last "
        f"({'+' if change > 0 else '-'}{share(abs(change))})"
    )


def _drift_advice(n: Numbers) -> str:
    if n["change"] > 0:
        return (
            "A box that slows down under load may be too hot: look at its clocks and temperature "
            "(monitor_cpu_gpu_usage.py)."
        )
    return "The endpoint was not warm yet: use a longer warm-up (--warmup)."


def _after_failures(n: Numbers) -> str:
    if n["our_fault"]:
        return (
            "That may be the load generator's own fault, which makes these steps INVALID: answers "
            "that came in time may have lain unread. Run again on a machine that keeps up."
        )
    return sentence(failure_class(n["outcome"]).advice)


WARNING_KINDS = {
    "log_damaged": Kind(
        meaning="Some lines of the log are not readable.",
        cause="A killed worker cut its last line, or something else wrote into the log.",
        advice="A cut last line is usual after a kill. Requests on unreadable lines count as "
        "missed; in a log of the older form they are left out.",
        message=_log_damaged,
        advise=_log_damaged_advice,
    ),
    "clock_jumped": Kind(
        meaning="The clock of a log of the older form was set during the run.",
        cause="The clock was set, a zone changed, or the load generator stood still.",
        advice="The steps follow the order of the lines, and the jumps are cut out of the run's "
        "time. Keep the clock synchronised, and repeat the run if these steps matter.",
        message=_clock_jumped,
    ),
    "incomplete_requests": Kind(
        meaning="Requests of a log of the older form do not say when they ended or how long they "
        "took.",
        cause="The program that wrote the log left it out, or the clock was set meanwhile.",
        advice="They count as requests. One without a time of day is placed with the line before "
        "it, and one without a latency is left out of the service times.",
        message=_incomplete,
    ),
    "host_zeros": Kind(
        meaning="Lines with figures of the host, in a log of the older form, are zeros only.",
        cause="The box gave no figures, for example because its metrics server was down, and the "
        "program that wrote the log put down zeros.",
        advice="They are left out: they say nothing about how busy the box was.",
        message=lambda n: (
            f"{n['empty']:,} of {plural(n['lines'], 'line')} with figures of the host are zeros, "
            "which stand for no data"
        ),
    ),
    "other_units": Kind(
        meaning="A log of the older form has instants or latencies that cannot be in seconds.",
        cause="Another program wrote the log, or converted it.",
        advice="Check one line: if the unit is another one, convert the log to seconds.",
        message=_other_units,
    ),
    "interrupted": Kind(
        meaning="The run ended before its plan did.",
        cause="Somebody stopped it, or a condition of --abort-on ended it.",
        advice="Everything due until then is counted. A step cut short cannot be the capacity.",
        message=lambda n: (
            f"the run was stopped at {moment(n['stopped_s'])} of {moment(n['planned_s'])} "
            f"({short(n['reason'], 200)})"
        ),
    ),
    "nothing_answered": Kind(
        meaning="No request succeeded.",
        cause="A wrong URL, token or detector; or the endpoint is down.",
        advice="Read the failures below, and check the URL, the token and the detector.",
        message=lambda n: f"none of {plural(n['sent'], '{request}')} succeeded",
    ),
    "outage": Kind(
        meaning="For a second or more, no request got a good answer, although several were wanted.",
        cause="The endpoint, its network or its machine was down, stood still or restarted.",
        advice="Look at the endpoint's logs of that time, and repeat the run. A step with "
        "failures in an outage never counts as carried, whatever caused them.",
        message=_outage,
    ),
    "not_monotone": Kind(
        meaning="A load was carried although a smaller one was not.",
        cause="Something else disturbed the smaller load, or the larger one ran after the endpoint "
        "had changed.",
        advice="Load alone may not be the cause: look for another one, and repeat the run to find "
        "out which holds.",
        message=_not_monotone,
    ),
    "failed_CLASS": Kind(
        meaning="Requests failed with the class that the code names, for example "
        "`failed_timeout` or `failed_http_503`.",
        cause="It depends on the class: see the table of failure classes.",
        advice="See the table of failure classes.",
        message=_failed,
        advise=_after_failures,
    ),
    "connection_limit": Kind(
        meaning="With more than 100 requests in flight, the endpoint's proxy answered with its own "
        "500 (a page in HTML), or connections were reset.",
        cause=f"The proxy of an Edge Endpoint takes about {MAX_CONNECTIONS} requests at once.",
        advice="This limit of the proxy, not inference, may be what was measured. Stay below it, "
        "or raise worker_connections in the endpoint's nginx.",
        message=_connection_limit,
    ),
    "retried": Kind(
        meaning="The endpoint closed kept connections at the moment at which requests were sent on "
        "them; these requests were sent once more.",
        cause="The endpoint closes idle connections after about the time between two requests of a "
        "client; or it resets connections.",
        advice="Each of them counts once, timed from its first attempt. If the endpoint keeps idle "
        "connections for longer than the time between two requests of a {client}, it reset these "
        "requests: look at its log.",
        message=lambda n: (
            f"{n['retried']:,} of {plural(n['sent'], 'request')} ({share(n['share'])}) were sent "
            "again on a new connection, because the endpoint had just closed the kept one"
        ),
    ),
    "missed": Kind(
        meaning="Requests fell due but were never sent.",
        cause="Their clients were still waiting for earlier answers, or the run was stopped.",
        advice="Use fewer {client}s, or give the endpoint more workers. Missed requests count as "
        "unanswered.",
        message=_missed,
        advise=_missed_advice,
    ),
    "clocks_unaligned": Kind(
        meaning="Requests were sent before they were due, or answered before they were sent.",
        cause="Lines of machines with different clocks stand in one log.",
        advice="The times of these requests are wrong. Do not join logs of machines whose clocks "
        "differ.",
        message=lambda n: (
            f"{plural(n['requests'], 'request')} were sent before they were due, or answered "
            "before they were sent: the clocks behind these lines disagree"
        ),
    ),
    "not_steady": Kind(
        meaning="Throughput or response time still changed within a step by more than 10 %.",
        cause="The endpoint is near or beyond its limit, was still warming up, or was disturbed.",
        advice="Its figures are means over different states. Use longer steps "
        "(--time-between-ramp) or a longer warm-up (--warmup).",
        message=_not_steady,
    ),
    "warm_up_longer": Kind(
        meaning="Answers were still slower after the warm-up that is cut from a step.",
        cause="The endpoint was cold: every process of it warms up by itself.",
        advice="Use a longer warm-up (--warmup), or a short run before this one.",
        message=lambda n: (
            f"in {{steps}}, answers were still slower after the warm-up, until "
            f"{moment(n['until_s'])} into the step (MSER-5)"
        ),
        advise=lambda n: (
            f"Use --warmup {n['suggested_warmup_s']}, or warm the endpoint up with a short run "
            "before this one."
        ),
    ),
    "cold_answers": Kind(
        meaning="Answers at the start of the run, or the first ones of clients, were much slower.",
        cause="Every process of the endpoint is cold by itself: requests over new connections warm "
        "it up, not seconds.",
        advice="Do not quote the slowest answers of these steps. Warm the endpoint up with a run "
        "of many {client}s, then repeat this one.",
        message=_cold_answers,
    ),
    "drift": Kind(
        meaning="The last minute of a long step was over 10 % slower or faster than its first.",
        cause="Slower: the box throttles, often for heat. Faster: it was not warm yet.",
        advice="Slower: look at clocks and temperature of the box (monitor_cpu_gpu_usage.py). "
        "Faster: use a longer warm-up (--warmup).",
        message=_drift,
        advise=_drift_advice,
    ),
    "littles_law": Kind(
        meaning="The mean number of requests in flight is not throughput times service time.",
        cause="Records are missing, a clock is wrong, or the load was still changing.",
        advice="Do not trust these steps. Repeat the run with the log on a local disk and with "
        "longer steps (--time-between-ramp).",
        message=lambda n: (
            f"in {{steps}}, the mean number of requests in flight ({number(n['in_flight'])}) is "
            f"not throughput times service time ({number(n['throughput_times_service'])})"
        ),
    ),
    "older_form": Kind(
        meaning="The log is of the older form, which does not say when requests were due.",
        cause="An earlier version of the load test wrote it, or a script of upstream's.",
        advice="Service time alone is optimistic: a client sends nothing while it waits, so a "
        "stall shows in few requests. In a log of upstream's it holds the client's work on the "
        "picture and the SDK's silent retries as well. Repeat the run with this version.",
        message=lambda n: (
            "this log does not say when requests were due: response time, missed requests and "
            "generator lag are unknown, and so is whether the generator kept up"
        ),
    ),
    "window_unknown": Kind(
        meaning="Logs of cameras came without a summary.json that says which time was measured.",
        cause="The run was killed before its end, or its files were moved without it.",
        advice="The warm-up is part of the figures, and each camera is read as if it sent as soon "
        "as it had its answer, unless --requests-per-second tells its rate. Give the whole folder "
        "of a finished run.",
        message=lambda n: (
            "these logs of cameras do not say how long the warm-up was and how often a camera was "
            "to send: there is no summary.json beside them that can be read"
        ),
    ),
    "same_image": Kind(
        meaning="Every request sent the same picture.",
        cause="The run was made with --same-image.",
        advice="A cache on the edge may have answered. Leave out --same-image to measure the "
        "model.",
        message=lambda n: "every request sent the same picture",
    ),
}
