"""All tables by one name: importing this module fills ``Base.metadata``."""

from models.base import Base
from models.categories import Category
from models.courses import Course
from models.listings import Listing
from models.marketplaces import Marketplace
from models.organisations import Organisation, Shareholding
from models.payers import Payer
from models.providers import Provider
from models.ratings import Rating
from models.regions import Region, RegionSuccession
from models.runs import Run, Session

__all__ = [
    "Base",
    "Category",
    "Course",
    "Listing",
    "Marketplace",
    "Organisation",
    "Payer",
    "Provider",
    "Rating",
    "Region",
    "RegionSuccession",
    "Run",
    "Session",
    "Shareholding",
]
