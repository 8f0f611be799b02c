"""How the text of a setting becomes its value. A ValueError finishes the sentence "NAME=value ..." with the remedy."""

import binascii
import re
from base64 import b64decode
from collections.abc import Callable
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

Network = IPv4Network | IPv6Network
Word = TypeVar("Word", bound=StrEnum)

KEY_BYTES_MIN = 32
"""As many as the hash has: a shorter key would be the weakest part of the signature."""

VERSION_MAX = 255
"""A version is one byte of what is sealed under it."""

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def text(written: str) -> str:
    """Take the text as it is."""
    return written


def path(written: str) -> Path:
    """Read a folder; ``~`` is the user's home."""
    return Path(written).expanduser().absolute()


def whole(low: int, high: int) -> Callable[[str], int]:
    """Return a reader of whole numbers from ``low`` to ``high``."""

    def read(written: str) -> int:
        if not re.fullmatch(r"[0-9]{1,12}", written) or not low <= int(written) <= high:
            raise ValueError(f"is not a whole number from {low} to {high}.")
        return int(written)

    return read


def port(written: str) -> int:
    """Read a TCP port; 0 stands for any free one."""
    if written.startswith("tcp://"):
        raise ValueError(
            "was set by Kubernetes for a service named bekal: set 'enableServiceLinks: false', or rename the service."
        )
    return whole(0, 65535)(written)


def seconds(low: float, high: float) -> Callable[[str], float]:
    """Return a reader of seconds from ``low`` to ``high``."""

    def read(written: str) -> float:
        if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", written) or not low <= float(written) <= high:
            raise ValueError(f"is not a number of seconds from {low:g} to {high:g}.")
        return float(written)

    return read


def word(words: type[Word]) -> Callable[[str], Word]:
    """Return a reader of one of ``words``, in any case."""

    def read(written: str) -> Word:
        try:
            return words(written.lower())
        except ValueError:
            raise ValueError(f"is none of {', '.join(words)}.") from None

    return read


def database_url(written: str) -> str:
    """Read a PostgreSQL URL."""
    return _url(written, ("postgresql", "postgres"), "postgresql://user:password@host:5432/bekal")


def redis_url(written: str) -> str:
    """Read a Valkey or Redis URL."""
    return _url(written, ("redis", "rediss", "unix"), "redis://host:6379/0")


def yes_or_no(written: str) -> bool:
    """Read a yes or a no."""
    if written.lower() not in {"yes", "no"}:
        raise ValueError("is neither yes nor no.")
    return written.lower() == "yes"


def service_url(written: str) -> str:
    """Read where a service is reached over HTTP."""
    return _url(written, ("https", "http"), "https://messages.example")


def key(written: str) -> bytes:
    """Read a secret of at least 32 bytes, in hex or base64."""
    try:
        made = (
            bytes.fromhex(written)
            if re.fullmatch(r"[0-9a-fA-F]+", written)
            else b64decode(_padded(written), b"-_", validate=True)
        )
    except (ValueError, binascii.Error):
        made = b""
    if len(made) < KEY_BYTES_MIN:
        raise ValueError(
            f"is not a key of at least {KEY_BYTES_MIN} bytes in hex or base64: make one with 'openssl rand -hex 32'."
        )
    return made


def keys(written: str) -> tuple[tuple[int, bytes], ...]:
    """Read secrets with their version numbers, parted by commas."""
    read: dict[int, bytes] = {}
    for part in written.split(","):
        number, colon, secret = part.strip().partition(":")
        if not colon or not re.fullmatch(r"[0-9]{1,3}", number) or not 1 <= int(number) <= VERSION_MAX:
            raise ValueError("is no list of numbered keys: write 1:KEY, and later 1:KEY,2:NEWER (1 to 255).")
        if int(number) in read:
            raise ValueError(f"has number {number} twice: each key has a number of its own.")
        try:
            read[int(number)] = key(secret)
        except ValueError as wrong:
            raise ValueError(f"has number {number}, which {wrong}") from None
    return tuple(sorted(read.items()))


def public_url(written: str) -> str:
    """Read the origin under which the world reaches the server: scheme, host and port, nothing more."""
    origin = _url(written, ("https", "http"), "https://graf.example").rstrip("/")
    parts = urlsplit(origin)
    if parts.path or parts.query or parts.fragment or parts.username is not None:
        raise ValueError("is more than an origin: write https://graf.example, without path, query or user.")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError("is not https: tokens travel to it. Plain http is for 127.0.0.1 and localhost alone.")
    return origin.lower()


def networks(written: str) -> tuple[Network, ...]:
    """Read addresses and networks, parted by commas."""
    try:
        return tuple(ip_network(part.strip()) for part in written.split(",") if part.strip())
    except ValueError as wrong:
        raise ValueError(f"is no list of addresses and networks ({wrong}): write 10.0.0.7,10.1.0.0/16.") from None


def without_password(url: str) -> str:
    """Return ``url`` fit to be shown: nothing between the scheme and the host that could be a secret."""
    shown = re.sub(r"(?<=//)([^/@:?]*):.*@", r"\1:***@", url)
    return re.sub(r"(?i)(password=)[^&]*", r"\1***", shown)


def hidden(written: str) -> str:
    """Return what is shown of a secret: that it is there."""
    return "***" if written else ""


def _padded(written: str) -> str:
    return written.replace("+", "-").replace("/", "_") + "=" * (-len(written) % 4)


def _url(written: str, schemes: tuple[str, ...], example: str) -> str:
    try:
        parts = urlsplit(written)
        usable = parts.scheme in schemes and bool(parts.netloc or parts.path.strip("/"))
        _ = parts.port
    except ValueError:
        usable = False
    if not usable:
        raise ValueError(f"is not a URL of the kind {example}.")
    return written
