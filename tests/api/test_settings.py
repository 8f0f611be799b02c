from dataclasses import replace
from pathlib import Path

import pytest

from api.settings import Environment, LogFormat, Settings, SettingsError

KEY = "ab" * 32
HOME = {"HOME": "/home/sari"}


def read(**environ: str) -> Settings:
    return Settings.read({**HOME, **environ})


def problems(**environ: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as raised:
        read(**environ)
    return raised.value.problems


def test_nothing_set_serves_on_the_loopback_from_the_users_data_folder() -> None:
    settings = read()

    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8000, 1)
    assert settings.data_dir == Path("/home/sari/.local/share/bekal")
    assert settings.database_url is None
    assert settings.environment is Environment.DEVELOPMENT
    assert settings.log_format is LogFormat.AUTO


def test_the_xdg_folder_wins_over_the_home() -> None:
    assert read(XDG_DATA_HOME="/srv/data").data_dir == Path("/srv/data/bekal")


def test_an_empty_variable_is_an_unset_one() -> None:
    assert read(BEKAL_PORT="", BEKAL_DATABASE_URL=" ").port == 8000


def test_every_wrong_variable_is_named_with_value_and_remedy() -> None:
    found = problems(BEKAL_PORT="eighty", BEKAL_LOG_LEVEL="loud", BEKAL_POOL_SIZE="0", BEKAL_DRAIN_S="soon")

    assert found == (
        "BEKAL_PORT=eighty is not a whole number from 0 to 65535.",
        "BEKAL_LOG_LEVEL=loud is none of debug, info, warning, error.",
        "BEKAL_POOL_SIZE=0 is not a whole number from 1 to 200.",
        "BEKAL_DRAIN_S=soon is not a number of seconds from 0 to 60.",
    )


@pytest.mark.parametrize("port", ["-1", "65536", "8000.0", "٨٠٠٠", "1e3", "9" * 5000])
def test_a_port_is_ascii_digits_in_range(port: str) -> None:
    assert problems(BEKAL_PORT=port)[0].startswith("BEKAL_PORT=")


def test_a_port_set_by_kubernetes_is_explained() -> None:
    (problem,) = problems(BEKAL_PORT="tcp://10.0.0.1:8000")

    assert "enableServiceLinks: false" in problem


def test_a_misspelt_variable_asks_for_the_right_one() -> None:
    assert problems(BEKAL_DATABSE_URL="x") == ("BEKAL_DATABSE_URL is not a setting: did you mean BEKAL_DATABASE_URL?",)


def test_a_variable_like_no_other_points_to_the_list() -> None:
    assert problems(BEKAL_ZZ="x") == ("BEKAL_ZZ is not a setting: 'bekal config' lists the settings.",)


def test_variables_of_the_tests_and_of_others_are_let_be() -> None:
    assert read(BEKAL_TEST_DATA_DIR="/srv", PATH="/bin").port == 8000


@pytest.mark.parametrize(
    "url",
    [
        "mysql://bekal:s3cret@host/bekal",
        "postgresql://bekal:s3cret@host:notaport/bekal",
        "postgresql://bekal:s3c/r@et@host:notaport/bekal",
        "postgres:/?password=s3cret",
    ],
)
def test_a_wrong_url_is_shown_without_its_password(url: str) -> None:
    (problem,) = problems(BEKAL_DATABASE_URL=url)

    assert problem.startswith("BEKAL_DATABASE_URL=")
    assert "s3c" not in problem
    assert "postgresql://user:password@host:5432/bekal" in problem


@pytest.mark.parametrize("key", ["short", "ab" * 31, "not base64!" * 8, "0" * 63])
def test_a_weak_key_is_refused_without_being_shown(key: str) -> None:
    (problem,) = problems(BEKAL_CURSOR_KEY=key)

    assert problem.startswith("BEKAL_CURSOR_KEY=*** is not a key")
    assert "openssl rand -hex 32" in problem


def test_a_key_is_read_from_hex_and_from_both_base64_alphabets() -> None:
    raw = bytes(range(224, 256))

    assert read(BEKAL_CURSOR_KEY=raw.hex()).cursor_key == raw
    assert read(BEKAL_CURSOR_KEY="4OHi4+Tl5ufo6err7O3u7/Dx8vP09fb3+Pn6+/z9/v8=").cursor_key == raw
    assert read(BEKAL_CURSOR_KEY="4OHi4-Tl5ufo6err7O3u7_Dx8vP09fb3-Pn6-_z9_v8").cursor_key == raw


def test_production_makes_nothing_up() -> None:
    assert [problem.split(" ")[0] for problem in problems(BEKAL_ENVIRONMENT="production")] == [
        "BEKAL_DATABASE_URL",
        "BEKAL_CURSOR_KEY",
        "BEKAL_MASTER_KEYS",
        "BEKAL_MESSAGES_URL",
        "BEKAL_PUBLIC_URL",
    ]

    made = read(
        BEKAL_ENVIRONMENT="Production",
        BEKAL_DATABASE_URL="postgresql://db/bekal",
        BEKAL_CURSOR_KEY=KEY,
        BEKAL_MASTER_KEYS=f"1:{KEY}",
        BEKAL_PUBLIC_URL="https://graf.example",
        BEKAL_MESSAGES_URL="https://messages.example",
    )

    assert made.environment is Environment.PRODUCTION


def test_master_keys_are_numbered_and_the_order_is_of_no_account() -> None:
    assert read(BEKAL_MASTER_KEYS=f"2:{'cd' * 32}, 1:{KEY}").master_keys == (
        (1, bytes.fromhex(KEY)),
        (2, bytes.fromhex("cd" * 32)),
    )


@pytest.mark.parametrize(
    ("keys", "wrong"),
    [
        (KEY, "write 1:KEY"),
        (f"0:{KEY}", "1 to 255"),
        (f"256:{KEY}", "1 to 255"),
        (f"1:{KEY},1:{KEY}", "has number 1 twice"),
        (f"1:{KEY},2:short", "has number 2, which is not a key"),
        (f"1:{KEY},", "write 1:KEY"),
    ],
)
def test_wrong_master_keys_are_explained_and_not_shown(keys: str, wrong: str) -> None:
    (problem,) = problems(BEKAL_MASTER_KEYS=keys)

    assert problem.startswith("BEKAL_MASTER_KEYS=*** ")
    assert wrong in problem
    assert KEY not in problem


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("http://graf.example", "is not https"),
        ("https://graf.example/api", "is more than an origin"),
        ("https://graf.example?x=1", "is more than an origin"),
        ("https://sari@graf.example", "is more than an origin"),
        ("ftp://graf.example", "https://graf.example"),
        ("graf.example", "https://graf.example"),
    ],
)
def test_a_public_url_is_an_origin_over_https(url: str, wrong: str) -> None:
    assert wrong in problems(BEKAL_PUBLIC_URL=url)[0]


def test_a_public_url_is_one_text_however_it_was_written() -> None:
    assert read(BEKAL_PUBLIC_URL="https://Graf.example/").origin == "https://graf.example"
    assert read(BEKAL_PUBLIC_URL="http://localhost:8000").origin == "http://localhost:8000"


def test_without_a_public_url_a_server_is_reached_where_it_listens() -> None:
    assert read(BEKAL_PORT="9000").origin == "http://127.0.0.1:9000"
    assert read(BEKAL_HOST="0.0.0.0").origin == "http://127.0.0.1:8000"  # noqa: S104
    assert read(BEKAL_HOST="::").origin == "http://[::1]:8000"


def test_jobs_are_done_by_servers_in_development_and_elsewhere_in_production() -> None:
    assert read().works_here
    assert not replace(read(), environment=Environment.PRODUCTION).works_here
    assert not read(BEKAL_BACKGROUND="elsewhere").works_here
    assert replace(read(BEKAL_BACKGROUND="here"), environment=Environment.PRODUCTION).works_here


def test_timeouts_nest() -> None:
    (problem,) = problems(BEKAL_REQUEST_TIMEOUT_S="2")

    assert "BEKAL_STATEMENT_TIMEOUT_S=3 must be below BEKAL_REQUEST_TIMEOUT_S=2" in problem


def test_proxies_are_addresses_and_networks() -> None:
    settings = read(BEKAL_TRUSTED_PROXIES="10.0.0.7, 10.1.0.0/16,::1")

    assert [str(network) for network in settings.trusted_proxies] == ["10.0.0.7/32", "10.1.0.0/16", "::1/128"]
    assert "BEKAL_TRUSTED_PROXIES=lb.internal is no list" in problems(BEKAL_TRUSTED_PROXIES="lb.internal")[0]


def test_what_is_shown_holds_no_secret() -> None:
    settings = read(
        BEKAL_DATABASE_URL="postgresql://bekal:s3cret@db/bekal",
        BEKAL_REDIS_URL="redis://:s3cret@cache/0",
        BEKAL_CURSOR_KEY=KEY,
        BEKAL_MASTER_KEYS=f"1:{KEY}",
    )

    shown = {name: value for name, value, _ in settings.shown()}

    assert shown["BEKAL_DATABASE_URL"] == "postgresql://bekal:***@db/bekal"
    assert shown["BEKAL_REDIS_URL"] == "redis://:***@cache/0"
    assert shown["BEKAL_CURSOR_KEY"] == shown["BEKAL_MASTER_KEYS"] == "***"
    assert shown["BEKAL_PORT"] == "8000"
    assert all(about for _, _, about in settings.shown())
