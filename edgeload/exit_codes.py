"""Exit codes of all programs. Scripts and CI rely on them: they never change."""

OK = 0
INTERNAL_ERROR = 1
"""A fault of our own, or results that the disk refused."""
BAD_SETTING = 2
"""A setting, an option or a file is wrong; nothing was sent."""
OBJECTIVE_FAILED = 3
INVALID = 4
"""This machine or a hole in the log, not the endpoint, explains the numbers."""
UNREACHABLE = 5
"""The endpoint cannot be reached, is not ready, or was not restored."""
NO_RESULT = 6
"""Not one correct edge answer came, no capacity was found, a cache audit is undecided, fewer
roll-outs came than were waited for, no load could be compared, or a measurement of memory broke
off."""
INTERRUPTED = 130
