"""Does the generator meet its goals on this machine? `python -m benchmarks.all --quick`

Runs the other benchmarks and shows each figure beside its goal: met, not met, or that the machine
was too noisy to tell. That is decided by the kernel's accounts, as each benchmark explains. With
`--quick` all of it takes less than ten minutes: rounds are fewer or shorter, and a log of a million
records stands for one of ten. Without it, it takes about a quarter of an hour. The least figure of
all rounds is held against a goal, because what disturbs a program only adds to it.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import cost, log_and_read, paced, reference_server, start_up
from benchmarks.core_share import LEAST_SHARE, TOO_NOISY, enough
from benchmarks.ending import NoFigures, end_with
from benchmarks.goals import LEFT_OUT, MET, NOT_MET, GoalRow, together, verdict
from benchmarks.paced import LAGS, Load, Pace, PacedRuns
from benchmarks.peers import PEERS
from benchmarks.reference_server import Reference
from benchmarks.table import markdown, named, parser, present, significant, spread

_COST_GOALS = {False: 1.33, True: 1.2}
_CPU_GOAL_US, _LAG_GOAL_US = 90.0, 60.0
_LAG_GOALS_US = (8.0, 50.0, 250.0)
_CORE_GOALS: dict[Load, float] = {(500, 10.0): 42.0, (10_000, 1.0): 60.0}
_HUNDRED: Load = (100, 10.0)
_MANY, _AN_HOUR = 10_000_000, 1_800_000


@dataclass(frozen=True)
class Section:
    """Some rows of the table, and how they are measured: in short or in full, in so many rounds."""

    name: str
    measure: Callable[[bool, int], list[GoalRow]]


def cost_rows(quick: bool, rounds: int) -> list[GoalRow]:
    """CPU per request as a multiple of wrk's, HTTP and TLS."""
    peers = [peer for peer in PEERS if peer.name in ("wrk", "edgeload")]
    rows = []
    for tls, goal in _COST_GOALS.items():
        found = cost.measure_all(peers, 32, rounds, 1.0, 2.0 if quick else 3.0, tls=tls)
        ratio = found.ratio("edgeload")
        if found.skipped:
            raise NoFigures("; ".join(found.skipped.values()))
        said = TOO_NOISY if ratio.value is None else f"{ratio.value:.3g}"
        kept = f"{ratio.kept} and {ratio.kept_of_wrk} of {ratio.rounds} runs had their core"
        rows.append(
            GoalRow(
                f"CPU per request ÷ wrk's, saturated, {'TLS' if tls else 'HTTP'}",
                f"≤ {goal:g}" + ("" if tls else " in Python, ≤ 1.2 with a compiled part"),
                f"{said} ({kept})",
                verdict(ratio.value, goal),
            )
        )
    return rows


def paced_rows(quick: bool, rounds: int) -> list[GoalRow]:
    """CPU and lag of requests at fixed instants, beside the C program's."""
    found, no_floor = paced.measure_all([_HUNDRED, *_CORE_GOALS], rounds, 4.0 if quick else 8.0)
    hundred = found[_HUNDRED]
    rows = [
        GoalRow(
            "CPU per request at 1,000/s over 100 clients, and lag p99",
            f"≤ {_CPU_GOAL_US:g} us at ≤ {_LAG_GOAL_US:g} us",
            f"{significant(_least_us(hundred.ours))} us at "
            f"{significant(_least_lag(hundred.ours, 1).lag_us[1])} us"
            f"{_beside(hundred, no_floor)}",
            together(_cpu_verdict(hundred, _CPU_GOAL_US), _lag_verdict(hundred, 1, _LAG_GOAL_US)),
        ),
        GoalRow(
            "lag p50 / p99 / p99.9, 100 x 10/s",
            " / ".join(f"≤ {goal:g}" for goal in _LAG_GOALS_US) + " us",
            _lags(hundred.ours)
            + f" us; others had the core {_others_said(hundred.ours)} % of the time"
            + ("" if no_floor else f"; C: {_lags(hundred.floor)} us"),
            together(*(_lag_verdict(hundred, i, goal) for i, goal in enumerate(_LAG_GOALS_US))),
        ),
    ]
    for (clients, rate), goal in _CORE_GOALS.items():
        runs = found[clients, rate]
        least = 100 * min(run.cores for run in runs.ours)
        disturbed = not _quiet(runs.ours)
        rows.append(
            GoalRow(
                f"CPU at {clients:,} x {rate:g}/s",
                f"≤ {goal:g} % of a core",
                f"{significant(least)} %{_beside(runs, no_floor)}",
                verdict(least, goal, disturbed=disturbed),
            )
        )
    return rows


def _least_us(runs: Sequence[Pace]) -> float:
    return min(run.cpu_us for run in runs)


def _quiet(runs: Sequence[Pace]) -> bool:
    return enough(sum(run.kept for run in runs), len(runs))


def _cpu_verdict(runs: PacedRuns, goal_us: float) -> str:
    return verdict(_least_us(runs.ours), goal_us, disturbed=not _quiet(runs.ours))


def _least_lag(runs: Sequence[Pace], lag: int) -> Pace:
    """The run in which a percentile was least."""
    return min(runs, key=lambda run: math.inf if math.isnan(run.lag_us[lag]) else run.lag_us[lag])


def _lag_verdict(runs: PacedRuns, lag: int, goal_us: float) -> str:
    best = _least_lag(runs.ours, lag)
    return verdict(best.lag_us[lag], goal_us, disturbed=not best.ours(LAGS[lag]))


def _lags(runs: Sequence[Pace]) -> str:
    return " / ".join(significant(_least_lag(runs, lag).lag_us[lag]) for lag in range(len(LAGS)))


def _others_said(runs: Sequence[Pace]) -> str:
    return spread([100 * (run.waited + run.stolen) for run in runs], 2)


def _beside(runs: PacedRuns, no_floor: str | None) -> str:
    if no_floor:
        return ""
    ratio = runs.ratio()
    return "" if ratio is None else f" ({ratio:.3g} x C's)"


def truth_rows(quick: bool, rounds: int) -> list[GoalRow]:
    """Reported percentiles against the server's own log."""
    runs = reference_server.measure_all(1 if quick else rounds, 22.0)
    best = [(share, _closest(runs, share)) for share in reference_server.SHARES]
    told = [MET if run.true(share) else TOO_NOISY if _late(run) else NOT_MET for share, run in best]
    differences = " / ".join(f"{1e6 * run.difference_s(share):+.0f}" for share, run in best)
    return [
        GoalRow(
            f"p50 / p95 / p99 less the server's, n = {len(runs[0].measured):,}",
            "within 1 % or 50 us",
            f"{differences} us; the worker used {100 * runs[0].cores:.0f} % of its core",
            together(*told),
        )
    ]


def _closest(runs: Sequence[Reference], share: float) -> Reference:
    """The run in which a percentile differs least."""
    return min(runs, key=lambda run: abs(run.difference_s(share)))


def _late(run: Reference) -> bool:
    """Whether the kernel kept the core away so often that answers were read late."""
    return run.waited + run.stolen > 1.0 - LEAST_SHARE


def log_rows(quick: bool, rounds: int) -> list[GoalRow]:
    """Reading large logs into all results."""
    many = _MANY // 10 if quick else _MANY
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for count, goal_s, goal_mb in ((_AN_HOUR, 3.0, None), (many, 8.0, 1000.0)):
            log = Path(folder) / "big.log"
            log_and_read.write(log, count)
            rebuilt = [log_and_read.rebuild(log, count) for _ in range(min(rounds, 3))]
            quiet = enough(sum(each.timing.kept for each in rebuilt), len(rebuilt))
            least_s = min(each.timing.seconds for each in rebuilt)
            least_mb = min(each.peak_mb for each in rebuilt)
            told = verdict(least_s, goal_s, disturbed=not quiet)
            if goal_mb is not None:
                told = together(told, verdict(least_mb, goal_mb))
            rows.append(
                GoalRow(
                    f"{count:,} records read, analysed, all results written"
                    + (" (an hour of 500/s)" if count == _AN_HOUR else "")
                    + (" (a tenth of the goal's)" if count not in (_AN_HOUR, _MANY) else ""),
                    f"≤ {goal_s:g} s" + (f", ≤ {goal_mb:,.0f} MB" if goal_mb else ""),
                    f"{significant(least_s)} s, {least_mb:,.0f} MB",
                    told if count in (_AN_HOUR, _MANY) else LEFT_OUT,
                )
            )
    return rows


def start_rows(quick: bool, rounds: int) -> list[GoalRow]:
    """What a user waits for."""
    found = start_up.measure_all(min(rounds, 3) if quick else rounds)
    found[start_up.HELP] = start_up.slowest_help(found)
    return [
        GoalRow(
            name,
            f"≤ {goal_s:g} s",
            f"{significant(found[name].least_s)} s",
            verdict(found[name].least_s, goal_s, disturbed=not found[name].quiet),
        )
        for name, goal_s in start_up.GOALS_S.items()
    ]


SECTIONS = (
    Section("cost", cost_rows),
    Section("paced", paced_rows),
    Section("truth", truth_rows),
    Section("log", log_rows),
    Section("start", start_rows),
)


def goal_table(sections: Sequence[Section], rounds: int, *, quick: bool) -> str:
    """All rows; below them, sections that could not be measured. Raises NoFigures if none could."""
    rows: list[GoalRow] = []
    notes: list[str] = []
    for section in sections:
        try:
            rows += section.measure(quick, rounds)
        except NoFigures as reason:
            notes.append(f"skipped: {section.name}: {reason}")
    if not rows:
        raise NoFigures("; ".join(notes))
    table = markdown(["figure", "goal", "measured", "verdict"], [row.cells() for row in rows])
    return "\n\n".join([table, *notes])


def main() -> None:
    """The command."""
    options = parser(__doc__ or "", rounds=5)
    options.add_argument("--quick", action="store_true", help="in less than ten minutes")
    options.add_argument(
        "--only", default="", help="sections, separated by commas: cost, paced, truth, log, start"
    )
    given = options.parse_args()
    sections = named(options, "--only", given.only, SECTIONS)
    rounds = given.rounds
    table = goal_table(sections, rounds, quick=given.quick)
    present("The goals of speed and accuracy, least of all rounds", table, given.output)


if __name__ == "__main__":
    end_with(main)
