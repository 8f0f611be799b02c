"""The ``bekal`` command. Commands import what they run when they run it, so that help comes at once."""

from importlib.metadata import version

import click

from api.cli.database import migrate, seed, services
from api.cli.graph import explain, schema
from api.cli.groups import Commands
from api.cli.serving import config, demo, serve, work


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Start here:
  bekal demo                  everything on this machine, with a demo programme
  bekal config                every setting, its value and what it is for
\b
Settings are environment variables, for example
  BEKAL_PORT=9000 bekal serve
""",
)
@click.version_option(version("bekal"), prog_name="bekal", message="%(prog)s %(version)s")
def main() -> None:
    """Bekal: one typed GraphQL graph for a national training-assistance programme.

    Without any setting, PostgreSQL and Valkey are started on this machine from packages; with BEKAL_DATABASE_URL and
    BEKAL_REDIS_URL set, yours are used and nothing is started.
    """


for command in (demo, serve, work, migrate, seed, services, schema, explain, config):
    main.add_command(command)
