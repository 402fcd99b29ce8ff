"""What does not fit together if the nodes of a cluster load several endpoints."""

from __future__ import annotations

import pytest

from edgeload.settings import TOKEN, SettingError, resolve
from edgeload.settings.fleet_settings import urls_of_nodes

A, B = "https://192.0.2.7:30143", "https://192.0.2.8:30143"
MAP = f"node1={A},node2={B}"
HOME = "http://127.0.0.1:1"


def refusal(config: dict[str, object] | None = None, token: str = "t", **options: object) -> str:
    own = {"cluster": "192.0.2.1:6379", "nodes": 2, "target_map": MAP, **options}
    given = {name: value for name, value in own.items() if value is not None}
    with pytest.raises(SettingError) as problem:
        resolve(config or {}, given, {TOKEN: token})
    return str(problem.value)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"nodes": 3}, f"TARGET_MAP = '{MAP}': names 2 nodes, and the run has 3; must name each"),
        ({"cluster": None, "nodes": None}, f"TARGET_MAP = '{MAP}': needs --cluster, for example"),
        ({"endpoint_url": A}, f"ENDPOINT_URL = '{A}': must be left out with TARGET_MAP"),
        ({"token": ""}, f"{TOKEN} is empty: set it in config.py or in the environment"),
        (
            {"target_map": f"node1={A},node2=https://8.8.8.8:30143"},
            "TARGET_MAP = 'https://8.8.8.8:30143': is a public address; must be an Edge Endpoint",
        ),
        (
            {"target_map": f"node1={A},node2={HOME}"},
            f"TARGET_MAP = 'node1={A},node2={HOME}': node2 would ask itself at {HOME}; must be",
        ),
        ({"find_capacity": True}, "FIND_CAPACITY = True: must be left out with TARGET_MAP: "),
        ({"set_no_cloud": True}, "SET_NO_CLOUD = True: must be left out with TARGET_MAP: "),
        ({"audit_cache": True}, "AUDIT_CACHE = True: must be left out with TARGET_MAP: "),
        ({"check_answers": True}, "CHECK_ANSWERS = True: must be left out with TARGET_MAP: "),
        ({"require_clean_box": True}, "REQUIRE_CLEAN_BOX = True: must be left out with TARGET_M"),
        ({"until_rollouts": 1}, "UNTIL_ROLLOUTS = 1: must be left out with TARGET_MAP: "),
    ],
)
def test_what_does_not_fit_is_said_before_any_load(options: dict[str, object], said: str) -> None:
    """One line: the setting, its value and what is legal."""
    line = refusal(**options)  # type: ignore[arg-type]
    assert line.startswith(said)
    assert "\n" not in line


def test_a_map_in_config_py_needs_a_cluster_as_well() -> None:
    """Otherwise this machine would load another endpoint than the one that is named."""
    line = refusal({"TARGET_MAP": MAP}, target_map=None, cluster=None, nodes=None)
    assert line.startswith(f"TARGET_MAP = '{MAP}': needs --cluster, whose nodes it is about")


def test_nodes_of_this_machine_alone_may_load_it() -> None:
    """As ENDPOINT_URL may be loopback there."""
    own = {"cluster": "local:2", "target_map": f"1={HOME},2=http://localhost:2"}
    assert resolve({}, own, {TOKEN: "t"}).urls == (HOME, "http://localhost:2")


def test_a_public_address_needs_permission() -> None:
    """The same as that of ENDPOINT_URL."""
    public = "https://8.8.8.8:30143"
    own = {"cluster": "h:1", "nodes": 2, "target_map": f"a={A},b={public}"}
    allowed = resolve({}, {**own, "allow_public_target": "8.8.8.8"}, {TOKEN: "t"})
    assert allowed.urls == (A, public)


def test_each_node_finds_its_endpoint() -> None:
    """By its name, in the order of the nodes; by its number only on one machine."""
    assert urls_of_nodes({"b": B, "a": A}, ["a", "b"], numbered=False) == (A, B)
    assert urls_of_nodes({"2": B, "1": A}, ["h-1", "h-2"], numbered=True) == (A, B)
    assert urls_of_nodes({"h-2": B, "1": A}, ["h-1", "h-2"], numbered=True) == (A, B)


@pytest.mark.parametrize(
    ("targets", "numbered", "said"),
    [
        ({"a": A, "c": B}, False, "no node is called c; the nodes of this run are a and b"),
        ({"1": A, "2": B}, False, "no node is called 1; the nodes of this run are a and b"),
        ({"1": A, "c": B}, True, "no node is called c; the nodes of this run are a and b, or 1 "),
        ({"a": A}, False, "it has no endpoint for b; must name each node; the nodes of this run"),
        ({"a": A, "1": B}, True, "a stands there twice; must stand there once"),
    ],
)
def test_a_name_that_fits_no_node_is_refused(
    targets: dict[str, str], numbered: bool, said: str
) -> None:
    """The line says which nodes there are."""
    with pytest.raises(ValueError, match=r"^TARGET_MAP: ") as problem:
        urls_of_nodes(targets, ["a", "b"], numbered=numbered)
    assert said in str(problem.value)
