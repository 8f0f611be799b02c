"""The programme's own applications: GraphiQL, which is served from here and signs people in like any other.

They are written when a server starts, because where they are reached hangs on its public address.
"""

from typing import Final

from sqlalchemy import or_
from sqlalchemy.dialects.postgresql import insert

from auth.oauth.tokens import OPENID
from models.clients import Client
from models.database import Database
from rules.access import Scope
from rules.clients import AuthMethod, ClientKind, ClientState, GrantType

GRAPHIQL: Final = "graphiql"
"""The ``client_id`` of GraphiQL."""


async def keep_own_clients(database: Database, origin: str) -> None:
    """Write the programme's own applications, and bring their addresses and scopes up to date.

    What an operator decided about one, that it is suspended, stays.

    Raises:
        Rejected: the database cannot be reached now.
    """
    kept = {"scopes": [OPENID, *(scope.value for scope in Scope)], "redirect_uris": [f"{origin}/graphiql"]}
    made = insert(Client).values(
        code=GRAPHIQL,
        name="GraphiQL",
        kind=ClientKind.PUBLIC,
        state=ClientState.LIVE,
        sandbox=False,
        auth_method=AuthMethod.NONE,
        grant_types=[GrantType.AUTHORIZATION_CODE.value, GrantType.REFRESH_TOKEN.value],
        dpop_required=False,
        fapi2=False,
        **kept,
    )
    differs = or_(*(getattr(Client, name) != value for name, value in kept.items()))
    async with database.write() as session:
        await session.execute(made.on_conflict_do_update(index_elements=[Client.code], set_=kept, where=differs))
