"""Progress: a bar for each table on a terminal, a plain line for each elsewhere."""

from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

Report = Callable[[str, int, int], None]
"""Is told what is being made, how much of it is done, and how much there is."""


@contextmanager
def progress_bar(console: Console | None = None) -> Generator[Report]:
    """Show how a load goes on ``console`` (standard error unless given) while the block runs."""
    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield _lines(console)
        return
    columns = (TextColumn("{task.description:>14}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bars:
        tasks: dict[str, TaskID] = {}

        def report(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=total)
            bars.update(tasks[name], completed=done, total=total)

        yield report


def _lines(console: Console) -> Report:
    def report(name: str, done: int, total: int) -> None:
        if done == total:
            console.print(f"{name}: {total:,}", highlight=False)

    return report
