"""Secrets of a server that nobody gave any: made once, kept beside its data, readable by its user alone."""

import os
import secrets
from pathlib import Path

from api.parsing import KEY_BYTES_MIN
from api.settings import Settings, SettingsError
from models.sealing import KeyRing


def cursor_key(settings: Settings) -> bytes:
    """Return the key that signs cursors: the configured one, else the one in the data directory, made when missing.

    Cursors that a client kept stay valid over restarts, and all processes on one data directory sign alike.

    Raises:
        SettingsError: when the file cannot be made or read, or holds no key.
    """
    if settings.cursor_key is not None:
        return settings.cursor_key
    return _kept(settings, "cursor.key", "cursors in use become invalid")


def key_ring(settings: Settings) -> KeyRing:
    """Return the keys under which personal data and secrets are sealed: configured ones, else one kept and made alike.

    Raises:
        SettingsError: when the file cannot be made or read, or holds no key.
    """
    if settings.master_keys:
        return KeyRing(dict(settings.master_keys))
    return KeyRing({1: _kept(settings, "master.key", "what was sealed under the old one is lost")})


def _kept(settings: Settings, file_name: str, loss: str) -> bytes:
    path = settings.data_dir / file_name
    try:
        if not path.exists():
            _make(path)
        kept = bytes.fromhex(path.read_text("ascii"))
    except OSError as failed:
        raise SettingsError([f"BEKAL_DATA_DIR={settings.data_dir} cannot keep a key: {failed.strerror}."]) from failed
    except ValueError:
        kept = b""
    if len(kept) < KEY_BYTES_MIN:
        raise SettingsError([f"{path} holds no key: remove it, and a new one is made ({loss})."])
    return kept


def _make(path: Path) -> None:
    """Write a new key under a name of its own and link it into place, so that nobody ever reads half a key."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(KEY_BYTES_MIN))
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass  # another process was first: its key is the one
    finally:
        draft.unlink()
