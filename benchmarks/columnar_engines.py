"""Would a columnar engine read a large log faster? `python -m benchmarks.columnar_engines`

Each reads the requests of the same log, all cores allowed, into the columns that the analysis needs
(numpy arrays), in a process of its own: our reader, duckdb and polars; those that are not installed
are skipped by name. The engines have the easier task: they are told the schema, leave out lines
that they cannot read without a word, and say of a failure only that it is one, where our reader
counts damage and keeps classes and texts. How many rows each found, and the sum of all ends, must
be the same.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import ours
from benchmarks.core_share import Timing, children_cpu_s, look_at_machine, share_of_others
from benchmarks.ending import NoFigures, end_with
from benchmarks.log_and_read import write
from benchmarks.process_tree import peak_memory_mb
from benchmarks.table import markdown, parser, present, spread

OURS = "edgeload"
READERS = {
    OURS: """
from pathlib import Path
from edgeload.read.log.open import read_log
requests = read_log(Path(PATH)).requests
rows, done_s = len(requests), requests.done_s
""",
    "duckdb": """
import duckdb
duckdb.execute("SET enable_progress_bar = false")
types = dict(event="VARCHAR", worker_number="INTEGER", request_number="INTEGER", step="SMALLINT",
             due_s="DOUBLE", sent_s="DOUBLE", done_s="DOUBLE", outcome="VARCHAR",
             from_edge="BOOLEAN", status="SMALLINT", bytes="INTEGER", part="SMALLINT")
columns = ", ".join(f"{name}: '{kind}'" for name, kind in types.items())
found = duckdb.execute(
    f"SELECT * EXCLUDE (event, outcome), outcome = 'ok' AS ok FROM read_json('{PATH}', "
    f"format = 'newline_delimited', columns = {{{columns}}}, ignore_errors = true) "
    "WHERE event = 'request'"
).fetchnumpy()
rows, done_s = len(found["done_s"]), found["done_s"]
""",
    "polars": """
import polars
types = dict(event=polars.String, worker_number=polars.Int64, request_number=polars.Int64,
             step=polars.Int64, due_s=polars.Float64, sent_s=polars.Float64, done_s=polars.Float64,
             outcome=polars.String, from_edge=polars.Boolean, status=polars.Int64,
             bytes=polars.Int64, part=polars.Int64)
table = polars.scan_ndjson(PATH, schema=types, ignore_errors=True).filter(
    polars.col("event") == "request"
).select(
    polars.exclude("event", "outcome"), (polars.col("outcome") == "ok").alias("ok")
).collect(engine="streaming")
found = {name: table[name].to_numpy() for name in table.columns}
rows, done_s = len(found["done_s"]), found["done_s"]
""",
}


@dataclass
class ReaderFigures:
    """What a reader took, round by round."""

    timings: list[Timing] = field(default_factory=list)
    peaks_mb: list[float] = field(default_factory=list)


def measure(reader: str, log: Path) -> tuple[Timing, float, str]:
    """How long one reader takes for a log, its most memory in MB, and what it found.

    Raises NoFigures if it fails.
    """
    code = f"PATH = {str(log)!r}\n{READERS[reader]}\nprint(rows, round(float(done_s.sum()), 3))"
    start, used_s = look_at_machine(), children_cpu_s()
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ours.ROOT, env=ours.ENVIRONMENT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as program:  # fmt: skip
        peak_mb = peak_memory_mb(program)
        said, errors = program.communicate()
    end = look_at_machine()
    if program.returncode:
        last = (errors.strip() or "no words").splitlines()[-1]
        raise NoFigures(f"{reader} ended with {program.returncode}: {last}")
    others = share_of_others(start, end, children_cpu_s() - used_s)
    return Timing(end.at_s - start.at_s, others), peak_mb, said.strip()


def compare(
    log: Path, rounds: int, is_there: Callable[[str], object] = importlib.util.find_spec
) -> dict[str, ReaderFigures]:
    """All readers that are there, in turn. Raises NoFigures if one fails, or finds others."""
    found = {name: ReaderFigures() for name in READERS if name == OURS or is_there(name)}
    for _ in range(rounds):
        wanted = None
        for name, figures in found.items():
            timing, peak_mb, said = measure(name, log)
            wanted = wanted or said
            if said != wanted:
                raise NoFigures(f"{name} found {said}, and {OURS} {wanted}")
            figures.timings.append(timing)
            figures.peaks_mb.append(peak_mb)
    return found


def main() -> None:
    """The command."""
    options = parser(__doc__ or "", rounds=3)
    options.add_argument("--records", type=int, default=1_000_000, help="requests in the log")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "big.log"
        write(log, given.records)
        found = compare(log, given.rounds)
    rows = [
        [
            name,
            spread([timing.seconds for timing in figures.timings]),
            spread(figures.peaks_mb, 4),
            spread([timing.others for timing in figures.timings]),
        ]
        for name, figures in found.items()
    ]
    missing = [name for name in READERS if name not in found]
    title = f"A log of {given.records:,} requests into columns"
    title += f"; skipped, not installed: {', '.join(missing)}" if missing else ""
    table = markdown(["reader", "s, min / median / max", "most memory, MB", "others' share"], rows)
    present(title, table, given.output)


if __name__ == "__main__":
    end_with(main)
