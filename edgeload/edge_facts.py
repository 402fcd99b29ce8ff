"""What holds for every Edge Endpoint, from the endpoint's contract. Pure.

The running side, the simulator and the findings rely on the same figures, so each stands here once.
"""

from __future__ import annotations

import re

MAX_BODY_BYTES = 10 * 1024 * 1024
"""The endpoint's proxy answers 413 to a larger request body."""

MAX_CONNECTIONS = 119
"""Requests that the endpoint's proxy takes at the same time, about: nginx answers a further one
with its own 500, a page in HTML, or resets its connection."""

CLOUD_STATUSES = (401, 403, 404, 405, 422, 429)
"""An Edge Endpoint never answers an image query with one of these itself. For 404, 405 and 422 its
proxy asks the cloud instead and shows that answer; the others are passed on from the cloud."""

RENEWED_EVERY_S = 15.0
"""So often the box renews what it says about its CPU and RAM, which are means over about so long
(method 14): the resolution of its metrics server."""

NOTICEABLE_AUDIT_RATE = 0.01
"""From this `confident_audit_rate` on, a noticeable share of answers also goes to the cloud."""

DEFAULT_AUDIT_RATE = 0.00001
"""The `confident_audit_rate` of an endpoint for which nobody set another."""

DETECTOR_ID_FORM = "det_ followed by 27 letters or digits"

_DETECTOR_ID = re.compile(r"det_[0-9A-Za-z]{27}")


def is_detector_id(text: str) -> bool:
    """Whether a text has the form of a detector id: `DETECTOR_ID_FORM`."""
    return _DETECTOR_ID.fullmatch(text) is not None
