"""Is the process alive, and may it be sent requests? Two answers for two askers; neither is meant for the public."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

PROBE_TIMEOUT_S = 1.0
"""Balancers ask about every second; a part that takes longer is not there for clients either."""

LEAVE_NOW = {"x-envoy-immediate-health-check-fail": "1"}
"""Tells the gateway to stop sending at once, before its own count of failed checks is full."""


@dataclass(frozen=True, slots=True)
class Probe:
    """How to find out whether a part works."""

    check: Callable[[], Awaitable[None]]
    """Returns when the part works, raises with the reason when it does not."""
    needed: bool
    """Without a needed part nothing is answered; without the others, more slowly."""


class Health:
    """What the process knows about its own state."""

    def __init__(self) -> None:
        self.probes: Mapping[str, Probe] | None = None
        """The parts; None until all of them are put together."""
        self.draining = False
        """True from the first SIGTERM: requests are answered still, but new ones should go elsewhere."""

    def routes(self) -> list[BaseRoute]:
        """Return the routes of both answers."""
        return [Route("/livez", self._live), Route("/readyz", self._ready)]

    async def _live(self, _request: Request) -> Response:
        """Answer while the event loop turns. A part that is away is no reason to restart the process."""
        return PlainTextResponse("ok\n", headers={"cache-control": "no-store"})

    async def _ready(self, _request: Request) -> Response:
        probes = self.probes or {}
        told = await asyncio.gather(*(_ask(probe) for probe in probes.values()))
        parts = {name: problem or "ok" for name, problem in zip(probes, told, strict=True)}
        works = self.probes is not None and all(
            problem is None or not probe.needed for probe, problem in zip(probes.values(), told, strict=True)
        )
        if self.probes is None:
            parts["server"] = "starting"
        if self.draining:
            parts["server"] = "draining"
        ready = works and not self.draining
        headers = {"cache-control": "no-store", **(LEAVE_NOW if self.draining else {})}
        return JSONResponse({"ready": ready, "parts": parts}, status_code=200 if ready else 503, headers=headers)


async def _ask(probe: Probe) -> str | None:
    """Return what is wrong with a part, or None. Whatever it raises is its answer."""
    state = "failed" if probe.needed else "degraded"
    try:
        async with asyncio.timeout(PROBE_TIMEOUT_S):
            await probe.check()
    except TimeoutError:
        return f"{state}: no answer within {PROBE_TIMEOUT_S:g} s"
    except Exception as problem:  # noqa: BLE001 - any failure of a part is what is asked for here
        # The kind, not the message: a driver's message may name users and hosts.
        return f"{state}: {getattr(problem, 'public', None) or type(problem).__name__}"
    return None
