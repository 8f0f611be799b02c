from datetime import UTC, datetime, timedelta

import pytest

from rules.authenticators import code_at, digits_of, step_at, step_of

SECRET = b"12345678901234567890"
NOW = datetime(2026, 11, 24, 12, 0, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ],
)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    """RFC 6238, appendix B, the last six of its eight digits."""
    assert code_at(SECRET, step_at(datetime.fromtimestamp(seconds, UTC))) == code


@pytest.mark.parametrize(("seconds", "good"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_clock_may_be_half_a_minute_off(seconds: int, *, good: bool) -> None:
    code = code_at(SECRET, step_at(NOW + timedelta(seconds=seconds)))

    assert (step_of(SECRET, code, NOW) is not None) is good


@pytest.mark.parametrize("typed", ["287 082", "287-082", " 287082 ", "\uff12\uff18\uff17\uff10\uff18\uff12"])
def test_digits_are_taken_as_people_type_them(typed: str) -> None:
    assert digits_of(typed) == "287082"


@pytest.mark.parametrize("typed", ["", "28708a", "287082287082287082", "\x00"])
def test_what_is_no_code_is_wrong(typed: str) -> None:
    assert step_of(SECRET, digits_of(typed), NOW) is None
