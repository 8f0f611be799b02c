"""``bekal schema``, ``bekal explain``."""

from pathlib import Path
from typing import Any, cast

import click

from api.cli.groups import Commands, fail, settings_from_environment


@click.group(cls=Commands)
def schema() -> None:
    """Work with the graph's schema files."""


@schema.command()
@click.option("--check", is_flag=True, help="Write nothing; fail when the files differ from the code.")
def export(*, check: bool) -> None:
    """Write the graph's two schema files, and docs/scopes.md.

    schema/schema.graphql is what clients see, schema/subgraph.graphql is for federation. They are committed, so that a
    change of the graph shows as a change of a file. docs/scopes.md is left out where there is no docs folder.
    """
    from difflib import unified_diff

    import schema as room
    from schema.graph import build, public_sdl, subgraph_sdl
    from schema.scopes import scopes_page

    built = build()
    folder = Path(next(iter(room.__path__)))
    files = {folder / "schema.graphql": public_sdl(built), folder / "subgraph.graphql": subgraph_sdl(built)}
    if (docs := folder.parent / "docs").is_dir():
        files[docs / "scopes.md"] = scopes_page(built)
    differs = False
    for path, text in files.items():
        name = path.name
        kept = path.read_text(encoding="utf-8") if path.exists() else ""
        if kept == text:
            continue
        differs = True
        if check:
            change = unified_diff(kept.splitlines(), text.splitlines(), f"{name} (file)", f"{name} (code)", lineterm="")
            click.echo("\n".join(change))
        else:
            path.write_text(text, encoding="utf-8")
            click.echo(f"Wrote {path}")
    if check and differs:
        fail("The schema files differ from the code: run 'bekal schema export' and commit them.")
    if not differs:
        click.echo("The schema files are as the code says.")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--variables", default="{}", metavar="JSON", help="The operation's variables.")
@click.option("--operation", metavar="NAME", help="Which operation, when the file has several.")
def explain(file: Path, variables: str, operation: str | None) -> None:
    """Show the plan of the operation in FILE, and its SQL.

    \b
    Example:
      bekal explain courses.graphql --variables '{"first": 20}'
    """
    import orjson

    from api.assembly import build_engine
    from engine.documents import Invalid
    from engine.errors import Rejected
    from engine.pool import Pool
    from engine.run import Ask
    from rules.access import ANONYMOUS

    try:
        values = orjson.loads(variables)
    except orjson.JSONDecodeError as wrong:
        raise click.BadParameter(f"no JSON: {wrong}.", param_hint="--variables") from None
    if not isinstance(values, dict):
        raise click.BadParameter('write a JSON object, such as {"first": 20}.', param_hint="--variables")
    settings = settings_from_environment()
    engine = build_engine(settings, Pool(settings.database_url or ""))  # a plan is made without asking the database
    ask = Ask(file.read_text(encoding="utf-8"), operation, cast("dict[str, Any]", values))
    try:
        plan = engine.explain(ask, ANONYMOUS)
    except Rejected as rejected:
        fail(f"{file}: {rejected.message}")
    except Invalid as invalid:
        fail("\n".join(f"{file}: {problem}" for problem in invalid.problems))
    click.echo(f"# Objects in the answer, at most: {plan['cost']}")
    for kind, comment in (("sql", "Statement"), ("functions", "Function")):
        for number, text in enumerate(plan[kind], 1):
            click.echo(f"\n# {comment} {number}\n{text.rstrip()}")
