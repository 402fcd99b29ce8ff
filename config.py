"""The settings of the load test. Edit the values; every one can also be given on the command line.

`python load_test.py --help` lists the options: TIME_BETWEEN_RAMP here is --time-between-ramp there,
and the command line wins. The API token is the exception: it is never a command-line option.
"""

# --- the endpoint ---------------------------------------------------------------------------------

# Where the Edge Endpoint answers: https://<host>:30143, or http://<host>:30101 where it serves
# plain HTTP. Empty: start the embedded endpoint (a simulator on this machine) and test that.
ENDPOINT_URL = ""

# API token. Empty: taken from the environment variable GROUNDLIGHT_API_TOKEN. A value here wins.
GROUNDLIGHT_API_TOKEN = ""

# Detector to submit images to: `det_` and 27 letters or digits. Empty: looked up by name.
DETECTOR_ID = ""

# Name of the detector, used where DETECTOR_ID is empty.
DETECTOR_NAME = "edge-load-test"

# Query of the detector, used where DETECTOR_ID is empty.
DETECTOR_QUERY = "Is there a dog in the picture?"

# Seconds that one request may take, from connecting to the last byte of the answer.
TIMEOUT = 10.0

# True: accept any TLS certificate. An Edge Endpoint signs its own, for the name "localhost".
INSECURE = False

# File with the certificate (PEM) to trust, instead of the system's. Empty: the system's.
CACERT = ""

# --- the load -------------------------------------------------------------------------------------

# Requests per second that each client tries to send.
REQUESTS_PER_SECOND = 10.0

# Seconds that each ramp step lasts.
TIME_BETWEEN_RAMP = 30.0

# Seconds cut from the head of each step before it is summarised; None: 2 s, at most half the step.
WARMUP = None

# Due times of a client: "constant" (a camera) or "poisson" (many independent sources).
ARRIVALS = "constant"

# A client that is behind: "queue" sends every request late, "skip" drops what it could not send.
LATE = "queue"

# How requests are sent: "http" (lean) or "sdk" (the Groundlight SDK, one process a client).
CLIENT = "http"

# Worker processes that host the clients: a number, "auto" (one per usable core), or "clients".
WORKERS = "auto"

# Number that fixes everything left to chance: phases, Poisson arrivals, pixel noise.
SEED = 1

# --- what is demanded -----------------------------------------------------------------------------

# Objectives to meet, as in ["p95<300ms", "errors<0.5%", "20 clients: p99<1s"]; see README.
SLO: list[str] = []

# Ends a run early where a step goes so wrong, as in ["errors>50%", "p95>5s"].
ABORT_ON: list[str] = []

# --- the pictures ---------------------------------------------------------------------------------

# Picture that is sent. 256x256 saves the inference server a resize.
IMAGE_PATH = "images/dog_resized_256x256.jpeg"

# Number of different pictures made from it before the run, so that no cache answers for the model.
IMAGE_POOL = 64

# True: send IMAGE_PATH as it is, each time: measures the cached case.
SAME_IMAGE = False

# --- the results ----------------------------------------------------------------------------------

# Log that all clients append to. Overwritten by each run.
LOG_FILE = "load_test.log"

# Folder for summary.json and the plots. Overwritten by each run.
OUTPUT_DIR = "load_test_results"

# True: write HdrHistogram percentile files (.hgrm) too. Needs: pip install 'edgeload[hdr]'.
HDR = False

# Port of 127.0.0.1 on which live counters are served to Prometheus during a run; None: off.
PROMETHEUS_PORT = None

# --- the embedded endpoint ------------------------------------------------------------------------

# Options of the embedded endpoint; see `python -m edgeload.simulator --help`.
SIMULATOR_OPTIONS = "--inference-workers 4 --service-time 50ms"
