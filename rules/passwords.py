"""Passwords: what is taken for one, and in which form it is hashed."""

import unicodedata
from enum import StrEnum
from typing import Final

LENGTH_MIN: Final = 10
LENGTH_MAX: Final = 128


class PasswordRefusal(StrEnum):
    """Why a password is not taken."""

    TOO_SHORT = "TOO_SHORT"
    TOO_LONG = "TOO_LONG"
    TOO_COMMON = "TOO_COMMON"


def normal_password(password: str) -> str:
    """Return a password in the form that is hashed: the same on every keyboard (NIST SP 800-63B, section 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


def refuse_password(password: str, contact: str) -> PasswordRefusal | None:
    """Return why ``password`` does not do for the person who is reached at ``contact``, or None when it does.

    Length counts, not kinds of characters; the first guesses of everybody are refused (NIST SP 800-63B).
    """
    normal = normal_password(password)
    if len(normal) < LENGTH_MIN:
        return PasswordRefusal.TOO_SHORT
    if len(normal) > LENGTH_MAX:
        return PasswordRefusal.TOO_LONG
    plain = "".join(each for each in normal.lower() if each.isalnum())
    own = {contact.lower(), contact.partition("@")[0].lower(), contact.removeprefix("+"), contact.replace("+62", "0")}
    if plain in _COMMON or normal.lower() in own or _is_monotonous(normal):
        return PasswordRefusal.TOO_COMMON
    return None


_FEW_CHARACTERS = 3
_COMMON = frozenset(
    """
    1234567890 12345678910 123456789012 0123456789 0987654321 9876543210 1q2w3e4r5t 1q2w3e4r5t6y qwertyuiop
    qwertyuiop123 qwerty123456 qwerty12345 asdfghjkl123 password12 password123 password1234 passwordku
    katasandi katasandi1 katasandi123 rahasia123 rahasiaku123 indonesia1 indonesia123 indonesia45
    indonesiaraya bismillah1 bismillah123 alhamdulillah sayangkamu sayang1234 akucintakamu iloveyou12
    iloveyou123 bekal12345 bekal123456 jakarta123 prakerja12 prakerja123 prakerja2026 kartuprakerja admin12345
    administrator selamatpagi
    """.split()  # noqa: SIM905 - words, not code
)


def _is_monotonous(password: str) -> bool:
    """Whether so few different characters are used that nothing is left to guess: ``1111111111``, ``ababababab``."""
    return len(set(password)) < _FEW_CHARACTERS
