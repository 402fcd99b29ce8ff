"""The main module of a process of ours: calls the function that its command line names.

    python …/edgeload/child_main.py edgeload.simulator.null:main ARGUMENTS

See `child_processes.command`. Python looks for modules first where this file lies, which is taken
back before anything else is imported. No module of the current folder comes before others.
"""

import sys

_FOLDER = __file__.rpartition("/")[0]
_PACKAGE_PARENT = _FOLDER.rpartition("/")[0]


def main() -> int | None:
    """Import this very package, then what is asked for, and call it; the exit code."""
    others = [each for each in sys.path if each != _FOLDER]
    sys.path[:] = [_PACKAGE_PARENT]
    from edgeload.import_path import put_installed_first  # noqa: PLC0415

    sys.path[:] = others if _PACKAGE_PARENT in others else [*others, _PACKAGE_PARENT]
    put_installed_first()
    from importlib import import_module  # noqa: PLC0415

    module, _, function = sys.argv.pop(1).partition(":")
    code: int | None = getattr(import_module(module), function)()
    return code


if __name__ == "__main__":
    sys.exit(main())
