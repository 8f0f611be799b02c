from uuid import UUID

from rules.organisations import CONTROL_BP, Share, controlled_by, group_of

HOLDING, SHOP, SCHOOL, ACADEMY, STRANGER = (UUID(int=number) for number in range(1, 6))


def test_an_organisation_without_owners_is_a_group_of_its_own() -> None:
    assert group_of(SHOP, []) == {SHOP}


def test_half_of_the_shares_is_no_control() -> None:
    assert controlled_by(SHOP, [Share(SHOP, SCHOOL, CONTROL_BP)]) == {SHOP}


def test_one_share_more_than_half_is_control() -> None:
    assert controlled_by(SHOP, [Share(SHOP, SCHOOL, CONTROL_BP + 1)]) == {SHOP, SCHOOL}


def test_control_goes_down_a_chain() -> None:
    shares = [Share(SHOP, SCHOOL, 6_000), Share(SCHOOL, ACADEMY, 6_000)]

    assert controlled_by(SHOP, shares) == {SHOP, SCHOOL, ACADEMY}


def test_small_holdings_of_one_group_count_together() -> None:
    shares = [Share(SHOP, SCHOOL, 10_000), Share(SHOP, ACADEMY, 3_000), Share(SCHOOL, ACADEMY, 3_000)]

    assert ACADEMY in controlled_by(SHOP, shares)


def test_small_holdings_of_strangers_do_not_count_together() -> None:
    shares = [Share(SHOP, ACADEMY, 3_000), Share(STRANGER, ACADEMY, 3_000)]

    assert controlled_by(SHOP, shares) == {SHOP}


def test_a_group_reaches_up_and_down_from_each_member() -> None:
    shares = [Share(HOLDING, SHOP, 7_000), Share(HOLDING, SCHOOL, 7_000), Share(SCHOOL, ACADEMY, 7_000)]

    assert all(group_of(one, shares) == {HOLDING, SHOP, SCHOOL, ACADEMY} for one in (HOLDING, SHOP, SCHOOL, ACADEMY))


def test_who_holds_a_minority_is_not_of_the_group() -> None:
    shares = [Share(HOLDING, SHOP, 7_000), Share(STRANGER, SHOP, 3_000), Share(STRANGER, SCHOOL, 9_000)]

    assert group_of(SHOP, shares) == {HOLDING, SHOP}


def test_a_circle_of_owners_ends() -> None:
    shares = [Share(SHOP, SCHOOL, 6_000), Share(SCHOOL, SHOP, 6_000)]

    assert group_of(SHOP, shares) == {SHOP, SCHOOL}
