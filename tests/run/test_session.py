"""Laws of what is settled before a run begins."""

from __future__ import annotations

import resource

import pytest

from edgeload.plan import Plan, ramp_steps
from edgeload.run.session import check_open_files, worker_count
from edgeload.settings import SettingError, resolve


def plan_of(clients: int) -> Plan:
    return Plan(ramp_steps([1, clients, 2], 1.0), 1.0)


def test_more_clients_than_files_are_refused_before_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The line names the numbers and what to do; what fits is let through."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 4096))
    check_open_files(2, plan_of(8000))
    with pytest.raises(SettingError, match=r"9000 clients in 2 .* 4532 .* 4096; use more"):
        check_open_files(2, plan_of(9000))
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, resource.RLIM_INFINITY))
    check_open_files(1, plan_of(50_000))


@pytest.mark.parametrize(
    ("options", "workers"),
    [
        ({"workers": "3"}, 3),
        ({"workers": "50"}, 10),
        ({"workers": "clients"}, 10),
        ({"client": "sdk", "workers": "3"}, 10),
    ],
)
def test_workers_are_as_set_and_never_more_than_clients(
    options: dict[str, object], workers: int
) -> None:
    """The SDK takes one process per client, whatever is set."""
    settings = resolve({}, {"detector_name": "d", **options}, {})
    assert worker_count(settings, plan_of(10)) == workers
