"""What a person sees of the monitor, on a terminal and on a pipe."""

from __future__ import annotations

import io
from dataclasses import replace

import host_examples
import pytest

from edgeload.host.console import SamplingProgress, number_text, print_table, status_line
from edgeload.host.samples import Network, Pressure, ProcessGroup
from edgeload.host.summary import HostSummary, summarise


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def table_of(summary: HostSummary) -> list[str]:
    """The printed lines as on a pipe, with single spaces."""
    stream = io.StringIO()
    print_table(summary, stream)
    text = stream.getvalue()
    assert "\x1b" not in text
    assert "│" not in text
    return [" ".join(line.split()) for line in text.splitlines()]


def test_the_table_shows_the_summarys_numbers() -> None:
    """min, mean and max stand in their row with a unit that fits, as plain text on a pipe."""
    samples = [
        host_examples.sample(
            k + 1.0,
            cpu_percent=cpu,
            network=Network(5e5 * cpu, 1e3, 0, 7),
            gpus=[host_examples.gpu(0, utilization_percent=None)],
        )
        for k, cpu in enumerate((20.0, 40.0, 90.0))
    ]
    rows = table_of(summarise(host_examples.header(gpus=1), samples, skipped=2))
    assert "CPU, all cores 3 20.0 50.0 90.0 %" in rows
    assert "memory available 3 4.00 4.00 4.00 GiB" in rows
    assert "network sent 3 10.0 25.0 45.0 MB/s" in rows
    assert "CPU, core 1 3 60.0 60.0 60.0 %" in rows
    assert "power limit 3 350 350 350 W" in rows
    assert "utilisation 0 no data no data no data %" in rows
    text = " ".join(rows)
    assert "3 samples over 3.0 s, 2 skipped because" in text
    assert "0 packets with errors, 21 packets dropped." in text
    assert "100 % is not necessarily saturated" in text


def test_many_cores_do_not_make_a_long_table() -> None:
    """Beyond eight cores the busiest stands for them; without a GPU nothing is said of GPUs."""
    sample = host_examples.sample(1.0, cores=[float(k) for k in range(64)])
    text = " ".join(table_of(summarise(host_examples.header(), [sample])))
    assert "busiest core 1 63.0 63.0 63.0 %" in text
    assert "core 5" not in text
    assert "GPU" not in text


def test_names_are_not_markup() -> None:
    """Square brackets in a GPU's name are printed, not taken for a style."""
    header = host_examples.header(gpus=1, name="[red] Example")
    rows = table_of(summarise(header, [host_examples.sample(1.0, gpus=[host_examples.gpu(0)])]))
    assert "GPU 0 [red] Example 0" in rows


def test_lost_and_slowed_gpus_are_told_under_the_table() -> None:
    """One sentence for each GPU that failed or was held down, with how often and since when."""
    gpus = [host_examples.lost_gpu(0), host_examples.gpu(1, throttle_reasons=["hw_slowdown"])]
    summary = summarise(host_examples.header(gpus=2), [host_examples.sample(2.5, gpus=gpus)])
    text = " ".join(table_of(summary))
    assert "GPU 0: no figures in 1 of 1 sample, first after 2.5 s: GPU is lost." in text
    assert "GPU 1: hw_slowdown lowered the clock in 1 of 1 sample." in text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "no data"), (0.0, "0.00"), (9.994, "9.99"), (12.34, "12.3"), (1755.4, "1755")],
)
def test_numbers_have_three_digits_or_more(value: float | None, text: str) -> None:
    """Short numbers keep decimals, long ones none; no data is said in words."""
    assert number_text(value) == text


def test_a_sample_in_one_line() -> None:
    """Time, CPU, memory and each GPU; a GPU without a figure says so."""
    gpus = [host_examples.gpu(0), host_examples.lost_gpu(1)]
    line = status_line(12.0, 60.0, host_examples.sample(12.0, gpus=gpus))
    assert line == "12 of 60 s  CPU 50 %  memory 75 %  GPU 0 80 %  GPU 1 no data"


def test_progress_on_a_pipe_is_sparse() -> None:
    """A line for every 10 s of samples, each whole."""
    stream = io.StringIO()
    progress = SamplingProgress(30.0, stream)
    for second in range(1, 31):
        progress.show(float(second), host_examples.sample(float(second)))
    progress.finish()
    seconds = [line.split()[0] for line in stream.getvalue().splitlines()]
    assert seconds == ["1", "10", "20", "30"]


def test_progress_on_a_terminal_rewrites_its_line() -> None:
    """Samples share one line, a shorter one leaves nothing of a longer one; messages get their
    own."""
    stream = Terminal()
    progress = SamplingProgress(30.0, stream)
    progress.show(1.0, host_examples.sample(1.0, cpu_percent=None))
    progress.show(2.0, host_examples.sample(2.0))
    progress.say("GPU 0 gives no figures: GPU is lost.")
    written = stream.getvalue()
    first, second = written.split("\n")[0].split("\r")[1:]
    assert "CPU no data" in first
    assert len(second) >= len(first)
    assert written.split("\n")[1] == "GPU 0 gives no figures: GPU is lost."


def test_programs_and_limits_are_told() -> None:
    """A program has a row, the busiest first; the limits of a container are a note; a quantity that
    is always 0 or not reported has no row."""
    samples = [
        replace(
            host_examples.sample(second),
            processes=[
                ProcessGroup("python", 1, 10.0, 10.0, 1000),
                ProcessGroup("nginx", 4, 150.0, 60.0, 1000),
            ],
            pressure=Pressure(12.5, 0.0, 0.0, None, None),
        )
        for second in (1.0, 2.0)
    ]
    header = replace(host_examples.header(), cpu_limit_cores=1.5, memory_limit_bytes=2**31)
    rows = table_of(summarise(header, samples))
    told = [row for row in rows if "% of a core" in row]
    assert told == [
        "nginx, CPU 2 150 150 150 % of a core",
        "python, CPU 2 10.0 10.0 10.0 % of a core",
    ]
    assert "some task waits for CPU 2 12.5 12.5 12.5 %" in rows
    assert not [row for row in rows if "waits for memory" in row or "waits for disk" in row]
    assert "may use 1.5 of 4 cores and 2.00 GiB of memory" in " ".join(rows)
