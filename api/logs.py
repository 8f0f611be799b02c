"""Logs: one event a line on standard output, JSON for machines or text for people; never a query, never a variable."""

import asyncio
import logging
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from traceback import format_tb
from typing import Any, TextIO

import orjson

from api.identities import Names
from api.settings import LogFormat, LogLevel, Settings

OURS = "bekal"
ACCESS = "bekal.access"
FLUSH_S = 0.05
"""How long an access line may wait for others, so that many are written at once."""

NOT_FOUND = 404

TALKATIVE = ("asyncpg", "sqlalchemy")
"""Libraries whose error messages repeat the values that a client sent."""

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}

Render = Callable[[dict[str, Any]], str]


class EventFormatter(logging.Formatter):
    """Turns a log record into one line: its message is the event, what came in ``extra`` stands beside it."""

    def __init__(self, render: Render) -> None:
        super().__init__()
        self._render = render

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of ``record``."""
        event: dict[str, Any] = {
            "@timestamp": timestamp(record.created),
            "id": _names.next(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        event.update((name, value) for name, value in vars(record).items() if name not in _STANDARD)
        if record.exc_info is not None and record.exc_info[1] is not None:
            event["exception"] = told(record.exc_info[1])
        return self._render(event)


class AccessLog:
    """One line for each request. Written in bunches: a write for each would cost a tenth of a small answer."""

    def __init__(self, render: Render, stream: TextIO, *, enabled: bool = True) -> None:
        self._render = render
        self._stream = stream
        self._waiting: list[str] = []
        self.enabled = enabled

    def add(
        self,
        request_id: str,
        scope: Mapping[str, Any],
        *,
        status: int,
        duration_ms: float,
        size: int,
        document: str | None = None,
    ) -> None:
        """Note a request that was answered. ``document`` is what names its query: never the query itself."""
        if not self.enabled:
            return
        if not self._waiting:
            asyncio.get_running_loop().call_later(FLUSH_S, self.flush)
        line = {
            "@timestamp": timestamp(time.time()),
            "id": _names.next(),
            "level": "info",
            "logger": ACCESS,
            "event": "request",
            "request_id": request_id,
            "method": scope["method"],
            "path": scope["path"] if status != NOT_FOUND else None,  # one that is not ours is a client's own words
            "status": status,
            "duration_ms": duration_ms,
            "bytes": size,
        }
        if document is not None:
            line["document"] = document
        self._waiting.append(self._render(line))

    def flush(self) -> None:
        """Write what waits. Called by itself; call it once more before the process ends."""
        if self._waiting:
            self._stream.write("\n".join(self._waiting) + "\n")
            self._stream.flush()
            self._waiting.clear()


def configure(settings: Settings, stream: TextIO | None = None) -> AccessLog:
    """Send every logger of this process to ``stream`` (standard output) in the form that ``settings`` wants."""
    out = sys.stdout if stream is None else stream
    render = renderer(settings, out)
    handler = logging.StreamHandler(out)
    handler.setFormatter(EventFormatter(render))
    # Ours may say all they know at DEBUG. Libraries repeat there what passes through them: tokens, codes, addresses.
    level = settings.log_level.upper()
    logging.basicConfig(
        handlers=[handler], level=max(logging.WARNING, logging.getLevelNamesMapping()[level]), force=True
    )
    logging.getLogger(OURS).setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = name != "uvicorn.access"
    return AccessLog(render, out, enabled=settings.log_level in {LogLevel.DEBUG, LogLevel.INFO})


def renderer(settings: Settings, stream: TextIO) -> Render:
    """Return how an event becomes a line."""
    text = settings.log_format is LogFormat.TEXT or (settings.log_format is LogFormat.AUTO and stream.isatty())
    return as_text if text else as_json


def as_json(event: dict[str, Any]) -> str:
    """Return an event as one line of JSON."""
    return orjson.dumps(event, default=str).decode()


def as_text(event: Mapping[str, Any]) -> str:
    """Return an event as a line for people: time of day, level, what happened, the rest as name=value."""
    rest = {name: value for name, value in event.items() if name not in _SHOWN and value is not None}
    line = f"{event['@timestamp'][11:23]} {event['level']:<7} {event['event']}"
    for name, value in rest.items():
        line += f" {name}={_on_one_line(str(value))}"
    return line + (f"\n{event['exception']}" if "exception" in event else "")


_SHOWN = frozenset({"@timestamp", "id", "level", "logger", "event", "exception"})


def _on_one_line(shown: str) -> str:
    """Return a value that can neither begin a line of its own nor command a terminal: a client may have written it."""
    return shown if shown.isprintable() else ascii(shown)


def timestamp(seconds: float) -> str:
    """Return an instant in UTC with milliseconds, as every line has it."""
    whole = int(seconds)
    return f"{_second(whole)}.{int((seconds - whole) * 1000):03d}Z"


@lru_cache(maxsize=4)
def _second(whole: int) -> str:
    return datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%dT%H:%M:%S")


_names = Names()


def told(exception: BaseException) -> str:
    """Return a traceback whose messages hold nothing that a client sent."""
    lines: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = exception
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        kind = type(current)
        secretive = kind.__module__.partition(".")[0] in TALKATIVE
        message = f"(message withheld) {getattr(current, 'sqlstate', None) or ''}" if secretive else str(current)
        lines.append("".join(format_tb(current.__traceback__)) + f"{kind.__module__}.{kind.__qualname__}: {message}")
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "\n\nwhich came from:\n".join(lines)
