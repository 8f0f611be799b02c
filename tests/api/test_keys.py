import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from api.keys import cursor_key, key_ring
from api.settings import Settings, SettingsError


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


def test_a_key_is_made_once_and_only_its_user_reads_it(settings: Settings) -> None:
    made = cursor_key(settings)

    assert len(made) == 32
    assert cursor_key(settings) == made
    assert stat.S_IMODE((settings.data_dir / "cursor.key").stat().st_mode) == 0o600
    assert [path.name for path in settings.data_dir.iterdir()] == ["cursor.key"]


def test_processes_that_start_at_once_agree_on_one_key(settings: Settings) -> None:
    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(cursor_key, [settings] * 32))

    assert len(keys) == 1


def test_a_configured_key_is_used_and_nothing_is_written(settings: Settings) -> None:
    assert cursor_key(replace(settings, cursor_key=b"k" * 32)) == b"k" * 32
    assert not settings.data_dir.exists()


def test_a_damaged_file_is_an_error_that_names_it(settings: Settings) -> None:
    settings.data_dir.mkdir()
    (settings.data_dir / "cursor.key").write_text("oops")

    with pytest.raises(SettingsError, match=r"cursor\.key holds no key: remove it"):
        cursor_key(settings)


def test_a_data_directory_that_is_a_file_is_an_error_that_names_it(settings: Settings) -> None:
    settings.data_dir.write_text("")

    with pytest.raises(SettingsError, match=r"BEKAL_DATA_DIR=.* cannot keep a key"):
        cursor_key(settings)


def test_the_ring_holds_the_configured_keys_and_nothing_is_written(settings: Settings) -> None:
    ring = key_ring(replace(settings, master_keys=((1, b"a" * 32), (7, b"b" * 32))))

    assert ring.version == 7
    assert not settings.data_dir.exists()


def test_a_ring_that_nobody_configured_is_kept(settings: Settings) -> None:
    sealed = key_ring(settings).seal(b"rahasia", "here")

    assert key_ring(settings).unseal(sealed, "here") == b"rahasia"
    assert stat.S_IMODE((settings.data_dir / "master.key").stat().st_mode) == 0o600
