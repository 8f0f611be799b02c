"""``bekal migrate``, ``bekal seed``, ``bekal services``."""

from typing import TYPE_CHECKING

import click

from api.cli.groups import Commands, engines, fail, settings_from_environment
from api.parsing import without_password

if TYPE_CHECKING:
    from api.services import ServicesStatus
    from api.settings import Settings


class CannotConnectError(Exception):
    """The database does not let us in. The message says what to do."""


@click.command()
@click.option("--to", "revision", metavar="REVISION", help="Stop at this revision instead of the newest.")
@click.option("--down", is_flag=True, help="Go back to --to; rows of dropped tables are lost.")
@click.option("--sql", is_flag=True, help="Print the SQL instead of running it.")
def migrate(revision: str | None, *, down: bool, sql: bool) -> None:
    """Bring the database's tables to this version.

    Migrations are safe while servers run, and several of these commands at once do no harm: one works, the others
    wait.

    \b
    Examples:
      bekal migrate
      bekal migrate --sql | less
      bekal migrate --down --to 0003
    """
    if down and revision is None:
        raise click.UsageError("--down needs --to: the revision to go back to, or 'base' for no tables at all.")
    from api import migrations

    if sql:
        span = f"head:{revision}" if down else f"base:{revision or 'head'}"
        click.echo(migrations.script(span, down=down), nl=False)
        return
    with engines(settings_from_environment(), valkey=False) as settings:
        url = settings.database_url
        assert url is not None
        reachable(url)
        before = migrations.current(url)
        if down:
            migrations.downgrade(url, revision or "base")
        else:
            migrations.upgrade(url, revision or "head")
        after = migrations.current(url)
    click.echo(
        f"The tables are at {after or 'nothing'}"
        + (" already." if before == after else f", were at {before or 'nothing'}.")
    )


@click.command()
@click.option("--seed", "number", default=1, show_default=True, help="Another number makes another programme.")
@click.option("--scale", default=1.0, show_default=True, help="Share of the courses to load, 0.02 to 1.")
def seed(number: int, scale: float) -> None:
    """Load the demo programme into a migrated database. Loading it twice changes nothing.

    \b
    Examples:
      bekal seed
      bekal seed --seed 7 --scale 0.1
    """
    given = settings_from_environment()
    refuse_in_production(given)
    with engines(given, valkey=False) as settings:
        prepare(settings, migrate=given.database_url is None)
        load(settings, seed=number, scale=scale)


@click.group(cls=Commands)
def services() -> None:
    """Start, stop or look at the embedded PostgreSQL and Valkey.

    'bekal serve' starts them by itself; 'up' lets them run on between starts, and for psql and other tools.
    """


@services.command()
def up() -> None:
    """Start the engines and let them run until 'bekal services down'."""
    from api.services import keep_up

    _show(keep_up(settings_from_environment().data_dir))


@services.command()
def down() -> None:
    """Stop the engines, or let the last server that uses them do so."""
    from api.services import take_down

    left = take_down(settings_from_environment().data_dir)
    if left.held:
        fail("Not stopped: a server uses them. End it first, or let it go on: they stop with it.")
    _show(left)


@services.command()
def status() -> None:
    """Say which engines run, and where."""
    from api.services import status as look

    _show(look(settings_from_environment().data_dir))


def reachable(database_url: str) -> None:
    """Return when the database lets us in.

    Raises:
        CannotConnectError: it does not; the message says why, without the password.
    """
    import asyncio

    import asyncpg

    async def knock() -> None:
        connection = await asyncpg.connect(database_url, timeout=5)
        await connection.close()

    try:
        asyncio.run(knock())
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as failed:
        reason = str(failed) or type(failed).__name__
        raise CannotConnectError(
            f"BEKAL_DATABASE_URL={without_password(database_url)} cannot be used ({reason}): "
            "check that the server runs there and lets this user in."
        ) from failed


def prepare(settings: "Settings", *, migrate: bool) -> None:
    """Bring the tables to this version, or make sure that they are there; say what to do when they are not.

    Raises:
        CannotConnectError: as ``reachable``.
        MigrationError: the tables cannot be brought to this version.
    """
    from api.migrations import MigrationError, pending, upgrade

    assert settings.database_url is not None
    reachable(settings.database_url)
    if migrate:
        upgrade(settings.database_url)
        return
    try:
        lacking = pending(settings.database_url)
    except MigrationError:
        return  # a newer version has migrated: its tables serve this one too
    if lacking:
        fail(f"The database lacks {len(lacking)} migrations ({lacking[0]} ...): run 'bekal migrate' first.")


def load(settings: "Settings", *, seed: int, scale: float) -> None:
    """Load the demo programme under a progress bar, and say how much of it there is."""
    import asyncio

    from demo.load import load_demo
    from demo.progress import progress_bar

    assert settings.database_url is not None
    with progress_bar() as progress:
        counts = asyncio.run(load_demo(settings.database_url, seed=seed, scale=scale, progress=progress))
    there = f"{counts.courses:,} courses of {counts.providers:,} institutions on {counts.marketplaces:,} marketplaces"
    click.echo(f"Programme   {there}{'' if counts.loaded else ' (were there already)'}")


def load_people(settings: "Settings") -> None:
    """Add people for each role and applications with secrets, and say how they sign in."""
    import asyncio

    from api.keys import key_ring
    from demo import applications, people
    from models.database import Database

    assert settings.database_url is not None
    url = settings.database_url

    async def add() -> list[applications.DemoApplication]:
        database = Database(url, size=1)
        try:
            await people.load_people(database, key_ring(settings))
            return await applications.load_applications(database, key_ring(settings), settings.data_dir)
        finally:
            await database.close()

    added = asyncio.run(add())
    click.echo(f"People      {', '.join(person.email for person in people.PEOPLE)}")
    click.echo(f"            password: {people.PASSWORD}; the office's authenticator: {people.AUTHENTICATOR_SECRET}")
    for application in added:
        click.echo(f"Application {application.client_id}  {application.client_secret}")


def refuse_in_production(settings: "Settings") -> None:
    """End the command where invented rows could come among real ones."""
    from api.settings import Environment

    if settings.environment is Environment.PRODUCTION:
        fail("This fills a database with invented rows: set BEKAL_ENVIRONMENT=development if that is what you want.")


def _show(found: "ServicesStatus") -> None:
    click.echo(f"Data       {found.data_dir}" + ("" if found.home == found.data_dir else f" (files in {found.home})"))
    click.echo(f"Database   {found.database_url or 'not running'}")
    click.echo(f"Valkey     {found.redis_url or 'not running'}")
    if found.database_url or found.redis_url:
        reasons = [*(["a server uses them"] if found.held else []), *(["kept up"] if found.kept else [])]
        click.echo(f"They run   {' and '.join(reasons) or 'although nobody uses them: bekal services down stops them'}")
