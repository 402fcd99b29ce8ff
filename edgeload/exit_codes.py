"""Exit codes of the scripts, which other programs rely on."""

OK = 0
INTERNAL_ERROR = 1
BAD_SETTING = 2
OBJECTIVE_FAILED = 3
INVALID = 4
UNREACHABLE = 5
INTERRUPTED = 130
