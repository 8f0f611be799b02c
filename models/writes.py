"""Writes: how a use case is run, once for each key of each caller, however often it is sent.

Claim the key, run the use case, keep what it came to, commit: one transaction. A refusal undoes it and is kept in a
transaction of its own; bad input, outages and bugs leave nothing, so that the same key may be tried again.
"""

import asyncio
import hashlib
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from typing_extensions import Doc

from engine.errors import Code, Rejected
from models import audit_events, events, jobs
from models.canonical import digest_of, kept, plain, restored, returned_by
from models.database import (
    LOCK_TIMEOUT_MS,
    ConnectionLostError,
    ContendedError,
    Database,
    NotWrittenError,
    OutcomeUnknownError,
    constraint_of,
    sqlstate_of,
)
from models.idempotency import Idempotency
from models.leaving import Settling, hand_on
from rules.access import Viewer
from rules.callers import Caller
from rules.refusals import KeyRefusal, Refusal, Refused

KEY = Doc("A new key for each thing that you want done, the same one when you send it again.")
"""What the idempotency key of an input says to clients."""
KEY_LENGTH_MAX = 255
ATTEMPTS_MAX = 3
"""Deadlocks and broken connections are rare; who meets three in a row is told so."""
PAUSE_MAX_S = 0.05
"""Those who met once should not meet again at once."""

Wish = TypeVar("Wish")
Result = TypeVar("Result")


class InProgressError(NotWrittenError):
    """The same key is being worked on, and was not done in time."""


@dataclass(frozen=True, slots=True)
class Write:
    """One transaction of one caller: what a use case works with."""

    session: AsyncSession
    caller: Caller
    now: datetime
    """The database's time when the transaction began, so that deadlines are equal on all servers."""

    @property
    def viewer(self) -> Viewer:
        """Who asks."""
        return self.caller.viewer

    def emit(self, kind: str, subject_type: str, subject_id: UUID, payload: Mapping[str, Any] | None = None) -> None:
        """Tell all who follow; see ``models.events.emit``: lock the subject before."""
        events.emit(self.session, kind, subject_type, subject_id, payload)

    def note(
        self,
        action: str,
        subject_type: str,
        subject_id: UUID | None,
        details: Mapping[str, Any] | None = None,
        *,
        concerns: UUID | None = None,
    ) -> None:
        """Note it in the audit; see ``models.audit_events.note``."""
        audit_events.note(self.session, self.caller, action, subject_type, subject_id, details, concerns=concerns)

    def record(
        self,
        what: str,
        subject_type: str,
        subject_id: UUID,
        facts: Mapping[str, Any] | None = None,
        *,
        concerns: UUID | None = None,
    ) -> None:
        """Tell all who follow, and note it in the audit, in the same words; ``concerns`` an organisation."""
        whose = {} if concerns is None else {"organisation_id": concerns}
        self.emit(what, subject_type, subject_id, {**(facts or {}), **whose})
        self.note(what, subject_type, subject_id, facts, concerns=concerns)

    def enqueue(
        self,
        kind: str,
        payload: Mapping[str, Any] | None = None,
        *,
        run_at: datetime | None = None,
        dedupe_key: str | None = None,
    ) -> None:
        """Have a job done after the commit; see ``models.jobs.enqueue``."""
        jobs.enqueue(self.session, kind, payload, run_at=run_at, dedupe_key=dedupe_key)


@dataclass(frozen=True, slots=True)
class Done(Generic[Result]):
    """What a use case returned, now or when the key came for the first time."""

    result: Result
    replayed: bool = False
    """Whether it was done before; what is shown once is then None."""


async def once(
    database: Database,
    caller: Caller,
    key: str,
    wish: Wish,
    use_case: Callable[[Write, Wish], Awaitable[Result]],
    *,
    operation: str,
    constraints: Mapping[str, Refusal] | None = None,
) -> Done[Result] | Refused:
    """Do what ``caller`` wishes, or return what that came to when it was done before under the same key.

    ``operation`` names the use case in the stored answer and must not change with the code; ``constraints`` says which
    refusal a broken constraint is. The use case's return type must be one that ``models.canonical.restored`` knows.

    Raises:
        Rejected: UNAUTHENTICATED for nobody, BAD_USER_INPUT for a key that is none. Nothing was done.
        NotWrittenError: nothing was done, for a reason that may pass; InProgressError, when a twin is still at it.
        OutcomeUnknownError: it may have been done; the same key tells.
    """
    claim = _Claim(_identity(caller.viewer), _checked(key), operation, digest_of(wish))
    for attempt in range(1, ATTEMPTS_MAX + 1):
        try:
            return await _attempt(database, caller, claim, wish, use_case, constraints or {})
        except (ContendedError, ConnectionLostError, OutcomeUnknownError):
            # After a commit of unknown outcome the claim finds out: it waits for what is under way, and reads it.
            if attempt == ATTEMPTS_MAX:
                raise
            await asyncio.sleep(random.uniform(0, PAUSE_MAX_S))  # noqa: S311 - chance, not secrecy
    raise AssertionError


@dataclass(frozen=True, slots=True)
class _Claim:
    caller: UUID
    key: str
    operation: str
    digest: bytes


async def _attempt(
    database: Database,
    caller: Caller,
    claim: _Claim,
    wish: Wish,
    use_case: Callable[[Write, Wish], Awaitable[Result]],
    constraints: Mapping[str, Refusal],
) -> Done[Result] | Refused:
    try:
        async with database.write() as session:
            now = await _claim(session, claim, database.claim_timeout_ms)
            if now is None:
                return await _replay(session, claim, returned_by(use_case))
            done = Done(await use_case(Write(session, caller, now), wish))
            await hand_on(session, Settling(claim.caller, claim.key, {"done": kept(done.result)}))
    except Refused as refused:
        ended = refused
    except IntegrityError as broken:
        refusal = constraints.get(constraint_of(broken) or "")
        if refusal is None:
            raise
        ended = Refused.of([refusal])
    else:
        return done
    return await _keep(database, claim, ended, returned_by(use_case))


async def _keep(database: Database, claim: _Claim, refused: Refused, result: Any) -> Any:
    """Store a refusal, now that its transaction is undone with all that it wrote and held.

    A savepoint would spare this second transaction, and cost every write that succeeds two round trips. A twin may come
    in between: what it came to then stands for both.
    """
    async with database.write() as session:
        if await _claim(session, claim, database.claim_timeout_ms) is None:
            return await _replay(session, claim, result)
        outcome = {"refused": [plain(each) for each in refused.refusals]}
        await hand_on(session, Settling(claim.caller, claim.key, outcome))
    return refused


# The wait for a twin is longer than the wait for a row, and both are set in the statement that waits: it begins with
# the one, and a row that was inserted goes on with the other.
_CLAIM = text("""
    INSERT INTO idempotency (caller, key, operation, digest)
    SELECT :caller, :key, :operation, :digest FROM set_config('lock_timeout', :patience, true)
    ON CONFLICT (caller, key) DO NOTHING
    RETURNING now(), set_config('lock_timeout', :usual, true)
""")


async def _claim(session: AsyncSession, claim: _Claim, patience_ms: int) -> datetime | None:
    """Take the key, and return the time of the transaction; None when somebody took it before."""
    values = {
        "caller": claim.caller,
        "key": claim.key,
        "operation": claim.operation,
        "digest": claim.digest,
        "patience": f"{patience_ms}ms",
        "usual": f"{LOCK_TIMEOUT_MS}ms",
    }
    try:
        return (await session.execute(_CLAIM, values)).scalar()
    except DBAPIError as error:
        if sqlstate_of(error) not in _WAITED_TOO_LONG:
            raise
        raise InProgressError(
            Code.UNAVAILABLE,
            "A request with the same idempotency key is still being worked on. Send it again in a moment to get "
            "its answer.",
        ) from error


_WAITED_TOO_LONG = ("55P03", "57014")
"""The lock's time-out, or the statement's."""


async def _replay(session: AsyncSession, claim: _Claim, result: Any) -> Any:
    """Return what the key came to."""
    columns = (Idempotency.operation, Idempotency.digest, Idempotency.outcome)
    found = (
        await session.execute(select(*columns).where(Idempotency.caller == claim.caller, Idempotency.key == claim.key))
    ).one_or_none()
    if found is None:  # it was just forgotten, being a month old
        raise ContendedError(Code.UNAVAILABLE, "The idempotency key has just expired. Send the request again.")
    if (found.operation, found.digest) != (claim.operation, claim.digest):
        return Refused(KeyRefusal.CONFLICT, "idempotencyKey")
    outcome = found.outcome
    assert outcome is not None, "a committed key has an outcome"
    if "refused" in outcome:
        return Refused.of(Refusal(each["code"], tuple(each["path"]), each["details"]) for each in outcome["refused"])
    return Done(restored(result, outcome["done"]), replayed=True)


def _identity(viewer: Viewer) -> UUID:
    """Return whose key it is: each person, application and organisation has its own."""
    if viewer.person_id is None and viewer.client_id is None:
        raise Rejected(Code.UNAUTHENTICATED, "Sign in first: only who is known can change something.")
    parts = f"{viewer.person_id} {viewer.client_id} {viewer.organisation_id}"
    return UUID(bytes=hashlib.sha256(parts.encode()).digest()[:16])


def _checked(key: str) -> str:
    if not key.strip() or len(key) > KEY_LENGTH_MAX or not key.isprintable():
        raise Rejected(
            Code.BAD_USER_INPUT,
            f"idempotencyKey must be 1 to {KEY_LENGTH_MAX} printable characters, such as a random UUID: a new one for "
            "each thing that you want done, the same one when you send it again.",
        )
    return key
