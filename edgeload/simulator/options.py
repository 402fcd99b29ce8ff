"""What the simulator can be asked for: one frozen Options. Pure.

Each field of Options declares one command-line option: its type, default, check, unit and help
stand there and nowhere else.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from edgeload.cli import path, seconds
from edgeload.durations import TimeLimits
from edgeload.edge_facts import (
    DETECTOR_ID_FORM,
    MAX_CONNECTIONS,
    RENEWED_EVERY_S,
    is_detector_id,
)
from edgeload.simulator.contention import Contention
from edgeload.simulator.deployment import (
    Deployment,
    DeploymentError,
    WantedDetector,
    default_deployment,
    deployment_of,
)
from edgeload.simulator.detector_option import detector_option
from edgeload.simulator.detectors import PRESET_NAMES, PresetName
from edgeload.simulator.faults import FaultError, Faults, faults_from
from edgeload.simulator.model_rollouts import PlannedRollout
from edgeload.simulator.option_values import (
    MAX_WORKERS,
    contention_strength,
    detector_id_text,
    deviation,
    fault_probability,
    percentage,
    share_of_1,
    size_in_bytes,
    slowing_factor,
    time_in_seconds,
    whole_number,
)
from edgeload.simulator.picture_cache import CacheLaw
from edgeload.simulator.queueing import SERVICE_DISTRIBUTIONS, ServiceDistribution, ServiceTime
from edgeload.simulator.resident_memory import MemoryLaw
from edgeload.simulator.rollout_option import rollout_option
from edgeload.simulator.slowdown import Slowdown
from edgeload.simulator.status import RESOURCE_KINDS, ResourceKind

# `_option` makes a dataclass field, which the linter does not see.
# ruff: noqa: RUF009


class OptionError(ValueError):
    """An option is not legal; the text names it and says what is legal."""


def _option(group: str, default: object, help_text: str, **argparse_words: Any) -> Any:
    """Declare a field of Options: its group in --help, and what argparse has to know."""
    return dataclasses.field(
        default=default, metadata={"group": group, "help": help_text, "words": argparse_words}
    )


_SERVER, _DETECTOR, _TROUBLE = "The server", "The detector", "Trouble"
_SEVERAL, _MEMORY = "Several detectors", "Memory of the box"
_BYTES: dict[str, Any] = {"type": size_in_bytes, "metavar": "SIZE"}


@dataclass(frozen=True)
class Options:
    """What was asked for, checked; --help says what each option means.

    A field is named like its option; a name that ends in `_s` is a time in seconds.
    """

    port: int = _option(
        _SERVER,
        0,
        "TCP port on 127.0.0.1; 0 takes any free port",
        type=whole_number(0, 65535),
        metavar="P",
    )
    proxy_workers: int = _option(
        _SERVER,
        2,
        "processes that read requests and write answers",
        type=whole_number(1, MAX_WORKERS),
        metavar="N",
    )
    inference_workers: int = _option(
        _SERVER,
        4,
        "queries that are served at the same time",
        type=whole_number(1, MAX_WORKERS),
        metavar="N",
    )
    service_time_s: float = _option(
        _SERVER,
        0.05,
        "mean time for which a worker is busy with a query, for example 50ms, 0.05s or 0.05",
        type=time_in_seconds,
        metavar="TIME",
    )
    distribution: ServiceDistribution = _option(
        _SERVER,
        "constant",
        f"distribution of the service time: {', '.join(SERVICE_DISTRIBUTIONS)} (bimodal: one "
        "query in ten takes 11 times as long as the others)",
        choices=SERVICE_DISTRIBUTIONS,
        metavar="KIND",
    )
    sigma: float = _option(
        _SERVER,
        0.5,
        "standard deviation of the logarithm, without a unit, for the lognormal distribution",
        type=deviation,
        metavar="X",
    )
    cores: int | None = _option(
        _SERVER,
        None,
        "slow services down while more than N workers are busy, over all detectors: by the factor "
        "1 + contention x (busy - N) / N, counted when a service starts",
        type=whole_number(1, MAX_WORKERS),
        metavar="N",
    )
    contention: float = _option(
        _SERVER,
        1.0,
        "how much they slow down: 1 shares the cores fairly, more loses throughput, 0 is nothing",
        type=contention_strength,
        metavar="X",
    )
    cache_saves: float | None = _option(
        _SERVER,
        None,
        "answer a picture faster that came before, byte by byte the same: a cache saves this share "
        "of its service time (0 to 1), for example 0.2",
        type=share_of_1,
        metavar="X",
    )
    cache_processes: int = _option(
        _SERVER,
        1,
        "processes of each pool that have a cache each; a query goes to one of them by chance",
        type=whole_number(1, MAX_WORKERS),
        metavar="N",
    )
    hot_after_s: float | None = _option(
        _SERVER,
        None,
        "become slower this long after the first query, as a box does that gets hot",
        type=time_in_seconds,
        metavar="TIME",
    )
    hot_factor: float = _option(
        _SERVER,
        1.5,
        "how much longer each service then takes, at least 1 and at most 100",
        type=slowing_factor,
        metavar="X",
    )
    seed: int = _option(
        _SERVER,
        1,
        "the same seed gives the same service times, faults and answers",
        type=whole_number(0, 2**63),
        metavar="N",
    )
    truth_log: Path | None = _option(
        _SERVER,
        None,
        "write for every image query when it arrived and when its service started and ended: JSON "
        "lines, in seconds on the monotonic clock",
        type=path,
        metavar="FILE",
    )
    tls: bool = _option(_SERVER, False, "serve HTTPS with a self-signed certificate for localhost")
    write_cert: Path | None = _option(
        _SERVER, None, "write that certificate (PEM) to a file", type=path, metavar="FILE"
    )
    keepalive_requests: int = _option(
        _SERVER,
        1000,
        "close a connection after this many requests",
        type=whole_number(1, 10**9),
        metavar="N",
    )
    resources: ResourceKind = _option(
        _SERVER,
        "cluster",
        "what GET /status/resources.json says: cluster = made-up figures that follow the load, "
        "zeros = those of a box whose metrics server is down, none = that there is no cluster",
        choices=RESOURCE_KINDS,
        metavar="KIND",
    )
    cpu_full: float = _option(
        _SERVER,
        30.0,
        "percent of the CPU that these figures show while all inference workers are busy",
        type=percentage,
        metavar="PERCENT",
    )
    gpu_full: float = _option(
        _SERVER, 50.0, "the same of the GPU", type=percentage, metavar="PERCENT"
    )
    figures_renewed_s: float = _option(
        _SERVER,
        RENEWED_EVERY_S,
        "how often GET /status/resources.json has new figures of CPU and RAM, 50ms to 15s",
        type=seconds(TimeLimits(0.05, RENEWED_EVERY_S), "2s"),
        metavar="TIME",
    )
    metrics_time_s: float = _option(
        _SERVER,
        1.0,
        "how long GET /status/metrics.json takes, in which a real box measures",
        type=time_in_seconds,
        metavar="TIME",
    )
    until_stdin_closes: bool = _option(_SERVER, False, "end when standard input ends")

    detector_id: str = _option(
        _DETECTOR,
        "det_simulated000000000000000000",
        f"id of the detector: {DETECTOR_ID_FORM}",
        type=detector_id_text,
        metavar="ID",
    )
    detector_name: str = _option(_DETECTOR, "simulated detector", "its name", metavar="NAME")
    detector_query: str = _option(
        _DETECTOR, "Is there a dog in the picture?", "its question", metavar="TEXT"
    )
    audit_rate: float = _option(
        _DETECTOR,
        1e-5,
        "confident_audit_rate as GET /edge-config shows it, 0 to 1; nothing is sent anywhere",
        type=share_of_1,
        metavar="X",
    )
    edge_inference: PresetName = _option(
        _DETECTOR,
        "no_cloud",
        "how GET /edge-config says that its detectors are configured at first: "
        f"{', '.join(PRESET_NAMES)}",
        choices=PRESET_NAMES,
        metavar="KIND",
    )
    strict_detector: bool = _option(
        _DETECTOR,
        False,
        "refuse the ids of other detectors; without this option any well-formed id is served",
    )

    detector: tuple[WantedDetector, ...] = _option(
        _SEVERAL,
        (),
        "serve this detector, for example door:workers=4,service-time=50ms, or just door; may be "
        "given several times; the keys are explained below",
        type=detector_option,
        action="append",
        metavar="NAME:KEY=VALUE,…",
    )
    shared_workers: int | None = _option(
        _SEVERAL,
        None,
        "let all detectors without workers= and pool= share N workers and one queue",
        type=whole_number(1, MAX_WORKERS),
        metavar="N",
    )

    box_ram: int = _option(
        _MEMORY, MemoryLaw.ram_bytes, "RAM of the machine, with the unit MiB or GiB", **_BYTES
    )
    box_vram: int = _option(_MEMORY, MemoryLaw.vram_bytes, "memory of its GPU", **_BYTES)
    detector_ram: int = _option(
        _MEMORY, MemoryLaw.detector_ram_bytes, "RAM of each detector that is configured", **_BYTES
    )
    detector_vram: int = _option(
        _MEMORY, MemoryLaw.detector_vram_bytes, "the same of the GPU's memory", **_BYTES
    )
    used_ram: int = _option(
        _MEMORY, 0, "RAM that each takes on top from its first answer on", **_BYTES
    )
    used_vram: int = _option(_MEMORY, 0, "the same of the GPU's memory", **_BYTES)
    oodd: float = _option(
        _MEMORY,
        0.0,
        "share of this memory (0 to 1) that is of a detector's second pod; 0: it has one pod",
        type=share_of_1,
        metavar="X",
    )
    memory_noise: int = _option(
        _MEMORY,
        0,
        "standard deviation of the RAM that everything else takes, which each renewal draws anew",
        **_BYTES,
    )

    api_token: str | None = _option(
        _TROUBLE,
        None,
        "the only API token that is accepted; without this option any is. Make one up: a list of "
        "processes shows it",
        metavar="TOKEN",
    )
    offline: bool = _option(
        _TROUBLE, False, "have no connection to the cloud: what the cloud answers is a 502"
    )
    load_time_s: float | None = _option(
        _TROUBLE,
        None,
        "be without a loaded model for this long after the start: queries get a 503",
        type=time_in_seconds,
        metavar="TIME",
    )
    configure_time_s: float | None = _option(
        _TROUBLE,
        None,
        "be without a loaded model for this long for each detector that PUT /edge-config adds",
        type=time_in_seconds,
        metavar="TIME",
    )
    readiness_cache_s: float = _option(
        _TROUBLE,
        5.0,
        "how long each of eight processes (as in a real box) repeats what it found out about such "
        "a detector",
        type=time_in_seconds,
        metavar="TIME",
    )
    max_in_flight: int | None = _option(
        _TROUBLE,
        None,
        "reset connections while more than N queries are in flight; without N: "
        f"{MAX_CONNECTIONS}, the limit of a real Edge Endpoint (default: no limit)",
        type=whole_number(1, 10**6),
        nargs="?",
        const=MAX_CONNECTIONS,
        metavar="N",
    )
    fault: tuple[tuple[str, float], ...] = _option(
        _TROUBLE,
        (),
        "let this kind of fault happen to a share of the queries (0 to 1), for example "
        "status_503=0.02; may be given several times",
        type=fault_probability,
        action="append",
        metavar="KIND=PROBABILITY",
    )
    swap_above: float | None = _option(
        _TROUBLE,
        None,
        "let the fault swap_label happen only to queries that find more than this share of their "
        "pool's workers busy (0 to 1), for example 0.8",
        type=share_of_1,
        metavar="X",
    )
    slow_body_time_s: float = _option(
        _TROUBLE,
        1.0,
        "duration of an answer with the fault slow_body",
        type=time_in_seconds,
        metavar="TIME",
    )
    rollout: tuple[PlannedRollout, ...] = _option(
        _TROUBLE,
        (),
        "roll out a new model so long after the start, for example 20s:both=5s,fail=0.5,cold=3s, "
        "or just 20s; may be given several times; the keys are explained below",
        type=rollout_option,
        action="append",
        metavar="TIME:KEY=VALUE,…",
    )

    def __post_init__(self) -> None:
        """Check what concerns several options. Raises ValueError."""
        try:
            faults_from(dict(self.fault))
        except FaultError as error:
            raise OptionError(f"argument --fault: {error}") from error
        if self.tls and find_spec("cryptography") is None:
            raise OptionError(
                "argument --tls: needs the package cryptography: pip install -e '.[https]'"
            )
        if self.write_cert is not None and not self.tls:
            raise OptionError(
                "argument --write-cert: there is no certificate without TLS; add --tls"
            )
        if self.contention != Options.contention and self.cores is None:
            raise OptionError(
                f"argument --contention: {self.contention:g}: slows nothing down without --cores; "
                "add the number of cores, for example --cores 4"
            )
        if self.cache_processes != Options.cache_processes and self.cache_saves is None:
            raise OptionError(
                f"argument --cache-processes: {self.cache_processes}: there is no cache; add what "
                "it saves, for example --cache-saves 0.2"
            )
        if self.hot_factor != Options.hot_factor and self.hot_after_s is None:
            raise OptionError(
                f"argument --hot-factor: {self.hot_factor:g}: the box never gets hot; add when it "
                "does, for example --hot-after 8m"
            )
        if self.shared_workers is not None and not self.detector:
            raise OptionError(
                f"argument --shared-workers: {self.shared_workers}: there is no --detector that "
                "could share them; add some, or use --inference-workers"
            )
        for name in ("detector_id", "detector_name") if self.detector else ():
            if (given := getattr(self, name)) != getattr(Options, name):
                raise OptionError(
                    f"argument --{name.replace('_', '-')}: {given!r}: is of the default detector, "
                    "which does not exist beside --detector; leave one of them out, for example "
                    "--detector door:id=det_door00000000000000000000000"
                )
        try:
            self.deployment  # noqa: B018
        except DeploymentError as error:
            raise OptionError(f"argument --detector: {error}") from error
        self._check_rollouts()

    def _check_rollouts(self) -> None:
        """Each names a detector that there is. Raises OptionError."""
        deployment = self.deployment
        known = {name for one in deployment.detectors for name in (one.id, one.name)}
        for wanted in {one.detector for one in self.rollout if one.detector is not None} - known:
            if not (deployment.all_alike and is_detector_id(wanted)):
                raise OptionError(
                    f"argument --rollout: detector={wanted}: must be the name or the id of a "
                    f"detector, for example detector={deployment.detectors[0].name}"
                )

    @property
    def service_time(self) -> ServiceTime:
        """The distribution of service times."""
        return ServiceTime(self.distribution, self.service_time_s, self.sigma)

    @property
    def memory(self) -> MemoryLaw:
        """The size of the machine, and what a detector takes of it."""
        return MemoryLaw(
            self.box_ram,
            self.box_vram,
            self.detector_ram,
            self.detector_vram,
            self.used_ram,
            self.used_vram,
            self.oodd,
            self.memory_noise,
            self.seed,
        )

    @property
    def cache(self) -> CacheLaw | None:
        """What a cache of pictures saves; None: there is none."""
        if self.cache_saves is None:
            return None
        return CacheLaw(self.cache_saves, self.cache_processes)

    @property
    def slowdown(self) -> Slowdown | None:
        """When services become slower, and how much; None: never."""
        return None if self.hot_after_s is None else Slowdown(self.hot_after_s, self.hot_factor)

    @property
    def deployment(self) -> Deployment:
        """The detectors, and the workers that serve each. Raises DeploymentError."""
        law = None if self.cores is None else Contention(self.cores, self.contention)
        if self.detector:
            deployment = deployment_of(
                self.detector,
                query=self.detector_query,
                workers=self.inference_workers,
                service_time=self.service_time,
                shared_workers=self.shared_workers,
            )
        else:
            deployment = default_deployment(
                self.detector_id,
                self.detector_name,
                self.detector_query,
                self.inference_workers,
                self.service_time,
            )
        return dataclasses.replace(deployment, contention=law)

    @property
    def faults(self) -> Faults:
        """The faults and their probabilities."""
        return faults_from(dict(self.fault))
