"""Organisations: legal entities, who owns them, and the roles they play in the programme."""

from enum import StrEnum


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
