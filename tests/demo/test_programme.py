"""What the demo programme is like at full scale. Nothing is stored here: rows are made and looked at."""

import asyncio
import hashlib
import os
import re
import sys
from asyncio.subprocess import PIPE
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from random import Random
from statistics import mean, median
from typing import TYPE_CHECKING, Any

import pytest

from demo.courses import CourseRow
from demo.places import places
from demo.programme import TABLES, programme
from demo.recipes import Recipe, at_local
from demo.topics import shelves
from rules.courses import CourseMode
from rules.organisations import Share, group_of
from rules.publication import PublicationState
from rules.regions import TimeZone
from rules.runs import RunState

if TYPE_CHECKING:
    from uuid import UUID

DAY = date(2026, 11, 1)
Made = dict[str, Sequence[Any]]


def make(seed: int, day: date = DAY, scale: float = 0.02) -> Made:
    return {made.table: made.rows for made in programme(Recipe(seed, day, scale))}


def digest(made: Made) -> str:
    return hashlib.sha256(repr([(table, list(rows)) for table, rows in made.items()]).encode()).hexdigest()


@pytest.fixture(scope="module")
def whole() -> Made:
    """The programme of seed 1 at full scale."""
    return make(1, scale=1.0)


@pytest.fixture(scope="module")
def courses(whole: Made) -> Sequence[CourseRow]:
    return whole["courses"]


DIGEST_ELSEWHERE = """
import hashlib
from datetime import date
from demo.programme import programme
from demo.recipes import Recipe

made = programme(Recipe(1, date(2026, 11, 1), 0.02))
print(hashlib.sha256(repr([(rows.table, list(rows.rows)) for rows in made]).encode()).hexdigest())
"""


@pytest.mark.parametrize("hash_seed", ["1", "2"])
async def test_the_same_recipe_makes_the_same_bytes_in_every_process(hash_seed: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", DIGEST_ELSEWHERE, stdout=PIPE, env={**os.environ, "PYTHONHASHSEED": hash_seed}
    )
    out, _ = await process.communicate()

    assert out.decode().strip() == digest(make(1))


def test_another_seed_makes_another_programme() -> None:
    first, second = make(1), make(2)

    assert digest(first) != digest(second)
    assert not {row.id for row in first["courses"]} & {row.id for row in second["courses"]}
    assert {row.title for row in first["courses"]} != {row.title for row in second["courses"]}


def test_another_day_moves_dates_but_no_words() -> None:
    first, second = make(1), make(1, date(2027, 3, 1))

    assert [row.title for row in first["courses"]] == [row.title for row in second["courses"]]
    assert [row.id for row in first["marketplaces"]] == [row.id for row in second["marketplaces"]]
    assert max(row.starts_at for row in second["runs"]) > max(row.starts_at for row in first["runs"])


def test_a_small_programme_has_every_kind_of_row() -> None:
    made = make(1)

    assert len(made["courses"]) == 120
    assert len(made["marketplaces"]) == 8
    assert {row.state for row in made["courses"]} == set(PublicationState)
    assert {row.state for row in made["runs"]} == set(RunState)
    assert {row.mode for row in made["courses"]} == set(CourseMode)
    assert {row.category_id for row in made["courses"]} == {shelf.id for shelf in shelves()}
    assert all(made[table] for table in TABLES)


@pytest.mark.parametrize("scale", [0.0, -1.0, 1.5])
def test_a_scale_out_of_range_is_rejected(scale: float) -> None:
    with pytest.raises(ValueError, match="out of range"):
        Recipe(1, DAY, scale)


def test_the_catalogue_has_its_full_size(whole: Made) -> None:
    sizes = {table: len(rows) for table, rows in whole.items()}

    assert sizes["courses"] == 6_000
    assert sizes["providers"] == 540
    assert sizes["marketplaces"] == 8
    assert sizes["payers"] == 5
    assert 18_000 <= sizes["runs"] <= 27_000
    assert 60_000 <= sizes["sessions"] <= 100_000
    assert 12_000 <= sizes["listings"] <= 20_000
    assert 60_000 <= sizes["ratings"] <= 90_000


def test_nearly_all_courses_are_on_sale_and_every_category_has_many(courses: Sequence[CourseRow]) -> None:
    on_sale = [course for course in courses if course.state is PublicationState.PUBLISHED]

    assert len(on_sale) >= 5_600
    assert {course.state for course in courses} == set(PublicationState)
    assert min(Counter(course.category_id for course in on_sale).values()) >= 200
    assert len({course.category_id for course in on_sale}) == 14


def test_no_two_courses_have_the_same_title_or_text(courses: Sequence[CourseRow]) -> None:
    for texts in (
        [course.title.lower() for course in courses],
        [course.summary for course in courses],
        [course.description for course in courses],
        [course.code for course in courses],
    ):
        assert len(set(texts)) == len(courses)


def test_texts_are_whole_sentences_without_holes(whole: Made) -> None:
    texts = [text for course in whole["courses"] for text in (course.summary, course.description)]
    texts += [rating.comment for rating in whole["ratings"] if rating.comment]
    texts += [provider.about for provider in whole["providers"]]

    assert not [text for text in texts if re.search(r"[{}]|None|  |\.\.|, ,", text)]
    assert not [text for text in texts if text[0] != text[0].upper() or text[-1] not in ".!?"]
    assert not [course.title for course in whole["courses"] if not 8 <= len(course.title) <= 80]


def test_two_courses_seldom_read_alike(courses: Sequence[CourseRow]) -> None:
    random = Random(7)  # noqa: S311 - the same pairs in every run
    neighbours: dict[tuple[UUID, str], list[CourseRow]] = defaultdict(list)
    for course in courses:
        neighbours[course.category_id, course.skills[0]].append(course)
    topic = max(neighbours.values(), key=len)

    anybody = [shared(*random.sample(courses, 2)) for _ in range(2_000)]
    alike = [shared(*random.sample(topic, 2)) for _ in range(2_000)]

    assert mean(anybody) < 0.06
    assert mean(alike) < 0.15


def shared(one: CourseRow, other: CourseRow) -> float:
    """Return how much of two descriptions is the same, by runs of three words: 0 nothing, 1 everything."""
    first, second = (triples(course.description) for course in (one, other))
    return len(first & second) / len(first | second)


def triples(text: str) -> set[tuple[str, str, str]]:
    words = re.findall(r"\w+", text.lower())
    return set(zip(words, words[1:], words[2:], strict=False))


def test_prices_are_plausible(courses: Sequence[CourseRow]) -> None:
    prices = [course.price for course in courses]

    assert min(prices) >= 24_000
    assert max(prices) <= 1_500_000
    assert all(price % 1_000 == 0 for price in prices)
    assert all(course.outside_price >= course.price for course in courses)
    assert 150_000 < median(prices) < 450_000
    by_mode = {mode: median(course.price for course in courses if course.mode is mode) for mode in CourseMode}
    assert by_mode[CourseMode.OFFLINE] > by_mode[CourseMode.WEBINAR] > by_mode[CourseMode.SELF_PACED]
    short, long = ([course.price for course in courses if hours(course)] for hours in (is_short, is_long))
    assert median(long) > 1.5 * median(short)


def is_short(course: CourseRow) -> bool:
    return course.hours <= 15


def is_long(course: CourseRow) -> bool:
    return course.hours >= 30


def test_lengths_are_those_of_the_programme(courses: Sequence[CourseRow]) -> None:
    hours = [course.hours for course in courses]

    assert min(hours) >= 6
    assert max(hours) <= 60
    assert sum(length >= 15 for length in hours) > 0.85 * len(hours)


def test_few_courses_have_most_participants(courses: Sequence[CourseRow]) -> None:
    counts = sorted((course.participant_count for course in courses), reverse=True)

    assert counts[0] == 66_666
    assert sum(counts[:600]) > 0.6 * sum(counts)
    assert counts[3_000] < 200


def test_most_ratings_are_good_and_some_courses_are_not(whole: Made) -> None:
    stars: dict[UUID, list[int]] = defaultdict(list)
    for rating in whole["ratings"]:
        stars[rating.course_id].append(rating.stars)
    averages = [mean(given) for given in stars.values() if len(given) >= 20]
    comments = [rating.comment for rating in whole["ratings"] if rating.comment]

    assert 4.3 < mean(rating.stars for rating in whole["ratings"]) < 4.7
    assert sum(4.2 <= average <= 4.9 for average in averages) > 0.75 * len(averages)
    assert any(average < 3.5 for average in averages)
    assert 0.3 < len(comments) / len(whole["ratings"]) < 0.5
    assert len(set(comments)) > len(comments) / 2


def test_institutions_stand_where_people_live_and_all_names_differ(whole: Made) -> None:
    provinces = {place.id: place.province for place in places()}
    counts = Counter(provinces[provider.region_id] for provider in whole["providers"])

    assert len({provider.name for provider in whole["providers"]}) == 540
    assert {name for name, _ in counts.most_common(3)} == {"Jawa Barat", "Jawa Timur", "Jawa Tengah"}
    assert len(counts) > 30


def test_no_marketplace_lists_its_own_group(whole: Made) -> None:
    shares = [Share(*row) for row in whole["shareholdings"]]
    owner = {provider.id: provider.organisation_id for provider in whole["providers"]}
    teacher = {course.id: owner[course.provider_id] for course in whole["courses"]}
    groups = {shop.id: group_of(shop.organisation_id, shares) for shop in whole["marketplaces"]}

    assert sum(len(group & set(owner.values())) for group in groups.values()) >= 3
    assert not [row for row in whole["listings"] if teacher[row.course_id] in groups[row.marketplace_id]]


def test_one_marketplace_is_owned_by_an_institution_and_one_takes_nothing(whole: Made) -> None:
    shops = {shop.code: shop for shop in whole["marketplaces"]}
    institutions = {provider.organisation_id for provider in whole["providers"]}
    owners = {row.owner_id for row in whole["shareholdings"] if row.owned_id == shops["warung-kelas"].organisation_id}

    assert owners & institutions
    free = [row.commission_bp for row in whole["listings"] if row.marketplace_id == shops["sisbelajar"].id]
    assert set(free) == {0}
    assert max(row.commission_bp for row in whole["listings"]) <= 1_500


def test_a_course_on_sale_is_on_one_to_five_marketplaces(whole: Made) -> None:
    numbers = Counter(row.course_id for row in whole["listings"])
    on_sale = [course.id for course in whole["courses"] if course.state is PublicationState.PUBLISHED]

    assert {numbers[course] for course in on_sale} == {1, 2, 3, 4, 5}


def test_states_and_seats_of_runs_fit_the_day(whole: Made) -> None:
    now = at_local(DAY, 0, TimeZone.WIB)
    for run in whole["runs"]:
        assert 20 <= run.seats <= 200
        assert 0 <= run.seats_taken <= run.seats
        if run.state is RunState.FULL:
            assert run.seats_taken == run.seats
        if run.state in {RunState.SCHEDULED, RunState.OPEN_FOR_SALE, RunState.FULL}:
            assert run.starts_at > now
        if run.state is RunState.RUNNING:
            assert run.starts_at <= now < run.ends_at
        if run.state is RunState.FINISHED:
            assert run.ends_at <= now
    coming = [run for run in whole["runs"] if run.starts_at > now]
    assert len(coming) > len(whole["runs"]) / 2
    assert max(run.starts_at for run in coming) > now + timedelta(days=90)


def test_runs_are_held_in_the_teachers_daylight(whole: Made) -> None:
    places_by_id = {place.id: place for place in places()}
    zones = {provider.id: places_by_id[provider.region_id].zone for provider in whole["providers"]}
    courses = {course.id: course for course in whole["courses"]}
    for run in whole["runs"]:
        course = courses[run.course_id]
        on_site = course.mode in {CourseMode.OFFLINE, CourseMode.MIXED}
        assert (run.region_id is not None) == on_site == (run.venue is not None)
        hour = (run.starts_at.hour + {"WIB": 7, "WITA": 8, "WIT": 9}[zones[course.provider_id]]) % 24
        assert hour == 0 if course.mode is CourseMode.SELF_PACED else hour in {8, 9, 13, 18, 19}


def test_sessions_fill_their_runs_one_after_the_other(whole: Made) -> None:
    meetings: dict[UUID, list[Any]] = defaultdict(list)
    for session in whole["sessions"]:
        meetings[session.run_id].append(session)
    for run in whole["runs"]:
        held = meetings[run.id]
        assert not held or 2 <= len(held) <= 6
        assert [session.position for session in held] == list(range(1, len(held) + 1))
        assert all(one.ends_at <= other.starts_at for one, other in pairwise(held))
        if held:
            assert (held[0].starts_at, held[-1].ends_at) == (run.starts_at, run.ends_at)


def test_keys_sort_by_the_time_of_their_rows(whole: Made) -> None:
    keys = [row.id for table in TABLES if table != "shareholdings" for row in whole[table]]
    ratings = whole["ratings"]

    assert len(set(keys)) == len(keys)
    assert {key.version for key in keys} == {7}
    assert all(one.rated_at <= other.rated_at for one, other in pairwise(ratings))
    assert [row.id for row in ratings] == sorted(row.id for row in ratings)


def test_nothing_happens_after_the_day_or_before_its_cause(whole: Made) -> None:
    now = at_local(DAY, 0, TimeZone.WIB)
    published = {course.id: course.published_at for course in whole["courses"]}

    assert all(rating.rated_at <= now for rating in whole["ratings"])
    assert all(published[rating.course_id] < rating.rated_at for rating in whole["ratings"])
    assert all(published[row.course_id] <= row.listed_at <= now for row in whole["listings"])
    assert all(course.confirmed_at <= now for course in whole["courses"])


@pytest.mark.parametrize(
    "words",
    [
        "iklan media sosial", "toko online", "video pendek", "barista", "kue kering", "katering", "frozen food",
        "sambal", "html dan css", "sql", "jaringan komputer", "merakit", "excel", "pengolah angka",
        "administrasi perkantoran", "surat bisnis", "pembukuan", "rencana bisnis", "nib dan pirt", "wawancara kerja",
        "bahasa jepang", "perawat", "tata rias natural", "pengantin", "menjahit", "gamis", "logo", "fotografi produk",
        "motor injeksi", "las listrik smaw", "panel surya", "pramusaji", "pemandu wisata", "lansia", "k3", "forklift",
        "hidroponik", "lele bioflok", "pengemudi", "terapis spa", "satpam", "servis hp",
    ],
)  # fmt: skip
def test_what_people_search_for_is_in_a_title(words: str, courses: Sequence[CourseRow]) -> None:
    assert any(words in course.title.lower() for course in courses)
