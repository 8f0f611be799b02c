"""The kinds of key. A ``CourseId`` is a UUID that names a course; the graph knows its type from the name."""

from typing import NewType
from uuid import UUID

CategoryId = NewType("CategoryId", UUID)
CourseId = NewType("CourseId", UUID)
ListingId = NewType("ListingId", UUID)
MarketplaceId = NewType("MarketplaceId", UUID)
OrganisationId = NewType("OrganisationId", UUID)
PayerId = NewType("PayerId", UUID)
ProviderId = NewType("ProviderId", UUID)
RatingId = NewType("RatingId", UUID)
RegionId = NewType("RegionId", UUID)
RunId = NewType("RunId", UUID)
SessionId = NewType("SessionId", UUID)
