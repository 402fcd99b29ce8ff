"""The file of samples: what is written is what is read, whatever happened in between."""

from __future__ import annotations

import json
import time
from pathlib import Path

import host_examples
import pytest

from edgeload.host.samples import SampleFile, SampleWriter, asctime


def test_samples_survive_the_file(tmp_path: Path) -> None:
    """Header and samples come back equal, in order, null included."""
    path = tmp_path / "samples.jsonl"
    header = host_examples.header(gpus=2)
    samples = [
        host_examples.sample(at_s, gpus=[host_examples.gpu(0), host_examples.lost_gpu(1)])
        for at_s in (1.0, 2.0)
    ]
    host_examples.write(path, header, samples)
    file = SampleFile(path)
    assert file.header == header
    assert list(file.samples()) == samples
    assert file.damaged_lines == 0


def test_every_line_is_json_with_its_event(tmp_path: Path) -> None:
    """One object a line; the first is the header, the others samples; missing values are null."""
    path = tmp_path / "samples.jsonl"
    sample = host_examples.sample(1.0, gpus=[host_examples.lost_gpu(0)])
    host_examples.write(path, host_examples.header(gpus=1), [sample, sample])
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["event"] for line in lines] == ["host_header", "host_sample", "host_sample"]
    assert lines[0]["format_version"] == 1
    assert lines[1]["gpus"][0]["utilization_percent"] is None


def test_samples_of_earlier_versions_are_read(tmp_path: Path) -> None:
    """A file that lacks what later versions added, and has a key that this one does not know, is
    read: what was not sampled is None."""
    path = tmp_path / "samples.jsonl"
    host_examples.write(
        path, host_examples.header(gpus=1), [host_examples.sample(1.0, gpus=[host_examples.gpu(0)])]
    )
    header, sample = (json.loads(line) for line in path.read_text().splitlines())
    for new in ("cpu_limit_cores", "memory_limit_bytes"):
        del header[new]
    for new in ("disk", "pressure", "processes", "cgroups", "steal_percent"):
        del sample[new]
    del sample["network"]["retransmits_per_s"], sample["gpus"][0]["energy_j"]
    sample["of_a_later_version"] = {"a": 1}
    path.write_text(f"{json.dumps(header)}\n{json.dumps(sample)}\n")
    file = SampleFile(path)
    [told] = file.samples()
    assert file.damaged_lines == 0
    assert told == host_examples.sample(1.0, gpus=[host_examples.gpu(0)])


def test_a_new_file_replaces_the_old_one(tmp_path: Path) -> None:
    """Opening a file for samples empties it."""
    path = tmp_path / "samples.jsonl"
    path.write_text("an older run\n" * 10)
    host_examples.write(path, host_examples.header(), [])
    assert len(path.read_text().splitlines()) == 1


def test_every_sample_is_on_disk_when_written(tmp_path: Path) -> None:
    """A reader sees a sample as soon as write has returned: nothing waits in a buffer."""
    path = tmp_path / "samples.jsonl"
    writer = SampleWriter(path)
    writer.write(host_examples.header())
    for count in range(3):
        assert len(list(SampleFile(path).samples())) == count
        writer.write(host_examples.sample(count + 1.0))
    writer.close()


def test_damaged_lines_are_counted(tmp_path: Path) -> None:
    """A torn last line and a line of something else cost themselves only."""
    path = tmp_path / "samples.jsonl"
    samples = [host_examples.sample(at_s) for at_s in (1.0, 2.0)]
    host_examples.write(path, host_examples.header(), samples)
    with path.open("ab") as file:
        file.write(b'\xff\xfe\n{"event":"host_sample","ts":17')
    file_of_samples = SampleFile(path)
    assert list(file_of_samples.samples()) == samples
    assert file_of_samples.damaged_lines == 2


@pytest.mark.parametrize("first", ["", "RAMP 3\n", '{"event":"header","format_version":1}\n'])
def test_a_file_of_other_things_is_refused(tmp_path: Path, first: str) -> None:
    """What does not start with the header of a host's samples is named, not guessed at."""
    path = tmp_path / "other.log"
    path.write_text(first)
    with pytest.raises(ValueError, match=r"other\.log does not start with a host_header"):
        SampleFile(path)


def test_a_later_format_is_refused(tmp_path: Path) -> None:
    """A format version that is not known here is named with the one that is."""
    path = tmp_path / "samples.jsonl"
    host_examples.write(path, host_examples.header(format_version=2), [])
    with pytest.raises(ValueError, match="format version 2; this program reads version 1"):
        SampleFile(path)


def test_asctime_is_loggings_form() -> None:
    """Local time with milliseconds behind a comma, never rounded up into a 1000th."""
    ts = 1795460622.9996
    expected = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(1795460622)) + ",999"
    assert asctime(ts) == expected
