import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from api.logs import AccessLog, EventFormatter, as_json, as_text, renderer, told
from api.settings import LogFormat, Settings

SCOPE = {"method": "POST", "path": "/graphql", "query_string": b"secret=1"}


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(EventFormatter(as_json))
    logger = logging.getLogger("bekal.test")
    logger.addHandler(handler)
    yield logger, stream
    logger.removeHandler(handler)


def test_an_event_is_one_line_of_json_with_what_it_is_about(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log

    logger.warning("pool is %s", "full", extra={"request_id": "abc", "waited_ms": 500})
    logger.warning("two\nlines")

    first, second = map(json.loads, stream.getvalue().splitlines())
    assert first["event"] == "pool is full"
    assert (first["level"], first["logger"]) == ("warning", "bekal.test")
    assert (first["request_id"], first["waited_ms"]) == ("abc", 500)
    assert first["@timestamp"].endswith("Z")
    assert len(first["@timestamp"]) == len("2026-11-24T14:16:12.839Z")
    assert first["id"] != second["id"]


def test_a_failure_is_told_with_its_causes(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log

    def fail() -> None:
        try:
            "".index("inner")
        except ValueError as inner:
            raise RuntimeError("outer") from inner

    try:
        fail()
    except RuntimeError:
        logger.exception("request failed")

    exception = json.loads(stream.getvalue())["exception"]
    assert "builtins.RuntimeError: outer" in exception
    assert "builtins.ValueError: substring not found" in exception
    assert "in fail" in exception


def test_what_a_driver_repeats_of_the_client_is_withheld() -> None:
    failure = asyncpg.DataError("invalid input for query argument $1: '3174012345678901'")

    assert "3174012345678901" not in told(failure)
    assert "DataError: (message withheld)" in told(failure)


def test_people_get_text() -> None:
    line = as_text(
        {
            "@timestamp": "2026-11-24T14:16:12.839Z",
            "id": "1",
            "level": "info",
            "logger": "bekal.access",
            "event": "request",
            "status": 200,
            "document": None,
        }
    )

    assert line == "14:16:12.839 info    request status=200"


async def test_access_lines_wait_for_each_other_and_are_all_written() -> None:
    stream = io.StringIO()
    access = AccessLog(as_json, stream)

    for number in range(3):
        access.add(str(number), SCOPE, status=200, duration_ms=1.0, size=2)
    assert stream.getvalue() == ""
    access.flush()

    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["request_id"] for line in lines] == ["0", "1", "2"]
    assert {line["event"] for line in lines} == {"request"}
    assert "secret" not in stream.getvalue()


async def test_a_log_that_is_off_keeps_nothing() -> None:
    stream = io.StringIO()
    access = AccessLog(as_json, stream, enabled=False)

    access.add("1", SCOPE, status=200, duration_ms=1.0, size=2)
    access.flush()

    assert stream.getvalue() == ""


def test_machines_get_json_unless_they_ask_for_text(tmp_path: Path) -> None:
    stream = io.StringIO()

    assert renderer(Settings(data_dir=tmp_path), stream) is as_json
    assert renderer(Settings(data_dir=tmp_path, log_format=LogFormat.TEXT), stream) is as_text


def test_what_a_client_wrote_begins_no_line_of_its_own_and_colours_no_terminal() -> None:
    path = "/\n00:00:00.000 error   made up\x1b[31m\x85é"

    line = as_text({"@timestamp": "2026-11-24T14:16:12.839Z", "level": "info", "event": "request", "path": path})

    assert line.isprintable()
    assert line.startswith("14:16:12.839 info    request path='/\\n00:00:00.000 error")


async def test_an_address_that_is_none_of_ours_is_not_logged() -> None:
    stream = io.StringIO()
    access = AccessLog(as_json, stream)

    access.add("abc", SCOPE | {"path": "/a-token-in-the-wrong-place"}, status=404, duration_ms=1.0, size=0)
    access.flush()

    assert json.loads(stream.getvalue())["status"] == 404
    assert "token" not in stream.getvalue()
