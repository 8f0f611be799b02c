"""Passwords: hashed so that guessing is dear, in few threads, so that a rush of guests does not stop everything."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from engine.errors import Code, Rejected
from rules.passwords import normal_password

MEMORY_KIB: Final = 19 << 10
PASSES: Final = 2
LANES: Final = 1
"""The least that OWASP asks of argon2id: 19 MiB, some 30 ms. Raise them, and each hash is renewed at its next use."""

THREADS: Final = 2
QUEUE_MAX: Final = 64
"""Who would wait longer than about a second is asked to come again."""
RETRY_AFTER_S: Final = 2

Result = TypeVar("Result")


class BusyError(Rejected):
    """More passwords are waiting to be hashed than would be done in good time."""

    def __init__(self) -> None:
        super().__init__(Code.UNAVAILABLE, "Many people are signing in. Try again in a moment.")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a password was right, and the hash to store instead of the old one, if it should be renewed."""

    right: bool
    renewed: str | None = None


class Passwords:
    """Hashes and verifies passwords. One for each process; close it with the process."""

    def __init__(self, *, threads: int = THREADS, queue_max: int = QUEUE_MAX) -> None:
        self._hasher = PasswordHasher(
            time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, hash_len=32, salt_len=16, type=Type.ID
        )
        self._nobodys = self._hasher.hash("nobody has this password")
        self._threads = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="passwords")
        self._places = threads + queue_max
        self._taken = 0
        self.verified = 0
        """How many were verified, nobody's too: the work that a guess costs is the same for every account."""

    async def hash(self, password: str) -> str:
        """Return the hash to store.

        Raises:
            BusyError: too many are waiting.
        """
        return await self._run(self._hasher.hash, normal_password(password))

    async def verify(self, stored: str | None, password: str) -> Verdict:
        """Tell whether ``password`` is the one that ``stored`` is of. None is nobody's, and takes as long.

        Raises:
            BusyError: too many are waiting.
        """
        verdict = await self._run(self._verify, stored or self._nobodys, normal_password(password))
        self.verified += 1
        return verdict if stored is not None else Verdict(right=False)

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()

    def _verify(self, stored: str, password: str) -> Verdict:
        try:
            self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return Verdict(right=False)
        renewed = self._hasher.hash(password) if self._hasher.check_needs_rehash(stored) else None
        return Verdict(right=True, renewed=renewed)

    async def _run(self, work: Callable[..., Result], *arguments: str) -> Result:
        if self._taken >= self._places:
            raise BusyError
        self._taken += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        finally:
            self._taken -= 1
