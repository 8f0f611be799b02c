"""Every setting of the server: read once from ``BEKAL_*`` variables, checked all together, handed down as one value."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from api import parsing
from api.parsing import Network

PREFIX = "BEKAL_"
TEST_PREFIX = "BEKAL_TEST_"
"""Variables of the test suite; the server does not read them and does not mind them."""

Value = TypeVar("Value")


class Environment(StrEnum):
    """How much the server shows, and what it may make up for itself."""

    DEVELOPMENT = "development"
    """Answers may carry their plan and SQL; engines and keys that nobody configured are made in the data directory."""
    PRODUCTION = "production"
    """Nothing is explained, nothing is made up: what is missing is an error at start."""


class Background(StrEnum):
    """Where jobs are done and events are numbered."""

    AUTO = "auto"
    """In development in the servers; in production elsewhere."""
    HERE = "here"
    """In each server process, beside its answers."""
    ELSEWHERE = "elsewhere"
    """In processes of their own: ``bekal work``."""


class LogFormat(StrEnum):
    """How a log line looks."""

    AUTO = "auto"
    """Text on a terminal, JSON elsewhere."""
    JSON = "json"
    TEXT = "text"


class LogLevel(StrEnum):
    """The least serious event that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class SettingsError(Exception):
    """The server cannot start with these settings. ``problems`` says for each variable what to do."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def variable(parse: Callable[[str], Value], default: Value, about: str, show: Callable[[str], str] = str) -> Value:
    """Declare a setting: how its text is read, what holds without it, what it is for, and how it may be shown."""
    metadata = {"parse": parse, "about": about, "show": show}
    made: Any = field(default=default, metadata=metadata)
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings; the variable of ``host`` is ``BEKAL_HOST``, and so on."""

    host: str = variable(
        parsing.text, "127.0.0.1", "Address to listen on; keep the loopback unless a proxy is in front."
    )
    port: int = variable(parsing.port, 8000, "Port to listen on; 0 takes a free one.")
    workers: int = variable(parsing.whole(1, 64), 1, "Server processes; one for each core is plenty.")
    environment: Environment = variable(
        parsing.word(Environment), Environment.DEVELOPMENT, "production explains nothing and makes nothing up."
    )
    database_url: str | None = variable(
        parsing.database_url, None, "PostgreSQL 18; unset starts an embedded one.", parsing.without_password
    )
    database_replica_url: str | None = variable(
        parsing.database_url, None, "A replica for reads; unset reads from the primary.", parsing.without_password
    )
    redis_url: str | None = variable(
        parsing.redis_url, None, "Valkey or Redis; unset starts an embedded one.", parsing.without_password
    )
    messages_url: str | None = variable(
        parsing.service_url, None, "Takes e-mail and text messages; unset starts a simulator.", parsing.without_password
    )
    background: Background = variable(
        parsing.word(Background), Background.AUTO, "Where jobs are done: here, elsewhere (bekal work), or auto."
    )
    demo: bool = variable(
        parsing.yes_or_no,
        False,  # noqa: FBT003 - a default, read as BEKAL_DEMO=no
        "Offers the people of the demo on the sign-in page; production refuses it.",
    )
    data_dir: Path = variable(parsing.path, Path(), "Where embedded engines and made-up keys live.")
    cursor_key: bytes | None = variable(
        parsing.key, None, "Signs cursors: at least 32 bytes, hex or base64; the same for all servers.", parsing.hidden
    )
    master_keys: tuple[tuple[int, bytes], ...] = variable(
        parsing.keys, (), "Seals personal data and secrets: 1:KEY,2:KEY; the highest number seals.", parsing.hidden
    )
    public_url: str = variable(
        parsing.public_url, "", "How the world reaches this server: https://graf.example; unset is where it listens."
    )
    log_level: LogLevel = variable(parsing.word(LogLevel), LogLevel.INFO, "Least serious event that is logged.")
    log_format: LogFormat = variable(
        parsing.word(LogFormat), LogFormat.AUTO, "json, text, or auto: text on a terminal."
    )
    max_body_bytes: int = variable(parsing.whole(1024, 16 << 20), 128 << 10, "Longest request body that is read.")
    max_signed_in_body_bytes: int = variable(
        parsing.whole(1024, 64 << 20), 4 << 20, "Longest body of a caller with a token: bulk writes are long."
    )
    max_tokens: int = variable(parsing.whole(10, 100_000), 1000, "Most tokens of a document; validation is quadratic.")
    max_depth: int = variable(parsing.whole(1, 50), 12, "Deepest nesting of fields in an operation.")
    max_aliases: int = variable(parsing.whole(0, 1000), 30, "Most aliases in an operation.")
    max_cost: int = variable(parsing.whole(1, 10_000_000), 10_000, "Most objects that an answer may hold.")
    max_in_flight: int = variable(
        parsing.whole(1, 10_000), 256, "Most requests of one process at a time; more are asked to come back."
    )
    request_timeout_s: float = variable(parsing.seconds(0.1, 300), 10.0, "Longest time for one answer.")
    statement_timeout_s: float = variable(parsing.seconds(0.05, 300), 3.0, "Longest time for one SQL statement.")
    pool_timeout_s: float = variable(parsing.seconds(0.01, 60), 0.5, "Longest wait for a database connection.")
    pool_size: int = variable(parsing.whole(1, 200), 8, "Database connections of one server process.")
    write_pool_size: int = variable(
        parsing.whole(2, 50), 4, "Database connections for writes and sign-in, of one process."
    )
    drain_s: float = variable(parsing.seconds(0, 60), 3.0, "How long to serve on after SIGTERM while /readyz says no.")
    trusted_proxies: tuple[Network, ...] = variable(
        parsing.networks, (), "Addresses whose X-Request-Id and X-Forwarded-For are believed: 10.0.0.7, 10.1.0.0/16."
    )

    @property
    def works_here(self) -> bool:
        """Whether a server process does jobs beside its answers."""
        if self.background is Background.AUTO:
            return self.environment is Environment.DEVELOPMENT
        return self.background is Background.HERE

    @property
    def origin(self) -> str:
        """How the world reaches this server: the issuer of its tokens, and the beginning of every link to it."""
        if self.public_url:
            return self.public_url
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - told, not bound
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Settings":
        """Return the settings that ``environ`` asks for.

        Raises:
            SettingsError: naming every variable that is wrong, unknown or missing.
        """
        values: dict[str, Any] = {"data_dir": default_data_dir(environ)}
        problems = list(_unknown(environ))
        for setting in _declared():
            name = variable_name(setting.name)
            written = environ.get(name, "").strip()
            if not written:
                continue
            try:
                values[setting.name] = setting.metadata["parse"](written)
            except ValueError as wrong:
                problems.append(f"{name}={setting.metadata['show'](written)} {wrong}")
        settings = cls(**values)
        problems.extend(_unfit(settings, environ))
        if problems:
            raise SettingsError(problems)
        return settings

    def shown(self) -> Iterator[tuple[str, str, str]]:
        """Yield variable, effective value (secrets hidden) and purpose of every setting."""
        for setting in _declared():
            value: object = getattr(self, setting.name)
            yield variable_name(setting.name), _shown(value, setting.metadata["show"]), setting.metadata["about"]


def variable_name(field_name: str) -> str:
    """Return the environment variable of a field: ``pool_size`` is ``BEKAL_POOL_SIZE``."""
    return PREFIX + field_name.upper()


def default_data_dir(environ: Mapping[str, str]) -> Path:
    """Return where data goes when nobody says: the folder that the XDG convention names for this user."""
    home = environ.get("XDG_DATA_HOME", "")
    base = Path(home) if home.startswith("/") else Path(environ.get("HOME") or Path.home()) / ".local" / "share"
    return base / "bekal"


def _declared() -> tuple[Field[Any], ...]:
    return fields(Settings)


def _shown(value: object, show: Callable[[str], str]) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, bytes):
        return show(value.hex())
    if isinstance(value, tuple):
        return show(",".join(str(part) for part in value))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return show(str(value))


def _unknown(environ: Mapping[str, str]) -> Iterator[str]:
    known = [variable_name(setting.name) for setting in _declared()]
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known and not name.startswith(TEST_PREFIX):
            close = get_close_matches(name.removeprefix(PREFIX), (word.removeprefix(PREFIX) for word in known), 1)
            hint = f"did you mean {PREFIX}{close[0]}?" if close else "'bekal config' lists the settings."
            yield f"{name} is not a setting: {hint}"


def _unfit(settings: Settings, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong between settings that are right by themselves."""
    if settings.statement_timeout_s >= settings.request_timeout_s:
        yield (
            f"BEKAL_STATEMENT_TIMEOUT_S={settings.statement_timeout_s:g} must be below "
            f"BEKAL_REQUEST_TIMEOUT_S={settings.request_timeout_s:g}: time-outs nest, the inner one ends first."
        )
    if settings.environment is Environment.PRODUCTION:
        if not environ.get("BEKAL_DATABASE_URL"):
            yield "BEKAL_DATABASE_URL is not set: production starts no database of its own, so name one."
        if not environ.get("BEKAL_CURSOR_KEY"):
            yield "BEKAL_CURSOR_KEY is not set: production makes no keys up. Make one with 'openssl rand -hex 32'."
        if not environ.get("BEKAL_MASTER_KEYS"):
            yield "BEKAL_MASTER_KEYS is not set: production makes no keys up. Set 1:KEY, of 'openssl rand -hex 32'."
        if settings.demo:
            yield "BEKAL_DEMO=yes lets anybody sign in as anybody of the demo: production has no such people. Unset it."
        if not environ.get("BEKAL_MESSAGES_URL"):
            yield "BEKAL_MESSAGES_URL is not set: nobody can sign in without the codes that are sent through it."
        if not settings.public_url.startswith("https://"):
            yield "BEKAL_PUBLIC_URL is no https URL: tokens and links are made from it, not from what is asked for."
