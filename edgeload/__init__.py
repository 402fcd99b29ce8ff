"""Load tester for a Groundlight Edge Endpoint: the map of the package, in reading order.

A *plan* says when every request is due. *Clients* send them and write down *records*. *Analysis*
turns records into numbers, and *findings* say how far to trust them. The running side (`run`) and
the reading side (`read`) never import each other: they meet in the plan, the records and the log.

    config.py -> settings -> plan -> run -> (edge endpoint)
                                      |
                                      v records
                                    runlog -> read -> report, plots

objectives    what a user demands: `p95<300ms` from text to value
settings      config.py + environment + command line -> one frozen Settings; validates
arguments     the command line, one option per setting
plan          Settings -> ramp steps, and when each client's requests are due
records       what a run writes down; record <-> JSON line
runlog        the shared log: appended by many processes, read back with damage counted
run           the running side
  session       endpoint found, pictures made, run driven
  supervisor    start, ramp, watch and stop the workers
  worker        one process: the readiness loop that hosts clients
  client        one client: wait until due, send, write one record
  pacing        which request of a client is next, and which it has missed
  wire          one request as bytes, one answer parsed from bytes and judged
  connection    one non-blocking connection, plain or TLS
  waiting       waiting for sockets and an instant at once
  recorder      records, counts and log lines of one worker
  abort         has a step gone so wrong that the run is to end?
  counters      live counters and histograms in shared memory
  sdk_client    the same client through the Groundlight SDK
  images        the pool of different pictures
  live, dry_run what the terminal shows
  prometheus    the live counters, served while the run goes
edge          the Edge Endpoint as others see it: where, ready, which detector
host          probes of CPU, memory, network and NVIDIA GPUs; the monitor's samples
read          the reading side: log -> table -> analysis -> findings -> report, plots
  load, part    a log opened; a large one read by several processes
  steps, analysis  records -> one summary a step -> one of the run
  carried       the capacity that a ramp shows, and what the next step fell short of
  failures      failures by class and text
  validity      may a step's numbers be presented as the endpoint's?
  drift         warm-ups longer than the cut, boxes that slow down
  demand        the utilisation law: which resource of the host is full first
  scaling       the Universal Scalability Law through a ramp
  compare       two sides -> better, worse, same or undecided (statistics: two_samples)
  hdr           percentile files for HdrHistogram's plotter
  summary_form  the form of summary.json, and its JSON Schema
  judge         objectives against a sample: pass, fail, undecided
calibrate     what this machine can generate: trials on an endpoint that only answers
simulator     the embedded endpoint, whose capacity is known
stopping      Ctrl-C and SIGTERM, counted
text          a stranger's text made fit to print
exit_codes    exit codes of the scripts
"""
