"""What an application on trial can bring about by itself, as often as it likes."""

from dataclasses import dataclass
from typing import Any

import strawberry

from engine.sources import batched
from rules.decisions import TRIALS, Decision, DecisionReason


@strawberry.type(description="A case that an application on trial brings about by how it calls a course.")
class SandboxCase:
    """A case."""

    own_code: str = strawberry.field(
        description="How `ownCode` of the course begins; `submitCourse` then decides at once, without an officer."
    )
    decision: Decision = strawberry.field(description="What is decided.")
    reasons: list[DecisionReason] = strawberry.field(description="The reasons that are given.")


@dataclass(frozen=True, slots=True)
class _Case:
    own_code: str
    decision: Decision
    reasons: list[DecisionReason]


async def _cases(_run: Any, keys: list[Any]) -> list[Any]:
    cases = [_Case(own_code, decision, list(reasons)) for own_code, (decision, reasons) in TRIALS.items()]
    return [cases for _ in keys]


@strawberry.type
class SandboxQueries:
    """Reads about trials."""

    sandbox_cases: list[SandboxCase] = batched(
        _cases,
        description="The cases that an application on trial can bring about; a course called otherwise waits, as "
        "a real one does. Each works as often as it is tried.",
    )
