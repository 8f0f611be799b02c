"""Authenticator applications: the time-based codes of RFC 6238, as every such application makes them."""

import struct
from datetime import datetime
from hmac import compare_digest, digest
from typing import Final

SECRET_BYTES: Final = 20
"""The length of SHA-1's answer, which RFC 4226 asks for."""
STEP_S: Final = 30
DIGITS: Final = 6
STEPS_APART: Final = 1
"""How far the clock of a phone may be off, in steps, either way."""


def step_at(now: datetime) -> int:
    """Return the number of the step that ``now`` lies in."""
    return int(now.timestamp()) // STEP_S


def code_at(secret: bytes, step: int) -> str:
    """Return the code that the application shows during ``step``."""
    mac = digest(secret, struct.pack(">Q", step), "sha1")
    offset = mac[-1] & 0xF
    (number,) = struct.unpack(">I", mac[offset : offset + 4])
    return f"{(number & 0x7FFFFFFF) % 10**DIGITS:0{DIGITS}}"


def step_of(secret: bytes, code: str, now: datetime) -> int | None:
    """Return the step near ``now`` whose code this is, or None. Whoever asks must not take a step twice."""
    current = step_at(now)
    found = [
        step
        for step in range(current - STEPS_APART, current + STEPS_APART + 1)
        if compare_digest(code_at(secret, step), code)
    ]
    return found[-1] if found else None


def digits_of(text: str) -> str:
    """Return the digits of what somebody typed for a code: spaces and dashes are left out, letters stay wrong."""
    return "".join(str(int(each)) if each.isdecimal() else each for each in text if each not in " -\u00a0\t")[:12]
