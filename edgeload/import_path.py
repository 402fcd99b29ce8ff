"""Where this process looks for modules: in the current folder last.

Python looks into the folder of the script, or into the current one, before it looks among the
installed packages. A file of the user's that is called `aiohttp.py` would be run in place of the
package. This imports nothing that is not there in every Python: even __future__ may be somebody's.
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
