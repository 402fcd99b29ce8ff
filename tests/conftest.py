"""Makes the helpers beside the tests importable from every folder of tests."""

import sys
from pathlib import Path

_TESTS = Path(__file__).parent
sys.path[:0] = [
    str(_TESTS),
    *(str(_TESTS / room) for room in ("read", "host", "search", "simulator")),
]
