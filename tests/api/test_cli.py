import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.cli import main
from api.migrations import current

ROOT = Path(__file__).parents[2]
HELP = ROOT / "tests" / "api" / "help.txt"


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    for name in ("BEKAL_DATABASE_URL", "BEKAL_REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    return {"BEKAL_DATA_DIR": str(tmp_path), "HOME": str(tmp_path)}


def run(environ: dict[str, str], *arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, env=environ, prog_name="bekal", terminal_width=80)


def test_the_version_is_the_packages() -> None:
    assert run({}, "--version").output == f"bekal {version('bekal')}\n"


def test_help_reads_as_it_was_read_last_time() -> None:
    """When help.txt changes, read it as a stranger would: it is what they see. Remove it to have it written anew."""
    names = ["", *main.commands, *(f"services {name}" for name in ("up", "down", "status")), "schema export"]

    shown = "\n".join(f"$ bekal {name} -h\n{run({}, *name.split(), '-h').output}" for name in names)

    if not HELP.exists():
        HELP.write_text(shown, encoding="utf-8")
        pytest.fail(f"{HELP} was not there and has been written: read it, and commit it.")
    assert shown == HELP.read_text(encoding="utf-8")


def test_help_comes_without_loading_what_commands_run() -> None:
    heavy = "asyncpg sqlalchemy strawberry graphql uvicorn starlette redis rich alembic"
    program = f"import sys, bekal, api.cli; print(*sorted(set('{heavy}'.split()) & sys.modules.keys()))"

    loaded = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout

    assert loaded == "\n"


def test_python_m_bekal_is_the_same_command() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "bekal", "--version"], cwd=ROOT, check=True, capture_output=True, text=True
    )

    assert shown.stdout == f"bekal {version('bekal')}\n"


def test_wrong_settings_are_all_named_and_misuse_is_2(environ: dict[str, str]) -> None:
    result = run(environ | {"BEKAL_PORT": "x", "BEKAL_PROT": "1"}, "config")

    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        "Error: BEKAL_PROT is not a setting: did you mean BEKAL_PORT?",
        "Error: BEKAL_PORT=x is not a whole number from 0 to 65535.",
    ]


def test_a_wrong_option_is_told_as_its_variable(environ: dict[str, str]) -> None:
    result = run(environ, "serve", "--port", "99999")

    assert (result.exit_code, result.stderr) == (2, "Error: BEKAL_PORT=99999 is not a whole number from 0 to 65535.\n")


def test_config_shows_what_holds_and_no_secret(environ: dict[str, str]) -> None:
    result = run(environ | {"BEKAL_DATABASE_URL": "postgresql://bekal:s3cret@db/bekal"}, "config")

    assert result.exit_code == 0
    assert "BEKAL_DATABASE_URL=postgresql://bekal:***@db/bekal\n" in result.output
    assert "BEKAL_POOL_SIZE=8\n    Database connections of one server process.\n" in result.output
    assert "s3cret" not in result.output


def test_a_database_that_is_not_there_is_one_line_without_the_password(
    environ: dict[str, str], unused_tcp_port: int
) -> None:
    url = f"postgresql://bekal:s3cret@127.0.0.1:{unused_tcp_port}/bekal"

    result = run(environ | {"BEKAL_DATABASE_URL": url}, "migrate")

    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"Error: BEKAL_DATABASE_URL=postgresql://bekal:***@127.0.0.1:{unused_tcp_port}/bekal cannot")
    assert "check that the server runs there" in line


def test_migrate_goes_up_and_down_and_says_where_it_is(environ: dict[str, str], empty_database_url: str) -> None:
    environ["BEKAL_DATABASE_URL"] = empty_database_url

    up = run(environ, "migrate")
    again = run(environ, "migrate")
    down = run(environ, "migrate", "--down", "--to", "base")

    assert up.exit_code == again.exit_code == down.exit_code == 0
    assert "were at nothing" in up.output
    assert again.output.endswith("already.\n")
    assert down.output.startswith("The tables are at nothing, were at ")
    assert current(empty_database_url) is None


def test_migrate_down_asks_where_to(environ: dict[str, str]) -> None:
    result = run(environ, "migrate", "--down")

    assert result.exit_code == 2
    assert "--down needs --to" in result.stderr


def test_migrate_prints_sql_without_a_database(environ: dict[str, str]) -> None:
    result = run(environ, "migrate", "--sql")

    assert result.exit_code == 0
    assert "CREATE TABLE courses" in result.output


def test_serve_refuses_a_database_without_tables(environ: dict[str, str], empty_database_url: str) -> None:
    environ |= {
        "BEKAL_DATABASE_URL": empty_database_url,
        "BEKAL_REDIS_URL": "redis://127.0.0.1:1/0",
        "BEKAL_MESSAGES_URL": "http://127.0.0.1:1",
    }

    result = run(environ, "serve", "--port", "0")

    assert result.exit_code == 1
    assert "run 'bekal migrate' first" in result.stderr


@pytest.mark.parametrize("command", ["demo", "seed"])
def test_invented_rows_stay_out_of_production(environ: dict[str, str], command: str) -> None:
    environ |= {
        "BEKAL_ENVIRONMENT": "production",
        "BEKAL_DATABASE_URL": "postgresql://127.0.0.1:1/bekal",
        "BEKAL_CURSOR_KEY": "ab" * 32,
        "BEKAL_MASTER_KEYS": f"1:{'ab' * 32}",
        "BEKAL_PUBLIC_URL": "https://graf.example",
        "BEKAL_MESSAGES_URL": "https://messages.example",
    }

    result = run(environ, command)

    assert result.exit_code == 1
    assert "invented rows" in result.stderr


def test_seed_loads_once(environ: dict[str, str], fresh_database_url: str) -> None:
    environ["BEKAL_DATABASE_URL"] = fresh_database_url

    first = run(environ, "seed", "--scale", "0.02")
    second = run(environ, "seed", "--scale", "0.02")
    other = run(environ, "seed", "--scale", "0.03")

    assert first.exit_code == second.exit_code == 0
    assert first.stdout.startswith("Programme   120 courses of ")
    assert second.stdout == first.stdout.rstrip("\n") + " (were there already)\n"
    assert other.exit_code == 1
    assert other.stderr.splitlines()[-1].startswith("Error: This database holds demo data that was not made from")


def test_services_are_not_running_where_nobody_started_them(environ: dict[str, str]) -> None:
    result = run(environ, "services", "status")

    assert result.exit_code == 0
    assert "Database   not running" in result.output


def test_explain_shows_sql_without_a_database(environ: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "courses.graphql"
    file.write_text("query ($first: Int) {courses(first: $first) {edges {node {title provider {name}}}}}")

    result = run(environ, "explain", str(file), "--variables", '{"first": 5}')

    assert result.exit_code == 0, result.output
    assert "# Statement 1\nSELECT" in result.output
    assert "# Function 1\n" in result.output


@pytest.mark.parametrize(
    ("document", "variables", "message"),
    [
        ("{nothing}", "{}", "Cannot query field 'nothing'"),
        ("{", "{}", "Syntax Error"),
        ("{__typename}", "[]", "write a JSON object"),
        ("{__typename}", "{", "no JSON"),
        ("query A{__typename} query B{__typename}", "{}", "operationName"),
    ],
)
def test_explain_says_what_is_wrong_with_its_file(
    environ: dict[str, str], tmp_path: Path, document: str, variables: str, message: str
) -> None:
    file = tmp_path / "wrong.graphql"
    file.write_text(document)

    result = run(environ, "explain", str(file), "--variables", variables)

    assert result.exit_code in {1, 2}
    assert message in result.stderr
