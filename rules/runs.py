"""Runs: a course at its dates, with its seats."""

from enum import StrEnum


class RunState(StrEnum):
    """The life of a run (domain rule: any state before FINISHED may become CANCELLED)."""

    SCHEDULED = "SCHEDULED"
    OPEN_FOR_SALE = "OPEN_FOR_SALE"
    FULL = "FULL"
    RUNNING = "RUNNING"
    FINISHED = "FINISHED"
    CANCELLED = "CANCELLED"


def seats_left(seats: int, seats_taken: int) -> int:
    """Return how many seats are still free, never below zero."""
    return max(0, seats - seats_taken)


UPCOMING = (RunState.OPEN_FOR_SALE, RunState.FULL)
"""States of a run that the public may still look forward to."""
