"""The life of courses by chance: whatever is done in whatever order, the graph answers as a small model says."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.engine.duel import Loop
from tests.graph import catalogue
from tests.graph.writes.world import INSTITUTION, MARKETPLACE, OFFICER, World, opened, plan

MOVES = {
    "submitCourse": ({"DRAFT", "CHANGES_REQUESTED"}, "SUBMITTED"),
    "withdrawCourse": ({"SUBMITTED", "APPROVED"}, "DRAFT"),
    "publishCourse": ({"APPROVED"}, "PUBLISHED"),
    "retireCourse": ({"PUBLISHED", "SUSPENDED"}, "RETIRED"),
}
VERDICTS = {
    "approveCourse": ({"SUBMITTED"}, "APPROVED"),
    "requestCourseChanges": ({"SUBMITTED"}, "CHANGES_REQUESTED"),
    "suspendCourse": ({"PUBLISHED"}, "SUSPENDED"),
    "reinstateCourse": ({"SUSPENDED"}, "PUBLISHED"),
}
PUBLIC = {"PUBLISHED", "SUSPENDED", "RETIRED"}
READ = """query ($ids: [ID!]!) {
    nodes(ids: $ids) { ... on Course { state revision price title listings { state } } } }"""


@dataclass
class Expected:
    """What a course should be."""

    id: str
    state: str = "DRAFT"
    revision: int = 1
    price: int = 300_000
    title: str = "Barista Dasar"
    runs: dict[str, bool] = field(default_factory=dict[str, bool])
    """Planned runs, and whether they are still to come."""
    listing: str | None = None


class Life(RuleBasedStateMachine):
    """Does things to courses, good and bad, and remembers what should have come of it."""

    world: World
    loop: Loop
    courses = Bundle("courses")

    def __init__(self) -> None:
        super().__init__()
        self.known: list[Expected] = []

    def write(self, who: Any, name: str, **wish: Any) -> tuple[Any, list[str]]:
        payload = self.loop.call(self.world.write(who, name, **wish))
        shown = next(payload[key] for key in payload if key != "errors")
        return shown, [error["code"] for error in payload["errors"]]

    @rule(target=courses)
    def draft(self) -> Expected:
        course = Expected(self.loop.call(self.world.draft())["id"])
        self.known.append(course)
        return course

    @rule(course=courses, price=st.sampled_from([100_000, 300_000, 340_000]))
    def reprice(self, course: Expected, price: int) -> None:
        shown, codes = self.write(INSTITUTION, "editCourse", id=course.id, changes={"price": str(price)})

        if course.state in {"SUBMITTED", "APPROVED", "RETIRED"}:
            assert codes == ["WRONG_STATE"]
        elif course.state in PUBLIC and price > course.price:
            assert codes == ["PRICE_RAISED"]
        else:
            assert not codes
            course.revision += price != course.price
            course.price = price
            assert shown["revision"] == course.revision

    @rule(course=courses, title=st.sampled_from(["Barista Dasar", "Barista Mahir"]))
    def retitle(self, course: Expected, title: str) -> None:
        _, codes = self.write(INSTITUTION, "editCourse", id=course.id, changes={"title": title})

        if course.state in {"SUBMITTED", "APPROVED", "RETIRED"}:
            assert codes == ["WRONG_STATE"]
        elif course.state in PUBLIC and title != course.title:
            assert codes == ["CONTENT_FIXED"]
        else:
            assert not codes
            course.revision += title != course.title
            course.title = title

    @rule(course=courses, name=st.sampled_from(sorted(MOVES)))
    def move(self, course: Expected, name: str) -> None:
        _, codes = self.write(INSTITUTION, name, id=course.id)

        sources, target = MOVES[name]
        if course.state not in sources:
            assert codes == ["WRONG_STATE"]
        elif name == "retireCourse" and any(course.runs.values()):
            assert codes == ["RUNS_NOT_OVER"]
        else:
            assert not codes
            course.state = target
            if target == "RETIRED" and course.listing == "PUBLISHED":
                course.listing = "RETIRED"

    @rule(course=courses, name=st.sampled_from(sorted(VERDICTS)), behind=st.sampled_from([0, 0, 0, 1]))
    def decide(self, course: Expected, name: str, behind: int) -> None:
        reasons = {"reasons": ["CONTENT_POOR"]} if name in ("requestCourseChanges", "suspendCourse") else {}
        _, codes = self.write(OFFICER, name, id=course.id, revision=course.revision - behind, **reasons)

        sources, target = VERDICTS[name]
        if course.state not in sources:
            assert codes == ["WRONG_STATE"]
        elif behind:
            assert codes == ["EDITED_SINCE"]
        else:
            assert not codes
            course.state = target

    @rule(course=courses)
    def schedule(self, course: Expected) -> None:
        code = f"R{len(course.runs)}"
        shown, codes = self.write(INSTITUTION, "createRun", course=course.id, run=plan(code=code))

        if course.state in {"SUSPENDED", "RETIRED"}:
            assert codes == ["COURSE_NOT_TAUGHT"]
        else:
            assert not codes
            course.runs[shown["id"]] = True

    @rule(course=courses, data=st.data())
    def call_off(self, course: Expected, data: st.DataObject) -> None:
        if not course.runs:
            return
        run = data.draw(st.sampled_from(sorted(course.runs)))
        _, codes = self.write(INSTITUTION, "cancelRun", id=run, reason="TOO_FEW_PARTICIPANTS")

        assert codes == ([] if course.runs[run] else ["WRONG_STATE"])
        course.runs[run] = False

    @rule(course=courses)
    def offer(self, course: Expected) -> None:
        terms = {"commissionBp": 1_000, "url": "https://pasar1.example/1"}
        _, codes = self.write(MARKETPLACE, "listCourse", course=course.id, **terms)

        if course.state not in PUBLIC:
            assert codes == ["COURSE_NOT_FOUND"]
        elif course.state != "PUBLISHED":
            assert codes == ["COURSE_NOT_ON_SALE"]
        elif course.listing == "PUBLISHED":
            assert codes == ["ALREADY_LISTED"]
        else:
            assert not codes
            course.listing = "PUBLISHED"

    @invariant()
    def everybody_sees_what_is_public_and_nothing_else(self) -> None:
        if not self.known:
            return
        document = READ
        ids = [course.id for course in self.known]
        own = self.loop.call(self.world.data(document, INSTITUTION, ids=ids))["nodes"]
        public = self.loop.call(self.world.data(document, ids=ids))["nodes"]

        for course, mine, seen in zip(self.known, own, public, strict=True):
            told = {
                "state": course.state,
                "revision": course.revision,
                "price": str(course.price),
                "title": course.title,
            }
            assert mine == told | {"listings": [{"state": course.listing}] if course.listing else []}
            listed = [{"state": "PUBLISHED"}] if course.listing == "PUBLISHED" else []
            assert seen == (told | {"listings": listed} if course.state in PUBLIC else None)


@pytest.fixture
def life(server: Any, migrated_template: str) -> Iterator[type[Life]]:
    """The machine over a database of its own, in a loop of its own."""
    url: str = server.create(f"life_{uuid4().hex[:8]}", migrated_template)
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, catalogue.make(url)).result()
    loop = Loop()
    opening = opened(url)
    machine = type("LifeHere", (Life,), {"loop": loop, "world": loop.call(opening.__aenter__())})
    yield machine
    loop.call(opening.__aexit__(None, None, None))
    loop.close()


def test_the_life_of_courses_is_as_the_rules_say(life: type[Life]) -> None:
    run_state_machine_as_test(  # pyright: ignore[reportUnknownMemberType]
        life,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
