"""Probes of the host that serves (CPU, memory, network, GPUs), and the monitor that samples them.

In reading order: `samples` (what is written down), `cpu_memory_network` and `nvidia` (the probes),
`sampler` (when), `monitor` (all of it together), `quantities` and `summary` (what the samples say),
`console` (the table). A further source of figures is one more probe file beside the two.
"""
