"""Measuring: the same answers first, then rounds of load in shuffled order, and the processor time that they took."""

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import httpx
import orjson

from benchmarks.processes import BenchmarkError, Server, cpu_s
from benchmarks.workload import Operation

LOAD = Path(__file__).parent / "load.lua"
CONNECTIONS = 16
WARM_UP_S = 2
"""PostgreSQL goes over to generic plans after five runs of a statement on each connection."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One server under one operation's load, once. Processor times are microseconds for one request."""

    server: str
    operation: str
    round: int
    requests: int
    rate: float
    """Requests in a second. Bounded by the core that PostgreSQL and wrk share."""
    p50_us: int
    p99_us: int
    server_us: float
    postgres_us: float

    @property
    def both_us(self) -> float:
        """What the request cost in all."""
        return self.server_us + self.postgres_us


def compare(servers: Sequence[Server], operations: Sequence[Operation]) -> dict[str, int]:
    """Ask every server everything once; return the mean size of an operation's answers, in bytes.

    Raises:
        BenchmarkError: two servers answer differently, in a value or in the order of fields, or with an error.
    """
    sizes: dict[str, int] = {}
    with httpx.Client(timeout=10) as client:
        for operation in operations:
            size = 0
            for number, body in enumerate(operation.bodies()):
                answers = {server.name: _answer(client, server, body) for server in servers}
                expected = answers[servers[0].name]
                for name, answer in answers.items():
                    if answer != expected:
                        raise BenchmarkError(
                            f"{servers[0].name} and {name} answer differently: {operation.name}, variables "
                            f"{operation.variables[number]}\n{expected[:2000]!r}\n{answer[:2000]!r}"
                        )
                size += len(expected)
            sizes[operation.name] = size // len(operation.variables)
    return sizes


def _answer(client: httpx.Client, server: Server, body: bytes) -> bytes:
    response = client.post(server.url, content=body, headers={"content-type": "application/json"})
    answer: dict[str, Any] = orjson.loads(response.content)
    if not response.is_success or "errors" in answer:
        raise BenchmarkError(f"{server.name} answers {response.status_code}: {response.text[:2000]}")
    return orjson.dumps(answer)


def measure(
    servers: Sequence[Server],
    operations: Sequence[Operation],
    postmaster: int,
    folder: Path,
    *,
    rounds: int,
    seconds: int,
    tell: Callable[[str], None],
) -> list[Sample]:
    """Put load on each server with each operation, ``rounds`` times for ``seconds``, in another order each time.

    Raises:
        BenchmarkError: an answer was an error.
    """
    cells = [(server, operation) for operation in operations for server in servers]
    for operation in operations:
        _bodies(folder, operation).write_bytes(b"\n".join(operation.bodies()) + b"\n")
    for server, operation in cells:
        _load(server, operation, folder, WARM_UP_S)
    samples: list[Sample] = []
    for number in range(rounds):
        Random(number).shuffle(cells)  # noqa: S311 - repeatable is the point
        for server, operation in cells:
            samples.append(_sample(server, operation, postmaster, folder, number, seconds))
        tell(f"round {number + 1} of {rounds}")
    return samples


def _sample(server: Server, operation: Operation, postmaster: int, folder: Path, number: int, seconds: int) -> Sample:
    server_s, postgres_s = cpu_s(server.pid), cpu_s(postmaster)
    result = _load(server, operation, folder, seconds)
    server_s, postgres_s = cpu_s(server.pid) - server_s, cpu_s(postmaster) - postgres_s
    requests = result["requests"]
    return Sample(
        server=server.name,
        operation=operation.name,
        round=number,
        requests=requests,
        rate=requests / (result["duration_us"] / 1e6),
        p50_us=result["p50_us"],
        p99_us=result["p99_us"],
        server_us=server_s / requests * 1e6,
        postgres_us=postgres_s / requests * 1e6,
    )


def _load(server: Server, operation: Operation, folder: Path, seconds: int) -> dict[str, int]:
    """Run wrk, which inherits this process's core."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(LOAD), server.url, "--"]
    run = subprocess.run([*command, str(_bodies(folder, operation))], capture_output=True, text=True, check=False)
    line = next((line for line in run.stdout.splitlines() if line.startswith("RESULT ")), None)
    if run.returncode or line is None:
        raise BenchmarkError(f"wrk failed: {run.stdout}{run.stderr}")
    result: dict[str, int] = orjson.loads(line.removeprefix("RESULT "))
    bad = {name: result[name] for name in ("refused", "wrong", "broken") if result[name]}
    if bad or not result["requests"]:
        raise BenchmarkError(
            f"Under load {server.name} gave {operation.name} answers that are no answers ({bad}, of "
            f"{result['requests']}): see its log in {folder}."
        )
    return result


def _bodies(folder: Path, operation: Operation) -> Path:
    return folder / f"{operation.name.lower()}.bodies"
