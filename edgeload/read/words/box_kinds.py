"""The findings about how the box is configured: meaning, cause, advice, and what was seen. Pure."""

from __future__ import annotations

from edgeload.edge_facts import DEFAULT_AUDIT_RATE, NOTICEABLE_AUDIT_RATE
from edgeload.plain_words import listed, plural
from edgeload.read.analysis.box_story import BoxChange
from edgeload.read.statistics.format import share
from edgeload.read.words.box_story_words import change_words, others_words
from edgeload.read.words.finding_kind import Kind, Numbers


def _below_own_threshold(n: Numbers) -> str:
    if n["share"] is None:
        return (
            "it is unknown how many of your own cameras' pictures would involve the cloud: the "
            "detector may send on what is below its confidence threshold, which is not known"
        )
    theirs = (
        "for your own cameras the box sends such pictures to the cloud as well"
        if n["always_edge"]
        else "for your own cameras such answers come from the cloud"
    )
    return (
        f"{share(n['share'])} of the answers ({n['below']:,} of {n['known']:,}) were below the "
        f"detector's own confidence threshold of {n['threshold']:g}; this run asked with 0.0, but "
        f"{theirs}"
    )


BOX_WARNING_KINDS = {
    "audited": Kind(
        meaning=f"The box sent {share(NOTICEABLE_AUDIT_RATE)} of its answers or more to the cloud "
        "as well, although the edge answered.",
        cause="The box's global_config has a large confident_audit_rate.",
        advice=f"Set confident_audit_rate back to its default, {DEFAULT_AUDIT_RATE:.5f}, or make "
        "the detector edge-only (docs/endpoint.md), and repeat the run.",
        message=lambda n: (
            f"the box also sent about {n['audited']:,} of {n['answers']:,} answers "
            f"({share(n['audit_rate'])}) to the cloud, because its confident_audit_rate is "
            f"{n['audit_rate']:g}; edge purity does not show that, and the box did that work "
            "while it was measured"
        ),
    ),
    "box_changed": Kind(
        meaning="Something about the box was another after the run than before it.",
        cause="A new model was rolled out, an image was updated, or somebody changed the "
        "configuration.",
        advice="Repeat the run: its figures are those of two boxes.",
        message=lambda n: (
            "the box changed during the run: "
            + listed([change_words(BoxChange(*change)) for change in n["changes"]])
        ),
    ),
}

BOX_NOTE_KINDS = {
    "below_own_threshold": Kind(
        meaning="With your own cameras, some of these answers would have involved the cloud.",
        cause="The run asks with confidence_threshold=0.0. Cameras ask with the detector's own; "
        "below it, a detector that is not edge-only involves the cloud.",
        advice="Make the detector edge-only (docs/endpoint.md), or count on the cloud's time or on "
        "the uploads for that share of your pictures.",
        message=_below_own_threshold,
    ),
    "no_cloud_set": Kind(
        meaning="For this run, the box was configured to answer without the cloud.",
        cause="SET_NO_CLOUD was on, and the box's own configuration lets a detector of the run ask "
        "the cloud.",
        advice="Your own cameras have the box's own configuration: with it, the cloud may answer "
        "them, which takes longer.",
        message=lambda n: (
            f"for this run, {plural(n['detectors'], 'detector')} "
            f"{'was' if n['detectors'] == 1 else 'were'} configured to answer without the cloud "
            "(--set-no-cloud)"
        ),
    ),
    "other_detectors": Kind(
        meaning="Other detectors than those of the run were loaded on the box.",
        cause="The pods of all detectors share its CPU, memory and GPU.",
        advice="Nobody asked them during the run. If your cameras will, this result is too good: "
        "measure all of them together, as a mix (docs/mix.md).",
        message=lambda n: (
            f"{plural(len(n['detectors']), 'other detector')} "
            f"{'was' if len(n['detectors']) == 1 else 'were'} loaded on the box "
            f"({others_words(tuple(n['detectors']))})"
        ),
    ),
}
