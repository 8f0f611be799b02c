"""Messages: e-mail and text messages leave through a provider's HTTP API. ``message_simulator`` stands in for it."""

import asyncio
from typing import Any, Final, Self

import httpx

from rules.letters import Letter
from rules.people import ContactKind

TIMEOUT_S: Final = 3.0
TRIES: Final = 3
PAUSE_S: Final = 0.3
"""Before the second try; twice as long before the third. After that the job's own pauses begin."""

_REQUEST_TIMEOUT = 408
_TOO_MANY = 429
_SERVER_ERROR = 500
_ERROR = 400


class MessagesAwayError(Exception):
    """The provider did not take the message, for a reason that may pass. Send it again later, under the same id."""


class MessageRefusedError(Exception):
    """The provider will never take this message."""


class Messages:
    """The way out for messages. The provider takes each id once, so that a message sent again is not read twice."""

    def __init__(self, url: str, *, timeout_s: float = TIMEOUT_S, pause_s: float = PAUSE_S) -> None:
        self._client = httpx.AsyncClient(
            base_url=url.rstrip("/"), timeout=timeout_s, trust_env=False, follow_redirects=False
        )
        self._timeout_s = timeout_s
        self._pause_s = pause_s

    async def send(self, letter: Letter) -> None:
        """Hand a letter over; return when the provider has it.

        Raises:
            MessagesAwayError: it has it not, or did not say so.
            MessageRefusedError: it does not want it.
        """
        body = {
            "id": str(letter.id),
            "channel": "email" if letter.to.kind is ContactKind.EMAIL else "sms",
            "to": letter.to.value,
            "subject": letter.subject,
            "text": letter.text,
        }
        for attempt in range(1, TRIES + 1):
            try:
                return await self._hand_over(body)
            except MessagesAwayError:
                if attempt == TRIES:
                    raise
                await asyncio.sleep(self._pause_s * 2 ** (attempt - 1))
        raise AssertionError

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _hand_over(self, body: dict[str, Any]) -> None:
        # Errors name kinds and codes only: addresses and texts of messages belong into no log.
        try:
            async with asyncio.timeout(self._timeout_s):  # httpx bounds each step, not all of them together
                answer = await self._client.post("/messages", json=body, headers={"idempotency-key": body["id"]})
        except (httpx.HTTPError, TimeoutError) as failed:
            raise MessagesAwayError(type(failed).__name__) from None
        status = answer.status_code
        if status in (_REQUEST_TIMEOUT, _TOO_MANY) or status >= _SERVER_ERROR:
            raise MessagesAwayError(f"HTTP {status}")
        if status >= _ERROR:
            raise MessageRefusedError(f"HTTP {status}")
        if not answer.is_success or not _acknowledges(answer, body["id"]):
            raise MessagesAwayError("the answer names another message")


def _acknowledges(answer: httpx.Response, message_id: str) -> bool:
    """Whether the provider says that it has this very message: a captive portal also answers 200."""
    try:
        told: Any = answer.json()
    except ValueError:
        return False
    return isinstance(told, dict) and bool(told.get("id") == message_id)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
