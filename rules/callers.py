"""Callers: who asks, by which request, and how much of an address may be kept."""

from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address, ip_network

from rules.access import ANONYMOUS, Viewer

IPV4_BITS_KEPT = 24
IPV6_BITS_KEPT = 48
"""What names a provider or an organisation, not a household."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A viewer, and what an audit notes of the request that he made."""

    viewer: Viewer
    request_id: str | None = None
    address: str | None = None
    """The beginning of the network address, as ``prefix_of`` leaves it."""


PROGRAMME = Caller(ANONYMOUS)
"""The programme itself: deadlines, housekeeping. It has no idempotency keys."""


def prefix_of(address: str | None) -> str | None:
    """Return the network of an IP address, /24 or /48; None for what is no address.

    An IPv4 address that comes as IPv6 (``::ffff:203.0.113.7``) is taken for what it is.
    """
    try:
        parsed = ip_address((address or "").partition("%")[0])
    except ValueError:
        return None
    mapped = None if isinstance(parsed, IPv4Address) else parsed.ipv4_mapped
    parsed = mapped or parsed
    bits = IPV4_BITS_KEPT if isinstance(parsed, IPv4Address) else IPV6_BITS_KEPT
    return str(ip_network((parsed, bits), strict=False))
