"""The reading side: a log -> columns -> summary -> findings, report and plots. For notebooks:

>>> from edgeload.read import load_log, read_log, analyse          # doctest: +SKIP
>>> table = load_log("load_test.log")    # a pandas DataFrame, one row per request sent
>>> summary = analyse(read_log(Path("load_test.log")))             # every figure of the report
"""

from __future__ import annotations

from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.columns import LogError
from edgeload.read.log.open import load_log, read_log

__all__ = ["LogError", "analyse", "load_log", "read_log"]
