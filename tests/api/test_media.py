import pytest

from api.media import JSON, RESPONSE, is_json, negotiate


@pytest.mark.parametrize(
    "content_type",
    [
        b"application/json",
        b"Application/JSON",
        b"application/json; charset=utf-8",
        b'application/json;charset="UTF-8"',
        b"application/json ; charset=utf-8",
    ],
)
def test_json_in_utf_8_is_read(content_type: bytes) -> None:
    assert is_json(content_type)


@pytest.mark.parametrize(
    "content_type",
    [
        b"",
        b"application/jsonp",
        b"application/jsonfoo",
        b"application/json; charset=utf-16",
        b"application/json; version=1",
        b"application/json, text/plain",
        b"application/json;" + b" " * 1000 + b"charset=utf-8",
        b"application/graphql",
        b"application/x-www-form-urlencoded",
        b"multipart/form-data; boundary=x",
        b"text/plain",
    ],
)
def test_everything_else_is_not(content_type: bytes) -> None:
    assert not is_json(content_type)


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (b"", JSON),
        (b"*/*", JSON),
        (b"application/*", JSON),
        (b"application/json", JSON),
        (b"application/graphql-response+json", RESPONSE),
        (b"APPLICATION/GraphQL-Response+JSON; charset=utf-8", RESPONSE),
        (b"application/graphql-response+json, application/json", RESPONSE),
        (b"application/json, application/graphql-response+json", RESPONSE),
        (b"application/json, application/graphql-response+json;q=0.9", JSON),
        (b"application/graphql-response+json, application/json;q=0.9, */*;q=0.8", RESPONSE),
        (b"application/json;q=0.5, */*", RESPONSE),
        (b"application/json, */*", JSON),
        (b"application/json;q=0, */*", RESPONSE),
        (b"text/html, */*;q=0.1", JSON),
        (b"text/html;q=junk, application/json", JSON),
    ],
)
def test_the_preferred_type_answers(accept: bytes, media: bytes) -> None:
    assert negotiate(accept) is media


@pytest.mark.parametrize(
    "accept",
    [
        b"text/html",
        b"application/json;q=0",
        b"*/*;q=0",
        b"application/json;q=2",
        b",",
        b"application/json" + b" " * 1000,
    ],
)
def test_who_wants_neither_gets_neither(accept: bytes) -> None:
    assert negotiate(accept) is None
