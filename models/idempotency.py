"""Idempotency: the keys that callers give their writes, and what each write came to.

The row is in the transaction of the write: a write that leaves nothing leaves no row. Twins wait for each other on the
primary key, and whoever comes later reads what the first one came to.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, PrimaryKeyConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

KEPT_DAYS = 30
"""How long a key is known. Nobody sends a request again after a month."""


class Idempotency(Base):
    """A key of a caller, what it was used for, and what that came to."""

    __tablename__ = "idempotency"
    __table_args__ = (
        PrimaryKeyConstraint("caller", "key", name="idempotency_once_per_caller"),
        CheckConstraint("char_length(key) BETWEEN 1 AND 255", name="idempotency_key_length"),
        CheckConstraint("octet_length(digest) = 32", name="idempotency_digest_length"),
        Index("idempotency_by_age", "at"),
    )

    caller: Mapped[UUID]
    """A digest of the person, application and organisation: each of them has keys of its own."""
    key: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    operation: Mapped[str]
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    """SHA-256 of the wish, in a form in which the order of keys does not matter."""
    outcome: Mapped[Mapping[str, Any] | None] = mapped_column(JSONB)
    """``{"done": ...}`` or ``{"refused": ...}``; NULL only inside the transaction that makes it."""
