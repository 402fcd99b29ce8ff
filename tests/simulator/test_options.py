"""The simulator's command line: times, defaults, and one line for what is not legal."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from edgeload.simulator.command_line import parse_options
from edgeload.simulator.description import capacity_words
from edgeload.simulator.option_values import time_in_seconds
from edgeload.simulator.options import Options
from edgeload.simulator.queueing import ServiceTime


@pytest.mark.parametrize(
    ("text", "expected_s"),
    [
        ("50ms", 0.05),
        ("0.05s", 0.05),
        ("0.05", 0.05),
        (".5 s", 0.5),
        ("1m30s", 90),
        ("250us", 0.00025),
        ("0", 0),
    ],
)
def test_times_with_and_without_units(text: str, expected_s: float) -> None:
    """A time is read in its unit; without one it is in seconds."""
    assert time_in_seconds(text) == pytest.approx(expected_s)


def test_defaults_and_values() -> None:
    """Defaults are those of --help; what is given replaces them."""
    plain = parse_options([])
    assert (plain.port, plain.proxy_workers, plain.inference_workers) == (0, 2, 4)
    assert plain.service_time == ServiceTime("constant", 0.05)
    assert (plain.keepalive_requests, plain.max_in_flight, plain.truth_log) == (1000, None, None)
    assert capacity_words(plain) == "4 inference workers, 50 ms constant: capacity 80 requests/s"
    given = parse_options(
        [
            *("--service-time", "20ms", "--distribution", "lognormal", "--sigma", "0.8"),
            *("--fault", "hang=0.25", "--fault", "status_503=0.5", "--max-in-flight"),
            *("--truth-log", "t.jsonl", "--inference-workers", "1"),
        ]
    )
    assert given.service_time == ServiceTime("lognormal", 0.02, 0.8)
    assert given.faults.probabilities == (("hang", 0.25), ("status_503", 0.5))
    assert given.max_in_flight == 119
    assert given.truth_log == Path("t.jsonl")
    assert capacity_words(given) == (
        "1 inference worker, 20 ms lognormal: capacity 50 requests/s; "
        "with injected faults: hang=0.25, status_503=0.5"
    )
    rolled = parse_options(["--rollout", "20s:both=5s", "--rollout", "40s"])
    assert [one.at_s for one in rolled.rollout] == [20.0, 40.0]
    assert capacity_words(rolled).endswith("capacity 80 requests/s; with 2 roll-outs")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ["--service-time", "5 parsecs"],
            "must be a time from 0 s to 1 hour, in seconds or with the unit ms, s, m or h",
        ),
        (["--service-time", "-1"], "--service-time"),
        (["--port", "65536"], "whole number from 0 to 65535"),
        (["--proxy-workers", "0"], "whole number from 1"),
        (["--distribution", "normal"], "--distribution"),
        (["--sigma", "nan"], "above 0"),
        (["--detector-id", "det_short"], "det_ followed by 27"),
        (["--rollout", "20s:fail=2"], "fail='2': must be a number from 0 to 1"),
        (
            ["--detector", "a", "--rollout", "20s:detector=b"],
            "--rollout: detector=b: must be the name or the id of a detector, for example "
            "detector=a",
        ),
        (["--fault", "hang"], "KIND=PROBABILITY"),
        (["--fault", "explode=1"], "must be one of"),
        (["--fault", "hang=0.7", "--fault", "reset=0.7"], "add up to 1.4"),
        (["--write-cert", "x.pem"], "--tls"),
        (["--cores", "0"], "--cores: '0': must be a whole number from 1 to 256"),
        (["--cores", "2", "--contention", "-1"], "'-1': must be a number from 0 to 100"),
        (["--contention", "2"], "--contention: 2: slows nothing down without --cores"),
        (["--swap-above", "80"], "--swap-above: '80': must be a number from 0 to 1"),
        (["--box-ram", "16GB"], "'16GB': must be a size from 0MiB to 1024GiB, for example 512MiB"),
        (["--figures-renewed", "1m"], "--figures-renewed: '1m': must be"),
        (["--audit-rate", "2"], "number from 0 to 1"),
        (["--nonsense"], "--nonsense"),
        (["--detector", "a:workers=0"], "--detector: 'a:workers=0': workers='0': must be a whole"),
        (["--detector", "a", "--detector", "a"], "--detector: 2 detectors have the name 'a'"),
        (["--shared-workers", "2"], "there is no --detector that could share them"),
        (["--detector", "a", "--detector-name", "b"], "--detector-name: 'b': is of the default"),
        (["--detector", "a", "--detector-id", "det_" + "B" * 27], "--detector-id: 'det_BBB"),
    ],
)
def test_a_bad_value_is_one_line_and_exit_2(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line on stderr that names the option, exit code 2."""
    with pytest.raises(SystemExit) as raised:
        parse_options(arguments)
    assert raised.value.code == 2
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1
    assert says in err


def test_help_names_every_option_with_its_default(capsys: pytest.CaptureFixture[str]) -> None:
    """Each field of Options is one option, and --help shows the default that Options has."""
    with pytest.raises(SystemExit) as raised:
        parse_options(["--help"])
    assert raised.value.code == 0
    out = capsys.readouterr().out
    words = " ".join(out[out.index("Options:") :].split())
    helps = {text.split()[0]: text for text in re.split(r" (?=--[a-z])", words)[1:]}
    shown = {"service_time_s": "50ms", "slow_body_time_s": "1s", "metrics_time_s": "1s"}
    shown |= {"readiness_cache_s": "5s", "figures_renewed_s": "15s"}
    shown |= {"box_ram": "16384MiB", "box_vram": "8192MiB", "detector_ram": "512MiB"}
    shown |= {"detector_vram": "256MiB"}
    shown |= dict.fromkeys(("used_ram", "used_vram", "memory_noise"), "0MiB")
    plain = Options()
    for field in dataclasses.fields(Options):
        text = helps["--" + field.name.removesuffix("_s").replace("_", "-")]
        default = getattr(plain, field.name)
        if default is None or default is False or default == ():
            assert "(default:" not in text.replace("(default: no limit)", "")
        else:
            assert f"(default: {shown.get(field.name, default)})" in text
    assert set(helps) - {"--help", "--version"} == {
        "--" + field.name.removesuffix("_s").replace("_", "-")
        for field in dataclasses.fields(Options)
    }


def test_options_made_in_a_program_are_checked_too() -> None:
    """What concerns several options is a law of the value and not of its command line."""
    with pytest.raises(ValueError, match="add --tls"):
        Options(write_cert=Path("x.pem"))
    with pytest.raises(ValueError, match=r"add up to 1\.4"):
        Options(fault=(("hang", 0.7), ("reset", 0.7)))


def test_a_missing_library_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only some users need it; who does not asks for no certificate."""
    monkeypatch.setattr("edgeload.simulator.options.find_spec", lambda name: None)
    assert not Options().tls
    with pytest.raises(ValueError, match=r"--tls: needs .* pip install -e '\.\[https\]'"):
        Options(tls=True)
