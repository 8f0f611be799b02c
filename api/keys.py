"""Secrets of a server that nobody gave any: made once, kept beside its data, readable by its user alone."""

import os
import secrets
from pathlib import Path

from api.parsing import KEY_BYTES_MIN
from api.settings import Settings, SettingsError

FILE_NAME = "cursor.key"


def cursor_key(settings: Settings) -> bytes:
    """Return the key that signs cursors: the configured one, else the one in the data directory, made when missing.

    Cursors that a client kept stay valid over restarts, and all processes on one data directory sign alike.

    Raises:
        SettingsError: when the file cannot be made or read, or holds no key.
    """
    if settings.cursor_key is not None:
        return settings.cursor_key
    path = settings.data_dir / FILE_NAME
    try:
        if not path.exists():
            _make(path)
        kept = bytes.fromhex(path.read_text("ascii"))
    except OSError as failed:
        raise SettingsError([f"BEKAL_DATA_DIR={settings.data_dir} cannot keep a key: {failed.strerror}."]) from failed
    except ValueError:
        kept = b""
    if len(kept) < KEY_BYTES_MIN:
        raise SettingsError([f"{path} holds no key: remove it, and a new one is made (cursors in use become invalid)."])
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
