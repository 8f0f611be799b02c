"""What all commands share: settings from the environment, engines to work on, and failures told in a line."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NoReturn

import click

from api.settings import Environment, Settings, SettingsError

FAILED = 1
MISUSED = 2


class Commands(click.Group):
    """A group whose commands end with one clear line where the program knows what went wrong."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which a newcomer needs them."""
        del ctx
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; tell a known failure without its traceback, which says nothing to who runs the command."""
        try:
            return super().invoke(ctx)
        except SettingsError as wrong:
            for problem in wrong.problems:
                click.echo(f"Error: {problem}", err=True)
            ctx.exit(MISUSED)
        except Exception as failure:
            if type(failure).__name__ not in _TOLD:
                raise
            fail(str(failure))


_TOLD = frozenset(
    {"CannotListenError", "MigrationError", "ServiceUnavailableError", "CannotConnectError", "DemoConflictError"}
)
"""Failures whose message says what to do. By name: to import their modules would slow down every command."""


def fail(message: str) -> NoReturn:
    """End the command: say what failed and what to do next."""
    click.echo(f"Error: {message}", err=True)
    raise SystemExit(FAILED)


def settings_from_environment(**overrides: object) -> Settings:
    """Return the settings; an option of the command line wins over its variable and is checked like it.

    Raises:
        SettingsError: as ``Settings.read``.
    """
    given = {f"BEKAL_{name.upper()}": str(value) for name, value in overrides.items() if value is not None}
    return Settings.read({**os.environ, **given})


@contextmanager
def services(settings: Settings) -> Generator[Settings]:
    """Start what a server needs and no setting names, for as long as the block runs; yield settings that name it.

    Raises:
        ServiceUnavailableError: a part does not start; the message names its log file.
    """
    with _messages(settings) as messages, engines(messages) as running:
        yield running


@contextmanager
def engines(settings: Settings, *, valkey: bool = True) -> Generator[Settings]:
    """Start the engines that no setting names, for as long as the block runs, and yield settings that name them.

    Raises:
        ServiceUnavailableError: an engine does not start; the message names its log file.
    """
    lacks_postgres = settings.database_url is None
    lacks_valkey = valkey and settings.redis_url is None and settings.environment is Environment.DEVELOPMENT
    if not lacks_postgres and not lacks_valkey:
        yield settings
        return
    from api.services import EmbeddedServices

    with EmbeddedServices.start(settings.data_dir, postgres=lacks_postgres, valkey=lacks_valkey) as embedded:
        if lacks_postgres:
            settings = replace(settings, database_url=embedded.database_url)
        if lacks_valkey:
            settings = replace(settings, redis_url=embedded.redis_url)
        yield settings


@contextmanager
def _messages(settings: Settings) -> Generator[Settings]:
    """Start a simulator of the provider of messages, in a process of its own, where nobody named one."""
    if settings.messages_url is not None or settings.environment is Environment.PRODUCTION:
        yield settings
        return
    from api.services.messages import simulated

    with simulated(settings.data_dir) as url:
        yield replace(settings, messages_url=url)
