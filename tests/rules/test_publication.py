"""The life of an offer as a table: what is not in it cannot be done."""

from itertools import product

import pytest

from rules.courses import (
    CourseRefusal,
    refuse_publication,
    refuse_retirement,
    refuse_submission,
    refuse_withdrawal,
)
from rules.decisions import Decision, DecisionReason, DecisionRefusal, refuse_decision, refuse_reasons
from rules.publication import EVER_PUBLIC, PublicationState, Step, leads_on
from rules.runs import RunState

S = PublicationState

TABLE = {
    (S.DRAFT, Step.SUBMIT): S.SUBMITTED,
    (S.CHANGES_REQUESTED, Step.SUBMIT): S.SUBMITTED,
    (S.SUBMITTED, Step.WITHDRAW): S.DRAFT,
    (S.APPROVED, Step.WITHDRAW): S.DRAFT,
    (S.SUBMITTED, Step.REQUEST_CHANGES): S.CHANGES_REQUESTED,
    (S.SUBMITTED, Step.APPROVE): S.APPROVED,
    (S.APPROVED, Step.PUBLISH): S.PUBLISHED,
    (S.PUBLISHED, Step.SUSPEND): S.SUSPENDED,
    (S.SUSPENDED, Step.REINSTATE): S.PUBLISHED,
    (S.PUBLISHED, Step.RETIRE): S.RETIRED,
    (S.SUSPENDED, Step.RETIRE): S.RETIRED,
}


@pytest.mark.parametrize(("state", "step"), list(product(S, Step)), ids=str)
def test_a_step_leads_where_the_table_says_or_nowhere(state: S, step: Step) -> None:
    assert leads_on(step, state) == ((state, step) in TABLE)
    assert step.value.target == TABLE.get((state, step), step.value.target)


def test_what_was_public_never_becomes_a_draft_again() -> None:
    reached = {target for (source, _), target in TABLE.items() if source in EVER_PUBLIC}

    assert reached <= set(EVER_PUBLIC)


def test_what_is_retired_stays_so() -> None:
    assert not any(source is S.RETIRED for source, _ in TABLE)


def test_nothing_is_published_without_an_approval() -> None:
    assert {source for (source, step), target in TABLE.items() if target is S.PUBLISHED and step is Step.PUBLISH} == {
        S.APPROVED
    }


@pytest.mark.parametrize(
    ("state", "institution", "sandbox", "refusal"),
    [
        (S.DRAFT, S.PUBLISHED, False, None),
        (S.CHANGES_REQUESTED, S.PUBLISHED, False, None),
        (S.SUBMITTED, S.PUBLISHED, False, CourseRefusal.WRONG_STATE),
        (S.PUBLISHED, S.SUSPENDED, False, CourseRefusal.WRONG_STATE),
        (S.DRAFT, S.SUSPENDED, False, CourseRefusal.INSTITUTION_NOT_PUBLISHED),
        (S.DRAFT, S.DRAFT, True, None),
    ],
)
def test_a_draft_of_an_admitted_institution_is_sent_for_review(
    state: S, institution: S, *, sandbox: bool, refusal: CourseRefusal | None
) -> None:
    assert refuse_submission(state, institution, sandbox=sandbox) is refusal


@pytest.mark.parametrize("state", S)
def test_only_what_is_with_the_programme_is_taken_back(state: S) -> None:
    expected = None if state in (S.SUBMITTED, S.APPROVED) else CourseRefusal.WRONG_STATE

    assert refuse_withdrawal(state) is expected


@pytest.mark.parametrize(
    ("state", "institution", "sandbox", "refusal"),
    [
        (S.APPROVED, S.PUBLISHED, False, None),
        (S.SUBMITTED, S.PUBLISHED, False, CourseRefusal.WRONG_STATE),
        (S.APPROVED, S.SUSPENDED, False, CourseRefusal.INSTITUTION_NOT_PUBLISHED),
        (S.APPROVED, S.PUBLISHED, True, CourseRefusal.TRIAL_ONLY),
    ],
)
def test_only_what_was_approved_goes_on_offer(
    state: S, institution: S, *, sandbox: bool, refusal: CourseRefusal | None
) -> None:
    assert refuse_publication(state, institution, sandbox=sandbox) is refusal


@pytest.mark.parametrize(
    ("state", "runs", "refusal"),
    [
        (S.PUBLISHED, (), None),
        (S.SUSPENDED, (RunState.FINISHED, RunState.CANCELLED), None),
        (S.PUBLISHED, (RunState.FINISHED, RunState.RUNNING), CourseRefusal.RUNS_NOT_OVER),
        (S.PUBLISHED, (RunState.SCHEDULED,), CourseRefusal.RUNS_NOT_OVER),
        (S.DRAFT, (), CourseRefusal.WRONG_STATE),
    ],
)
def test_a_course_is_retired_when_its_runs_are_over(
    state: S, runs: tuple[RunState, ...], refusal: CourseRefusal | None
) -> None:
    assert refuse_retirement(state, runs) is refusal


@pytest.mark.parametrize(
    ("decision", "state"),
    [
        (Decision.APPROVED, S.SUBMITTED),
        (Decision.CHANGES_REQUESTED, S.SUBMITTED),
        (Decision.SUSPENDED, S.PUBLISHED),
        (Decision.REINSTATED, S.SUSPENDED),
    ],
)
def test_each_decision_has_its_state(decision: Decision, state: S) -> None:
    for other in S:
        expected = None if other is state else DecisionRefusal.WRONG_STATE
        assert refuse_decision(decision, other, read=3, revision=3) is expected


def test_nobody_decides_on_what_he_has_not_read() -> None:
    assert refuse_decision(Decision.APPROVED, S.SUBMITTED, read=2, revision=3) is DecisionRefusal.EDITED_SINCE


@pytest.mark.parametrize(
    ("decision", "reasons", "note", "refusal"),
    [
        (Decision.APPROVED, (), None, None),
        (Decision.REINSTATED, (), "Sudah diperbaiki.", None),
        (Decision.SUSPENDED, (DecisionReason.COMPLAINTS,), None, None),
        (Decision.SUSPENDED, (), "Ada keluhan.", DecisionRefusal.REASON_MISSING),
        (Decision.CHANGES_REQUESTED, (), None, DecisionRefusal.REASON_MISSING),
        (Decision.CHANGES_REQUESTED, (DecisionReason.OTHER,), None, DecisionRefusal.NOTE_MISSING),
        (Decision.CHANGES_REQUESTED, (DecisionReason.OTHER,), "Lain hal.", None),
        (Decision.APPROVED, (), "", DecisionRefusal.BAD_TEXT),
        (Decision.APPROVED, (), "a\0b", DecisionRefusal.BAD_TEXT),
    ],
)
def test_a_no_is_given_with_its_reason(
    decision: Decision, reasons: tuple[DecisionReason, ...], note: str | None, refusal: DecisionRefusal | None
) -> None:
    assert refuse_reasons(decision, reasons, note) is refusal
