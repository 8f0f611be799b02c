"""``bekal serve``, ``bekal demo``, ``bekal config``."""

import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType
from typing import TYPE_CHECKING

import click

from api.cli.database import load, load_people, prepare, refuse_in_production
from api.cli.groups import services, settings_from_environment

if TYPE_CHECKING:
    import socket

    from api.settings import Settings

HOST = click.option("--host", metavar="ADDRESS", help="Address to listen on (BEKAL_HOST).")
PORT = click.option("--port", metavar="PORT", help="Port to listen on, 0 for a free one (BEKAL_PORT).")
WORKERS = click.option("--workers", metavar="COUNT", help="Server processes (BEKAL_WORKERS).")


@click.command()
@HOST
@PORT
@WORKERS
def serve(host: str | None, port: str | None, workers: str | None) -> None:
    """Serve the graph.

    An embedded database is migrated first. A database named by BEKAL_DATABASE_URL is left as it is: run
    'bekal migrate' before the first start and after each upgrade.

    \b
    SIGTERM drains: /readyz says no for BEKAL_DRAIN_S seconds, then answers under way are finished.
    A second one stops at once.

    \b
    Examples:
      bekal serve --port 9000
      BEKAL_DATABASE_URL=postgresql://bekal:secret@db/bekal bekal serve --workers 2
    """
    settings = settings_from_environment(host=host, port=port, workers=workers)
    from api.server import listen

    _let_terminate()
    with listen(settings.host, settings.port) as listening, services(settings) as running:
        prepare(running, migrate=settings.database_url is None)
        _run(_located(running, listening), listening)


@click.command()
@HOST
@PORT
@click.option("--scale", default=1.0, show_default=True, help="Share of the demo's courses to load, 0.02 to 1.")
def demo(host: str | None, port: str | None, scale: float) -> None:
    """Start real engines, load the demo programme, and serve GraphiQL.

    The programme: 6,000 courses of 540 institutions on 8 marketplaces. All names are made up. The second start takes
    seconds, since the data stays in BEKAL_DATA_DIR; loading again changes nothing.

    One click signs in a participant, an institution, a marketplace, a payment partner, an officer or an auditor.

    \b
    Examples:
      bekal demo
      BEKAL_DATA_DIR=/tmp/bekal bekal demo --port 9000
    """
    settings = settings_from_environment(host=host, port=port)
    refuse_in_production(settings)
    from api.parsing import without_password
    from api.server import listen

    _let_terminate()
    with listen(settings.host, settings.port) as listening, _announced(settings) as running:
        click.echo(f"Database    {without_password(running.database_url or '')}")
        click.echo(f"Valkey      {without_password(running.redis_url or '')}")
        prepare(running, migrate=True)
        load(running, seed=1, scale=scale)
        load_people(running)
        click.echo(f"Messages    {running.messages_url} (what would have been sent)")
        located = replace(_located(running, listening), demo=True)
        click.echo(f"GraphiQL    {located.origin}/graphiql")
        click.echo(f"Endpoint    {located.origin}/graphql")
        click.echo("Ctrl-C stops everything; the data stays.")
        sys.stdout.flush()
        _run(located, listening)


@click.command()
def work() -> None:
    """Do what is done beside answering: send messages, number events, keep house.

    In development a server does it itself. In production run one or more of these beside the servers; they share the
    work. SIGTERM ends it when the jobs under way are done, or gives them back.

    \b
    Example:
      BEKAL_DATABASE_URL=postgresql://bekal:secret@db/bekal bekal work
    """
    settings = settings_from_environment()
    from api.working import work as work_on

    _let_terminate()
    with services(settings) as running:
        prepare(running, migrate=settings.database_url is None)
        work_on(running)


@click.command()
def config() -> None:
    """Show every setting, its value and what it is for.

    Secrets are hidden. Wrong variables are named with the remedy, and the exit code is then 2: a check to run before
    a deployment.
    """
    settings = settings_from_environment()
    for name, value, about in settings.shown():
        click.echo(f"{name}={value}")
        click.echo(f"    {about}")


@contextmanager
def _announced(settings: "Settings") -> Generator["Settings"]:
    click.echo(f"Engines     starting in {settings.data_dir}" if settings.database_url is None else "Engines     yours")
    with services(settings) as running:
        yield running


def _let_terminate() -> None:
    """End by an exception on SIGTERM while no server runs yet, so that engines started here are stopped."""

    def leave(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, leave)


def _run(settings: "Settings", listening: "socket.socket") -> None:
    if settings.workers > 1:
        from api.fleet import serve_with_workers

        code = serve_with_workers(settings, listening)
        if code:
            raise SystemExit(code)
    else:
        from api.fleet import serve_alone

        serve_alone(settings, listening)


def _located(settings: "Settings", listening: "socket.socket") -> "Settings":
    """Return settings that know the port, so that a server without a public URL knows its own."""
    return replace(settings, port=listening.getsockname()[1])
