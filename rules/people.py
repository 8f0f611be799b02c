"""People who sign in: how they are reached, and how far a way of signing in is trusted."""

from enum import StrEnum


class PersonState(StrEnum):
    """Whether a person may sign in."""

    ACTIVE = "ACTIVE"
    BLOCKED = "BLOCKED"


class ContactKind(StrEnum):
    """How a message reaches a person."""

    EMAIL = "EMAIL"
    PHONE = "PHONE"


class Locale(StrEnum):
    """The languages of pages and messages, as BCP 47 writes them."""

    INDONESIAN = "id"
    ENGLISH = "en"


class Method(StrEnum):
    """One proof of who somebody is. Values are those of RFC 8176 (``amr``)."""

    PASSWORD = "pwd"  # noqa: S105 - the word of the standard
    CODE = "mca"
    """A code that was sent over another channel: to the phone or the mailbox."""
    AUTHENTICATOR = "otp"
    """A code of an authenticator application."""
    PASSKEY = "hwk"


STRONG_METHODS = frozenset({Method.AUTHENTICATOR, Method.PASSKEY})
"""Second factors that cannot be had by taking over a mailbox or a phone number. Staff must show one."""
