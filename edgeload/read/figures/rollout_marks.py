"""Roll-outs of models as upright lines in every chart over the time of the run. Pure."""

from __future__ import annotations

from dataclasses import replace

from edgeload.palette import PALETTE
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.figures.chart import Chart, Key, Mark
from edgeload.read.words.legend_words import new_model_words

_COLOUR = PALETTE["purple"]


def with_rollouts(chart: Chart, summary: RunSummary) -> Chart:
    """The chart with a line where a new model began to answer; as it is without any."""
    rollouts = [each for each in summary.rollouts if each.turn.at_s <= chart.x_axis.high]
    if chart.group != "time" or chart.is_empty or not rollouts:
        return chart
    label = new_model_words([each.detector_name or each.detector_id for each in rollouts])
    marks = tuple(Mark(label, _COLOUR, x=each.turn.at_s, thin=True) for each in rollouts)
    return replace(
        chart, marks=(*chart.marks, *marks), keys=(*chart.keys, Key("mark", _COLOUR, label))
    )
