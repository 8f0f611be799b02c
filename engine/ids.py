"""Global ids: opaque to clients, a type's two-letter code and a UUID to us."""

from binascii import Error as NotBase64
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable
from typing import AnyStr
from uuid import UUID

from asyncpg.pgproto import pgproto

from engine.errors import Code, Rejected

CODE_BYTES = 2
_LENGTH = 24
"""18 bytes in base64: no padding, so an id is always as long as any other."""
_TO_URL = bytes.maketrans(b"+/", b"-_")
FROM_URL = bytes.maketrans(b"-_", b"+/")


def quick_uuid(written: AnyStr) -> UUID:
    """Return the UUID, as the driver's own class: it is a ``uuid.UUID``, but made in a tenth of the time.

    Raises:
        ValueError: when ``written`` is no UUID.
    """
    return pgproto.UUID(written)


def encoder(code: str) -> Callable[[UUID], str]:
    """Return the function that writes the keys of the type with ``code`` as global ids."""
    prefix = code.encode("ascii")
    assert len(prefix) == CODE_BYTES

    def encode(key: UUID) -> str:
        return b2a_base64(prefix + key.bytes, newline=False).translate(_TO_URL).decode("ascii")

    return encode


def split(text: str) -> tuple[str, UUID]:
    """Return the type code and the key of a global id.

    Raises:
        Rejected: BAD_ID, when ``text`` is not in the form of an id that this server writes.
    """
    try:
        raw = a2b_base64(text.encode("ascii").translate(FROM_URL), strict_mode=True)
        if len(text) != _LENGTH or "+" in text or "/" in text:
            raise _malformed()
        return raw[:CODE_BYTES].decode("ascii"), quick_uuid(raw[CODE_BYTES:])
    except (UnicodeError, NotBase64, ValueError) as error:
        raise _malformed() from error


def decoder(code: str, name: str) -> Callable[[str], UUID]:
    """Return the function that reads global ids of one type, called ``name`` in its refusal.

    The function raises Rejected (BAD_ID) for a malformed id and for the id of another type.
    """

    def decode(text: str) -> UUID:
        found, key = split(text)
        if found != code:
            raise Rejected(Code.BAD_ID, f"This is not the id of a {name}. Pass an `id` that a {name} was read with.")
        return key

    return decode


def _malformed() -> Rejected:
    return Rejected(Code.BAD_ID, "This is not an id of this graph. Pass an `id` just as it was read from a field.")
