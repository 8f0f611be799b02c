"""Contacts: e-mail addresses and phone numbers in the one form in which they are stored, compared and written to."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from rules.people import ContactKind

TEXT_LENGTH_MAX: Final = 320
"""More than the longest address (RFC 5321) with what people type around it."""

_EMAIL = re.compile(
    r"(?=.{6,254}$)[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}){0,10}"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,10}[a-z][a-z0-9-]{0,61}[a-z0-9]"
)
_LOCAL_PART_LENGTH_MAX: Final = 64
_PHONE = re.compile(r"\+62[0-9]{8,13}")
_DECORATION = re.compile(r"[\s().\-/]")


@dataclass(frozen=True, slots=True)
class Contact:
    """How somebody is reached. Build it with ``contact_of``: two ways of writing the same are then equal."""

    kind: ContactKind
    value: str
    """An e-mail address in lower case, or a phone number as +62 and digits."""

    @property
    def masked(self) -> str:
        """Enough to know one's own by, and not enough to learn somebody else's."""
        if self.kind is ContactKind.PHONE:
            return f"+62 {'•' * (len(self.value) - 6)}{self.value[-3:]}"
        local, _, domain = self.value.partition("@")
        return f"{local[0]}•••@{domain}"


def contact_of(text: str) -> Contact | None:
    """Return the contact that somebody typed, or None when it is neither an e-mail address nor a phone number.

    Spaces, invisible characters, capital letters, full-width characters and digits of other scripts make no
    difference; nor whether a number is written +62 812, 62812, 0062 812, 0812 or 812. Numbers of other countries are
    not taken: a message to them may cost its sender any price.
    """
    if len(text) > TEXT_LENGTH_MAX:
        return None
    plain = _plain(text)
    if "@" in plain:
        return _email(plain.lower())
    return _phone(_DECORATION.sub("", plain))


def _plain(text: str) -> str:
    """Return ``text`` in compatible form (NFKC), without spaces and what cannot be seen."""
    composed = unicodedata.normalize("NFKC", text)
    seen = (each for each in composed if not each.isspace() and unicodedata.category(each) not in ("Cf", "Cc"))
    return "".join(str(unicodedata.digit(each)) if unicodedata.category(each) == "Nd" else each for each in seen)


def _email(address: str) -> Contact | None:
    if not _EMAIL.fullmatch(address) or len(address.partition("@")[0]) > _LOCAL_PART_LENGTH_MAX:
        return None
    return Contact(ContactKind.EMAIL, address)


def _phone(number: str) -> Contact | None:
    for beginning in ("+62", "0062", "62", "0"):
        if number.startswith(beginning):
            number = number.removeprefix(beginning)
            break
    else:
        if not number.startswith("8"):
            return None
    if number.startswith("08"):  # +62 (0)812
        number = number[1:]
    number = f"+62{number}"
    return Contact(ContactKind.PHONE, number) if _PHONE.fullmatch(number) else None
