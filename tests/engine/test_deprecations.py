import strawberry
from sqlalchemy import select

from engine.graph import Graph, Row
from engine.sdl import public_sdl
from engine.sources import EVERYONE, column, deprecated, listed
from tests.engine.library.reads import Viewer
from tests.engine.library.tables import Book


def test_a_deprecated_field_is_marked_in_the_schema_file_until_it_goes() -> None:
    def books(viewer: Viewer) -> object:
        del viewer
        return select(Book)

    @strawberry.type(name="Thing", description="A thing.")
    class Thing(Row, table=Book, visible=EVERYONE):
        title: str = deprecated(column(Book.title, description="Its title."), "Use `name`. Removed 2027-06-30.")

    @strawberry.type
    class Query:
        things: list[Thing] = listed(books, order=(), description="Things.")

    sdl = public_sdl(Graph(strawberry.Schema(Query)))

    assert 'title: String! @deprecated(reason: "Use `name`. Removed 2027-06-30.")' in sdl
