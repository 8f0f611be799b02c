"""One-time codes: six digits that are sent to a person, good for five minutes, five tries and one use."""

import secrets
from dataclasses import dataclass
from enum import Enum
from typing import Final
from uuid import UUID

from sqlalchemy import case, func, update
from sqlalchemy.ext.asyncio import AsyncSession

from auth.attempts import count_of, spend
from auth.site import Site
from models.database import clock
from models.letters import post
from models.sign_ins import OneTimeCode
from rules.contacts import Contact
from rules.letters import Letter
from rules.sign_ins import CODE_LIFE, CODE_TRIES_MAX, CODES

DIGITS: Final = 6


class CodeAnswer(Enum):
    """What a typed code came to."""

    RIGHT = "right"
    WRONG = "wrong"
    DEAD = "dead"
    """No code would be right any more: it was used, tried too often, or is too old."""


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom a code is sent to, and where."""

    person_id: UUID
    contact_id: UUID
    contact: Contact
    device: str | None
    """The name of the browser, if the person has signed in with it before: it has codes of its own."""


@dataclass(frozen=True, slots=True)
class CodeLetter:
    """The words that a code comes in; ``text`` holds ``{code}``."""

    subject: str
    text: str


async def send_code(db: AsyncSession, site: Site, flow: bytes, to: Addressee, words: CodeLetter) -> UUID:
    """Have a new code sent, which counts for ``flow`` alone, and return its key.

    Raises:
        TooManyError: three were sent within the hour. Commit all the same.
    """
    await spend(db, count_of(site.keys, CODES, to.contact.value, to.device or ""))
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    now = await clock(db)
    row = OneTimeCode(
        person_id=to.person_id,
        contact_id=to.contact_id,
        hash=site.keys.hash(_bound(flow, code), "code"),
        expires_at=now + CODE_LIFE,
    )
    db.add(row)
    await db.flush()
    text = words.text.format(code=code)
    post(db, site.keys, Letter(row.id, to.contact, words.subject, text, row.expires_at))
    return row.id


async def spend_code(db: AsyncSession, site: Site, flow: bytes, code_id: UUID, typed: str) -> CodeAnswer:
    """Try a code. Of parallel tries with the right one, one finds it right."""
    right = OneTimeCode.hash.in_(site.keys.hashes(_bound(flow, typed), "code"))
    tried = await db.scalar(
        update(OneTimeCode)
        .where(
            OneTimeCode.id == code_id,
            OneTimeCode.spent_at.is_(None),
            OneTimeCode.tries < CODE_TRIES_MAX,
            OneTimeCode.expires_at > func.now(),
        )
        .values(tries=OneTimeCode.tries + 1, spent_at=case((right, func.now()), else_=None))
        .returning(OneTimeCode.spent_at.is_not(None))
    )
    if tried is None:
        return CodeAnswer.DEAD
    return CodeAnswer.RIGHT if tried else CodeAnswer.WRONG


def _bound(flow: bytes, code: str) -> bytes:
    return flow + code.encode()
