"""Is the capacity that a search states true? `python -m benchmarks.capacity_truth`

`load_test.py --find-capacity`, as a user runs it, against the embedded endpoint with the nine
settings of `benchmarks.box_population` whose capacity follows from queueing theory. A search that
is INVALID, because our machine could not send in time, is repeated once.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.box_population import BY_THEORY, Setting
from benchmarks.ending import end_with
from benchmarks.ours import ENVIRONMENT, PICTURE, ROOT, check
from benchmarks.table import beginning, markdown, parser, present
from edgeload import exit_codes

_TRIES = 2


@dataclass(frozen=True)
class Stated:
    """What a search said about a box."""

    code: int
    low: int | None
    best: int | None
    high: int | None
    trials: int
    seconds: float

    def holds(self, setting: Setting) -> bool:
        """Whether the interval holds the truth; a box exactly at its full load may be either."""
        if self.low is None or self.high is None:
            return False
        truths = {setting.truth, setting.truth - setting.ambiguous}
        return any(self.low <= truth <= self.high for truth in truths)

    def is_narrow(self, setting: Setting) -> bool:
        """Whether the interval is as narrow as asked for: 5 % or one client."""
        if self.low is None or self.high is None:
            return False
        return self.high - self.low <= max(1.0, 0.05 * setting.truth)


def simulator_options(setting: Setting) -> str:
    """The options of the embedded endpoint that make it this box.

    `constant`, `exponential` and `lognormal CV` stand in the setting's name; sigma^2 = ln(1 + CV^2)
    for a lognormal distribution.
    """
    words = setting.name.partition(",")[0].split()
    kind = next(i for i, word in enumerate(words) if word.isalpha() and word not in ("x", "ms"))
    box = setting.box
    options = (
        f"--inference-workers {box.servers} --service-time {1000 * box.mean_s:g}ms "
        f"--distribution {words[kind]}"
    )
    if words[kind] == "lognormal":
        options += f" --sigma {math.sqrt(math.log(1 + float(words[kind + 1]) ** 2)):.6f}"
    return options


def searched(setting: Setting, seed: int, budget: str, folder: Path) -> Stated:
    """One search for the capacity of a box."""
    command = [
        sys.executable, str(ROOT / "load_test.py"), "--find-capacity", "--endpoint-url", "",
        "--requests-per-second", str(setting.groups[0].rate), "--seed", str(seed),
        "--simulator-options", f"{simulator_options(setting)} --seed {seed}",
        "--image-path", str(PICTURE), "--log-file", str(folder / "log"),
        "--output-dir", str(folder / "results"), "--budget", budget,
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    code = check(
        done.returncode, done.stderr, (exit_codes.OK, exit_codes.INVALID, exit_codes.NO_RESULT)
    )
    summary: Mapping[str, Any] = json.loads((folder / "results" / "summary.json").read_text())
    capacity = summary["capacity"] or {}
    return Stated(
        code,
        capacity.get("low"),
        capacity.get("clients"),
        capacity.get("high"),
        len(summary["trials"]),
        sum(trial["seconds"] for trial in summary["trials"]),
    )


def _row(setting: Setting, seed: int, budget: str) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(_TRIES):
            found = searched(setting, seed, budget, Path(folder))
            if found.code != exit_codes.INVALID:
                break
    interval = f"{found.low} to {found.high}"
    return [
        setting.name,
        str(setting.truth),
        str(found.best),
        interval,
        "yes" if found.holds(setting) else "NO",
        "yes" if found.is_narrow(setting) else "no",
        str(found.trials),
        f"{found.seconds:.0f} s",
        "INVALID" if found.code == exit_codes.INVALID else "",
    ]


def main() -> None:
    """The command."""
    made = parser(__doc__ or "", rounds=1)
    made.add_argument(
        "--only", default="", help='only boxes whose names start with this, e.g. "4 x"'
    )
    made.add_argument("--budget", default="30m", help="most time that a search may take")
    options = made.parse_args()
    settings = beginning(made, options.only, BY_THEORY)
    rows = []
    for seed in range(1, options.rounds + 1):
        for setting in settings:
            rows.append(_row(setting, seed, options.budget))
            print(" | ".join(rows[-1]), file=sys.stderr, flush=True)
    heads = ["box", "truth", "stated", "interval", "holds", "narrow", "trials", "time", "remark"]
    title = "The capacity that a search states, against queueing theory"
    present(title, markdown(heads, rows), options.output)


if __name__ == "__main__":
    end_with(main)
