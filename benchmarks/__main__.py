"""``python -m benchmarks``: what an answer costs Bekal beside the same answer written by hand."""

import asyncio
import os
import shutil
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from api.migrations import upgrade
from api.services import EmbeddedServices, ServiceUnavailableError
from benchmarks.measuring import compare, measure
from benchmarks.processes import BenchmarkError, Server, bekal, by_hand, pin
from benchmarks.report import FORMS, Results, surroundings
from benchmarks.statements import count
from benchmarks.workload import Ask, operations
from demo.load import DemoConflictError, load_demo

FOLDER = Path(__file__).parent.parent / ".bekal" / "bench"
"""The benchmark's own engines, and the servers' logs."""

RESULTS = Path(__file__).parent / "results" / "latest.json"
DAY = date(2026, 11, 1)
"""The day on which the demo programme is looked at: the same rows in each run."""


def main() -> int:
    """Measure, print the report, and return the exit code."""
    options = _options()
    try:
        server_core, load_core = _cores()
        results = _measure(options.rounds, options.seconds, server_core=server_core, load_core=load_core)
    except (BenchmarkError, ServiceUnavailableError, DemoConflictError) as failure:
        print(f"Error: {failure}", file=sys.stderr)
        return 1
    results.write(RESULTS)
    print(results.markdown() if options.markdown else results.text())
    over = [each for each in results.ratios() if each.is_over]
    for each in over:
        print(f"Over its bound: {each.operation} costs {each.server.middle:.2f}x the limit, at most {each.bound}x.")
    return 1 if options.check and over else 0


def _options() -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks", description="What an answer costs Bekal beside one by hand.")
    parser.add_argument("--quick", action="store_true", help="3 rounds of 2 seconds: a glance, no result")
    parser.add_argument("--rounds", type=int, metavar="COUNT", help="how often each server gets each operation (7)")
    parser.add_argument("--seconds", type=int, metavar="COUNT", help="for how long each time (4)")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a ratio is 20 %% over its bound")
    parser.add_argument("--markdown", action="store_true", help="print tables for a document")
    options = parser.parse_args()
    options.rounds = options.rounds or (3 if options.quick else 7)
    options.seconds = options.seconds or (2 if options.quick else 4)
    return options


def _cores() -> tuple[int, int]:
    """Return a core for the server and one for all that it talks to.

    Raises:
        BenchmarkError: this machine lacks something.
    """
    if shutil.which("wrk") is None:
        raise BenchmarkError("wrk is missing: install it (Debian: apt-get install wrk).")
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:  # noqa: PLR2004 - as the sentence below says
        raise BenchmarkError("The benchmark needs two processor cores, and may use only one.")
    return cores[0], cores[1]


def _measure(rounds: int, seconds: int, *, server_core: int, load_core: int) -> Results:
    os.sched_setaffinity(0, {load_core})  # what is started from here, wrk and PostgreSQL, inherits it
    with _catalogue() as engines, ExitStack() as opened:
        postmaster, postgres = asyncio.run(_postmaster(engines.database_url))
        pin(postmaster, load_core)  # it may have run before
        around = surroundings(postgres)
        servers = [opened.enter_context(bekal(engines.database_url, engines.redis_url, server_core, FOLDER))]
        servers += [opened.enter_context(by_hand(form, engines.database_url, server_core, FOLDER)) for form in FORMS]
        asked = operations(_asker(servers[0]))
        sizes = compare(servers, asked)
        statements = asyncio.run(count(engines.database_url, asked))
        _tell(f"{len(asked)} operations with {len(asked[0].variables)} sets of variables: all answers are equal")
        samples = measure(servers, asked, postmaster, FOLDER, rounds=rounds, seconds=seconds, tell=_tell)
        compare(servers, asked)
        memory = {server.name: server.memory_mb() for server in servers}
    return Results(samples, asked, sizes, statements, memory, around)


@contextmanager
def _catalogue() -> Generator[EmbeddedServices]:
    """Hold engines with the whole demo catalogue."""
    with EmbeddedServices.start(FOLDER) as engines:
        upgrade(engines.database_url)
        asyncio.run(load_demo(engines.database_url, on=DAY))
        yield engines


def _asker(server: Server) -> Ask:
    def ask(document: str, variables: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = httpx.post(server.url, json={"query": document, "variables": variables}).json()
        if "errors" in answer:
            raise BenchmarkError(f"Bekal does not give the variables to ask with: {answer['errors']}")
        return answer["data"]

    return ask


async def _postmaster(database_url: str) -> tuple[int, str]:
    """Return the postmaster's process id and PostgreSQL's version."""
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(database_url)
    try:
        folder: str = await connection.fetchval("SHOW data_directory")
        version: str = await connection.fetchval("SHOW server_version")
    finally:
        await connection.close()
    return int((Path(folder) / "postmaster.pid").read_text(encoding="ascii").split("\n", 1)[0]), version


def _tell(progress: str) -> None:
    print(progress, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
