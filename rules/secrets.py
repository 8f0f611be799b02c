"""Secrets that leave this server: what each looks like, so that people, and scanners of code, know it when they see it.

The form is published: a prefix that says what it opens, 43 letters and digits of chance, and six of checksum, by which
a mistyped or made-up one is told without asking the database.
"""

import re
from enum import StrEnum
from typing import Final
from zlib import crc32

SECRET_BYTES: Final = 32
"""Of chance: nobody guesses one, so that a plain keyed hash of it may be looked up."""
BODY_LENGTH: Final = 43
CHECKSUM_LENGTH: Final = 6
HINT_LENGTH: Final = 4

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PATTERN: Final = r"bkl_(?:live_cs|test_cs|rt|inv|reg)_[0-9A-Za-z]{49}"
"""What scanners look for; ``kind_of`` then checks the last six characters."""


class SecretKind(StrEnum):
    """What a secret opens. The value is its beginning."""

    LIVE_CLIENT = "bkl_live_cs_"
    TEST_CLIENT = "bkl_test_cs_"
    REFRESH = "bkl_rt_"
    INVITATION = "bkl_inv_"
    REGISTRATION = "bkl_reg_"

    @property
    def purpose(self) -> str:
        """The purpose under which its keyed hash is made (``KeyRing.hash``)."""
        return PURPOSES[self]

    @classmethod
    def of_client(cls, *, sandbox: bool) -> "SecretKind":
        """Return the kind of an application's secret."""
        return cls.TEST_CLIENT if sandbox else cls.LIVE_CLIENT


PURPOSES: Final = {
    SecretKind.LIVE_CLIENT: "client-secret",
    SecretKind.TEST_CLIENT: "client-secret",
    SecretKind.REFRESH: "refresh-token",
    SecretKind.INVITATION: "invitation",
    SecretKind.REGISTRATION: "registration-token",
}

_WHOLE = re.compile(PATTERN)


def make_secret(kind: SecretKind, chance: bytes) -> str:
    """Return the secret of ``kind`` that 32 bytes of chance make."""
    assert len(chance) == SECRET_BYTES, "a secret takes 32 bytes of chance"
    beginning = kind.value + _base62(int.from_bytes(chance), BODY_LENGTH)
    return beginning + _checksum(beginning)


def kind_of(text: str) -> SecretKind | None:
    """Return what a secret opens; None for what was never one of ours."""
    if _WHOLE.fullmatch(text) is None or not text.isascii():
        return None
    if _checksum(text[:-CHECKSUM_LENGTH]) != text[-CHECKSUM_LENGTH:]:
        return None
    return next(kind for kind in SecretKind if text.startswith(kind.value))


def is_secret(text: str, kind: SecretKind) -> bool:
    """Return whether ``text`` has the form of a secret of this kind."""
    return kind_of(text) is kind


def hint_of(secret: str) -> str:
    """Return the last characters, by which people tell one secret from another."""
    return secret[-HINT_LENGTH:]


def _checksum(beginning: str) -> str:
    return _base62(crc32(beginning.encode("ascii")), CHECKSUM_LENGTH)


def _base62(number: int, length: int) -> str:
    digits: list[str] = []
    for _ in range(length):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    assert number == 0, "the number fits into its digits"
    return "".join(reversed(digits))
