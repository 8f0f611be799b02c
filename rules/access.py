"""Who asks, and what a caller may ask for. ``auth/`` makes a viewer, ``resolvers/`` judge by it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar
from uuid import UUID


class Role(StrEnum):
    """The part in which a caller asks. One token speaks for one role."""

    PARTICIPANT = "PARTICIPANT"
    INSTITUTION = "INSTITUTION"
    MARKETPLACE = "MARKETPLACE"
    PAYER = "PAYER"
    OFFICER = "OFFICER"
    AUDITOR = "AUDITOR"


PARTNERS = (Role.INSTITUTION, Role.MARKETPLACE, Role.PAYER)
"""Roles that an organisation plays; who holds one acts for that organisation."""

STAFF = (Role.OFFICER, Role.AUDITOR)
"""Roles of the programme office; who holds one signs in with a second factor."""


class Scope(StrEnum):
    """What a token may be used for: ``resource:action``. Each is declared here once; ``SCOPES`` tells the rest."""

    PROFILE_READ = "profile:read"
    SESSIONS_READ = "sessions:read"
    SESSIONS_WRITE = "sessions:write"
    CONSENTS_READ = "consents:read"
    CONSENTS_WRITE = "consents:write"
    COURSES_READ = "courses:read"
    COURSES_WRITE = "courses:write"
    COURSES_REVIEW = "courses:review"
    RUNS_WRITE = "runs:write"
    LISTINGS_READ = "listings:read"
    LISTINGS_WRITE = "listings:write"
    CLIENTS_READ = "clients:read"
    CLIENTS_WRITE = "clients:write"
    CLIENTS_REVIEW = "clients:review"
    INVITATIONS_WRITE = "invitations:write"
    AUDIT_READ = "audit:read"


@dataclass(frozen=True, slots=True)
class ScopeInfo:
    """What a scope means to people, and which roles may hold it."""

    roles: tuple[Role, ...]
    english: str
    indonesian: str


EVERY_ROLE = tuple(Role)

SCOPES: dict[Scope, ScopeInfo] = {
    Scope.PROFILE_READ: ScopeInfo(
        EVERY_ROLE, "See your name and how you can be reached", "Melihat nama dan cara menghubungi Anda"
    ),
    Scope.SESSIONS_READ: ScopeInfo(
        EVERY_ROLE, "See where you are signed in", "Melihat di perangkat mana saja Anda masuk"
    ),
    Scope.SESSIONS_WRITE: ScopeInfo(EVERY_ROLE, "Sign you out elsewhere", "Mengeluarkan Anda dari perangkat lain"),
    Scope.CONSENTS_READ: ScopeInfo(
        EVERY_ROLE, "See which applications you have allowed", "Melihat aplikasi yang telah Anda izinkan"
    ),
    Scope.CONSENTS_WRITE: ScopeInfo(
        EVERY_ROLE, "Withdraw what you have allowed", "Mencabut izin yang telah Anda berikan"
    ),
    Scope.COURSES_READ: ScopeInfo(
        (Role.INSTITUTION, Role.OFFICER, Role.AUDITOR),
        "See courses that are not published, and what was decided on them",
        "Melihat pelatihan yang belum terbit beserta keputusannya",
    ),
    Scope.COURSES_WRITE: ScopeInfo(
        (Role.INSTITUTION,),
        "Write, submit and withdraw the institution's courses",
        "Menulis, mengajukan, dan menarik pelatihan lembaga",
    ),
    Scope.COURSES_REVIEW: ScopeInfo(
        (Role.OFFICER,), "Decide on submitted courses", "Memutuskan pelatihan yang diajukan"
    ),
    Scope.RUNS_WRITE: ScopeInfo(
        (Role.INSTITUTION, Role.OFFICER),
        "Plan, change and cancel runs of courses",
        "Merencanakan, mengubah, dan membatalkan jadwal pelatihan",
    ),
    Scope.LISTINGS_READ: ScopeInfo(
        (Role.MARKETPLACE, Role.INSTITUTION, Role.OFFICER, Role.AUDITOR),
        "See listings that are not published",
        "Melihat penawaran yang belum terbit",
    ),
    Scope.LISTINGS_WRITE: ScopeInfo(
        (Role.MARKETPLACE,), "Offer and withdraw courses", "Menawarkan dan menarik pelatihan"
    ),
    Scope.CLIENTS_READ: ScopeInfo(
        (*PARTNERS, Role.OFFICER, Role.AUDITOR),
        "See the organisation's applications",
        "Melihat aplikasi milik organisasi",
    ),
    Scope.CLIENTS_WRITE: ScopeInfo(
        (*PARTNERS, Role.OFFICER),
        "Change the organisation's applications, their secrets and keys",
        "Mengubah aplikasi organisasi beserta kunci rahasianya",
    ),
    Scope.CLIENTS_REVIEW: ScopeInfo(
        (Role.OFFICER,),
        "Let applications go live, suspend and resume them",
        "Mengizinkan aplikasi beroperasi, menangguhkan, dan mengaktifkannya kembali",
    ),
    Scope.INVITATIONS_WRITE: ScopeInfo(
        (Role.OFFICER,), "Invite organisations to register applications", "Mengundang organisasi mendaftarkan aplikasi"
    ),
    Scope.AUDIT_READ: ScopeInfo(
        (Role.AUDITOR, Role.OFFICER, *PARTNERS),
        "Read the audit: all of it, or for partners what concerns their organisation",
        "Membaca jejak audit: seluruhnya, atau bagi mitra yang menyangkut organisasinya",
    ),
}
"""All scopes. A token never holds one that its role may not."""


def allowed(role: Role) -> frozenset[Scope]:
    """Return the scopes that ``role`` may hold."""
    return frozenset(scope for scope, info in SCOPES.items() if role in info.roles)


@dataclass(frozen=True, slots=True)
class Viewer:
    """The caller of one request, as far as scopes and row rules need to know it.

    A key that the caller lacks is None, and in SQL NULL: it equals nothing, also where a property gives it. Row rules
    shape statements by booleans, the role and the scopes of ``row_scopes`` only (``engine.symbols``).
    """

    row_scopes: ClassVar[frozenset[Scope]] = frozenset({Scope.COURSES_READ, Scope.LISTINGS_READ})
    """The scopes that row rules may ask for: each parts the kept plans once more. All others are asked by field."""

    signed_in: bool = False
    role: Role | None = None
    scopes: frozenset[Scope] = frozenset()
    person_id: UUID | None = None
    """Who signed in; None when an application speaks for its organisation alone."""
    organisation_id: UUID | None = None
    """The organisation for which a partner's person or application acts."""
    party_id: UUID | None = None
    """The key of that organisation's provider, marketplace or payer, as the role says."""
    client_id: UUID | None = None
    """The application that calls."""
    grant_id: UUID | None = None
    """What the token was issued under; None for an application that speaks for itself."""
    sandbox: bool = False
    """Whether the application is on trial: it writes test rows only."""

    @property
    def is_staff(self) -> bool:
        """Whether the programme office asks."""
        return self.role in STAFF

    @property
    def provider_id(self) -> UUID | None:
        """The training institution for which the caller acts."""
        return self.party_id if self.role is Role.INSTITUTION else None

    @property
    def marketplace_id(self) -> UUID | None:
        """The marketplace for which the caller acts."""
        return self.party_id if self.role is Role.MARKETPLACE else None


ANONYMOUS = Viewer()
"""Anybody: sees what is public."""
