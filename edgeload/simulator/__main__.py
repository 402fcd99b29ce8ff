# PYTHON_ARGCOMPLETE_OK
"""`python -m edgeload.simulator`: the embedded endpoint as a program of its own."""

from edgeload.start import start


def main() -> None:
    """Serve until a signal ends it, and end this process."""
    start(_serve)


def _serve() -> int:
    # These imports take long enough to be interrupted, see edgeload/start.py.
    import sys  # noqa: PLC0415

    from edgeload.simulator.command_line import parse_options  # noqa: PLC0415

    options = parse_options(sys.argv[1:])
    from edgeload.simulator.supervisor import run  # noqa: PLC0415

    return run(options)


if __name__ == "__main__":
    main()
