"""Every setting of a run, declared once. Pure."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args, get_origin

from edgeload.camera_group import Arrivals, LatePolicy
from edgeload.child_processes import TOKEN
from edgeload.plan import BUILT_IN_RAMP
from edgeload.settings import values
from edgeload.settings.cluster_fields import ClusterFields
from edgeload.settings.declaration import Setting, carried_by, declare

DEFAULT_PICTURE = Path("images/dog_resized_256x256.jpeg")
"""Found everywhere: if the working folder lacks it, a copy in the package is sent."""


class Fields(ClusterFields):
    """The fields of `Settings`. Their names are those of config.py in lower case."""

    endpoint_url: values.EndpointUrl = declare(
        None,
        "The endpoint",
        "Address of the Edge Endpoint: https://HOST:30143, or http://HOST:30101 if it serves "
        "plain HTTP. Empty: start the embedded endpoint, a simulator on this machine, and test "
        "that.",
        metavar="URL",
        example="https://192.0.2.7:30143",
    )
    allow_public_target: values.TargetHost = declare(
        None,
        "The endpoint",
        "Host of ENDPOINT_URL, once more, to permit a load outside your own networks: needed if "
        "its address is public or link-local (docs/endpoint.md). Empty: none may leave.",
        metavar="HOST",
        example="edge.example.com",
        measured=False,
    )
    groundlight_api_token: values.Token = declare(
        None,
        "The endpoint",
        f"API token. Empty: the value of the environment variable {TOKEN}. A token in "
        "config.py wins over the environment.",
        form="secret",
    )
    detector_id: values.DetectorId = declare(
        None,
        "The endpoint",
        "Detector to send pictures to: det_ and 27 letters or digits. Empty: the detector is "
        "looked up by its name.",
        metavar="ID",
        example="det_2aBcDeFgHiJkLmNoPqRsTuVwXyZ",
    )
    detector_name: values.Name = declare(
        "edge-load-test",
        "The endpoint",
        "Name of the detector, used if DETECTOR_ID is empty. A detector that does not exist "
        "is created.",
        metavar="NAME",
        example="front-door",
    )
    detector_query: values.Question = declare(
        "Is there a dog in the picture?",
        "The endpoint",
        "Query of the detector, used if DETECTOR_ID is empty.",
        metavar="TEXT",
        example="Is the door open?",
    )
    timeout: values.Seconds = declare(
        10.0,
        "The endpoint",
        "Seconds that one request may take, from connecting to the last byte of the answer.",
        metavar="TIME",
        unit="s",
        example="10s",
    )
    ready_timeout: values.Seconds = declare(
        10.0,
        "The endpoint",
        "Seconds to wait before the run until the endpoint and the detector are ready. Loading a "
        "model can take minutes.",
        metavar="TIME",
        unit="s",
        example="5m",
        measured=False,
    )
    preflight: bool = declare(
        True,
        "The endpoint",
        "Before the run, send image queries, each over a new connection, until 16 in a row are "
        "answered well. What does not answer then, for example because of a wrong token, is not "
        "tested.",
        form="flag",
        example="False",
    )
    box_figures: bool = declare(
        True,
        "The endpoint",
        "During the run, ask the box every two seconds how busy its CPU, memory and GPU are, if it "
        "says so (GET /status/resources.json), to know what limits it.",
        form="flag",
        example="False",
        measured=False,
    )
    require_clean_box: bool = declare(
        False,
        "The endpoint",
        "Refuse a run if other detectors are loaded on the box, if its CPU or GPU is more than 10 "
        "percent busy before the run, or if a detector may ask the cloud.",
        form="flag",
        example="True",
        measured=False,
    )
    set_no_cloud: bool = declare(
        False,
        "The endpoint",
        "For the time of the run, configure the box so that it answers for the run's detectors "
        "without the cloud; all else stays as it is. Its own configuration is saved to a file, and "
        "put back afterwards (docs/box.md).",
        form="flag",
        example="True",
        measured=False,
    )
    monitor: values.MonitorUrl = declare(
        None,
        "The endpoint",
        "Address of monitor_cpu_gpu_usage.py --serve on the endpoint's host: its samples join the "
        "log during the run. If not set: none.",
        metavar="URL",
        example="http://192.0.2.7:9105",
        measured=False,
    )
    check_answers: bool = declare(
        False,
        "The endpoint",
        "Before the run, ask every picture twice without load, and compare each answer of the run "
        "with that: another label or count is a failure of class changed_answer "
        "(docs/answers.md).",
        form="flag",
        example="True",
    )
    insecure: bool = declare(
        False,
        "The endpoint",
        "Accept any TLS certificate. An Edge Endpoint signs its own, for the name localhost.",
        form="flag",
        example="True",
    )
    cacert: values.File = declare(
        None,
        "The endpoint",
        "File with the certificate (PEM) to trust: the endpoint's own, which may name any host, or "
        "that of an authority. Empty: the certificates that this system trusts.",
        metavar="FILE",
        example="edge.pem",
    )

    mix: values.File = declare(
        None,
        "The load",
        "YAML file with camera groups: several detectors at once, each with cameras, a rate, "
        "pictures and objectives of its own (docs/mix.md). The ramp then counts copies of the mix. "
        "Empty: one group of cameras, made from the other settings.",
        metavar="FILE",
        example="examples/mix.yaml",
        measured=False,  # its camera groups do, and the log's header has them
    )
    ramp_group: values.Name = declare(
        None,
        "The ramp",
        "Name of the camera group of the mix that alone is ramped; the other groups are there "
        "once. Empty: the whole mix is.",
        metavar="NAME",
        example="door",
    )
    max_clients: values.Clients = declare(
        10,
        "The ramp",
        "Clients in the last step of the ramp; copies, with a mix.",
        metavar="N",
        unit="clients",
        example="20",
        measured=False,
    )
    step_size: values.Clients = declare(
        1,
        "The ramp",
        "Clients in the first step, and clients added at each further step; copies, with a mix.",
        metavar="N",
        unit="clients",
        example="5",
        measured=False,
    )
    custom_ramp: values.Ramp = declare(
        None,
        "The ramp",
        "Clients of each step, or copies with a mix, for example 1,5,20; replaces --max-clients "
        "and --step-size. "
        f"Without a value: {','.join(map(str, BUILT_IN_RAMP))}.",
        form="ramp",
        metavar="N,N,…",
        unit="clients",
        example="1,5,20",
    )
    interference: bool = declare(
        False,
        "Other kinds of runs",
        "Measure what the groups of the mix do to each other, instead of a ramp: each group alone, "
        "then each pair with one or both at full load, in rounds of short steps "
        "(docs/interference.md). One copy of the mix is the full load, or as many as --max-clients "
        "on the command line says; steps last 6 s, or what --time-between-ramp there says.",
        form="flag",
        example="True",
    )
    interference_rounds: values.Rounds = declare(
        None,
        "Other kinds of runs",
        "Rounds of an interference run; more rounds show smaller differences. Empty: as many as "
        "the slowest group needs, from 10 to 20.",
        metavar="N",
        example="12",
        measured=False,
    )
    until_rollouts: values.Rollouts = declare(
        None,
        "Other kinds of runs",
        "Hold a steady load until so many roll-outs of models were seen and are over, and say what "
        "each cost (docs/box.md). The load is --max-clients; of a mix, one copy, or what "
        "--max-clients on the command line says. The run lasts at most 30 min, or what "
        "--time-between-ramp there says. Empty: do not wait for any.",
        metavar="N",
        example="2",
        measured=False,
    )
    find_capacity: bool = declare(
        False,
        "The capacity",
        "Search for the largest load that the endpoint serves, instead of a ramp: short trials "
        "first, long ones near the answer, each until its verdict is clear (docs/capacity.md). "
        "The search counts up to --max-clients on the command line.",
        form="flag",
        example="True",
    )
    search: values.SearchText = declare(
        "auto",
        "The capacity",
        "What the search changes: clients; copies of the mix; the cameras of one group of the mix, "
        "group:NAME, while the other groups keep one copy; or the rate of the clients, of which "
        "there are as many as --max-clients on the command line says, or one. headroom: the "
        "cameras of each group in turn, while the others keep one copy, or as many as "
        "--max-clients there says (docs/headroom.md). auto: clients, or copies with a mix.",
        metavar="WHAT",
        example="group:door",
    )
    budget: values.Budget = declare(
        1800.0,
        "The capacity",
        "Time that the search may take at most; then it gives the interval that it has reached. "
        "Empty: no limit. Needs --find-capacity.",
        metavar="TIME",
        unit="s",
        example="5m",
        measured=False,
    )
    plan_for: values.Text = declare(
        None,
        "The capacity",
        "Cameras to serve: the report says how many boxes like this one they need. "
        "CAMERAS@RATE, for example 120@2; for a mix, the cameras of each group, for example "
        "door:40,person:9, or a mix file (docs/headroom.md).",
        metavar="WHAT",
        example="120@2",
        measured=False,
        option="--plan",
    )
    reserve: values.Reserve = declare(
        20.0,
        "The capacity",
        "Percent of a box that --plan keeps free: each box has at most the rest of the capacity's "
        "lower limit.",
        metavar="PERCENT",
        unit="%",
        example="20",
        measured=False,
    )
    soak: values.SoakTime = declare(
        None,
        "Other kinds of runs",
        "Hold one load for this long, instead of a ramp: --clients says how many clients send. If "
        "it is ten minutes or more, the report says how the box ended, compared with how it began "
        "(docs/box.md). Empty: a ramp.",
        metavar="TIME",
        unit="s",
        example="30m",
        measured=False,  # the length of its step does
    )
    clients: values.ClientsOfSoak = declare(
        None,
        "Other kinds of runs",
        "Clients of a soak, or copies with a mix. Empty: one copy. Needs --soak.",
        metavar="N",
        unit="clients",
        example="8",
        measured=False,
    )
    repeat: values.RunCount = declare(
        1,
        "Other kinds of runs",
        "Runs of the whole measurement, one after the other: what differs from run to run is then "
        "a part of the answer. Run 2 has the next SEED and a log of its own, load_test-2.log, and "
        "so on (docs/results.md).",
        metavar="N",
        unit="runs",
        example="3",
        measured=False,
    )
    cooldown: values.PauseSeconds = declare(
        30.0,
        "Other kinds of runs",
        "Seconds between two runs of REPEAT in which nothing is sent, so that queues drain and a "
        "hot box cools down.",
        metavar="TIME",
        unit="s",
        example="30s",
        measured=False,
    )
    variants: values.File = declare(
        None,
        "Other kinds of runs",
        "YAML file with several configurations of the box, each with a command that applies it: "
        "they are measured in interleaved rounds and ranked by their capacity. Then "
        "the box is restored (docs/variants.md). Empty: the box is tested as it is.",
        metavar="FILE",
        example="examples/variants.yaml",
        measured=False,
    )
    variants_rounds: values.Rounds = declare(
        None,
        "Other kinds of runs",
        "At most N rounds of --variants; more rounds show smaller differences. Empty: 6.",
        metavar="N",
        example="8",
        measured=False,
    )
    variants_budget: values.Budget = declare(
        None,
        "Other kinds of runs",
        "Time that --variants may take in all, without restoring the box. Empty: as long as its "
        "rounds take.",
        metavar="TIME",
        unit="s",
        example="1h",
        measured=False,
    )
    audit_cache: bool = declare(
        False,
        "Other kinds of runs",
        "Find out whether the endpoint answers a repeated picture faster, instead of a ramp: one "
        "client sends one picture again and again and new ones between, in at most 60 s "
        "(docs/cache.md). Rate and length follow from the endpoint's answers, or are what "
        "--requests-per-second and --time-between-ramp on the command line say; --image-pool there "
        "is the number of pictures that come again.",
        form="flag",
        example="True",
    )
    requests_per_second: values.Rate = declare(
        10.0,
        "The load",
        "Requests per second that each client tries to send.",
        metavar="RATE",
        unit="1/s",
        example="10",
    )
    time_between_ramp: values.Seconds = declare(
        30.0,
        "The ramp",
        "Seconds that each ramp step lasts.",
        metavar="TIME",
        unit="s",
        example="30s",
    )
    warmup: values.WarmUp = declare(
        None,
        "The ramp",
        "Seconds at the start of each step that the summary leaves out. If not set: 2 s, but "
        "at most half of the step.",
        metavar="TIME",
        unit="s",
        example="2s",
    )
    arrivals: Arrivals = declare(
        "constant",
        "The load",
        "When the requests of a client are due: constant = at equal intervals, like the "
        "pictures of a camera; poisson = at random, like those of many independent sources.",
    )
    late: LatePolicy = declare(
        "queue",
        "The load",
        "What a client does when it falls behind: queue = send overdue requests late; "
        "skip = drop them; latest = send only the newest of them.",
    )
    client: Literal["http", "sdk"] = declare(
        "http",
        "The load",
        "How requests are sent: http = with a lean HTTP client; sdk = with the Groundlight "
        "SDK, one process per client.",
    )
    workers: values.Workers = declare(
        "auto",
        "The load",
        "Worker processes that run the clients: a number, auto (one per physical core, without one "
        "for the rest of the program and one for an endpoint on this machine; one per usable CPU "
        "if that leaves a single one or none), or clients (one per client).",
        metavar="N|auto|clients",
        example="4",
    )
    pin: bool = declare(
        True,
        "The load",
        "Keep each worker process on a physical core of its own, and all else off it, if there are "
        "enough that no other program uses. The log's header says what was done "
        "(docs/method.md).",
        form="flag",
        example="False",
    )
    punctual: bool = declare(
        False,
        "The load",
        "Send each request as exactly on time as this machine can: a worker process wakes up so "
        "early that its timer is late in 1 of 100 waits, instead of 1 of 5, and watches the clock "
        "until then. That takes more CPU; `--calibrate` says how much.",
        form="flag",
        example="True",
    )
    seed: values.Seed = declare(
        1,
        "The load",
        "Number that fixes everything random: phases, Poisson arrivals and pixel noise.",
        metavar="N",
        example="1",
    )

    slo: values.Objectives = declare(
        (),
        "The objectives",
        'Objectives to meet, for example "p95<300ms", "p99.9 service<1s", "errors<0.5%", '
        '"missed<1%", "throughput>=95%", "edge>=99.9%", "outage<1s" or "age p95<1s"; "each step:", '
        '"20 clients:", with a mix "3 copies:" or the name of a group, may stand before one, or, '
        "with --find-capacity, the name of a tier (gold: p95<150ms).",
        form="list",
        metavar="TEXT",
        example="p95<300ms",
        measured=False,
    )
    slo_undecided: Literal["pass", "fail"] = declare(
        "pass",
        "The objectives",
        "What an objective does to the exit code if the run is too short to decide it: pass = "
        "nothing; fail = the same as an objective that is not met.",
        example="fail",
        measured=False,
    )
    require_capacity: values.Required = declare(
        None,
        "The objectives",
        "Load that has to be served, in clients, or in copies with a mix. The exit code is 3 "
        "unless the run shows that it is, or a larger one. If not set: none.",
        metavar="N",
        example="10",
        measured=False,
    )
    abort_on: values.AbortConditions = declare(
        (),
        "The objectives",
        'Limits for each step, for example "errors>50%", "missed>20%" or "p95>5s". The run stops '
        "early when a step exceeds one of them.",
        form="list",
        metavar="TEXT",
        example="errors>50%",
        measured=False,
    )

    image_path: values.NamedFile = declare(
        DEFAULT_PICTURE,
        "The pictures",
        "Picture to send. One of 256x256 pixels saves the inference server a resize.",
        metavar="FILE",
        example=str(DEFAULT_PICTURE),
    )
    image_pool: values.Pictures = declare(
        64,
        "The pictures",
        "Number of different pictures made from IMAGE_PATH before the run. They keep a cache on "
        "the edge from answering instead of the model.",
        metavar="N",
        unit="pictures",
        example="64",
    )
    same_image: bool = declare(
        False,
        "The pictures",
        "Send the one picture every time, to measure the cached case.",
        form="flag",
        example="True",
    )

    log_file: values.NamedFile = declare(
        Path("load_test.log"),
        "The results",
        "Log that all clients append to. Each run overwrites it; a copy is kept in OUTPUT_DIR.",
        metavar="FILE",
        example="load_test.log",
        measured=False,
    )
    output_dir: values.NamedFile = declare(
        Path("load_test_results"),
        "The results",
        "Folder for the results. Each run overwrites them, and is kept in a folder of its own "
        "there, TIME-NAME, with its log (docs/results.md).",
        metavar="DIR",
        example="load_test_results",
        measured=False,
    )
    name: values.RunName = declare(
        None,
        "The results",
        "What this run is called: in its report, in comparisons, and in the name of the folder in "
        "which it is kept, for example for edgeload compare.",
        metavar="NAME",
        example="4-workers",
        measured=False,
    )
    notes: values.Notes = declare(
        None,
        "The results",
        "What is worth knowing about this run, in one line. The report shows it.",
        metavar="TEXT",
        example="after the update to driver 580",
        measured=False,
    )
    box_label: values.Label = declare(
        None,
        "The results",
        "What the box is called. The report, the pictures and edgeload list show it.",
        metavar="TEXT",
        example="NUC 12 at the gate",
        measured=False,
    )
    hdr: bool = declare(
        False,
        "The results",
        "Also write HdrHistogram percentile files (.hgrm), one per step. This needs the "
        "package hdrhistogram: pip install -e '.[hdr]'.",
        form="flag",
        example="True",
        measured=False,
    )
    junit: values.File = declare(
        None,
        "The results",
        "Also write the objectives as JUnit XML into this file, for a build server (docs/ci.md). "
        "If not set: none.",
        metavar="FILE",
        example="junit.xml",
        measured=False,
    )
    prometheus_port: values.Port = declare(
        None,
        "The results",
        "Port of 127.0.0.1 that serves live counters to Prometheus during the run. This needs "
        "the package prometheus-client: pip install -e '.[prometheus]'. If not set: none.",
        metavar="PORT",
        example="9101",
        measured=False,
    )

    web: bool = declare(
        False,
        "The results",
        "Serve the report on 127.0.0.1 while the run goes on, as a page that grows; the link is "
        "printed before the load.",
        form="flag",
        example="True",
        measured=False,
    )
    web_port: values.Port = declare(
        None,
        "The results",
        "Port of that page. If not set: a free one.",
        metavar="PORT",
        example="9102",
        measured=False,
    )
    progress: Literal["auto", "plain", "json", "none"] = declare(
        "auto",
        "The results",
        "What is shown on standard error during the run: auto = a live view in a terminal, lines "
        "of text elsewhere; plain = lines of text; json = one JSON object per second and line, "
        "and each message as one (docs/progress.md); none = messages only.",
        example="json",
        measured=False,
    )

    simulator_options: values.ShellWords = declare(
        "--inference-workers 4 --service-time 50ms",
        "The endpoint",
        "Options of the embedded endpoint; python -m edgeload.simulator --help lists them.",
        metavar="OPTIONS",
        example="--inference-workers 4 --service-time 50ms",
    )


def declared(name: str) -> Setting:
    """What the setting of this name says about itself."""
    return carried_by(Fields.model_fields[name])


def is_path(name: str) -> bool:
    """Whether a setting is the path of a file or folder."""
    kind = Fields.model_fields[name].annotation
    return Path in (kind, *get_args(kind))


def not_measured() -> frozenset[str]:
    """Names of the settings that do not change what is measured."""
    return frozenset(name for name in Fields.model_fields if not declared(name).measured)


RESTORE_OPTION = "--restore-edge-config"
"""Of the same program, with the file that SET_NO_CLOUD has written: restores the box, no more."""


def option_of(name: str) -> str:
    """`time_between_ramp` -> `--time-between-ramp`; what is no setting has an option as well."""
    own = declared(name).option if name in Fields.model_fields else ""
    return own or "--" + name.replace("_", "-")


def metavar_of(name: str) -> str:
    """What stands for the value in `--help`; empty for a flag and for the token."""
    kind = Fields.model_fields[name].annotation
    words = get_args(kind) if get_origin(kind) is Literal else ()
    return declared(name).metavar or "|".join(words)
