"""What a marketplace may put on its shelf, and on what terms."""

import pytest

from rules.listings import ListingRefusal, offered, refuse_change, refuse_listing, refuse_terms, taken_down
from rules.publication import EVER_PUBLIC, PublicationState

S = PublicationState
LINK = "https://pasar.example/kursus/1"


@pytest.mark.parametrize(
    ("commission_bp", "url", "refusal"),
    [
        (0, LINK, None),
        (1_500, LINK, None),
        (1_501, LINK, ListingRefusal.COMMISSION_TOO_HIGH),
        (-1, LINK, ListingRefusal.COMMISSION_TOO_HIGH),
        (1_000, "https://pasar", ListingRefusal.BAD_LINK),
        (1_000, "http://pasar.example/", ListingRefusal.BAD_LINK),
        (1_000, "https://pasar.example@evil.example/", ListingRefusal.BAD_LINK),
        (1_000, 'https://pasar.example/"onclick', ListingRefusal.BAD_LINK),
        (1_000, "https://pasar.example/\n", ListingRefusal.BAD_LINK),
        (1_000, f"https://pasar.example/{'x' * 500}", ListingRefusal.BAD_LINK),
    ],
)
def test_terms_keep_within_the_law_and_the_link_within_https(
    commission_bp: int, url: str, refusal: ListingRefusal | None
) -> None:
    assert refuse_terms(commission_bp, url) is refusal


@pytest.mark.parametrize(
    ("course", "marketplace", "listing", "sandbox", "refusal"),
    [
        (S.PUBLISHED, S.PUBLISHED, None, False, None),
        (S.PUBLISHED, S.PUBLISHED, S.RETIRED, False, None),
        (S.APPROVED, S.PUBLISHED, None, False, ListingRefusal.COURSE_NOT_ON_SALE),
        (S.SUSPENDED, S.PUBLISHED, None, False, ListingRefusal.COURSE_NOT_ON_SALE),
        (S.PUBLISHED, S.SUSPENDED, None, False, ListingRefusal.MARKETPLACE_NOT_PUBLISHED),
        (S.PUBLISHED, S.DRAFT, None, True, None),
        (S.PUBLISHED, S.PUBLISHED, S.PUBLISHED, False, ListingRefusal.ALREADY_LISTED),
        (S.PUBLISHED, S.PUBLISHED, S.APPROVED, True, ListingRefusal.ALREADY_LISTED),
        (S.PUBLISHED, S.PUBLISHED, S.SUSPENDED, False, ListingRefusal.LISTING_SUSPENDED),
    ],
)
def test_what_is_on_sale_is_offered_once(
    course: S, marketplace: S, listing: S | None, *, sandbox: bool, refusal: ListingRefusal | None
) -> None:
    assert refuse_listing(course, marketplace, listing, sandbox=sandbox) is refusal


@pytest.mark.parametrize(
    ("listing", "refusal"),
    [
        (S.PUBLISHED, None),
        (S.RETIRED, ListingRefusal.NOT_LISTED),
        (S.SUSPENDED, ListingRefusal.LISTING_SUSPENDED),
    ],
)
def test_only_what_is_offered_changes(listing: S, refusal: ListingRefusal | None) -> None:
    assert refuse_change(listing) is refusal


def test_what_is_on_trial_is_never_public() -> None:
    assert offered(sandbox=True) not in EVER_PUBLIC
    assert taken_down(sandbox=True) not in EVER_PUBLIC
