"""Whether who sends a bound token holds its key: proofs that come with requests to the graph (DPoP, RFC 9449)."""

import hmac
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from time import monotonic, time
from typing import Final

from auth.oauth.proofs import BadProofError, Proof, read_proof, spend
from gateways.valkey import Valkey, ValkeyAwayError
from models.database import Database

logger = logging.getLogger("bekal.auth")

KIND: Final = "graph"
"""Proofs that were shown here; those of the token endpoint are a register of their own."""

METHOD: Final = "POST"
AWAY_S: Final = 1.0
"""How long Valkey is not asked again after it did not answer."""


class Holding:
    """Checks proofs, and has each count once.

    That a proof was shown is noted in Valkey, or in PostgreSQL while Valkey is away. So a proof that was shown in the
    last minute before Valkey went could be shown once more: by somebody who has read the whole request, token and
    all, and only to the very address that it was made for.
    """

    def __init__(
        self, url: str, database: Database, valkey: Valkey | None, *, clock: Callable[[], float] = time
    ) -> None:
        self._url = url
        self._database = database
        self._valkey = valkey
        self._clock = clock
        self._away_until = 0.0

    async def check(self, proof: bytes, token: str, thumbprint: str) -> str | None:
        """Return what is wrong with a proof that came with a token bound to the key of ``thumbprint``; None if nothing.

        Raises:
            Rejected: nobody can say now whether it was shown before.
        """
        if not proof:
            return "The access token is bound to a key: send a proof in the DPoP header."
        try:
            read = read_proof(
                proof.decode("latin-1"), method=METHOD, url=self._url, now=self._clock(), access_token=token
            )
        except BadProofError as bad:
            return str(bad)
        if not hmac.compare_digest(read.thumbprint, thumbprint):
            return "The DPoP proof is of another key than the one that the access token is bound to."
        if not await self._is_first(read):
            return "The DPoP proof was used before: make a new one for each request."
        return None

    async def _is_first(self, proof: Proof) -> bool:
        if self._valkey is not None and monotonic() >= self._away_until:
            left_s = int((proof.spent_until - datetime.fromtimestamp(self._clock(), UTC)).total_seconds()) + 1
            try:
                shown = sha256(f"{proof.thumbprint}\0{proof.proof_id}".encode("utf-8", "surrogatepass")).hexdigest()
                return await self._valkey.note_once(f"bekal:proof:{shown}", max(1, left_s))
            except ValkeyAwayError as away:
                logger.warning("proofs are noted in PostgreSQL", extra={"reason": str(away)})
                self._away_until = monotonic() + AWAY_S
        async with self._database.write() as session:
            return await session.run_sync(
                lambda db: spend(db, KIND, proof.thumbprint, proof.proof_id, proof.spent_until)
            )
