"""The report: medians with their range, ratios to the limit, and what they were measured with."""

import platform
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

import orjson

from benchmarks.measuring import Sample
from benchmarks.workload import Operation

BEKAL, LIMIT, FORMS = "bekal", "records", ("records", "json")
"""The limit is the hand-written form that costs least with PostgreSQL's share; the other one is shown beside it."""

SLACK = 1.2
"""A busy machine moves ratios by this much; a change for the worse that matters moves them more."""

PACKAGES = ("asyncpg", "graphql-core", "orjson", "sqlalchemy", "starlette", "strawberry-graphql", "uvicorn", "uvloop")

Table = list[list[str]]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure over all rounds."""

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Figure":
        """Return the median and the range of the rounds' values."""
        return cls(median(values), min(values), max(values))

    def shown(self, digits: int = 0) -> str:
        """Return the figure for a table."""
        return f"{self.middle:.{digits}f} ({self.low:.{digits}f}-{self.high:.{digits}f})"


@dataclass(frozen=True, slots=True)
class Ratio:
    """What Bekal costs in multiples of a hand-written server: paired by round, as what slows one round slows both."""

    operation: str
    to: str
    bound: float | None
    server: Figure
    both: Figure

    @property
    def is_over(self) -> bool:
        """Whether Bekal costs more than the bound and the slack allow."""
        return self.bound is not None and self.server.middle > self.bound * SLACK


@dataclass(frozen=True, slots=True)
class Results:
    """All that was found out."""

    samples: list[Sample]
    operations: list[Operation]
    sizes: dict[str, int]
    statements: dict[str, int]
    memory_mb: dict[str, float]
    surroundings: dict[str, str]

    def ratios(self) -> list[Ratio]:
        """Return Bekal's ratios to both hand-written forms; only those to the limit have a bound."""
        return [self._ratio(operation, to) for operation in self.operations for to in FORMS]

    def _ratio(self, operation: Operation, to: str) -> Ratio:
        ours, theirs = self._of(operation, BEKAL), self._of(operation, to)
        pairs = list(zip(ours, theirs, strict=True))
        return Ratio(
            operation.name,
            to,
            operation.bound if to == LIMIT else None,
            Figure.of([mine.server_us / other.server_us for mine, other in pairs]),
            Figure.of([mine.both_us / other.both_us for mine, other in pairs]),
        )

    def _of(self, operation: Operation, server: str) -> list[Sample]:
        mine = [each for each in self.samples if (each.operation, each.server) == (operation.name, server)]
        return sorted(mine, key=lambda sample: sample.round)

    def ratio_table(self) -> Table:
        """Return the ratios: what the benchmark is for."""
        table = [["operation", "statements", "bytes", "bound", *(f"to {to}: {what}" for to in FORMS for what in _WHAT)]]
        ratios = {(each.operation, each.to): each for each in self.ratios()}
        for operation in self.operations:
            name = operation.name
            mine = [ratios[name, to] for to in FORMS]
            shown = [figure.shown(2) for each in mine for figure in (each.server, each.both)]
            facts = [str(self.statements[name]), str(self.sizes[name]), f"{operation.bound:.1f}"]
            table.append([name, *facts, *shown])
        return table

    def figure_table(self) -> Table:
        """Return the figures behind the ratios; they are this machine's, on that day."""
        table = [["operation", "server", *(name for name, _, _ in _FIGURES), "memory MB"]]
        for operation in self.operations:
            for server in (BEKAL, *FORMS):
                mine = self._of(operation, server)
                shown = [Figure.of([read(each) for each in mine]).shown(digits) for _, read, digits in _FIGURES]
                table.append([operation.name, server, *shown, f"{self.memory_mb[server]:.0f}"])
        return table

    def text(self) -> str:
        """Return the report for a terminal."""
        return "\n\n".join([_aligned(self.ratio_table()), _aligned(self.figure_table()), self._with()])

    def markdown(self) -> str:
        """Return the report for a document."""
        return "\n\n".join([_piped(self.ratio_table()), _piped(self.figure_table()), self._with()])

    def _with(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self.surroundings.items())

    def write(self, path: Path) -> None:
        """Keep everything, round by round, as JSON."""
        path.parent.mkdir(exist_ok=True)
        whole = {
            "surroundings": self.surroundings,
            "sizes": self.sizes,
            "statements": self.statements,
            "memory_mb": self.memory_mb,
            "ratios": [asdict(each) for each in self.ratios()],
            "samples": [asdict(sample) for sample in self.samples],
        }
        path.write_bytes(orjson.dumps(whole, option=orjson.OPT_INDENT_2) + b"\n")


_WHAT = ("server CPU", "with PostgreSQL")

_FIGURES: tuple[tuple[str, Callable[[Sample], float], int], ...] = (
    ("server CPU us", lambda sample: sample.server_us, 0),
    ("PostgreSQL CPU us", lambda sample: sample.postgres_us, 0),
    ("both us", lambda sample: sample.both_us, 0),
    ("requests/s", lambda sample: sample.rate, 0),
    ("p50 ms", lambda sample: sample.p50_us / 1000, 1),
    ("p99 ms", lambda sample: sample.p99_us / 1000, 1),
)


def _aligned(table: Table) -> str:
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in table
    )


def _piped(table: Table) -> str:
    rule = ["---"] * len(table[0])
    return "\n".join(f"| {' | '.join(line)} |" for line in [table[0], rule, *table[1:]])


def surroundings(postgres: str) -> dict[str, str]:
    """Return what the figures depend on beside Bekal's own code."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    wrk = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False).stdout.split()
    load = Path("/proc/loadavg").read_text(encoding="ascii").split()[0]
    return {
        "processor": model or platform.machine(),
        "load before": load,
        "kernel": platform.release(),
        "Python": platform.python_version(),
        "PostgreSQL": postgres,
        "wrk": wrk[1] if len(wrk) > 1 else "",
        **{name: version(name) for name in PACKAGES},
    }
