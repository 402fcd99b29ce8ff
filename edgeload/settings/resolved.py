"""Every setting of a run in one legal value, and what follows from it. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import PrivateAttr, model_validator

from edgeload.audit_plan import AuditLoad
from edgeload.child_processes import TOKEN
from edgeload.interference_plan import interference_plan, rounds_to_tell
from edgeload.objectives import Objective, parse_abort, parse_objective, with_tiers
from edgeload.plan import Plan, default_warm_up_s, linear_ramp, mix_plan
from edgeload.settings.audit_settings import AUDIT_VALUES
from edgeload.settings.cluster_settings import ONLY_A_CLUSTER, check_cluster
from edgeload.settings.fields import RESTORE_OPTION, Fields, declared, option_of
from edgeload.settings.fleet_settings import check_target_map
from edgeload.settings.groups import GroupSettings, check_groups, only_group
from edgeload.settings.mix_file import GroupSpec, load_mix
from edgeload.settings.required import check_required
from edgeload.settings.rollout_settings import check_until_rollouts
from edgeload.settings.search import NOT_TYPED, ONLY_A_SEARCH, check_search, search_plan
from edgeload.settings.soak_settings import SOAK_RAMP
from edgeload.settings.target_map import parse_target_map
from edgeload.settings.wanted_file import check_wanted
from edgeload.target_rules import literal_address, why_refused
from edgeload.untrusted_text import remember_secret


class Settings(Fields):
    """Every setting of a run, resolved and legal."""

    _program: str = PrivateAttr("python load_test.py")
    _typed: frozenset[str] = PrivateAttr(frozenset())
    _specs: tuple[GroupSpec, ...] = PrivateAttr(())

    @model_validator(mode="after")
    def _check_together(self) -> Settings:
        if self.endpoint_url and self.groundlight_api_token is None:
            raise ValueError(
                f"{TOKEN} is empty: set it in config.py or in the environment, for example "
                f"export {TOKEN}=api_…"
            )
        if self.endpoint_url and (refusal := self._refused_address(self.endpoint_url)):
            raise ValueError(refusal)
        if self.mix is None and self.detector_id is None and self.detector_name is None:
            raise ValueError(
                "DETECTOR_ID and DETECTOR_NAME are both empty: set one of them, for example "
                "DETECTOR_NAME = 'edge-load-test'"
            )
        if self.warmup is not None and self.warmup >= self.time_between_ramp:
            raise ValueError(
                f"WARMUP = {self.warmup:g}: must be shorter than TIME_BETWEEN_RAMP "
                f"({self.time_between_ramp:g} s), for example {self.time_between_ramp / 10:g}"
            )
        if self.interference and self.repeat > 1:
            raise ValueError(
                f"REPEAT = {self.repeat}: must be 1 with INTERFERENCE, whose steps are repeated in "
                "rounds already, for example INTERFERENCE_ROUNDS = 20"
            )
        if self.web and (self.repeat > 1 or self.variants):
            raise ValueError(
                "WEB = True: only a single run has a page that grows; must be False with REPEAT "
                "and VARIANTS, for example WEB = False"
            )
        self._specs = load_mix(self.mix) if self.mix else ()
        check_groups(self.groups(), self)
        if self.find_capacity:
            check_search(self.groups(), self)
        if self.plan_for is not None:
            check_wanted(self.groups(), self)
        if self.until_rollouts is not None:
            check_until_rollouts(self, self.until_rollouts)
        if self.require_capacity is not None:
            check_required(self, self.require_capacity)
        if self.cluster is not None:
            check_cluster(self, self.cluster)
        if self.targets:
            check_target_map(self, self.targets)
        return self

    def _refused_address(self, url: str) -> str | None:
        """Why the load may not go to the address in the URL, if it has one and no name."""
        address = literal_address(urlsplit(url).hostname or "")
        return None if address is None else why_refused(url, self.allow_public_target, [address])

    @property
    def targets(self) -> dict[str, str]:
        """The endpoint that each node of the cluster loads, by its name; empty: all load one."""
        return parse_target_map(self.target_map)

    @property
    def urls(self) -> tuple[str, ...]:
        """The endpoints of these nodes, each once, in the order of the map."""
        return tuple(dict.fromkeys(self.targets.values()))

    def groups(self) -> tuple[GroupSettings, ...]:
        """The camera groups of the run: those of the mix, or one that is made of the settings."""
        if self._specs:
            return tuple(spec.resolved(self) for spec in self._specs)
        return (only_group(self),)

    def without_mix(self) -> Settings:
        """The same for one group that is made of the settings, without objectives."""
        plain = self.model_copy(update={"mix": None, "ramp_group": None, "slo": ()})
        plain._specs = ()
        return plain

    def for_run(self, own: Mapping[str, object]) -> Settings:
        """The same with some settings of their own, which its `command` names as if typed."""
        changed = self.model_copy(update=dict(own))
        changed._typed = self._typed | frozenset(own)
        return changed

    def without_variants(self, log_file: Path) -> Settings:
        """The same for a run of the box as it is configured now, with a log of its own."""
        own = ("variants", "variants_rounds", "variants_budget")
        plain = self.model_copy(update={"log_file": log_file, **dict.fromkeys(own)})
        plain._typed = self._typed - set(own)
        return plain

    def with_load(self, load: AuditLoad) -> Settings:
        """The same with another rate and length of the steps."""
        values = {
            "requests_per_second": load.requests_per_second,
            "time_between_ramp": load.seconds,
        }
        return self.model_copy(update=values)

    def objectives(self) -> tuple[Objective, ...]:
        """The run's objectives, and those of its camera groups; none in an interference run, which
        overloads the endpoint on purpose.
        """
        if self.interference:
            return ()
        own = [parse_objective(text) for text in self.slo]
        of_groups = (
            parse_objective(text).of_group(group.load.name)
            for group in self.groups()
            for text in group.slo
        )
        found = (*own, *of_groups)
        names = [group.load.name for group in self.groups()]
        return with_tiers(found, names) if self.find_capacity else found

    def abort_conditions(self) -> tuple[Objective, ...]:
        """The objectives whose breach ends the run early."""
        return tuple(map(parse_abort, self.abort_on))

    def token(self) -> str:
        """The API token in clear; a placeholder for the embedded endpoint, which takes any.

        From now on, what is shown of texts from outside does not have it: see `untrusted_text`.
        """
        if self.groundlight_api_token is None:
            return "token_for_the_embedded_endpoint"
        token = self.groundlight_api_token.get_secret_value()
        remember_secret(token)
        return token

    def plan(self) -> Plan:
        """When every request of the run is due; in a search, the steps are not known before."""
        if self.find_capacity:
            return search_plan(self)
        ramp = self.custom_ramp or linear_ramp(self.max_clients, self.step_size)
        loads = tuple(group.load for group in self.groups())
        step_s = self.time_between_ramp
        if self.interference:
            warm_up_s = default_warm_up_s(step_s) if self.warmup is None else self.warmup
            rounds = rounds_to_tell(loads, max(ramp), step_s, step_s - warm_up_s)
            rounds = self.interference_rounds or rounds
            return interference_plan(loads, max(ramp), rounds, step_s, self.seed)
        return mix_plan(loads, ramp, step_s, self.seed, self.ramp_group)

    def typed(self, name: str) -> bool:
        """Whether a setting was given on the command line."""
        return name in self._typed

    def command(self) -> str:
        """The command line that makes this run again, with the same config.py or with none.

        It has every setting that was typed, and every one that differs from its default. The token
        is never an option.
        """
        words = shlex.split(self._program)
        needless = {"simulator_options"} if self.endpoint_url or self.targets else set()
        needless |= {"detector_name", "detector_query"} if self.detector_id else set()
        needless |= {"detector_id", "detector_name", "detector_query"} if self.mix else set()
        if self.find_capacity:
            needless |= set(NOT_TYPED)
            needless |= set() if "max_clients" in self._typed else {"max_clients"}
        else:
            needless |= set(ONLY_A_SEARCH)
        needless |= set() if self.soak is None else set(SOAK_RAMP)
        needless |= set() if self.cluster else set(ONLY_A_CLUSTER)
        needless |= set(AUDIT_VALUES) - self._typed if self.audit_cache else set()
        for name, value in self.public().items():
            default = type(self).model_fields[name].get_default()
            wanted = name in self._typed or getattr(self, name) != default
            if wanted and name not in needless:
                words += _as_option(name, value)
        return shlex.join(words)

    def restore_command(self, file: Path) -> str:
        """The command line of the same program that restores this run's box from a file."""
        words = [*shlex.split(self._program), RESTORE_OPTION, str(file)]
        for name in ("allow_public_target", "insecure", "cacert"):
            if (value := self.public()[name]) != type(self).model_fields[name].get_default():
                words += _as_option(name, value)
        return shlex.join(words)

    def public(self) -> dict[str, Any]:
        """Settings as JSON values, for the log and the results; the token is left out."""
        return self.model_dump(mode="json", exclude={"groundlight_api_token"})


def _as_option(name: str, value: Any) -> list[str]:
    """The words of a command line that give a setting this value, a JSON value."""
    option, form = option_of(name), declared(name).form
    if form == "flag":
        return [option if value else option.replace("--", "--no-", 1)]
    if form == "list":
        return [word for text in value or [""] for word in (option, text)]
    if form == "ramp":
        return [option, ",".join(map(str, value))]
    return [option, "" if value is None else str(value)]
