"""Records as JSON without a library, against msgspec, which wrote and read these files before."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import host_examples
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeload.host.json_records import decode_line, encode_document, encode_line
from edgeload.host.samples import HostHeader, HostSample, Network
from edgeload.host.summary import summarise

SAMPLES = [
    host_examples.sample(1.0, gpus=[host_examples.gpu(0), host_examples.lost_gpu(1)]),
    host_examples.sample(0.1 + 0.2, cpu_percent=None, cores=[None, 0.001, 99.999], network=None),
    host_examples.sample(2.0, network=Network(0.0, 123456789.123, 1, 2)),
]


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_sample_is_byte_for_byte_what_msgspec_writes(sample: HostSample) -> None:
    """Compact, in the order of the fields, after the key `event`."""
    expected = msgspec.json.encode({"event": "host_sample", **asdict(sample)}) + b"\n"
    assert encode_line("host_sample", sample) == expected


def test_a_header_is_byte_for_byte_what_msgspec_writes() -> None:
    """Names that are not ASCII are written as they are."""
    header = host_examples.header(gpus=2, name='Quadro® 東京 \x01"')
    expected = msgspec.json.encode({"event": "host_header", **asdict(header)}) + b"\n"
    assert encode_line("host_header", header) == expected


@pytest.mark.parametrize("samples", [[], SAMPLES])
def test_a_summary_is_byte_for_byte_what_msgspec_writes(samples: list[HostSample]) -> None:
    """Indented by two spaces, empty lists and objects on one line."""
    summary = summarise(host_examples.header(gpus=2), samples)
    expected = msgspec.json.format(msgspec.json.encode(asdict(summary)), indent=2) + b"\n"
    assert encode_document(summary) == expected


@pytest.mark.parametrize("sample", SAMPLES)
def test_what_is_written_is_read(sample: HostSample) -> None:
    """A record comes back equal, with its lists and the records inside it."""
    assert decode_line("host_sample", HostSample, encode_line("host_sample", sample)) == sample


def changed(**changes: Any) -> bytes:
    values = json.loads(encode_line("host_sample", SAMPLES[0]))
    return json.dumps({**values, **changes}).encode()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "Expecting value"),
        (b"\xff\xfe\n", "codec"),
        (b"[1]", "no JSON object with the event 'host_sample'"),
        (b'{"event":"host_header"}', "no JSON object with the event 'host_sample'"),
        (b'{"event":"host_sample"}', "the key 'ts' is missing"),
        (b"[" * 100_000, "too deeply"),
        (changed(ts="now"), "'now' is not of type float"),
        (changed(ts=True), "True is not of type float"),
        (changed(ts=float("nan")), "NaN is not a JSON number"),
        (changed(memory=None), "None is not an object"),
        (changed(memory={"used_bytes": 1.5}), "1.5 is not of type int"),
        (changed(cpu_per_core_percent={}), "{} is not a list"),
        (changed(cpu_per_core_percent=[1.0, "x"]), "'x' is not of type float"),
        (changed(gpus=[{"index": 0, "uuid": 5, "name": None}]), "5 is not of type str"),
    ],
)
def test_what_is_no_sample_is_refused(line: bytes, reason: str) -> None:
    """A missing key, a wrong type, NaN, or no JSON at all: ValueError with the reason."""
    with pytest.raises(ValueError, match=reason.replace("{", r"\{")):
        decode_line("host_sample", HostSample, line)


def test_a_header_maps_names_to_texts() -> None:
    """What is no object of texts is no machine."""
    line = json.loads(encode_line("host_header", host_examples.header()))
    for machine, reason in (([], "not an object"), ({"host": 1}, "1 is not of type str")):
        with pytest.raises(ValueError, match=reason):
            decode_line(
                "host_header", HostHeader, json.dumps({**line, "machine": machine}).encode()
            )


def test_unknown_keys_are_ignored_and_whole_numbers_are_floats() -> None:
    """A later version may add keys; JSON of other programs may write 5 for 5.0."""
    found = decode_line("host_sample", HostSample, changed(ts=5, fan_percent=40))
    assert isinstance(found.ts, float)
    assert found.ts == 5.0


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_with_a_value_error(line: bytes) -> None:
    """Nothing else is ever raised, whatever a damaged file holds."""
    with pytest.raises(ValueError):
        decode_line("host_sample", HostSample, line)
