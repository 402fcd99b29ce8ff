"""Sizes of memory, in bytes."""

from __future__ import annotations

MEBIBYTE = 1024 * 1024
GIBIBYTE = 1024 * MEBIBYTE
