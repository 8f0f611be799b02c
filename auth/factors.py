"""Second factors of staff: what there is of them, and the authenticator application."""

import secrets
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from urllib.parse import quote, urlencode
from uuid import UUID

import segno
from sqlalchemy import delete as delete_from
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.people import Post
from models.sealing import KeyRing
from models.sign_ins import Authenticator, Passkey
from rules.access import STAFF
from rules.authenticators import DIGITS, SECRET_BYTES, STEP_S, step_of

ISSUER_NAME = "Bekal"


@dataclass(frozen=True, slots=True)
class Factors:
    """What a person must show besides the password, and can."""

    staff: bool
    authenticator: bool
    passkeys: int

    @property
    def any(self) -> bool:
        """Whether there is one."""
        return self.authenticator or self.passkeys > 0


async def factors_of(db: AsyncSession, person_id: UUID) -> Factors:
    """Return a person's second factors."""
    staff = select(Post.id).where(Post.person_id == person_id, Post.role.in_(STAFF)).exists()
    confirmed = Authenticator.confirmed_at.is_not(None)
    authenticator = select(Authenticator.person_id).where(Authenticator.person_id == person_id, confirmed).exists()
    passkeys = select(func.count()).where(Passkey.person_id == person_id).scalar_subquery()
    row = (await db.execute(select(staff, authenticator, passkeys))).one()
    return Factors(*row)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a person puts into the application: the key as text and as a picture."""

    key: str
    picture: str
    """SVG."""


async def begin_authenticator(db: AsyncSession, keys: KeyRing, person_id: UUID, account: str) -> Enrolment | None:
    """Return the secret that an application is being set up with; None when there is a confirmed one already."""
    secret = secrets.token_bytes(SECRET_BYTES)
    made = insert(Authenticator).values(person_id=person_id, secret_sealed=keys.seal(secret, _place(person_id)))
    await db.execute(made.on_conflict_do_nothing())
    row = await db.get_one(Authenticator, person_id, populate_existing=True)
    if row.confirmed_at is not None:
        return None
    key = b32encode(keys.unseal(row.secret_sealed, _place(person_id))).decode()
    return Enrolment(" ".join(key[at : at + 4] for at in range(0, len(key), 4)), _picture(key, account))


async def confirm_authenticator(db: AsyncSession, keys: KeyRing, person_id: UUID, code: str, now: datetime) -> bool:
    """Take the application into use if ``code`` is one of its codes; a code confirms once."""
    row = await db.get(Authenticator, person_id, with_for_update=True)
    if row is None or row.confirmed_at is not None:
        return False
    step = step_of(keys.unseal(row.secret_sealed, _place(person_id)), code, now)
    if step is None:
        return False
    row.confirmed_at = now
    row.last_step = step
    await db.flush()
    return True


async def spend_authenticator_code(db: AsyncSession, keys: KeyRing, person_id: UUID, code: str, now: datetime) -> bool:
    """Tell whether ``code`` is right now the application's, and has not been used before (RFC 6238, section 5.2)."""
    row = await db.get(Authenticator, person_id)
    if row is None or row.confirmed_at is None:
        return False
    step = step_of(keys.unseal(row.secret_sealed, _place(person_id)), code, now)
    if step is None:
        return False
    spent = (
        update(Authenticator)
        .where(Authenticator.person_id == person_id, Authenticator.last_step < step)
        .values(last_step=step)
        .returning(Authenticator.last_step)
    )
    return await db.scalar(spent) is not None


async def set_authenticator(db: AsyncSession, keys: KeyRing, person_id: UUID, secret: bytes) -> None:
    """Give a person an authenticator whose secret is known, for demos and tests."""
    sealed = keys.seal(secret, _place(person_id))
    await db.execute(
        insert(Authenticator)
        .values(person_id=person_id, secret_sealed=sealed, confirmed_at=func.now())
        .on_conflict_do_update(
            index_elements=[Authenticator.person_id],
            set_={"secret_sealed": sealed, "confirmed_at": func.now(), "last_step": 0},
        )
    )


async def remove_factor(db: AsyncSession, person_id: UUID, factor: str) -> bool:
    """Remove the authenticator (``app``) or a passkey by its key; refuse the last one that staff have."""
    await db.execute(select(Passkey.id).where(Passkey.person_id == person_id).order_by(Passkey.id).with_for_update())
    await db.execute(select(Authenticator).where(Authenticator.person_id == person_id).with_for_update())
    held = await factors_of(db, person_id)
    if held.staff and held.passkeys + held.authenticator < 2:  # noqa: PLR2004 - one must stay
        return False
    if factor == "app":
        await db.execute(delete_from(Authenticator).where(Authenticator.person_id == person_id))
        return True
    try:
        key = UUID(factor)
    except ValueError:
        return False
    await db.execute(delete_from(Passkey).where(Passkey.person_id == person_id, Passkey.id == key))
    return True


def _picture(key: str, account: str) -> str:
    label = quote(f"{ISSUER_NAME}:{account}", safe="@:+")
    parameters = urlencode({"secret": key, "issuer": ISSUER_NAME, "digits": DIGITS, "period": STEP_S})
    drawn = BytesIO()
    segno.make(f"otpauth://totp/{label}?{parameters}", error="m", micro=False).save(
        drawn, kind="svg", scale=4, border=2, xmldecl=False, svgns=False, nl=False
    )
    return drawn.getvalue().decode()


def _place(person_id: UUID) -> str:
    return f"authenticators.secret_sealed:{person_id}"
