"""Names for requests and events, by which a client, a log line and a developer mean the same thing."""

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address
from secrets import token_hex
from typing import Any

from api.parsing import Network

LENGTH_MIN = 8
LENGTH_MAX = 64
"""A name from outside is echoed and logged, so it is short; a shorter one than eight would soon come twice."""

_LETTERS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")


class Names:
    """Names that no two processes share: a random beginning for each process, then a count."""

    def __init__(self) -> None:
        self._beginning = token_hex(8)
        self._count = 0

    def next(self) -> str:
        """Return a new name: 24 hex digits."""
        self._count += 1
        return f"{self._beginning}{self._count:08x}"


class RequestIds:
    """The id of each request: the proxy's, when the proxy is trusted, else a new one."""

    def __init__(self, trusted: tuple[Network, ...]) -> None:
        self._names = Names()
        self._trusted = trusted
        self._is_trusted = lru_cache(maxsize=1024)(self._lies_in_trusted)

    def of(self, scope: Mapping[str, Any]) -> str:
        """Return the id of the request that ``scope`` describes."""
        if self._trusted:
            client = scope.get("client")
            if client and self._is_trusted(client[0]):
                for name, value in scope["headers"]:
                    if (
                        name == b"x-request-id"
                        and LENGTH_MIN <= len(value) <= LENGTH_MAX
                        and _LETTERS.issuperset(value)
                    ):
                        return value.decode()
        return self._names.next()

    def _lies_in_trusted(self, host: str) -> bool:
        try:
            address = ip_address(host)
        except ValueError:
            return False  # a Unix socket has no address, and nobody named it
        return any(address in network for network in self._trusted)
