"""Plans with very many clients or steps: said in a second, and cheap for every client of a run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import SupportsIndex, overload

import pytest

from edgeload.commands import run
from edgeload.plan import RampStep, one_group_plan, ramp_steps
from edgeload.run.pacing import schedule_of

_GENEROUS_S = 30.0
"""A busy machine takes a few seconds for what took a quarter of an hour."""


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--max-clients 100000 --step-size 10", "150,015,000,000 requests in 300000 s"),
        ("--max-clients 100000 --step-size 4 --arrivals poisson", "about 375,015,000,000 requests"),
        ("--max-clients 30000 --time-between-ramp 604800", "30,000 clients"),
        ("--requests-per-second 10000 --time-between-ramp 604800 --arrivals poisson", "10 clients"),
        ("--max-clients 100000 --find-capacity --slo p95<300ms", "up to 100,000 clients"),
        ("--mix MIX --max-clients 10", "1, 2, 3, 4, 5, 6, 7, 8, 9, 10 copies"),
        ("--mix MIX --interference --interference-rounds 1000", "first of 1000 rounds"),
    ],
)
def test_the_plan_of_a_very_large_run_is_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    words: str, says: str,
) -> None:  # fmt: skip
    """However many clients, steps, cameras of a copy or rounds; the table has its ends."""
    monkeypatch.chdir(tmp_path)
    mix = Path("mix.yaml")
    mix.write_text(
        "".join(
            f"- {{name: group {n}, detector_name: d, cameras: {cameras}}}\n"
            for n, cameras in enumerate([100_000, 3, 2])
        )
    )
    before_s = time.monotonic()
    code = run.main([*words.replace("MIX", "mix.yaml").split(), "--dry-run"], config_folders=())
    assert time.monotonic() - before_s < _GENEROUS_S
    out = capsys.readouterr().out
    assert code == 0
    assert says in " ".join(out.split())
    assert len(out.splitlines()) < 60


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("--max-clients 100000", "STEP_SIZE = 1: makes 100,000 steps up to MAX_CLIENTS (100000); "),
        ("--max-clients 1000000000", "MAX_CLIENTS = '1000000000': must be at most 100000, "),
        ("--step-size 1000000", "STEP_SIZE = '1000000': must be at most 100000, "),
        (f"--custom-ramp {'1,' * 40_000}1", "CUSTOM_RAMP has 40,001 steps; must be at most 32,000"),
        ("--mix MIX --max-clients 100000 --step-size 1000", "the ramp has up to 10,000,000,000 "),
    ],
)
def test_a_plan_that_no_log_can_hold_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    words: str, line: str,
) -> None:  # fmt: skip
    """A log has room for 32,000 steps and a million clients: one line says what is legal."""
    monkeypatch.chdir(tmp_path)
    Path("mix.yaml").write_text("[{name: door, detector_name: d, cameras: 100000}]")
    before_s = time.monotonic()
    code = run.main([*words.replace("MIX", "mix.yaml").split(), "--dry-run"], config_folders=())
    assert time.monotonic() - before_s < _GENEROUS_S
    err = capsys.readouterr().err
    assert code == 2
    assert err.startswith(line)
    assert err.count("\n") == 1


class _Watched(tuple[RampStep, ...]):
    """Steps that count how often one of them is looked at."""

    looks = 0

    def __iter__(self) -> Iterator[RampStep]:
        for step in super().__iter__():
            _Watched.looks += 1
            yield step

    @overload
    def __getitem__(self, index: SupportsIndex) -> RampStep: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[RampStep, ...]: ...
    def __getitem__(self, index: SupportsIndex | slice) -> RampStep | tuple[RampStep, ...]:
        _Watched.looks += 1
        return super().__getitem__(index)


@pytest.mark.parametrize("rate", [10.0, None], ids=["planned", "closed loop"])
def test_a_client_of_a_long_ramp_looks_at_its_next_steps_only(rate: float | None) -> None:
    """Its schedule does not begin with a walk through all steps: 100,000 clients make many walks.

    Two steps tell its next two frames, and a step is looked at once more to be passed on.
    """
    plan = one_group_plan(_Watched(ramp_steps(range(1, 20_001), 1.0)), rate)
    schedule_of(plan, 0)  # what a plan works out once for all of its clients
    for client in (0, 9_999, 19_999):
        _Watched.looks = 0
        schedule = schedule_of(plan, client)
        assert schedule.next is not None
        assert schedule.next.step == client
        assert _Watched.looks <= 4
