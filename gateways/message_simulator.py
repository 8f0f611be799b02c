"""Stands in for the provider of messages: a server of its own that shows what would have been sent.

``GET /`` is a page with the latest messages, ``GET /messages`` the same as JSON (``?to=`` narrows it), and each is a
line of the file. ``POST /behaviour`` with ``{"mode": "..."}`` makes it misbehave; see ``Mode``.
"""

import html
import json
import os
import threading
import time
from collections import deque
from datetime import UTC, datetime
from enum import StrEnum
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

SHOWN_MAX: Final = 200
BODY_BYTES_MAX: Final = 64 << 10
STALL_S: Final = 30.0
FIELDS: Final = frozenset({"id", "channel", "to", "subject", "text"})


class Mode(StrEnum):
    """How the provider behaves."""

    WELL = "well"
    FAIL = "fail"
    """Answers 503 and takes nothing."""
    STALL = "stall"
    """Takes nothing and does not answer for half a minute."""
    LIE = "lie"
    """Takes the message and answers 500: who sends it again must not make it come twice."""


class Simulator(ThreadingHTTPServer):
    """The server. ``file`` gets a line for each message; None keeps them in memory alone."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], file: Path | None = None) -> None:
        super().__init__(address, _Handler)
        self.mode = Mode.WELL
        self.asked = 0
        self._file = file
        self._lock = threading.Lock()
        self._known: set[str] = set()
        self._latest: deque[dict[str, str]] = deque(maxlen=SHOWN_MAX)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def take(self, message: dict[str, str]) -> None:
        """Keep a message, unless its id came before."""
        with self._lock:
            if message["id"] in self._known:
                return
            self._known.add(message["id"])
            message = {"at": datetime.now(UTC).isoformat(timespec="seconds"), **message}
            self._latest.appendleft(message)
            if self._file is not None:
                opened = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
                with os.fdopen(opened, "a", encoding="utf-8") as lines:
                    lines.write(json.dumps(message, ensure_ascii=False) + "\n")

    def latest(self, to: str | None = None) -> list[dict[str, str]]:
        """Return the latest messages, newest first."""
        with self._lock:
            return [message for message in self._latest if to is None or message["to"] == to]


class _Handler(BaseHTTPRequestHandler):
    server: Simulator  # pyright: ignore[reportIncompatibleVariableOverride]
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_GET(self) -> None:
        where = urlsplit(self.path)
        to = parse_qs(where.query).get("to", [None])[0]
        if where.path == "/messages":
            self._answer(HTTPStatus.OK, json.dumps(self.server.latest(to)), "application/json")
        elif where.path == "/":
            self._answer(HTTPStatus.OK, _page(self.server.latest(to)), "text/html; charset=utf-8")
        else:
            self._tell(HTTPStatus.NOT_FOUND, "Messages are at /, and as JSON at /messages.")

    def do_POST(self) -> None:
        body = self._read()
        if body is None:
            self._tell(HTTPStatus.BAD_REQUEST, "Send a JSON object of strings, 64 KiB at most.")
        elif self.path == "/behaviour":
            self._behave(body.get("mode", ""))
        elif self.path == "/messages":
            self._take(body)
        else:
            self._tell(HTTPStatus.NOT_FOUND, "Messages are sent to /messages.")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the library's
        """Say nothing: what is sent is on the page."""

    def _behave(self, mode: str) -> None:
        if mode not in set(Mode):
            self._tell(HTTPStatus.BAD_REQUEST, f"mode is one of {', '.join(Mode)}.")
            return
        self.server.mode = Mode(mode)
        self._answer(HTTPStatus.OK, json.dumps({"mode": mode}), "application/json")

    def _take(self, message: dict[str, str]) -> None:
        self.server.asked += 1
        mode = self.server.mode
        if mode is Mode.STALL:
            until = time.monotonic() + STALL_S
            while time.monotonic() < until and self.server.mode is Mode.STALL:
                time.sleep(0.05)
        if mode in (Mode.FAIL, Mode.STALL):
            self._tell(HTTPStatus.SERVICE_UNAVAILABLE, "Told to fail.")
        elif message.keys() != FIELDS:
            self._tell(HTTPStatus.BAD_REQUEST, f"A message has {', '.join(sorted(FIELDS))}.")
        else:
            self.server.take(message)
            if mode is Mode.LIE:
                self._tell(HTTPStatus.INTERNAL_SERVER_ERROR, "Told to lie.")
            else:
                self._answer(HTTPStatus.ACCEPTED, json.dumps({"id": message["id"]}), "application/json")

    def _read(self) -> dict[str, str] | None:
        length = self.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > BODY_BYTES_MAX:
            self.close_connection = True
            return None
        try:
            body: Any = json.loads(self.rfile.read(int(length)))
        except ValueError:
            return None
        whole = isinstance(body, dict) and all(isinstance(value, str) for value in body.values())  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        return body if whole else None  # pyright: ignore[reportUnknownVariableType]

    def _tell(self, status: HTTPStatus, message: str) -> None:
        self._answer(status, json.dumps({"error": message}), "application/json")

    def _answer(self, status: HTTPStatus, text: str, media_type: str) -> None:
        body = text.encode()
        try:
            self.send_response(status)
            self.send_header("content-type", media_type)
            self.send_header("content-length", str(len(body)))
            self.send_header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'")
            self.end_headers()
            self.wfile.write(body)
        except ConnectionError:
            self.close_connection = True  # who asked has given up


def _page(messages: list[dict[str, str]]) -> str:
    rows = "".join(
        f"<article><h2>{html.escape(each['subject'])}</h2><p>{html.escape(each['channel'])} to "
        f"<b>{html.escape(each['to'])}</b>, {html.escape(each['at'])}</p><p>{_with_links(each['text'])}</p></article>"
        for each in messages
    )
    style = "body{font:1rem/1.5 system-ui;max-width:44rem;margin:2rem auto;padding:0 1rem}article{border-top:1px solid}"
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="5">'
        f'<meta name="viewport" content="width=device-width"><title>Messages</title><style>{style}</style>'
        f"<h1>Messages that would have been sent</h1>{rows or '<p>None yet.</p>'}"
    )


def _with_links(text: str) -> str:
    words = [html.escape(word) for word in text.split(" ")]
    return " ".join(
        f'<a href="{word}">{word}</a>' if word.startswith(("http://", "https://")) else word for word in words
    )
