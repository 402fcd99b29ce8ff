"""What Prometheus would scrape, taken apart by prometheus-client's own parser."""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import os
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import as_a_user as user
import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from edgeload.camera_group import Arrivals, CameraGroup
from edgeload.plan import mix_plan, one_group_plan, ramp_steps
from edgeload.run.counters import BUCKETS, NO_COUNTS, LiveCounts, bucket
from edgeload.run.dues_so_far import Dues
from edgeload.run.prometheus import LIMITS_S, exported
from edgeload.run.supervisor import RunProgress
from edgeload.settings import SettingError
from edgeload.simulator.launch import running_simulator

Scrape = dict[str, float]

_DOCS = user.ROOT / "docs" / "prometheus"
_WITHIN_S = 30.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def scrape(port: int) -> Scrape:
    """Samples by name, a bucket's with its limit: `..._bucket 0.1`."""
    url = f"http://127.0.0.1:{port}/metrics"
    with urllib.request.urlopen(url, timeout=5) as answer:
        text = answer.read().decode()
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_scrape_is_the_counters_of_that_moment() -> None:
    """Counts as they are; buckets cumulative, their limits within 2 %; the sum within 1 %."""
    service = [0] * BUCKETS
    for seconds in [0.03] * 9 + [3.0]:
        service[bucket(seconds)] += 1
    counts = replace(NO_COUNTS, sent=13, ok=10, failed=3, connects=7, service=tuple(service))
    port = free_port()
    with exported(port) as exporter:
        assert scrape(port) == {}
        plan = one_group_plan(ramp_steps([5, 20], 10), 2.0)
        exporter.show(RunProgress(12.5, 1, plan, counts, False))
        exporter.show(RunProgress(12.6, 0, plan, counts, False, "worker 1 died"))  # names no step
        found = scrape(port)
    assert found["edgeload_requests_due_total"] == 200  # 5 and 2.5 s at 20 a s, 2 requests/s each
    assert found["edgeload_requests_sent_total"] == 13
    assert found["edgeload_requests_failed_total"] == 3
    assert found["edgeload_connects_total"] == 7
    assert found["edgeload_clients"] == 20
    assert found["edgeload_arrival_rate_per_second"] == 40
    assert (found["edgeload_ramp_step"], found["edgeload_run_time_seconds"]) == (2, 12.5)
    name = "edgeload_service_time_seconds"
    assert found[f"{name}_bucket 0.025"] == 0
    assert found[f"{name}_bucket 0.0315"] == 9
    assert found[f"{name}_bucket 0.05"] == found[f"{name}_bucket 2.0"] == 9
    assert found[f"{name}_bucket 5.0"] == found[f"{name}_bucket +Inf"] == 10
    assert found[f"{name}_count"] == 10
    assert found[f"{name}_sum"] == pytest.approx(9 * 0.03 + 3.0, rel=0.01)
    with pytest.raises(OSError, match="refused"):
        scrape(port)


@pytest.mark.parametrize("arrivals", ["constant", "poisson"])
def test_requests_due_are_those_of_the_plan(arrivals: Arrivals) -> None:
    """At every instant as many as `Plan.step_frames` counts anew; before the start none."""
    plan = one_group_plan(ramp_steps([3, 10, 1], 4.0), 2.5, arrivals)
    dues = Dues(plan)
    assert dues.until(-math.inf) == dues.until(-0.7) == (0,)
    for run_s in [0.0, 0.4, 3.99, 4.0, 4.0, 7.7, 11.0, 12.0, 15.0]:
        until_s = math.nextafter(run_s, math.inf)
        assert dues.until(run_s) == (sum(plan.step_frames(step, until_s) for step in plan.steps),)


MIX = (
    CameraGroup("door", 2, 2.5, "poisson"),
    CameraGroup("gate", 1, 1.0, requests_per_frame=4),
    CameraGroup("batch", 3, None),
)


def test_frames_due_are_counted_by_group() -> None:
    """At every instant as many as the plan says of each group; of a closed loop none."""
    plan = mix_plan(MIX, [1, 3, 2], 4.0)
    dues = Dues(plan)
    for run_s in [-0.5, 0.0, 3.99, 4.0, 7.7, 12.0, 15.0]:
        until_s = math.nextafter(run_s, math.inf)
        assert dues.until(run_s) == tuple(
            sum(plan.step_frames(step, until_s, group) for step in plan.steps)
            for group in range(len(MIX))
        )


def test_each_group_of_a_mix_has_its_label() -> None:
    """Counts, times and arrival rate; what is of the whole run has none, and nothing is twice."""
    times = [0] * BUCKETS
    times[bucket(0.03)] = 4
    door = replace(NO_COUNTS, sent=9, ok=4, failed=1, missed=6, connects=7, response=tuple(times))
    gate = replace(NO_COUNTS, sent=40, ok=40, missed=2)
    batch = replace(NO_COUNTS, sent=5, ok=5)
    total = replace(NO_COUNTS, sent=54, ok=49, failed=1, missed=8, connects=7)
    plan = mix_plan(MIX, [1, 3], 10.0)
    port = free_port()
    with exported(port) as exporter:
        exporter.show(RunProgress(0.0, 1, plan, total, False, by_group=(door, gate, batch)))
        found = scrape(port)
    name = "edgeload_requests"
    for count, values in {"sent": (9, 40, 5), "ok": (4, 40, 5), "missed": (6, 2, 0)}.items():
        named = {key: found[key] for key in found if key.startswith(f"{name}_{count}_total")}
        assert named == {
            f"{name}_{count}_total {group.name}": value
            for group, value in zip(MIX, values, strict=True)
        }
    # At least what was sent and missed; a frame of gate is four requests, so only what it missed.
    assert found[f"{name}_due_total door"] == 15
    assert found[f"{name}_due_total gate"] == 2
    assert f"{name}_due_total batch" not in found
    rates = {key: found[key] for key in found if "arrival_rate" in key}
    rate = "edgeload_arrival_rate_per_second"
    assert rates == {f"{rate} door": 15.0, f"{rate} gate": 3.0}
    assert found["edgeload_response_time_seconds_count door"] == 4
    assert found["edgeload_response_time_seconds_count gate"] == 0
    buckets = [key for key in found if key.startswith("edgeload_response_time_seconds_bucket")]
    assert len([key for key in buckets if "0.05" in key.split()]) == 3
    assert (found["edgeload_clients"], found["edgeload_copies"]) == (18, 3)
    assert found["edgeload_connects_total"] == 7


def test_a_run_without_a_mix_has_no_label() -> None:
    """As it was before there were groups: what was made for these metrics goes on working."""
    port = free_port()
    with exported(port) as exporter:
        plan = one_group_plan(ramp_steps([5], 10), 2.0)
        exporter.show(RunProgress(1.0, 0, plan, NO_COUNTS, False, by_group=(NO_COUNTS,)))
        found = scrape(port)
    assert not [key for key in found if " " in key and "_bucket " not in key]
    assert "edgeload_copies" not in found


def test_a_stopped_run_makes_nothing_due() -> None:
    """The count of due requests stays, except for those that the stop has made missed."""
    plan = one_group_plan(ramp_steps([1], 100.0), 1.0)
    port = free_port()
    with exported(port) as exporter:
        exporter.show(RunProgress(10.0, 0, plan, NO_COUNTS, False))
        exporter.show(RunProgress(50.0, 0, plan, NO_COUNTS, True))
        assert scrape(port)["edgeload_requests_due_total"] == 10
        exporter.show(RunProgress(50.2, 0, plan, replace(NO_COUNTS, sent=9, missed=2), True))
        assert scrape(port)["edgeload_requests_due_total"] == 11


def test_buckets_are_evenly_close_from_10_ms_to_1_s() -> None:
    """No two limits there are further apart than 1 : 1.15, so no percentile is further off."""
    assert list(LIMITS_S) == sorted(set(LIMITS_S))
    near = [limit_s for limit_s in LIMITS_S if 0.01 <= limit_s <= 1.0]
    assert (near[0], near[-1]) == (0.01, 1.0)
    assert all(b / a < 1.15 for a, b in itertools.pairwise(near))


def test_a_port_in_use_is_said_before_any_load(tmp_path: Path) -> None:
    """One line with the setting, exit code 2, and the endpoint hears nothing."""
    with running_simulator() as simulator, socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingError, match=f"PROMETHEUS_PORT = {port}"), exported(port):
            raise AssertionError("served")
        ended = user.run(
            tmp_path, "load_test.py", "--endpoint-url", simulator.url, "--detector-id",
            user.DETECTOR_ID, "--prometheus-port", str(port),
        )  # fmt: skip
        assert simulator.stats()["received"] == 0
    assert ended.code == 2
    (line,) = ended.err.splitlines()
    assert line.startswith(f"PROMETHEUS_PORT = {port}: cannot be served")


def test_counters_grow_during_a_run_up_to_what_the_log_says(tmp_path: Path) -> None:
    """Scraped each quarter second: no counter falls, none passes the log's own; no token in it."""
    port = free_port()
    process = user.start(
        tmp_path, "load_test.py", "--custom-ramp", "3,6", "--time-between-ramp", "3",
        "--requests-per-second", "5", "--prometheus-port", str(port),
    )  # fmt: skip
    seen: list[Scrape] = []
    while process.poll() is None and len(seen) < 100:
        with contextlib.suppress(OSError):
            seen.append(scrape(port))
        time.sleep(0.25)
    ended = user.finish(process)
    user.check_done(tmp_path, ended)
    seen = [found for found in seen if found]
    assert len(seen) >= 8
    totals = user.summary(tmp_path)["totals"]
    for name in ("due", "sent", "ok", "failed", "missed"):
        values = [found[f"edgeload_requests_{name}_total"] for found in seen]
        assert values == sorted(values)
        assert values[-1] <= totals["planned" if name == "due" else name]
    assert seen[-1]["edgeload_requests_ok_total"] > totals["ok"] / 2
    for found in seen:
        count = found["edgeload_response_time_seconds_count"]
        # A scrape may catch a worker half-way through a batch: times first, then the count.
        assert found["edgeload_requests_ok_total"] <= count <= totals["ok"]
        due, sent, missed = (
            found[f"edgeload_requests_{name}_total"] for name in ("due", "sent", "missed")
        )
        assert due >= sent + missed
    assert not any(user.TOKEN in name for found in seen for name in found)


# --- a real Prometheus, with the configuration and the dashboard of docs/prometheus ---------------


@contextlib.contextmanager
def prometheus(folder: Path, scraped: int) -> Iterator[str]:
    """A server that scrapes a port as docs/prometheus/prometheus.yml says; yields its URL.

    Skips without Prometheus; under CI, that is a failure.
    """
    program = shutil.which("prometheus")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("a real Prometheus must read a run under CI")
        pytest.skip("Prometheus is not installed: apt-get install prometheus")
    text = (_DOCS / "prometheus.yml").read_text()
    assert text.count("127.0.0.1:9101") == 1
    config = folder / "prometheus.yml"
    config.write_text(text.replace("9101", str(scraped)))
    port = free_port()
    command = [
        program, f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=error",
    ]  # fmt: skip
    with subprocess.Popen(command) as server:
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.kill()


def ask(url: str, expression: str) -> list[dict[str, Any]]:
    """What Prometheus answers to an instant query; it refuses an expression that is wrong."""
    query = urllib.parse.urlencode({"query": expression})
    with urllib.request.urlopen(f"{url}/api/v1/query?{query}", timeout=5) as answer:
        found = json.load(answer)
    assert found["status"] == "success"
    return list(found["data"]["result"])


def expressions() -> list[str]:
    """Those of the dashboard, with what Grafana puts in place of its variables."""
    dashboard = json.loads((_DOCS / "grafana-dashboard.json").read_text())
    return [
        target["expr"].replace("$job", ".*").replace("$__rate_interval", "10s")
        for panel in dashboard["panels"]
        for target in panel["targets"]
    ]


def counts_after(number: int, times_s: np.ndarray) -> LiveCounts:
    """What is counted after so many answers."""
    histogram = [0] * BUCKETS
    for seconds in times_s[:number]:
        histogram[bucket(float(seconds))] += 1
    done = tuple(histogram)
    return replace(NO_COUNTS, sent=number, ok=number, service=done, response=done)


@pytest.mark.slow
def test_prometheus_reads_a_run_and_answers_the_dashboard(tmp_path: Path) -> None:
    """Each expression has an answer, and the percentiles are those of the times, within 15 %."""
    times_s = np.random.default_rng(1).lognormal(np.log(0.08), 0.5, 4000)
    plan = one_group_plan(ramp_steps([100], 60), 10.0)
    scraped = free_port()
    began_s = time.monotonic()
    with exported(scraped) as exporter, prometheus(tmp_path, scraped) as url:
        found: list[list[dict[str, Any]]] = []
        while time.monotonic() < began_s + _WITHIN_S:
            run_s = time.monotonic() - began_s
            counts = counts_after(min(len(times_s), int(run_s * 1000)), times_s)
            exporter.show(RunProgress(run_s, 0, plan, counts, False))
            time.sleep(0.25)
            with contextlib.suppress(OSError):  # it is starting
                found = [ask(url, expression) for expression in expressions()]
                response = ask(url, "edgeload_response_time_seconds_count")
                if all(found) and response and float(response[0]["value"][1]) == len(times_s):
                    break
        assert found
        assert all(found), [e for e, f in zip(expressions(), found, strict=True) if not f]
        for quantile in (0.5, 0.95, 0.99):
            buckets = "sum by (le) (edgeload_response_time_seconds_bucket)"
            (one,) = ask(url, f"histogram_quantile({quantile}, {buckets})")
            assert float(one["value"][1]) == pytest.approx(np.quantile(times_s, quantile), rel=0.15)
