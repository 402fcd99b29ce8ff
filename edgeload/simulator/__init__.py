"""The embedded endpoint: an Edge Endpoint on this machine, whose capacity is known beforehand.

Reading order:

options       command line -> one frozen Options
supervisor    the parent: one listening socket, N proxies and one inference process, their lives
proxy         a proxy process: HTTP in, HTTP out; decides nothing
messages      what a proxy and the inference process say to each other
box           the inference process: sockets, timers and the truth log around `inference`
inference     which answer a query gets and when; counts
queueing      c servers behind one first-come-first-served queue; service times
faults        what goes wrong on request, and how often
query         an image query as the contract has it: what is refused, what an answer looks like
routes        every other route: detectors, health, configuration, status, /simulator/...
detectors     the detectors and the edge configuration that those routes show
truth         the ground-truth log
certificate   the self-signed certificate
launch        start one from another program, and be sure that it ends
"""
