"""`python -m edgeload.simulator`: the embedded endpoint as a program of its own."""

import sys

from edgeload.cli import leave
from edgeload.simulator.command_line import parse_options
from edgeload.simulator.supervisor import run

if __name__ == "__main__":
    leave(lambda: run(parse_options(sys.argv[1:])))
