"""Where this process looks for modules: in the current folder last.

Python looks into the folder of the script, or into the current one, before it looks among the
installed packages, so a user's own file `aiohttp.py` would run instead of the package. This module
imports only what every Python has built in: even __future__ could be a user's file.
"""
# ruff: noqa: PTH109, PTH120

import os
import sys


def put_installed_first(script: str | None = None) -> None:
    """Let this process look for modules among the installed ones first.

    `script` is the path of the program, whose folder comes last with the current one.
    """
    sys.path[:] = installed_first(sys.path, script)


def installed_first(path: list[str], script: str | None = None) -> list[str]:
    """An import path with the current folder, and that of the script, at its end."""
    try:
        here = os.getcwd()
    except OSError:  # somebody has removed it
        return path[:]
    folders = {os.path.realpath(here)}
    if script:
        folders.add(os.path.dirname(os.path.realpath(script)))
    last = [each for each in path if os.path.realpath(each or here) in folders]
    return [each for each in path if each not in last] + list(dict.fromkeys(last))
