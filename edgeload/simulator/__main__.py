"""`python -m edgeload.simulator`: the embedded endpoint as a program of its own."""

import sys

from edgeload.cli import leave


def main() -> None:
    """Serve until a signal ends it, and end this process."""
    leave(_serve)


def _serve() -> int:
    from edgeload.simulator.command_line import parse_options  # noqa: PLC0415
    from edgeload.simulator.supervisor import run  # noqa: PLC0415

    return run(parse_options(sys.argv[1:]))


if __name__ == "__main__":
    main()
