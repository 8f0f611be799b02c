"""Training institutions as a client sees them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from engine.enums import describe
from engine.graph import Node
from engine.pages import Connection
from engine.sources import column, edge, one, pages
from models import tables as rows
from resolvers import providers as do
from resolvers.courses import reads as courses_do
from rules.organisations import ProviderType
from rules.publication import PublicationState
from schema.organisations import Organisation
from schema.regions import Region

if TYPE_CHECKING:
    from schema.courses import Course

describe(
    ProviderType,
    "The kinds of training institution.",
    LKP="Course and training institute (lembaga kursus dan pelatihan).",
    LPK="Job-training institute (lembaga pelatihan kerja).",
    BLK="Public vocational training centre (balai latihan kerja).",
    BLK_KOMUNITAS="Community training centre.",
    POLITEKNIK="Polytechnic.",
    UNIVERSITAS="University, vocational branch.",
    YAYASAN="Foundation.",
    PT="Company (perseroan terbatas).",
    KOPERASI="Co-operative.",
    PESANTREN="Islamic boarding school.",
    BUMN_ACADEMY="Academy of a state-owned enterprise.",
)
describe(do.ProviderOrder, "How institutions are ordered.", NAME="By name, A to Z.", NEWEST="The latest to join first.")


@strawberry.type(description="A training institution: it teaches courses and confirms who finished them. Public.")
class Provider(Node, table=rows.Provider, visible=do.providers_visible, code="Pr"):
    """A training institution."""

    code: str = column(rows.Provider.code, description="The code that the programme gave it.")
    name: str = column(rows.Provider.name, description="The name it teaches under.")
    type: ProviderType = column(rows.Provider.type, description="What kind of institution it is.")
    about: str = column(rows.Provider.about, description="What it says of itself, in Indonesian.")
    state: PublicationState = column(rows.Provider.state, description="Whether it works in the programme now.")
    published_at: datetime | None = column(rows.Provider.published_at, description="When it was first published.")
    region: Region = edge(rows.Provider.region, description="Where it has its seat.")
    organisation: Organisation = edge(rows.Provider.organisation, description="The legal entity behind it.")
    course_count: int = column(do.COURSES_ON_SALE, description="How many courses it has on sale.")
    courses: Connection[Annotated["Course", strawberry.lazy("schema.courses")]] = pages(
        courses_do.courses_on_sale,
        on=rows.Course.provider_id,
        orders=courses_do.CourseOrder,
        description="Its courses on sale.",
    )


@strawberry.type
class ProviderQueries:
    """Reads of training institutions."""

    provider: Provider | None = one(do.provider_by, description="One training institution; null when there is none.")
    providers: Connection[Provider] = pages(
        do.providers_published, orders=do.ProviderOrder, description="Training institutions that teach now."
    )
