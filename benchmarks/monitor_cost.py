"""What the host monitor itself costs: `python -m benchmarks.monitor_cost`.

CPU (user and system) of the monitor and all that it started, over a window in which it samples once
a second, beside what it says of itself. At most 1 % of one core is promised.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.ending import NoFigures, end_with
from benchmarks.ours import ENVIRONMENT, ROOT
from benchmarks.process_tree import cpu_s, kill
from benchmarks.table import markdown, parser, present, spread

_BEGIN_WITHIN_S = 60.0


def measure_monitor(folder: Path, window_s: float) -> tuple[float, float]:
    """Percent of one core: by the kernel, and by the monitor's own account. Raises NoFigures."""
    process = subprocess.Popen(
        [sys.executable, "monitor_cpu_gpu_usage.py", "--until-stopped", "--output", folder],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=ENVIRONMENT,
    )
    try:
        _await_samples(process, folder / "host_samples.jsonl")
        tree = psutil.Process(process.pid)
        start_s, start_cpu = time.monotonic(), cpu_s(tree)
        time.sleep(window_s)  # the window itself
        used = 100 * (cpu_s(tree) - start_cpu) / (time.monotonic() - start_s)
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=_BEGIN_WITHIN_S)[0].decode()
    finally:
        kill(process)
    if not re.search(r"The monitor itself took [\d.]+ % of one core", said):
        raise NoFigures("the monitor does not say what it took")
    summary = json.loads((folder / "host_summary.json").read_text())
    return used, float(summary["own_cpu_percent"])


def _await_samples(process: subprocess.Popen[bytes], samples: Path) -> None:
    until_s = time.monotonic() + _BEGIN_WITHIN_S
    while not samples.exists() or samples.read_bytes().count(b"\n") < 2:
        if process.poll() is not None or time.monotonic() > until_s:
            raise NoFigures("the monitor took no sample")
        time.sleep(0.05)


def main() -> None:
    """The command."""
    made = parser(__doc__ or "", rounds=3)
    made.add_argument("--seconds", type=float, default=30.0, help="length of each window")
    options = made.parse_args()
    found = []
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory() as folder:
            found.append(measure_monitor(Path(folder), options.seconds))
    kernel, own = zip(*found, strict=True)
    rows = [["by the kernel", spread(kernel)], ["by its own account", spread(own)]]
    table = markdown(["% of one core (min / median / max)", "a sample a second"], rows)
    present("The host monitor's own cost", table, options.output)


if __name__ == "__main__":
    end_with(main)
