"""Sends letters that were queued."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from gateways.messages import MessageRefusedError, Messages
from models.letters import opened
from models.sealing import KeyRing
from workers.jobs import Handler

logger = logging.getLogger("bekal.workers")


def letter_sender(keys: KeyRing, messages: Messages) -> Handler:
    """Return what does jobs of the kind ``models.letters.KIND``."""

    async def send(payload: Mapping[str, Any]) -> None:
        letter = opened(keys, payload)
        if letter.expires_at <= datetime.now(UTC):
            logger.warning("letter not sent: it was of no use any more", extra={"letter": str(letter.id)})
            return
        try:
            await messages.send(letter)
        except MessageRefusedError as refused:
            logger.warning("letter refused", extra={"letter": str(letter.id), "reason": str(refused)})

    return send
