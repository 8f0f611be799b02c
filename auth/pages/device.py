"""Letting a device in (RFC 8628): its code, who asks for what, yes or no."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from auth.attempts import TooManyError, count_of, spend
from auth.pages.consent import ALLOW, PARTICIPANT, post_text, scope_text
from auth.pages.desk import Desk, Fields, wait_text
from auth.pages.rendering import Problem
from auth.sessions import HeldPost, SignedIn
from models.writes import Write
from rules.access import Scope
from rules.sign_ins import DEVICE_CODES


@dataclass(frozen=True, slots=True)
class DeviceView:
    """A device that waits, as the person who decides should see it."""

    user_code: str
    """As the device shows it."""
    client_name: str
    organisation_name: str | None
    scopes: Sequence[Scope]
    posts: Sequence[HeldPost]
    """Posts of the person that fit the application."""
    as_participant: bool


class DeviceRequests(Protocol):
    """The waiting devices: what the page needs of the OAuth server."""

    async def find(self, db: AsyncSession, signed_in: SignedIn, user_code: str) -> DeviceView | None:
        """Return the waiting device with this code, however it is typed; None when none waits."""
        ...

    async def decide(
        self, write: Write, signed_in: SignedIn, user_code: str, *, allow: bool, post_id: UUID | None
    ) -> bool:
        """Let the device in, as a participant when ``post_id`` is None, or turn it away; False when none waits."""
        ...


class DevicePages:
    """The pages, over the devices that wait."""

    def __init__(self, requests: DeviceRequests) -> None:
        self._requests = requests

    async def page(self, desk: Desk, request: Request, db: AsyncSession, signed_in: SignedIn) -> Response:
        """Ask for the code. A link that brings one still asks: who follows a link has seen no device."""
        del db
        return self._ask(desk, request, signed_in, request.query_params.get("user_code", "")[:20])

    async def take_code(
        self, desk: Desk, request: Request, fields: Fields, write: Write, signed_in: SignedIn
    ) -> Response:
        """Show who asks for what."""
        words = desk.pages.words(request, signed_in)
        typed = fields.get("user_code", "").strip()[:20]
        view, told = await self._find(desk, request, write, signed_in, typed)
        if view is None:
            return self._ask(desk, request, signed_in, typed, [Problem("user_code", told)])
        ways = [(str(post.post_id), post_text(post, words)) for post in view.posts]
        if view.as_participant:
            ways.append((PARTICIPANT, words("role.participant")))
        if not ways:
            return self._ask(desk, request, signed_in, typed, [Problem("user_code", words("device.no_post"))])
        client = view.client_name
        if view.organisation_name is not None:
            client = words("consent.of_organisation", client=client, organisation=view.organisation_name)
        values = {
            "user_code": view.user_code,
            "client": client,
            "scopes": [scope_text(scope, words.locale) for scope in view.scopes],
            "ways": [(value, label, value == ways[0][0]) for value, label in ways],
        }
        return desk.pages.page(request, "device_confirm", values, signed_in=signed_in)

    async def decide(self, desk: Desk, request: Request, fields: Fields, write: Write, signed_in: SignedIn) -> Response:
        """Let the device in, or turn it away."""
        words = desk.pages.words(request, signed_in)
        typed = fields.get("user_code", "").strip()[:20]
        view, told = await self._find(desk, request, write, signed_in, typed)
        allow = fields.get("decision") == ALLOW
        chosen = fields.get("post", "")
        post_id = next((post.post_id for post in view.posts if str(post.post_id) == chosen), None) if view else None
        fits = view is not None and (post_id is not None or (chosen == PARTICIPANT and view.as_participant))
        if view is None or (allow and not fits):
            return self._ask(desk, request, signed_in, typed, [Problem("user_code", told or words("device.no_post"))])
        if not await self._requests.decide(write, signed_in, typed, allow=allow, post_id=post_id):
            return self._ask(desk, request, signed_in, typed, [Problem("user_code", words("device.unknown"))])
        which = "allowed" if allow else "denied"
        values = {"heading": words(f"device.{which}_title"), "text": words(f"device.{which}"), "link": None}
        return desk.pages.page(request, "told", values, signed_in=signed_in)

    async def _find(
        self, desk: Desk, request: Request, write: Write, signed_in: SignedIn, typed: str
    ) -> tuple[DeviceView | None, str]:
        """Return the waiting device, or why not. Guesses are counted for each session."""
        words = desk.pages.words(request, signed_in)
        if not typed:
            return None, words("device.missing")
        try:
            await spend(write.session, count_of(desk.site.keys, DEVICE_CODES, str(signed_in.browser_session_id)))
        except TooManyError as refused:
            return None, words("sign_in.slow_down", wait=wait_text(words, refused.wait_s))
        found = await self._requests.find(write.session, signed_in, typed)
        return found, "" if found else words("device.unknown")

    @staticmethod
    def _ask(
        desk: Desk, request: Request, signed_in: SignedIn, user_code: str, problems: Sequence[Problem] = ()
    ) -> Response:
        status = 422 if problems else 200
        values = {"user_code": user_code}
        return desk.pages.page(request, "device", values, signed_in=signed_in, problems=problems, status=status)
