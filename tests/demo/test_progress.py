"""How a load is shown to people and to logs."""

from io import StringIO

from rich.console import Console

from demo.progress import progress_bar


def test_a_log_gets_one_plain_line_for_each_table() -> None:
    out = StringIO()

    with progress_bar(Console(file=out, force_terminal=False)) as report:
        for done in (0, 2_000, 6_000):
            report("courses", done, 6_000)

    assert out.getvalue() == "courses: 6,000\n"


def test_a_terminal_gets_a_bar() -> None:
    out = StringIO()

    with progress_bar(Console(file=out, force_terminal=True, width=100)) as report:
        report("courses", 6_000, 6_000)

    assert "courses" in out.getvalue()
    assert "6000/6000" in out.getvalue()
