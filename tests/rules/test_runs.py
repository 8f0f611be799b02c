from hypothesis import given
from hypothesis import strategies as st

from rules.runs import seats_left


def test_a_new_run_has_all_its_seats() -> None:
    assert seats_left(30, 0) == 30


def test_the_last_seat_taken_leaves_none() -> None:
    assert seats_left(30, 30) == 0


@given(st.integers(0, 1_000), st.integers(0, 1_000))
def test_no_run_has_less_than_no_seat(seats: int, taken: int) -> None:
    assert seats_left(seats, taken) >= 0
