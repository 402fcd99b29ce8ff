"""Says what a server speaks that does not answer in HTTP/1, from its first bytes. Pure."""

from __future__ import annotations

import re

from edgeload.untrusted_text import printable

_SHOWN_BYTES = 60

_SIGNS: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
    (re.compile(sign, re.DOTALL), words)
    for sign, words in (
        (rb"SSH-", "this is an SSH server"),
        # A frame of HTTP/2 has its length in 3 bytes, its type, flags, and 4 bytes of the stream:
        # 0 for SETTINGS (4), GOAWAY (7) and WINDOW_UPDATE (8). A server begins with SETTINGS.
        (rb"\x00..[\x04\x07\x08].\x00\x00\x00\x00", "this server speaks HTTP/2 only"),
        (rb"PRI \* HTTP/2|HTTP/2", "this server speaks HTTP/2 only"),
        (rb"HTTP/3", "this server speaks HTTP/3 only"),
        (rb"[\x14-\x17]\x03[\x00-\x04]", "this port speaks TLS: use https://"),
        (rb"RTSP/", "this is an RTSP server, for example a camera"),
        (rb"220[ -][^\r\n]*SMTP", "this is a mail server (SMTP)"),
        (rb"220[ -][^\r\n]*FTP", "this is an FTP server"),
        (rb"220[ -]", "this is a mail server (SMTP) or an FTP server"),
        (rb"\+OK|\* OK", "this is a mail server (POP3 or IMAP)"),
        (rb"RFB 00", "this is a VNC server"),
        (rb"-ERR ", "this is a Redis server"),
        (rb".\x00\x00\x00\x0a[0-9]", "this is a MySQL server"),
        (rb"[ \t\r\n]*[<{\[]", "this server answers without a status line, as HTTP/0.9 does"),
    )
)


def other_protocol(beginning: bytes) -> str:
    """What the server speaks, in words, as far as its first bytes tell."""
    for sign, words in _SIGNS:
        if sign.match(beginning):
            return words
    return "this server does not speak HTTP/1"


def first_bytes(beginning: bytes | bytearray) -> str:
    """The first bytes of an answer for a person: as text, with an escape for what is not ASCII."""
    return f"the answer begins with {printable(ascii(bytes(beginning[:_SHOWN_BYTES]))[1:])}"
