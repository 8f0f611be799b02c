"""Letters on their way: queued with what caused them, sealed, since they hold addresses, codes and links."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from models.jobs import enqueue
from models.sealing import KeyRing
from rules.contacts import Contact
from rules.letters import Letter
from rules.people import ContactKind

KIND: Final = "letter.send"
"""The kind of the job."""


def post(session: AsyncSession, keys: KeyRing, letter: Letter) -> None:
    """Have a letter sent, if the transaction commits; it is not lost when the way out is closed."""
    plain = orjson.dumps(
        {
            "kind": letter.to.kind,
            "to": letter.to.value,
            "subject": letter.subject,
            "text": letter.text,
            "expires_at": letter.expires_at,
        }
    )
    sealed = keys.seal(plain, _place(letter.id))
    enqueue(session, KIND, {"letter": str(letter.id), "sealed": b64encode(sealed).decode()})


def opened(keys: KeyRing, payload: Mapping[str, Any]) -> Letter:
    """Return the letter of a job.

    Raises:
        BrokenSealError: it was sealed under a key that is gone.
    """
    letter_id = UUID(payload["letter"])
    plain = orjson.loads(keys.unseal(b64decode(payload["sealed"]), _place(letter_id)))
    return Letter(
        id=letter_id,
        to=Contact(ContactKind(plain["kind"]), plain["to"]),
        subject=plain["subject"],
        text=plain["text"],
        expires_at=datetime.fromisoformat(plain["expires_at"]),
    )


def _place(letter_id: UUID) -> str:
    return f"jobs.letter:{letter_id}"
