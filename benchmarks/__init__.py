"""The figures of speed and accuracy in docs/benchmarks.md, one command each (`--help`).

Every figure is a ratio, or stands beside a reference measured in the same run: the machine is
shared, and absolute figures of two runs must not be compared.
"""
