"""The kinds of key. A ``CourseId`` is a UUID that names a course; the graph knows its type from the name."""

from typing import NewType
from uuid import UUID

AuditEventId = NewType("AuditEventId", UUID)
BrowserSessionId = NewType("BrowserSessionId", UUID)
CategoryId = NewType("CategoryId", UUID)
ClientId = NewType("ClientId", UUID)
ClientKeyId = NewType("ClientKeyId", UUID)
ClientSecretId = NewType("ClientSecretId", UUID)
ConsentId = NewType("ConsentId", UUID)
CourseId = NewType("CourseId", UUID)
GrantId = NewType("GrantId", UUID)
InvitationId = NewType("InvitationId", UUID)
ListingId = NewType("ListingId", UUID)
MarketplaceId = NewType("MarketplaceId", UUID)
OrganisationId = NewType("OrganisationId", UUID)
PasskeyId = NewType("PasskeyId", UUID)
PayerId = NewType("PayerId", UUID)
PersonId = NewType("PersonId", UUID)
PostId = NewType("PostId", UUID)
ProviderId = NewType("ProviderId", UUID)
RatingId = NewType("RatingId", UUID)
RegionId = NewType("RegionId", UUID)
RunId = NewType("RunId", UUID)
SessionId = NewType("SessionId", UUID)
