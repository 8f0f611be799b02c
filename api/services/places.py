"""Where the embedded engines live and as whom they run.

PostgreSQL refuses to run as root. Started by root, the engines run under a number that belongs to nobody
(``ENGINE_UID``), so that they own nothing but their data; started by anybody else they run as that user. What this
number cannot reach (a virtual environment or a data directory below ``/root``) is put where it can.
"""

import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from api.services.errors import ServiceUnavailableError

ENGINE_UID = 65_432
"""A user and group id outside all ranges that distributions hand out; it needs no entry in /etc/passwd."""

ROOT_HOMES = Path("/var/lib/bekal/engines")
"""Root only: homes of engines whose data directory the engines themselves could not enter."""
HOME_NOTE = "home.path"
"""The file of a data directory that names its home in ``ROOT_HOMES``; there, ``data_dir`` names it in turn."""

SOCKET_PATH_MAX = 100
"""Bytes of a socket's whole path; kernels take 108 (Linux) or 104 (macOS) with the closing zero."""

NOT_REALLY_ROOT = (
    "PostgreSQL refuses to run as root, and this root may not act for others: start Bekal as an ordinary user, or set "
    "BEKAL_DATABASE_URL and BEKAL_REDIS_URL to servers of your own."
)

PLAIN_PATH = re.compile(r"[\w./ @+-]+")
"""Paths that need no quoting inside a PostgreSQL setting or a connection URL's host list."""


@dataclass(frozen=True, slots=True)
class Place:
    """The folders of one set of engines.

    ``home`` holds all of it and is the data directory itself wherever the engines can enter that.
    ``uid`` is the user and group id to run as, or None to run as the caller.
    """

    home: Path
    uid: int | None

    @classmethod
    def of(cls, data_dir: Path) -> "Place":
        """Return the place that belongs to ``data_dir``; makes nothing."""
        if os.geteuid() != 0:
            return cls(data_dir, None)
        note = data_dir / HOME_NOTE
        return cls(Path(note.read_text(encoding="utf-8")) if note.exists() else data_dir, ENGINE_UID)

    @classmethod
    def settle(cls, data_dir: Path) -> "Place":
        """Return the place of ``data_dir``, giving it a home elsewhere if the engines could not enter it.

        What is there stays where it is, also when folders above are opened, closed or moved later.
        """
        settled = (data_dir / HOME_NOTE).exists() or (data_dir / "postgres").exists()
        if os.geteuid() == 0 and not settled and not may_enter(data_dir, ENGINE_UID):
            make_folder(ROOT_HOMES)
            home = Path(tempfile.mkdtemp(prefix="home-", dir=ROOT_HOMES))
            home.chmod(0o711)
            (home / "data_dir").write_text(str(data_dir), encoding="utf-8")
            (data_dir / HOME_NOTE).write_text(str(home), encoding="utf-8")
        return cls.of(data_dir)

    def folder(self, name: str) -> Path:
        """Make ``home/name``, which the caller owns: logs and locks are never the engine's to redirect."""
        path = self.home / name
        make_folder(path)
        return path

    def own(self, path: Path) -> None:
        """Make the folder ``path``, which only the engine may enter."""
        path.mkdir(mode=0o700, exist_ok=True)
        self.give(path)

    def give(self, path: Path) -> None:
        """Hand ``path`` and everything below it to the engine's user."""
        if self.uid is not None:
            change_owner(path, self.uid)
            for folder, folders, files in os.walk(path):
                for name in (*folders, *files):
                    change_owner(Path(folder, name), self.uid)

    def sockets(self) -> Path:
        """Make and return the folder of the sockets: only the engine's user (and root) may enter, so entering signs in.

        A data directory whose path is too long or too odd for a socket gets a folder of its own in /tmp, which it
        remembers.
        """
        inside = self.home / "run"
        if len(os.fsencode(inside / ".s.PGSQL.5432")) <= SOCKET_PATH_MAX and PLAIN_PATH.fullmatch(str(inside)):
            self.own(inside)
            return inside
        note = self.home / "run.path"
        if note.exists() and self._is_private(remembered := Path(note.read_text(encoding="utf-8"))):
            return remembered
        made = Path(tempfile.mkdtemp(prefix="bekal-", dir="/tmp"))
        self.give(made)
        note.write_text(str(made), encoding="utf-8")
        return made

    def _is_private(self, path: Path) -> bool:
        """Somebody else may have taken the name after /tmp was cleaned."""
        try:
            found = path.lstat()
        except OSError:
            return False
        owner = os.geteuid() if self.uid is None else self.uid
        return stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) == 0o700 and found.st_uid == owner  # noqa: PLR2004

    def program(self, tree: Path, parts: Iterable[str], probe: str, version: str) -> Path:
        """Return a folder with ``parts`` of ``tree`` that the engine's user can run, copied into ``home`` if need be.

        ``probe`` is a file of the tree whose reachability tells; ``version`` keeps the copies of two releases apart.
        """
        if self.uid is None or may_run(tree / probe, self.uid):
            return tree
        copy = self.home / "programs" / version
        if copy.exists():
            return copy
        make_folder(copy.parent)
        for abandoned in copy.parent.glob("copy-*"):
            shutil.rmtree(abandoned)
        unfinished = Path(tempfile.mkdtemp(prefix="copy-", dir=copy.parent))
        for part in parts:
            _copy(tree / part, unfinished / part)
        for path in (unfinished, *unfinished.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or os.access(path, os.X_OK) else 0o444))
        unfinished.rename(copy)
        return copy


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copy2(source, target)


def make_folder(path: Path) -> None:
    """Make ``path`` and what is missing above it, private to us; root lets the engines' other user pass through.

    Raises:
        ServiceUnavailableError: the folder cannot be made or written to.
    """
    mode = 0o711 if os.geteuid() == 0 else 0o700
    try:
        for folder in (*reversed(path.parents), path):
            if not folder.is_dir():
                folder.mkdir(mode=mode, exist_ok=True)
                folder.chmod(mode)  # whatever the umask says
    except OSError as error:
        raise ServiceUnavailableError(
            f"The data directory {path} cannot be made ({error.filename}: {error.strerror}). "
            "Set BEKAL_DATA_DIR to a folder that you may write to."
        ) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise ServiceUnavailableError(
            f"The data directory {path} belongs to another user or may not be written to. "
            "Set BEKAL_DATA_DIR to a folder that you may write to."
        )


def change_owner(path: Path, uid: int) -> None:
    """Give ``path`` to ``uid``; we are root.

    Raises:
        ServiceUnavailableError: this root is one in name only, as in some containers.
    """
    try:
        os.chown(path, uid, uid, follow_symlinks=False)
    except OSError as error:
        raise ServiceUnavailableError(
            f"{path} cannot be given to user {uid} ({error.strerror}), as whom the engines run. {NOT_REALLY_ROOT}"
        ) from error


def may_enter(path: Path, uid: int) -> bool:
    """Tell whether ``uid`` could pass through every existing folder of ``path`` (by mode bits)."""
    absolute = path.absolute().resolve()
    return all(_passable(folder, uid) for folder in (absolute, *absolute.parents) if folder.exists())


def may_run(program: Path, uid: int) -> bool:
    """Tell whether ``uid`` could reach and run the file ``program``."""
    real = program.resolve()
    mode = real.stat().st_mode
    return may_enter(real.parent, uid) and bool(mode & stat.S_IXOTH) and bool(mode & stat.S_IROTH)


def _passable(folder: Path, uid: int) -> bool:
    found = folder.stat()
    return bool(found.st_mode & (stat.S_IXUSR if found.st_uid == uid else stat.S_IXOTH))
