import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.secrets import PATTERN, SecretKind, hint_of, is_secret, kind_of, make_secret

CHANCE = bytes(range(32))


@pytest.mark.parametrize("kind", SecretKind)
@given(chance=st.binary(min_size=32, max_size=32))
def test_a_secret_is_known_by_its_form(kind: SecretKind, chance: bytes) -> None:
    secret = make_secret(kind, chance)

    assert kind_of(secret) is kind
    assert re.fullmatch(PATTERN, secret)


@given(st.integers(0, 48), st.sampled_from("09AZaz"))
def test_a_changed_letter_is_noticed(place: int, letter: str) -> None:
    secret = make_secret(SecretKind.REFRESH, CHANCE)
    place += len(SecretKind.REFRESH)
    changed = secret[:place] + letter + secret[place + 1 :]

    assert (kind_of(changed) is None) == (changed != secret)


def test_the_published_form_never_changes() -> None:
    secret = make_secret(SecretKind.LIVE_CLIENT, CHANCE)

    assert secret == "bkl_live_cs_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf4auf3J"  # noqa: S105 - of known bytes


def test_a_secret_of_another_kind_does_not_pass_by_changing_its_beginning() -> None:
    secret = make_secret(SecretKind.TEST_CLIENT, CHANCE)

    assert kind_of(secret.replace("test", "live")) is None
    assert not is_secret(secret, SecretKind.LIVE_CLIENT)


@pytest.mark.parametrize("text", ["", "bkl_rt_", "x" * 60, "bkl_rt_" + "é" * 49, "bkl_rt_" + "0" * 48 + "\n"])
def test_other_texts_are_no_secrets(text: str) -> None:
    assert kind_of(text) is None


def test_the_hint_is_the_end() -> None:
    secret = make_secret(SecretKind.INVITATION, CHANCE)

    assert secret.endswith(hint_of(secret))
    assert len(hint_of(secret)) == 4
