"""Makes the helpers beside the tests importable, and says which tests run at the same time.

A run of the whole suite has one process more than processors, and each takes a file of tests at a
time, or a test of `TEST_BY_TEST`. Tests of `SIDE_BY_SIDE` come first and use all processors. When
they are done, those of `LIGHT_LOADS` run beside each other. All others run one at a time: they
judge times, rates or the verdict about a real load, which a busy processor changes.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

_TESTS = Path(__file__).parent
_ROOMS = ("read", "host", "search", "simulator", "faults", "prepare", "box_memory", "cluster")
sys.path[:0] = [str(_TESTS), *(str(_TESTS / room) for room in _ROOMS)]

# An entry is a file, or a folder with all files in it. The longest come first. A file that is in
# neither of the two runs alone.

# They pass on a busy machine, too: they calculate, or they judge what was sent, said and written,
# but not how fast.
SIDE_BY_SIDE = (
    "test_interpreters.py",
    "read",
    "test_core_topology.py",
    "test_core_plan.py",
    "test_cpu_times.py",
    "run/test_stolen_time.py",
    "run/test_core_look.py",
    "faults/test_stop_signals.py",
    "faults/test_stopped_variants.py",
    "faults/test_box_is_restored.py",
    "faults/test_killed_program.py",
    "faults/test_closed_terminal.py",
    "faults/test_no_main_guard.py",
    "faults/test_worker_that_fails.py",
    "faults/test_failed_reader.py",
    "faults/test_refused_output.py",
    "test_said_and_written.py",
    "test_joined_host.py",
    "test_before_the_run.py",
    "test_cli.py",
    "test_kept_runs.py",
    "commands/test_list_runs.py",
    "commands/test_restore_edge_config.py",
    "commands/test_check.py",
    "commands/test_memory.py",
    "box_memory",
    "smoke_test",
    "commands/test_prepare.py",
    "prepare",
    "test_installation.py",
    "test_troubleshooting.py",
    "test_prepare_messages.py",
    "test_completion.py",
    "test_durations.py",
    "run/test_clients.py",
    "run/test_connection.py",
    "faults/test_connection_fails.py",
    "faults/test_early_answer.py",
    "faults/test_kept_connection_closes.py",
    "faults/test_refused.py",
    "test_entry_point.py",
    "test_images_folder.py",
    "test_parse_load_test_logs.py",
    "test_benchmarks.py",
    "test_architecture.py",
    "test_message_lines.py",
    "test_palette.py",
    "test_time_words.py",
    "edge",
    "faults/test_texts_in_a_page.py",
    "faults/test_token_echoed.py",
    "faults/test_child_processes.py",
    "faults/test_answer_streams.py",
    "faults/test_answers_of_others.py",
    "faults/test_many_failure_texts.py",
    "faults/test_texts_of_large_logs.py",
    "faults/test_hostile_answers.py",
    "faults/test_other_protocols.py",
    "faults/test_endless_answers.py",
    "faults/test_bad_certificate.py",
    "faults/test_proxies.py",
    "faults/test_wrong_server.py",
    "faults/test_cacert.py",
    "faults/test_forbidden_target.py",
    "faults/test_metrics_port.py",
    "faults/test_bad_pictures.py",
    "faults/test_bad_values.py",
    "faults/test_closed_streams.py",
    "faults/test_fuzzed_texts.py",
    "faults/test_habits.py",
    "faults/test_large_plans.py",
    "faults/test_monitor_probes.py",
    "faults/test_busy_generator.py",
    "faults/test_clock_is_set.py",
    "faults/test_damaged_logs.py",
    "faults/test_disk_refuses_results.py",
    "faults/test_log_in_use.py",
    "faults/test_log_is_lost.py",
    "faults/test_runs_are_kept.py",
    "faults/test_odd_surroundings.py",
    "host/test_plots.py",
    "run/test_backlog_watch.py",
    "run/test_growing_backlog.py",
    "run/test_images.py",
    "run/test_keeping.py",
    "run/test_kept_connection.py",
    "run/test_live.py",
    "run/test_no_cloud.py",
    "run/test_live_history.py",
    "run/test_objectives_so_far.py",
    "run/test_progress_record.py",
    "run/test_sparkline.py",
    "run/test_load_ahead.py",
    "run/test_model_watch.py",
    "run/test_rollouts_seen.py",
    "run/test_preflight_queries.py",
    "run/test_trial_schedule.py",
    "search/test_driver.py",
    "search/test_failing_boxes.py",
    "search/test_judging.py",
    "search/test_strategy.py",
    "search/test_view.py",
    "settings",
    "simulator/test_inference_theory.py",
    "simulator/test_model_rollouts.py",
    "simulator/test_queueing.py",
    "simulator/test_rollout_option.py",
    "web",
    "run/test_answer_reader.py",
    "run/test_audited_run.py",
    "run/test_box_watch.py",
    "run/test_clean_box.py",
    "run/test_reaching.py",
    "run/test_session.py",
    "run/test_warm_up.py",
    "simulator/test_contention.py",
    "simulator/test_detector_option.py",
    "simulator/test_launch.py",
    "simulator/test_pool_capacity.py",
    "simulator/test_query.py",
    "test_interference_plan.py",
    "test_keeper.py",
    "test_load_test.py",
    "test_plan.py",
    "test_settings.py",
    "test_side_by_side.py",
    "test_signals.py",
    "variants/test_applying.py",
    "variants/test_capacity_shown.py",
    "variants/test_contest_run.py",
)

# Of the files of LIGHT_LOADS, those whose tests share nothing. Each of their tests is handed out by
# itself, so that no process is left with a file of long runs when the others have nothing to do.
TEST_BY_TEST = (
    "test_long_runs.py",
    "test_counted_runs.py",
    "commands/test_repeat.py",
    "variants/test_command.py",
    "cluster/test_cluster_workers.py",
    "run/test_prometheus.py",
    "run/test_chain.py",
    "run/test_trials.py",
)

# They wait for a real load that needs a small part of one processor, and leave room for another.
LIGHT_LOADS = (
    "cluster/test_cluster_on_machines.py",
    "test_readme.py",
    "test_readme_search.py",
    "test_readme_comparison.py",
    "test_soak_beside_a_monitor.py",
    "search/test_search_run.py",
    "test_slow_link.py",
    "faults/test_outage.py",
    "test_monitor_cpu_gpu_usage.py",
    "run/test_fleet.py",
    *TEST_BY_TEST,
)
# Of these tests, those that begin before all others of LIGHT_LOADS, because they last the longest.
LONGEST = (
    "variants/test_command.py::test_one_two_and_four_workers_are_ranked_right",
    "test_long_runs.py::test_groups_on_one_pool_slow_each_other",
    "test_long_runs.py::test_a_run_waits_for_a_roll_out_and_says_what_it_cost",
)
# An example of a property may take long where other tests run beside it.
settings.register_profile("side by side", settings(), deadline=None)
settings.load_profile("side by side")


def _below(nodeid: str) -> str:
    """The name of a test, from this folder on."""
    return nodeid.removeprefix(f"{_TESTS.name}/")


def _is_in(nodeid: str, entries: tuple[str, ...]) -> bool:
    file = _below(nodeid).split("::", 1)[0]
    return any(file == entry or file.startswith(f"{entry}/") for entry in entries)


def _turn_of(nodeid: str) -> int:
    """The place of a test or its file in the lists; the place after the last if it is in none."""
    entries = (*SIDE_BY_SIDE, *LONGEST, *LIGHT_LOADS)
    places = [
        place
        for place, entry in enumerate(entries)
        if _below(nodeid) == entry or _is_in(nodeid, (entry,))
    ]
    return min(places, default=len(entries))


def _unit_of(nodeid: str) -> str:
    """What a process is handed at a time: a file, or one test of a file of TEST_BY_TEST."""
    return nodeid if _is_in(nodeid, TEST_BY_TEST) else nodeid.split("::", 1)[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadFileScheduling:
    """The one of `--dist loadfile`, but for its units."""
    scheduler = LoadFileScheduling(config, log)
    scheduler._split_scope = _unit_of
    return scheduler


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Processes for `-n auto`: one more than processors for a folder, none for files by name.

    Many tests wait for a load, an installation or a browser, and leave their processor to others.
    """
    folders = [Path(word.split("::", 1)[0]).is_dir() for word in config.args]
    return len(os.sched_getaffinity(0)) + 1 if any(folders) else 0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In the order of the lists, then the others; within a file as they stand in it."""
    items.sort(key=lambda item: _turn_of(item.nodeid))


class _Company:
    """Keeps the tests of one process apart from those of the other processes, by two locks.

    A process holds the first from its start until it meets a test that is not of `SIDE_BY_SIDE`. It
    then waits until nobody holds it. The second is held during each later test.
    """

    def __init__(self, folder: Path) -> None:
        self._side_by_side = (folder / "side-by-side.lock").open("a")
        self._under_load = (folder / "under-load.lock").open("a")
        self._all_may_run = True
        fcntl.flock(self._side_by_side, fcntl.LOCK_SH)

    def _wait_for_the_others(self) -> None:
        for how in (fcntl.LOCK_UN, fcntl.LOCK_EX, fcntl.LOCK_UN):
            fcntl.flock(self._side_by_side, how)
        self._all_may_run = False

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Run a test in the company that it may have. Waiting does not count as its time."""
        if self._all_may_run and _is_in(item.nodeid, SIDE_BY_SIDE):
            return (yield)
        if self._all_may_run:
            self._wait_for_the_others()
        beside = _is_in(item.nodeid, (*SIDE_BY_SIDE, *LIGHT_LOADS))
        fcntl.flock(self._under_load, fcntl.LOCK_SH if beside else fcntl.LOCK_EX)
        try:
            return (yield)
        finally:
            fcntl.flock(self._under_load, fcntl.LOCK_UN)

    def pytest_sessionfinish(self) -> None:
        """Closing is not enough: a process that a test has left may hold the files open."""
        fcntl.flock(self._side_by_side, fcntl.LOCK_UN)


def pytest_configure(config: pytest.Config) -> None:
    """A process that is one of several keeps to the company that its tests may have."""
    # Under nohup the programs that tests start would ignore a terminal that is closed.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if hasattr(config, "workerinput"):
        shared = Path(config.option.basetemp).parent
        config.pluginmanager.register(_Company(shared))
