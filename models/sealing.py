"""Sealing: what a stolen dump must not tell is encrypted, and found again by keyed hashes.

One root key per version, held outside of PostgreSQL; all others are derived from it, each for one purpose. Everything
sealed begins with the version it was sealed under, so that a new version can be added while the old one still opens.
"""

import secrets
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping
from functools import cache
from hmac import digest
from typing import NewType
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

ROOT_BYTES = 32
NONCE_BYTES = 12
INDEX_BYTES = 16
SUBJECT_BYTES = 16

DataKey = NewType("DataKey", bytes)
"""The key under which one person's data is sealed; it is stored sealed itself (``person_keys``)."""


class BrokenSealError(Exception):
    """What was sealed cannot be opened: another key or place, or changed bytes."""


class KeyRing:
    """The installation's root keys. ``versions`` maps 1 to 255 to 32 bytes; the highest one seals."""

    def __init__(self, versions: Mapping[int, bytes]) -> None:
        assert versions, "a key ring holds a key"
        assert all(1 <= version <= 255 and len(key) >= ROOT_BYTES for version, key in versions.items())  # noqa: PLR2004 - one byte
        self._versions = dict(sorted(versions.items()))
        self._oldest, self._newest = min(self._versions), max(self._versions)
        self._derived = cache(self._derive)

    @property
    def version(self) -> int:
        """The version that seals."""
        return self._newest

    def seal(self, plain: bytes, place: str) -> bytes:
        """Return ``plain`` sealed for one place (table, column and key of the row): it opens nowhere else."""
        return bytes([self._newest]) + _seal(self._derived(self._newest, "seal"), plain, place)

    def unseal(self, sealed: bytes, place: str) -> bytes:
        """Return what was sealed.

        Raises:
            BrokenSealError: it was not sealed by this ring for this place.
        """
        if not sealed or sealed[0] not in self._versions:
            raise BrokenSealError(place)
        return _unseal(self._derived(sealed[0], "seal"), sealed[1:], place)

    def new_data_key(self, person: UUID) -> tuple[DataKey, bytes]:
        """Return a new key for a person's data, and the same sealed, to be stored."""
        key = DataKey(secrets.token_bytes(ROOT_BYTES))
        return key, self.seal(key, f"person_keys:{person}")

    def data_key(self, person: UUID, sealed: bytes) -> DataKey:
        """Return a person's key from what is stored of it.

        Raises:
            BrokenSealError: it is another person's, or of a version that is gone.
        """
        return DataKey(self.unseal(sealed, f"person_keys:{person}"))

    def hash(self, data: bytes, purpose: str) -> bytes:
        """Return the keyed hash of a secret that is looked up or compared: 32 bytes, under the newest version."""
        return digest(self._derived(self._newest, f"hash:{purpose}"), data, "sha256")

    def hashes(self, data: bytes, purpose: str) -> list[bytes]:
        """Return the keyed hashes under all live versions: a row written before a rotation is found by one of them."""
        return [digest(self._derived(version, f"hash:{purpose}"), data, "sha256") for version in self._versions]

    def index(self, data: bytes, purpose: str) -> bytes:
        """Return the blind index under the newest version: the version and 16 bytes of keyed hash."""
        return self._index(self._newest, data, purpose)

    def indexes(self, data: bytes, purpose: str) -> list[bytes]:
        """Return the blind indexes under all live versions, to look up by any of them."""
        return [self._index(version, data, purpose) for version in self._versions]

    def subject(self, person: UUID, sector: str) -> str:
        """Return the name of a person for one sector (an organisation, or the programme's own applications).

        Two sectors cannot tell that they speak of the same person; this installation can (``person``). It is made under
        the oldest version: a sector knows its people by it, so it must not change when a newer version comes.
        """
        sealed = self._block(self._oldest, sector, person.bytes, encrypt=True)
        return _text(bytes([self._oldest]) + sealed)

    def person(self, subject: str, sector: str) -> UUID:
        """Return whom a sector's subject names.

        Raises:
            BrokenSealError: it is no subject of this ring. One of another sector gives a key that names nobody.
        """
        try:
            whole = b64decode(subject + "=" * (-len(subject) % 4), altchars=b"-_", validate=True)
        except ValueError as wrong:
            raise BrokenSealError("subject") from wrong
        if len(whole) != 1 + SUBJECT_BYTES or whole[0] not in self._versions or _text(whole) != subject:
            raise BrokenSealError("subject")
        return UUID(bytes=self._block(whole[0], sector, whole[1:], encrypt=False))

    def _index(self, version: int, data: bytes, purpose: str) -> bytes:
        return bytes([version]) + digest(self._derived(version, f"index:{purpose}"), data, "sha256")[:INDEX_BYTES]

    def _block(self, version: int, sector: str, block: bytes, *, encrypt: bool) -> bytes:
        """Encrypt one block of 16 bytes: a permutation, so no nonce is needed and equal persons are equal."""
        cipher = Cipher(algorithms.AES256(self._derived(version, f"subject:{sector}")), modes.ECB())  # noqa: S305 - one block
        turning = cipher.encryptor() if encrypt else cipher.decryptor()
        return turning.update(block) + turning.finalize()

    def _derive(self, version: int, purpose: str) -> bytes:
        expand = HKDFExpand(algorithm=SHA256(), length=ROOT_BYTES, info=b"bekal:" + purpose.encode())
        return expand.derive(self._versions[version])


def seal_for(key: DataKey, plain: str, place: str) -> bytes:
    """Return a text sealed under a person's key for one place (table, column and key of the row)."""
    return _seal(key, plain.encode(), place)


def unseal_for(key: DataKey, sealed: bytes, place: str) -> str:
    """Return a text that was sealed under a person's key.

    Raises:
        BrokenSealError: it is another person's or another place's.
    """
    return _unseal(key, sealed, place).decode()


def _text(subject: bytes) -> str:
    return urlsafe_b64encode(subject).rstrip(b"=").decode()


def _seal(key: bytes, plain: bytes, place: str) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, place.encode())


def _unseal(key: bytes, sealed: bytes, place: str) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place.encode())
    except (InvalidTag, ValueError) as wrong:
        raise BrokenSealError(place) from wrong
