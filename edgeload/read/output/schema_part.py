"""What every part of summary.json is."""

from __future__ import annotations

import msgspec


class SummaryPart(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A part of summary.json."""
