"""Who starts the engines, who stops them, and what a killed holder leaves."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from api.services import EmbeddedServices, keep_up, status, take_down

Ask = Callable[[str, str], Any]
Ping = Callable[[str], bool]
Hold = Callable[..., Any]

BORN = "SELECT pg_postmaster_start_time()"


def test_two_starts_at_once_share_one_server(new_folder: Path, hold: Hold, ask: Ask) -> None:
    first, second = hold(new_folder / "data"), hold(new_folder / "data")

    (database_url, redis_url), others = first.urls(), second.urls()

    assert others == (database_url, redis_url)
    born = ask(database_url, BORN)
    first.leave()
    assert ask(database_url, BORN) == born
    second.leave()
    assert status(new_folder / "data").database_url is None
    assert status(new_folder / "data").redis_url is None


def test_a_killed_holder_leaves_engines_that_the_next_start_takes_over(data_dir: Path, hold: Hold, ask: Ask) -> None:
    killed = hold(data_dir)
    database_url, _ = killed.urls()
    born = ask(database_url, BORN)

    killed.kill()

    assert status(data_dir).database_url == database_url
    assert not status(data_dir).held
    with EmbeddedServices.start(data_dir) as held:
        assert ask(held.database_url, BORN) == born
    assert status(data_dir).database_url is None


def test_a_start_that_is_killed_half_way_is_finished_by_the_next(new_folder: Path, hold: Hold, ask: Ask) -> None:
    killed = hold(new_folder / "data")
    wait_for(lambda: any((new_folder / "data" / "postgres").glob("making-*/base")))

    killed.kill()

    with EmbeddedServices.start(new_folder / "data") as held:
        assert ask(held.database_url, "SELECT current_database()") == "bekal"
    assert not list((new_folder / "data" / "postgres").glob("making-*"))


def test_what_was_written_is_there_after_a_restart(data_dir: Path, ask: Ask) -> None:
    with EmbeddedServices.start(data_dir, valkey=False) as held:
        ask(held.database_url, "CREATE TABLE notes AS SELECT 'Sukses' AS said")

    with EmbeddedServices.start(data_dir, valkey=False) as held:
        assert ask(held.database_url, "SELECT said FROM notes") == "Sukses"
        ask(held.database_url, "DROP TABLE notes")


def test_a_server_that_was_killed_is_started_again_at_the_same_address(data_dir: Path, ask: Ask) -> None:
    with EmbeddedServices.start(data_dir) as held:
        born = ask(held.database_url, BORN)
        os.kill(int((data_dir / "postgres" / "pid").read_text()), signal.SIGKILL)

        with EmbeddedServices.start(data_dir) as again:
            assert again.database_url == held.database_url
            assert ask(held.database_url, BORN) > born


def test_a_process_id_that_belongs_to_somebody_else_by_now_does_not_stop_a_start(data_dir: Path, ask: Ask) -> None:
    with EmbeddedServices.start(data_dir, valkey=False):
        pass
    (data_dir / "postgres" / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n/elsewhere\n")

    with EmbeddedServices.start(data_dir, valkey=False) as held:
        assert ask(held.database_url, "SELECT 1") == 1


def test_a_socket_that_was_cleaned_away_comes_back(data_dir: Path, ping: Ping) -> None:
    with EmbeddedServices.start(data_dir, postgres=False) as held:
        (data_dir / "run" / "valkey.sock").unlink()

        with EmbeddedServices.start(data_dir, postgres=False):
            assert ping(held.redis_url)


def test_kept_engines_outlive_their_servers_until_they_are_taken_down(data_dir: Path, ask: Ask) -> None:
    kept = keep_up(data_dir)
    assert kept.kept
    assert not kept.held
    assert kept.database_url is not None

    with EmbeddedServices.start(data_dir):
        pass

    assert ask(kept.database_url, "SELECT 1") == 1
    assert take_down(data_dir).database_url is None
    assert not status(data_dir).kept


def test_taking_down_leaves_a_running_server_its_engines(data_dir: Path, ask: Ask) -> None:
    keep_up(data_dir)
    with EmbeddedServices.start(data_dir) as held:
        left = take_down(data_dir)

        assert left.held
        assert ask(held.database_url, "SELECT 1") == 1
    assert status(data_dir).database_url is None


def test_only_what_is_asked_for_is_started(data_dir: Path) -> None:
    with EmbeddedServices.start(data_dir, postgres=False):
        assert status(data_dir).database_url is None
        assert status(data_dir).redis_url is not None


def test_a_place_that_was_never_used_has_nothing_to_say(new_folder: Path) -> None:
    seen = status(new_folder / "nowhere")

    assert (seen.database_url, seen.redis_url, seen.kept, seen.held) == (None, None, False, False)
    assert not (new_folder / "nowhere").exists()


def wait_for(condition: Callable[[], bool], timeout_s: float = 30.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)
