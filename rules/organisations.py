"""Organisations: legal entities, who owns them, and the roles they play in the programme."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Ownership(StrEnum):
    """Who stands behind a legal entity. Source: Permenko 11/2020, article 29."""

    PRIVATE = "PRIVATE"
    STATE_ENTERPRISE = "STATE_ENTERPRISE"
    REGIONAL_ENTERPRISE = "REGIONAL_ENTERPRISE"
    CENTRAL_GOVERNMENT = "CENTRAL_GOVERNMENT"
    LOCAL_GOVERNMENT = "LOCAL_GOVERNMENT"


class ProviderType(StrEnum):
    """The kinds of training institution."""

    LKP = "LKP"
    LPK = "LPK"
    BLK = "BLK"
    BLK_KOMUNITAS = "BLK_KOMUNITAS"
    POLITEKNIK = "POLITEKNIK"
    UNIVERSITAS = "UNIVERSITAS"
    YAYASAN = "YAYASAN"
    PT = "PT"
    KOPERASI = "KOPERASI"
    PESANTREN = "PESANTREN"
    BUMN_ACADEMY = "BUMN_ACADEMY"


class PayerKind(StrEnum):
    """How a payment partner holds a participant's money."""

    BANK = "BANK"
    E_WALLET = "E_WALLET"


CONTROL_BP = 5_000
"""Who holds more than this share of an organisation decides for it: a half alone does not."""


@dataclass(frozen=True, slots=True)
class Share:
    """What ``owner`` holds of ``owned``, in basis points."""

    owner: UUID
    owned: UUID
    share_bp: int


def controlled_by(controller: UUID, shares: Iterable[Share]) -> frozenset[UUID]:
    """Return the organisations that ``controller`` decides for, itself included.

    The shares of what it controls count with its own: thirty per cent held directly and thirty through a subsidiary
    are control, or a group could hide behind a chain of small holdings.
    """
    owned_by: dict[UUID, list[Share]] = defaultdict(list)
    for share in shares:
        owned_by[share.owner].append(share)

    known = {controller}
    votes_bp: dict[UUID, int] = defaultdict(int)
    waiting = [controller]
    while waiting:
        for share in owned_by[waiting.pop()]:
            votes_bp[share.owned] += share.share_bp
            if votes_bp[share.owned] > CONTROL_BP and share.owned not in known:
                known.add(share.owned)
                waiting.append(share.owned)
    return frozenset(known)


def group_of(member: UUID, shares: Iterable[Share]) -> frozenset[UUID]:
    """Return every organisation that stands under one controller with ``member``, itself included.

    A marketplace may not list the courses of its own group. Source: the programme lets a marketplace cross-sell only,
    never its own courses; an audit of June 2020 found conflicts of interest in five of eight marketplaces. The sources
    do not say which share makes a course "its own"; control by majority is this system's reading. The database
    holds the rule by the functions of the same names.
    """
    edges = tuple(shares)
    owners = {member} | {edge.owner for edge in edges}
    reaches = (controlled_by(owner, edges) for owner in owners)
    return frozenset(organisation for reach in reaches if member in reach for organisation in reach)
