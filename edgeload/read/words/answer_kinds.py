"""The findings about what the answers said: meaning, cause, advice, and what was seen. Pure."""

from __future__ import annotations

from edgeload.failure_classes import BY_ANOTHER_MODEL
from edgeload.plain_words import listed, plural
from edgeload.read.statistics.format import share, short
from edgeload.read.words.finding_kind import Kind, Numbers

_SHOWN_CHARS = 200


def _changed_answer(n: Numbers) -> str:
    said = (
        f"in {{steps}}, {n['requests']:,} of {plural(n['answers'], 'answer')} ({share(n['share'])})"
        " differed from those that the same pictures got without load"
    )
    if "by_detector" in n:
        said += f" ({listed([f'{count:,} of {name}' for name, count in n['by_detector'].items()])})"
    if n["least_step"] != n["most_step"]:
        said += (
            f", from {share(n['least_share'])} in step {n['least_step'] + 1} to "
            f"{share(n['most_share'])} in step {n['most_step'] + 1}"
        )
    if n["unchanged_below"]:
        said += (
            f"; with {plural(n['unchanged_clients'], '{client}')}{_or_fewer(n)}, none of "
            f"{n['unchanged_below']:,} did"
        )
    if n["by_another_model"]:
        said += f"; {n['by_another_model']:,} of them were given {BY_ANOTHER_MODEL}"
    return said + (f"; for example {short(n['text'], _SHOWN_CHARS)}" if n["text"] else "")


def _or_fewer(n: Numbers) -> str:
    return " or fewer" if n["unchanged_clients"] > 1 else ""


def _changed_advice(n: Numbers) -> str:
    if n["by_another_model"] == n["requests"]:
        return (
            "A new model was rolled out during the run, which is no fault of the load. Repeat the "
            "run."
        )
    return _CHANGED_ADVICE


_CHANGED_ADVICE = (
    "Look for what mixes up requests under load, for example a buffer or a batch that several of "
    "them share. If the model gives changing answers by itself, as many of them change at each "
    "load."
)


def _unstable(n: Numbers) -> str:
    group = f" of group {n['group']}" if n["group"] else ""
    return (
        f"{n['unstable']:,} of {plural(n['pictures'], 'picture')}{group} got two different answers "
        f"from detector {n['detector_id']} without any load; their answers were not compared"
    )


def _by_cloud(n: Numbers) -> str:
    statuses = listed([f"{count:,} with {status}" for status, count in n["statuses"].items()])
    return (
        f"in {{steps}}, {plural(n['requests'], 'request')} ended with a status that an Edge "
        f"Endpoint never gives by itself ({statuses}): if this is one, the cloud gave these "
        "answers, and the pictures left the machine"
    )


ANSWER_WARNING_KINDS = {
    "answered_by_the_cloud": Kind(
        meaning="Requests ended with HTTP status 401, 403, 404, 405, 422 or 429, which an Edge "
        "Endpoint never gives to an image query by itself.",
        cause="The endpoint's proxy sends a request to the cloud if the edge answers 404, 405 or "
        "422, and shows the cloud's answer; the others are the cloud's own. Or this is no Edge "
        "Endpoint, or something stands in front of it.",
        advice="Check the URL, the detector and the API token. These requests say nothing about "
        "the edge, and their pictures may have been sent to the cloud.",
        message=_by_cloud,
    ),
    "repeated_answers": Kind(
        meaning="Answers had the id of an earlier answer, although every image query gets an id of "
        "its own.",
        cause="A cache or a proxy gives answers of before once more, or the server is a stand-in "
        "that always says the same.",
        advice="These answers cost no inference, so throughput and capacity are not those of an "
        "Edge Endpoint. Take the cache away, or measure behind it.",
        message=lambda n: (
            f"in {{steps}}, {n['repeated']:,} of {plural(n['answers'], 'good answer')} "
            f"({share(n['repeated'] / n['answers'])}) had the id of an earlier answer: somebody "
            "repeats answers"
        ),
    ),
    "failed_changed_answer": Kind(
        meaning="Pictures got another label or count under load than without it.",
        cause="The endpoint mixes up requests under load, the model gives changing answers by "
        "itself, or a new model was rolled out during the run.",
        advice=_CHANGED_ADVICE,
        message=_changed_answer,
        advise=_changed_advice,
    ),
    "unstable_answers": Kind(
        meaning="Pictures got two different answers when they were asked twice without load.",
        cause="The model gives changing answers by itself (a GPU may round in another order), or "
        "two models answer side by side during a roll-out.",
        advice="These pictures are not compared. Others may change by chance too, so a change "
        "under load tells something only if its share grows with the load.",
        message=_unstable,
    ),
    "answers_not_compared": Kind(
        meaning="Although --check-answers was given, no answer was compared.",
        cause="Every picture got two different answers without load.",
        advice="Nothing is known about the answers of this run. Use pictures that the model is "
        "certain about.",
        message=lambda n: (
            f"none of {plural(n['answers'], 'answer')} was compared, because each of "
            f"{plural(n['pictures'], 'picture')} got two different answers without load"
        ),
    ),
}


def _answers_unchanged(n: Numbers) -> str:
    of = f" of {plural(n['pictures'], 'picture')}" if n["pictures"] else ""
    said = f"every answer was the same as before the load ({plural(n['answers'], 'answer')}{of})"
    if n["all_alike"]:
        said += "; all pictures of a detector got one and the same, so a mix-up would not show"
    return said


ANSWER_NOTE_KINDS = {
    "answers_unchanged": Kind(
        meaning="Every answer that was compared had the same label or count as without load.",
        cause="The run was made with --check-answers, and the load changed no answer.",
        advice="This says nothing about whether the answers are right, only that the load did not "
        "change them.",
        message=_answers_unchanged,
    ),
}
