"""The host monitor: samples CPU, memory, network and GPUs of the host that serves.

In reading order: `samples` (what is written to disk) and `json_records` (how), `cpu_memory_network`
and `nvidia` (the probes), `sampler` (when), `monitor` (all of it together), `quantities` and
`summary` (what the samples say), `console` (the table), `columns` and `plots` (the pictures). A new
source of figures is one more probe file.

Only `columns` and `plots` need more than the standard library, psutil and nvidia-ml-py.
"""
