"""The API token as an endpoint may say it back, and a search for it that knows nothing of ours."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, unquote

TOKEN = "api_3GzK9vQp7Rt4Vw8Zy1Bc5Df2Gh6Jk0Lm_NpQrStUv"
COUNTS = 12
"""A part of so many characters counts as the token."""

FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "a part": lambda token: f"..{token[9:21]}..",
    "its beginning": lambda token: f"{token[:12]}...",
    "upper case": str.upper,
    "percent": lambda token: "".join(f"%{ord(c):02X}" for c in token),
    "percent, twice": lambda token: quote("".join(f"%{ord(c):02X}" for c in token)),
    "JSON": lambda token: "".join(f"\\u{ord(c):04x}" for c in token),
    "HTML": lambda token: "".join(f"&#{ord(c)};" for c in token),
    "base64": lambda token: base64.b64encode(token.encode()).decode(),
    "base64 of a user and it": lambda token: base64.b64encode(f"u:{token}".encode()).decode(),
    "hex": lambda token: token.encode().hex(),
}


def shown_in(text: str, token: str = TOKEN) -> str | None:
    """The first part of the token that stands in a text, in any of these forms; None if none."""
    texts = {text, unquote(text), unquote(unquote(text)), html.unescape(text)}
    texts |= {re.sub(r"\\+u00([0-9a-f]{2})", lambda m: chr(int(m[1], 16)), each) for each in texts}
    whole = "\n".join(texts).lower()
    raw = token.encode()
    looked_for = {token.lower(): COUNTS, raw.hex(): 2 * COUNTS}
    for before in range(3):
        inner = base64.b64encode(b"-" * before + raw).decode().lower()
        looked_for[inner[4:-4]] = 16  # the ends depend on what stands beside it
    for form, length in looked_for.items():
        for at in range(len(form) - length + 1):
            if form[at : at + length] in whole:
                return form[at : at + length]
    return None


def nowhere(folder: Path, *texts: str) -> None:
    """Assert that the token is in no file of a folder and in none of these texts."""
    for text in texts:
        assert shown_in(text) is None, text
    for path in folder.rglob("*"):
        if path.is_file():
            found = shown_in(path.read_bytes().decode("latin-1"))
            assert found is None, f"{path}: {found}"


def as_json(text: str) -> bytes:
    """An error of the endpoint with this text, which may be escaped already."""
    return b'{"detail": "' + text.replace('"', "'").encode() + b'"}'
