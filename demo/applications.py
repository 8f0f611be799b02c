"""Applications of the demo: one of a marketplace and one of an institution, each with a secret of its own."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from demo.people import organisation_of
from models.clients import Client, ClientSecret
from models.database import Database
from models.sealing import KeyRing
from rules.access import Role, allowed
from rules.clients import AuthMethod, ClientKind, ClientState, GrantType
from rules.secrets import SECRET_BYTES, SecretKind, hint_of, make_secret

FILE: Final = "demo-clients.json"
"""In the data directory: the secrets in plain text, which the database does not have. Readable by its user alone."""


@dataclass(frozen=True, slots=True)
class DemoApplication:
    """How an application of the demo proves who it is."""

    client_id: str
    client_secret: str


@dataclass(frozen=True, slots=True)
class _Plan:
    code: str
    name: str
    role: Role
    grant_types: tuple[GrantType, ...]


_PLANS: Final = (
    _Plan(
        "demo-marketplace",
        "Platform Demo",
        Role.MARKETPLACE,
        (GrantType.CLIENT_CREDENTIALS, GrantType.TOKEN_EXCHANGE),
    ),
    _Plan("demo-institution", "Lembaga Demo", Role.INSTITUTION, (GrantType.CLIENT_CREDENTIALS,)),
)


async def load_applications(database: Database, keys: KeyRing, data_dir: Path) -> list[DemoApplication]:
    """Add the applications of the demo, and return their secrets, which are kept in the data directory.

    Where the file is of another database, or lost, they get new secrets.

    Raises:
        Rejected: the database cannot be reached now.
        OSError: the file cannot be read or written.
    """
    kept = _read(data_dir / FILE)
    async with database.write() as session:
        applications = [await _keep(session, keys, plan, kept.get(plan.code)) for plan in _PLANS]
    _write(data_dir / FILE, applications)
    return applications


async def _keep(session: AsyncSession, keys: KeyRing, plan: _Plan, secret: str | None) -> DemoApplication:
    await session.execute(
        insert(Client)
        .values(
            code=plan.code,
            name=plan.name,
            organisation_id=await organisation_of(session, plan.role),
            role=plan.role,
            kind=ClientKind.CONFIDENTIAL,
            state=ClientState.LIVE,
            sandbox=False,
            auth_method=AuthMethod.SECRET_BASIC,
            grant_types=[each.value for each in plan.grant_types],
            scopes=sorted(scope.value for scope in allowed(plan.role)),
            redirect_uris=[],
            dpop_required=False,
            fapi2=False,
        )
        .on_conflict_do_nothing(index_elements=[Client.code])
    )
    client_id = (await session.scalars(select(Client.id).where(Client.code == plan.code))).one()
    purpose = SecretKind.LIVE_CLIENT.purpose
    live = set(await session.scalars(select(ClientSecret.hash).where(ClientSecret.client_id == client_id)))
    if secret is None or not live & set(keys.hashes(secret.encode(), purpose)):
        secret = make_secret(SecretKind.LIVE_CLIENT, secrets.token_bytes(SECRET_BYTES))
        await session.execute(delete(ClientSecret).where(ClientSecret.client_id == client_id))
        session.add(
            ClientSecret(client_id=client_id, slot=1, hash=keys.hash(secret.encode(), purpose), hint=hint_of(secret))
        )
    return DemoApplication(plan.code, secret)


def _read(path: Path) -> dict[str, str]:
    try:
        return {each["client_id"]: each["client_secret"] for each in json.loads(path.read_text("utf-8"))}
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return {}


def _write(path: Path, applications: list[DemoApplication]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump([asdict(each) for each in applications], file, indent=2)
    draft.replace(path)
