"""Laws of configuring the box for a run, against a running endpoint."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from recording_server import DETECTOR_ID, Handler, recording_server
from rich.console import Console

from edgeload.commands.restore_edge_config import restore_edge_config
from edgeload.edge import putting_back, unlisted_models
from edgeload.edge.configuration import ask_configuration
from edgeload.edge.edge_config import (
    KeptConfig,
    agrees,
    keep_config,
    kept_config,
    put_edge_config,
    read_edge_config,
    with_preset,
)
from edgeload.edge.location import Unreachable
from edgeload.edge.trust import TlsTrust
from edgeload.read.analysis.findings import find
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.run import restoring
from edgeload.run.no_cloud import NoCloudSet, check_no_cloud, no_cloud, no_cloud_words
from edgeload.run.phases import Ending
from edgeload.run.session import run_session
from edgeload.settings import SettingError, Settings, resolve
from edgeload.simulator.launch import RunningSimulator, running_simulator

TRUST = TlsTrust()
A, B, C = (f"det_{letter * 27}" for letter in "ABC")
MIX = """\
- {name: doors, detector_id: %s, then: [{detector: %s, requests: 1}]}
- {name: lines, detector_name: c}
"""


@pytest.fixture(scope="module")
def box() -> Iterator[RunningSimulator]:
    named = {"a": A, "b": B, "c": C, "d": "det_" + "D" * 27}
    options = [word for name, it in named.items() for word in ("--detector", f"{name}:id={it}")]
    with running_simulator([*options, "--edge-inference", "default"]) as running:
        yield running


def settings_for(url: str, **options: object) -> Settings:
    given = {"endpoint_url": url, "set_no_cloud": True, "detector_id": A, **options}
    return resolve({}, given, {"GROUNDLIGHT_API_TOKEN": "t"})


class Run:
    """What a run says, and the folder in which it saves."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: list[str] = []

    def made(self) -> Path:
        self.folder.mkdir()
        return self.folder

    @property
    def file(self) -> Path:
        return self.folder / "edge-config.json"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path / "run")


def test_all_detectors_of_a_mix_and_no_other_are_set(
    box: RunningSimulator, run: Run, tmp_path: Path
) -> None:
    """Also those that are asked further questions; afterwards all is as it was."""
    (tmp_path / "mix.yaml").write_text(MIX % (A, B))
    settings = settings_for(box.url, mix=tmp_path / "mix.yaml", detector_id=None)
    before = read_edge_config(box.url, TRUST)
    with no_cloud(settings, run.made, run.said.append) as configured:
        only = [ask_configuration(box.url, each, TRUST).edge_only for each in (A, B, C)]
        other = ask_configuration(box.url, "det_" + "D" * 27, TRUST).edge_only
        kept = kept_config(run.file)
        assert (only, other) == ([True] * 3, False)
        assert (kept.before, kept.url) == (before, box.url)
        assert agrees(kept.put, read_edge_config(box.url, TRUST))
    assert configured == NoCloudSet((A, B, C))
    assert read_edge_config(box.url, TRUST) == before
    saved, is_set, again = run.said
    assert f"is saved in {run.file}." in saved
    assert saved.endswith(f"type: python load_test.py --restore-edge-config {run.file}")
    assert is_set == "no_cloud is set for 3 detectors until the end of this run."
    assert again == "The box has its own configuration again."


def test_neither_setting_nor_restoring_is_a_change_under_the_run(
    box: RunningSimulator, run: Run, tmp_path: Path
) -> None:
    """The box's facts before and after the load are alike; the log says what was configured."""
    short = {"custom_ramp": "1", "time_between_ramp": 1, "same_image": True, "preflight": False}
    settings = settings_for(box.url, log_file=tmp_path / "log", **short)
    with no_cloud(settings, run.made, run.said.append) as configured:
        outcome = run_session(settings, Console(quiet=True), no_cloud_set=configured.detector_ids)
    assert outcome.ending is Ending.FINISHED
    summary = analyse(read_log(tmp_path / "log"))
    assert summary.box is not None
    assert summary.box.after is not None, "the box was asked once"
    found = {finding.code: finding.numbers for finding in find(summary)}
    assert found["no_cloud_set"] == {"detectors": 1}
    assert "box_changed" not in found
    assert "below_own_threshold" not in found, "it was edge-only"


def test_a_run_that_fails_leaves_the_box_as_it_was(box: RunningSimulator, run: Run) -> None:
    """Whatever is raised in it, which goes on."""
    before = read_edge_config(box.url, TRUST)
    with (
        pytest.raises(KeyboardInterrupt),
        no_cloud(settings_for(box.url), run.made, run.said.append),
    ):
        raise KeyboardInterrupt
    assert read_edge_config(box.url, TRUST) == before
    assert run.said[-1] == "The box has its own configuration again."


def test_what_is_no_cloud_already_is_neither_changed_nor_restored(
    box: RunningSimulator, run: Run
) -> None:
    """Nothing is saved; what somebody changes meanwhile stays."""
    before = read_edge_config(box.url, TRUST)
    mine = with_preset(before, [A], "no_cloud")
    theirs = with_preset(mine, [B], "disabled")
    put_edge_config(box.url, mine, TRUST)
    try:
        with no_cloud(settings_for(box.url), run.made, run.said.append) as configured:
            assert agrees(mine, read_edge_config(box.url, TRUST))
            put_edge_config(box.url, theirs, TRUST)
        assert read_edge_config(box.url, TRUST)["detectors"] == theirs["detectors"]
        assert configured == NoCloudSet()
        assert run.said == [
            "All detectors of this run are no_cloud: the box's configuration stays as it is."
        ]
        assert not run.folder.exists()
    finally:
        put_edge_config(box.url, before, TRUST)


def test_what_an_earlier_run_has_left_is_named(
    box: RunningSimulator, run: Run, tmp_path: Path
) -> None:
    """It was killed together with its keeper: the next run says how to put back what it saved."""
    before = read_edge_config(box.url, TRUST)
    put = with_preset(before, [A], "no_cloud")
    folder = tmp_path / "results" / "2026-11-27T174205Z-a"
    keep_config(folder / "edge-config.json", KeptConfig(box.url, 1.0, before, put))
    settings = settings_for(box.url, output_dir=tmp_path / "results")
    put_edge_config(box.url, put, TRUST)
    try:
        with no_cloud(settings, run.made, run.said.append):
            assert run.said[1].endswith(f"--restore-edge-config {folder}/edge-config.json")
            assert len(run.said) == 2
    finally:
        put_edge_config(box.url, before, TRUST)


def test_what_an_earlier_run_has_put_back_is_not_blamed_on_it(
    box: RunningSimulator, tmp_path: Path
) -> None:
    """Its file says so; somebody has then configured by hand what that run had."""
    run = Run(tmp_path / "results" / "2026-11-27T174205Z")
    settings = settings_for(box.url, output_dir=tmp_path / "results")
    (tmp_path / "results").mkdir()
    before = read_edge_config(box.url, TRUST)
    with no_cloud(settings, run.made, run.said.append):
        assert not kept_config(run.file).restored
    saved = kept_config(run.file)
    assert (saved.restored, saved.put_open) == (True, False)
    put_edge_config(box.url, saved.put, TRUST)
    try:
        said: list[str] = []
        with no_cloud(settings, run.made, said.append):
            assert len(said) == 1
    finally:
        put_edge_config(box.url, before, TRUST)


def test_two_runs_do_not_configure_one_box_at_a_time(box: RunningSimulator, tmp_path: Path) -> None:
    """The second one is refused whatever it wants, also if nothing is left to be configured."""
    first, second = (Run(tmp_path / "results" / name) for name in ("first", "second"))
    (tmp_path / "results").mkdir()
    before = read_edge_config(box.url, TRUST)
    with no_cloud(
        settings_for(box.url, output_dir=tmp_path / "results"), first.made, first.said.append
    ):
        for wanted in (A, B):
            settings = settings_for(box.url, output_dir=tmp_path / "results", detector_id=wanted)
            with (
                pytest.raises(
                    SettingError, match=rf"another run \(process {os.getpid()}, .*first\)"
                ),
                no_cloud(settings, second.made, second.said.append),
            ):
                pytest.fail("it was entered")
        with pytest.raises(SettingError, match=f"process {os.getpid()}. goes on"):
            restore_edge_config(first.file, {}, {})
    assert read_edge_config(box.url, TRUST) == before
    with no_cloud(settings, second.made, second.said.append) as configured:
        assert configured.detector_ids == (B,)
    assert read_edge_config(box.url, TRUST) == before


def test_what_somebody_else_has_configured_meanwhile_is_not_overwritten(
    box: RunningSimulator, run: Run
) -> None:
    """It is said, with the file that has the configuration from before."""
    before = read_edge_config(box.url, TRUST)
    theirs = with_preset(before, [B], "edge_answers_with_escalation")
    try:
        with no_cloud(settings_for(box.url), run.made, run.said.append) as configured:
            put_edge_config(box.url, theirs, TRUST)
        assert read_edge_config(box.url, TRUST)["detectors"] == theirs["detectors"]
        assert "somebody else has changed" in configured.not_restored
        assert run.said[-1].startswith("THE BOX WAS NOT RESTORED: somebody else has changed")
        assert run.said[-1].endswith(f"; {run.file} has the one from before the run.")
    finally:
        put_edge_config(box.url, before, TRUST)


def test_a_box_that_is_gone_at_the_end_is_told_loudly(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what to type when it is back; the trust that was set stands in it."""
    monkeypatch.setattr(restoring, "TRY_FOR_S", 0.0)
    monkeypatch.setattr(putting_back, "KEEPER_TRIES_S", 0.0)
    options = ["--detector-id", A, "--edge-inference", "default"]
    with running_simulator(options) as gone:
        settings = settings_for(gone.url, insecure=True)
        entered = no_cloud(settings, run.made, run.said.append)
        configured = entered.__enter__()
    entered.__exit__(None, None, None)
    assert "no answer" in configured.not_restored
    assert run.said[-1].startswith("THE BOX WAS NOT RESTORED: ")
    assert run.said[-1].endswith(
        f"type: python load_test.py --restore-edge-config {run.file} --insecure"
    )


def test_nothing_is_changed_if_it_cannot_be_saved(box: RunningSimulator, tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    before = read_edge_config(box.url, TRUST)

    def refused() -> Path:
        raise NotADirectoryError(20, "Not a directory")

    with (
        pytest.raises(SettingError, match=r"cannot be saved \(Not a directory\), so it was not"),
        no_cloud(settings_for(box.url), refused, print),
    ):
        pytest.fail("it was entered")
    assert read_edge_config(box.url, TRUST) == before


def test_a_detector_or_a_token_that_does_not_exist_is_not_configured(run: Run) -> None:
    """The box would try to load its model."""
    options = ["--detector-id", A, "--strict-detector", "--edge-inference", "default"]
    with running_simulator([*options, "--api-token", "t"]) as strict:
        before = read_edge_config(strict.url, TRUST)
        wrong_token = resolve({}, {"endpoint_url": strict.url, "set_no_cloud": True,
                                   "detector_id": A}, {"GROUNDLIGHT_API_TOKEN": "u"})  # fmt: skip
        for settings, said in (
            (settings_for(strict.url, detector_id=B), f"'{B}': this token has no such detector"),
            (wrong_token, "the token is not accepted .*HTTP status 401: Unauthorized"),
        ):
            with (
                pytest.raises(Unreachable, match=said),
                no_cloud(settings, run.made, run.said.append),
            ):
                pytest.fail("it was entered")
        assert read_edge_config(strict.url, TRUST) == before
        assert not run.folder.exists()


def test_models_that_are_not_listed_are_not_taken_down(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is saved, and nothing changed."""
    monkeypatch.setattr(unlisted_models, "_ENDED_WITHIN_S", 0.0)
    options = ["--detector", f"a:id={A}", "--detector", f"b:id={B},listed=no"]
    with running_simulator([*options, "--edge-inference", "default"]) as demanded:
        with (
            pytest.raises(Unreachable, match=f"has loaded {B}, which its configuration does not"),
            no_cloud(settings_for(demanded.url), run.made, run.said.append),
        ):
            pytest.fail("it was entered")
        assert unlisted_models.loaded_ids(demanded.url, TRUST) == [A, B]
    assert not run.folder.exists()


def test_a_new_detector_that_does_not_get_ready_is_taken_out_again(run: Run) -> None:
    """The wait is bounded by READY_TIMEOUT, and no load is sent."""
    options = ["--detector-id", B, "--edge-inference", "default", "--configure-time", "3600s"]
    with running_simulator(options) as slow:
        before = read_edge_config(slow.url, TRUST)
        with (
            pytest.raises(Unreachable, match=f"not ready within 0.1 s: {A} .--ready-timeout waits"),
            no_cloud(settings_for(slow.url, ready_timeout=0.1), run.made, run.said.append),
        ):
            pytest.fail("it was entered")
        assert read_edge_config(slow.url, TRUST) == before


def test_an_older_box_is_refused_before_anything_is_changed(run: Run) -> None:
    """It has no route for its configuration."""
    with (
        recording_server(handler=Handler) as recorder,
        pytest.raises(Unreachable, match="needs an Edge Endpoint of April 2026 or later"),
        no_cloud(settings_for(recorder.url, detector_id=DETECTOR_ID), run.made, print),
    ):
        pytest.fail("it was entered")
    assert {seen.method for seen in recorder.seen} == {"GET"}
    assert not run.folder.exists()


def test_without_the_setting_nothing_is_asked(run: Run) -> None:
    """Nobody listens there."""
    settings = settings_for("http://127.0.0.1:9", set_no_cloud=False)
    with no_cloud(settings, run.made, run.said.append) as configured:
        assert configured == NoCloudSet()
    assert run.said == []


def test_the_embedded_endpoint_needs_no_configuration() -> None:
    """One line says so; with a box, another says what will be done."""
    check_no_cloud(resolve({}, {}, {}))
    with pytest.raises(SettingError, match="needs ENDPOINT_URL"):
        check_no_cloud(resolve({}, {"set_no_cloud": True}, {}))
    check_no_cloud(settings := settings_for("http://192.0.2.7:30101"))
    words = no_cloud_words(settings)
    assert "http://192.0.2.7:30101 will be saved to load_test_results/…/edge-config.json" in words
