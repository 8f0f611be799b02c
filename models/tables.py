"""All tables by one name: importing this module fills ``Base.metadata``."""

from models.audit_events import AuditEvent
from models.base import Base
from models.categories import Category
from models.clients import Client, ClientKey, ClientSecret, Invitation
from models.courses import Course
from models.decisions import CourseDecision
from models.events import Event, EventCounter
from models.grants import (
    AuthorizationCode,
    Consent,
    DeviceRequest,
    Grant,
    PushedRequest,
    RefreshToken,
    SigningKey,
    SpentProof,
)
from models.idempotency import Idempotency
from models.jobs import Job
from models.listings import Listing
from models.marketplaces import Marketplace
from models.organisations import Organisation, Shareholding
from models.payers import Payer
from models.people import Contact, ContactIndex, Person, PersonKey, Post
from models.providers import Provider
from models.ratings import Rating
from models.regions import Region, RegionSuccession
from models.runs import Run, Session
from models.sign_ins import Attempt, Authenticator, BrowserSession, Device, OneTimeCode, Passkey, PasswordLink, SignIn

__all__ = [
    "Attempt",
    "AuditEvent",
    "Authenticator",
    "AuthorizationCode",
    "Base",
    "BrowserSession",
    "Category",
    "Client",
    "ClientKey",
    "ClientSecret",
    "Consent",
    "Contact",
    "ContactIndex",
    "Course",
    "CourseDecision",
    "Device",
    "DeviceRequest",
    "Event",
    "EventCounter",
    "Grant",
    "Idempotency",
    "Invitation",
    "Job",
    "Listing",
    "Marketplace",
    "OneTimeCode",
    "Organisation",
    "Passkey",
    "PasswordLink",
    "Payer",
    "Person",
    "PersonKey",
    "Post",
    "Provider",
    "PushedRequest",
    "Rating",
    "RefreshToken",
    "Region",
    "RegionSuccession",
    "Run",
    "Session",
    "Shareholding",
    "SignIn",
    "SigningKey",
    "SpentProof",
]
