"""What the suite's own fixtures promise to every test."""

from collections.abc import Callable
from typing import Any

import redis

Ask = Callable[[str, str], Any]

TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"


def test_a_migrated_database_has_tables_and_an_empty_one_none(
    database_url: str, fresh_database_url: str, empty_database_url: str, ask: Ask
) -> None:
    assert ask(database_url, TABLES) == ask(fresh_database_url, TABLES) > 10
    assert ask(empty_database_url, TABLES) == 0


def test_the_demo_programme_is_there_and_a_test_may_change_its_own(
    seeded_database_url: str, fresh_seeded_database_url: str, ask: Ask
) -> None:
    courses = ask(seeded_database_url, "SELECT count(*) FROM courses")

    ask(fresh_seeded_database_url, "DELETE FROM ratings")

    assert courses > 100
    assert ask(fresh_seeded_database_url, "SELECT count(*) FROM courses") == courses
    assert ask(seeded_database_url, "SELECT count(*) FROM ratings") > 0


def test_every_fresh_database_is_another(fresh_database_url: str, database_url: str, ask: Ask) -> None:
    ask(fresh_database_url, "CREATE TABLE mine AS SELECT 1")

    assert ask(database_url, "SELECT to_regclass('mine')") is None


def test_the_cache_is_empty_at_first(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:  # pyright: ignore[reportUnknownMemberType]
        assert client.dbsize() == 0  # pyright: ignore[reportUnknownMemberType]
