"""The reading side: a log -> columns -> summary -> findings, report and plots. For notebooks:

>>> from edgeload.read import load_log, read_log, analyse          # doctest: +SKIP
>>> table = load_log("load_test.log")    # a pandas DataFrame, one row per request sent
>>> summary = analyse(read_log(Path("load_test.log")))             # every figure of the report

These names are loaded when they are asked for (PEP 562): what draws pictures needs none of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgeload.read.analysis.summarising import analyse
    from edgeload.read.log.log_error import LogError
    from edgeload.read.log.open import load_log, read_log

__all__ = ["LogError", "analyse", "load_log", "read_log"]
_PLACES = {
    "LogError": "edgeload.read.log.log_error",
    "analyse": "edgeload.read.analysis.summarising",
    "load_log": "edgeload.read.log.open",
    "read_log": "edgeload.read.log.open",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)
