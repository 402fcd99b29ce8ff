"""The embedded endpoint: an Edge Endpoint on this machine with a known capacity.

Reading order:

command_line  command line -> Options
options       one frozen Options; each option is declared in one place
option_values the text of an option -> its value
detector_option  the text of --detector -> a detector
deployment    which detectors it serves, and which workers serve each
pool_capacity what a pool of workers can serve, by queueing theory
description   the endpoint in one line
supervisor    the parent process: opens the socket, starts and ends all other processes
proxy         a proxy process: reads and writes HTTP, decides nothing
messages      the messages between a proxy and the inference process
inference_process  sockets, timers and the truth log around `inference`
inference     decides which answer a query gets and when, and counts
accounts      what serves each detector, and what happened to its queries, in numbers
pools         the pools of inference workers
resident_memory  how much memory the detectors take, once loaded and once used
pods          which detectors were taken down or are being loaded, as each process sees it
contention    pools that slow each other down, and by which law
queueing      c servers behind one first-come-first-served queue; service times
faults        what goes wrong on request, and how often
rollout_option  the text of --rollout -> a roll-out
model_rollouts  which model answers, while new ones are rolled out
query         an image query according to the contract: what is refused, what an answer contains
routes        all other routes: detectors, health, configuration, status, /simulator/...
detectors     the detectors and the edge configuration that those routes show
truth         the ground-truth log
certificate   the self-signed certificate
launch        starts a simulator from another program and makes sure that it ends
null          an endpoint that only answers, to measure the load generator
"""
