"""Decisions of the programme office on courses: what may be decided when, and which reasons are given."""

from enum import StrEnum

from rules.publication import PublicationState, Step, leads_on
from rules.texts import is_text


class Decision(StrEnum):
    """What an officer decided on a course."""

    APPROVED = "APPROVED"
    CHANGES_REQUESTED = "CHANGES_REQUESTED"
    SUSPENDED = "SUSPENDED"
    REINSTATED = "REINSTATED"


STEPS = {
    Decision.APPROVED: Step.APPROVE,
    Decision.CHANGES_REQUESTED: Step.REQUEST_CHANGES,
    Decision.SUSPENDED: Step.SUSPEND,
    Decision.REINSTATED: Step.REINSTATE,
}
"""How each decision moves the course on."""


class DecisionReason(StrEnum):
    """Why it was decided so. The audit of June 2020 named the first five; see docs/decisions/course-life.md."""

    CONTENT_INCOMPLETE = "CONTENT_INCOMPLETE"
    CONTENT_POOR = "CONTENT_POOR"
    FREE_ELSEWHERE = "FREE_ELSEWHERE"
    PRICE_TOO_HIGH = "PRICE_TOO_HIGH"
    CONFLICT_OF_INTEREST = "CONFLICT_OF_INTEREST"
    WRONG_CATEGORY = "WRONG_CATEGORY"
    COMPLAINTS = "COMPLAINTS"
    FRAUD_SUSPECTED = "FRAUD_SUSPECTED"
    OTHER = "OTHER"


class DecisionRefusal(StrEnum):
    """Why an officer may not decide this. These values are the codes that clients see."""

    CONFLICT = "CONFLICT"
    COURSE_NOT_FOUND = "COURSE_NOT_FOUND"
    WRONG_STATE = "WRONG_STATE"
    EDITED_SINCE = "EDITED_SINCE"
    REASON_MISSING = "REASON_MISSING"
    NOTE_MISSING = "NOTE_MISSING"
    BAD_TEXT = "BAD_TEXT"


NOTE_MAX = 2_000
"""Characters of what an officer adds in words."""


def refuse_decision(decision: Decision, state: PublicationState, *, read: int, revision: int) -> DecisionRefusal | None:
    """Return why a course in ``state`` may not be decided on, or None.

    ``read`` is the revision that the officer had before him: nobody approves what he has not seen.
    """
    if not leads_on(STEPS[decision], state):
        return DecisionRefusal.WRONG_STATE
    return DecisionRefusal.EDITED_SINCE if read != revision else None


def refuse_reasons(decision: Decision, reasons: tuple[DecisionReason, ...], note: str | None) -> DecisionRefusal | None:
    """Return what lacks in the reasons of a decision, or None. A no needs a reason, OTHER needs words."""
    if note is not None and not is_text(note, length_max=NOTE_MAX):
        return DecisionRefusal.BAD_TEXT
    if decision in (Decision.CHANGES_REQUESTED, Decision.SUSPENDED) and not reasons:
        return DecisionRefusal.REASON_MISSING
    if DecisionReason.OTHER in reasons and note is None:
        return DecisionRefusal.NOTE_MISSING
    return None


TRIALS = {
    "TRIAL-APPROVE": (Decision.APPROVED, ()),
    "TRIAL-CHANGES": (Decision.CHANGES_REQUESTED, (DecisionReason.CONTENT_INCOMPLETE,)),
}
"""What is decided at once on a course that an application on trial submits, by how its own code begins."""


def trial_decision(own_code: str | None) -> tuple[Decision, tuple[DecisionReason, ...]] | None:
    """Return the decision on a course on trial, or None: then it waits, as a real one does."""
    cases = (case for prefix, case in TRIALS.items() if (own_code or "").startswith(prefix))
    return next(cases, None)
