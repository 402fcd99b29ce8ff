"""Imported first in the process that forks workers: the folder of this package is searched last.

That process finds a package that is not installed because its folder comes first, in PYTHONPATH.
All else that lies there must not stand in for what is installed.
"""
# ruff: noqa: PTH100, PTH120

import os
import sys

_folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:] = [*(each for each in sys.path if each != _folder), _folder]
