"""The settings of a load test. Edit the values; each one can also be given on the command line.

`python load_test.py --help` lists the options: TIME_BETWEEN_RAMP here is --time-between-ramp there,
and the command line wins. The API token is the exception: it is never a command-line option. Times
are seconds, or texts with units: "500ms", "30s", "2m", "1m30s", "1h".

This file is looked for in the working folder, then beside the script. Paths in it are relative to
its own folder; paths on the command line are relative to the working folder.
"""

# --- the endpoint ---------------------------------------------------------------------------------

# Address of the Edge Endpoint: https://HOST:30143, or http://HOST:30101 if it serves plain HTTP.
# Empty: start the embedded endpoint, a simulator on this machine, and test that.
ENDPOINT_URL = ""

# API token. Empty: the value of the environment variable GROUNDLIGHT_API_TOKEN. A token in
# config.py wins over the environment.
GROUNDLIGHT_API_TOKEN = ""

# Detector to send pictures to: det_ and 27 letters or digits. Empty: the detector is looked up by
# its name.
DETECTOR_ID = ""

# Name of the detector, used if DETECTOR_ID is empty. A detector that does not exist is created.
DETECTOR_NAME = "edge-load-test"

# Query of the detector, used if DETECTOR_ID is empty.
DETECTOR_QUERY = "Is there a dog in the picture?"

# Seconds that one request may take, from connecting to the last byte of the answer.
TIMEOUT = 10.0

# Seconds to wait before the run until the endpoint and the detector are ready. Loading a model can
# take minutes.
READY_TIMEOUT = 10.0

# Before the run, send image queries, each over a new connection, until 16 in a row are answered
# well. What does not answer then, for example because of a wrong token, is not tested.
PREFLIGHT = True

# Before the run, ask every picture twice without load, and compare each answer of the run with
# that: another label or count is a failure of class changed_answer (docs/answers.md).
CHECK_ANSWERS = False

# For the time of the run, configure the box so that it answers for the run's detectors without the
# cloud; all else stays as it is. Its own configuration is saved to a file, and put back afterwards
# (docs/box.md).
SET_NO_CLOUD = False

# Accept any TLS certificate. An Edge Endpoint signs its own, for the name localhost.
INSECURE = False

# File with the certificate (PEM) to trust: the endpoint's own, which may name any host, or that of
# an authority. Empty: the certificates that this system trusts.
CACERT = ""

# --- the load -------------------------------------------------------------------------------------

# Requests per second that each client tries to send.
REQUESTS_PER_SECOND = 10.0

# Seconds that each ramp step lasts.
TIME_BETWEEN_RAMP = 30.0

# Seconds at the start of each step that the summary leaves out. If not set: 2 s, but at most half
# of the step.
WARMUP = None

# When the requests of a client are due: constant = at equal intervals, like the pictures of a
# camera; poisson = at random, like those of many independent sources.
ARRIVALS = "constant"

# What a client does when it falls behind: queue = send overdue requests late; skip = drop them;
# latest = send only the newest of them.
LATE = "queue"

# YAML file with camera groups: several detectors at once, each with cameras, a rate, pictures and
# objectives of its own (docs/mix.md). The ramp then counts copies of the mix. Empty: one group of
# cameras, made from the other settings.
MIX = ""

# How requests are sent: http = with a lean HTTP client; sdk = with the Groundlight SDK, one process
# per client.
CLIENT = "http"

# Worker processes that run the clients: a number, auto (one per physical core, without one for the
# rest of the program and one for an endpoint on this machine; one per usable CPU if that leaves a
# single one or none), or clients (one per client).
WORKERS = "auto"

# Number that fixes everything random: phases, Poisson arrivals and pixel noise.
SEED = 1

# --- the objectives -------------------------------------------------------------------------------

# Objectives to meet, for example "p95<300ms", "p99.9 service<1s", "errors<0.5%", "missed<1%",
# "throughput>=95%", "edge>=99.9%", "outage<1s" or "age p95<1s"; "each step:", "20 clients:", with
# a mix "3 copies:" or the name of a group, may stand before one, or, with --find-capacity, the name
# of a tier (gold: p95<150ms).
SLO: list[str] = []

# Limits for each step, for example "errors>50%", "missed>20%" or "p95>5s". The run stops early
# when a step exceeds one of them.
ABORT_ON: list[str] = []

# --- the pictures ---------------------------------------------------------------------------------

# Picture to send. One of 256x256 pixels saves the inference server a resize.
IMAGE_PATH = "images/dog_resized_256x256.jpeg"

# Number of different pictures made from IMAGE_PATH before the run. They keep a cache on the edge
# from answering instead of the model.
IMAGE_POOL = 64

# Send the one picture every time, to measure the cached case.
SAME_IMAGE = False

# --- the results ----------------------------------------------------------------------------------

# Log that all clients append to. Each run overwrites it; a copy is kept in OUTPUT_DIR.
LOG_FILE = "load_test.log"

# Folder for the results. Each run overwrites them, and is kept in a folder of its own there,
# TIME-NAME, with its log (docs/results.md).
OUTPUT_DIR = "load_test_results"

# What this run is called: in its report, in comparisons, and in the name of the folder in which it
# is kept, for example for edgeload compare.
NAME = ""

# What is worth knowing about this run, in one line. The report shows it.
NOTES = ""

# What the box is called. The report, the pictures and edgeload list show it.
BOX_LABEL = ""

# Also write HdrHistogram percentile files (.hgrm), one per step. This needs the package
# hdrhistogram: pip install -e '.[hdr]'.
HDR = False

# Port of 127.0.0.1 that serves live counters to Prometheus during the run. This needs the package
# prometheus-client: pip install -e '.[prometheus]'. If not set: none.
PROMETHEUS_PORT = None

# What is shown on standard error during the run: auto = a live view in a terminal, lines of text
# elsewhere; plain = lines of text; json = one JSON object per second and line, and each message as
# one (docs/progress.md); none = messages only.
PROGRESS = "auto"

# --- the embedded endpoint ------------------------------------------------------------------------

# Options of the embedded endpoint; python -m edgeload.simulator --help lists them.
SIMULATOR_OPTIONS = "--inference-workers 4 --service-time 50ms"
