"""The site: where browsers find this server, its cookies, and whom it takes a request to come from."""

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from models.sealing import KeyRing
from rules.access import Viewer
from rules.callers import Caller, prefix_of

SECRET_BYTES = 32

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Site:
    """What every page and endpoint for browsers needs to know of the server."""

    issuer: str
    """How the world reaches this server, without a slash at the end. Links are made from it, never from a request."""
    keys: KeyRing = field(repr=False)
    proxies: tuple[Network, ...] = ()
    """Whose X-Forwarded-For is believed."""

    @property
    def is_secure(self) -> bool:
        """Whether browsers come by https. Without it, on the loopback address, cookies cannot have the Secure mark."""
        return self.issuer.startswith("https://")

    @property
    def host(self) -> str:
        """The host's name alone, which passkeys belong to."""
        return urlsplit(self.issuer).hostname or ""

    @property
    def origin(self) -> str:
        """The issuer as browsers write it in the Origin header."""
        parts = urlsplit(self.issuer)
        return f"{parts.scheme}://{parts.netloc}".lower()

    def cookie(self, request: Request, name: str) -> str | None:
        """Return the cookie that this server set under ``name``; None when there is none or an empty one."""
        return request.cookies.get(self._named(name)) or None

    def set_cookie(self, response: Response, name: str, value: str, *, life_s: int | None = None) -> None:
        """Have the browser keep ``value``: until it closes, or for ``life_s`` seconds. No script can read it."""
        response.set_cookie(
            self._named(name), value, max_age=life_s, path="/", secure=self.is_secure, httponly=True, samesite="lax"
        )

    def drop_cookie(self, response: Response, name: str) -> None:
        """Have the browser forget what it keeps under ``name``."""
        response.delete_cookie(self._named(name), path="/", secure=self.is_secure, httponly=True, samesite="lax")

    def address(self, request: Request) -> str | None:
        """Return the network (/24 or /48) that a request comes from, as far as those in front can be believed."""
        nearest = request.client.host if request.client else None
        hops = [hop.strip() for line in request.headers.getlist("x-forwarded-for") for hop in line.split(",")]
        while hops and self._is_proxy(nearest):
            nearest = hops.pop()
        return prefix_of(nearest)

    def caller(self, request: Request, viewer: Viewer) -> Caller:
        """Return who asks, for the audit."""
        return Caller(viewer, request.scope.get("bekal.request_id"), self.address(request))

    def _named(self, name: str) -> str:
        """Return the cookie's name. ``__Host-`` keeps neighbours under the same domain from setting it."""
        return f"__Host-bekal-{name}" if self.is_secure else f"bekal-{name}"

    def _is_proxy(self, host: str | None) -> bool:
        try:
            address = ip_address(host or "")
        except ValueError:
            return False
        return any(address in network for network in self.proxies)
