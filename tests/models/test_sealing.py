"""What is sealed opens in its place alone, is found by its index, and survives a new version of the key."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.sealing import BrokenSealError, KeyRing, seal_for, unseal_for

SITI = UUID(int=1)
BUDI = UUID(int=2)
OLD = KeyRing({1: b"1" * 32})
BOTH = KeyRing({1: b"1" * 32, 2: b"2" * 32})
NEW = KeyRing({2: b"2" * 32})


@given(st.binary(), st.text())
def test_what_is_sealed_opens_in_its_place(plain: bytes, place: str) -> None:
    assert OLD.unseal(OLD.seal(plain, place), place) == plain


def test_it_opens_in_no_other_place() -> None:
    sealed = OLD.seal(b"0812", "contacts.sealed:1")

    with pytest.raises(BrokenSealError):
        OLD.unseal(sealed, "contacts.sealed:2")


@given(st.binary())
def test_bytes_from_elsewhere_are_a_broken_seal(noise: bytes) -> None:
    with pytest.raises(BrokenSealError):
        OLD.unseal(noise, "contacts.sealed:1")


def test_a_new_version_opens_what_the_old_one_sealed_until_the_old_one_is_gone() -> None:
    sealed = OLD.seal(b"siti", "x")

    assert BOTH.unseal(sealed, "x") == b"siti"
    assert BOTH.seal(b"siti", "x")[0] == 2
    with pytest.raises(BrokenSealError):
        NEW.unseal(sealed, "x")


def test_an_old_index_is_found_while_both_versions_live() -> None:
    written = OLD.index(b"siti@surel.example", "email")

    assert written in BOTH.indexes(b"siti@surel.example", "email")
    assert written not in NEW.indexes(b"siti@surel.example", "email")


def test_the_same_value_has_another_index_for_another_purpose() -> None:
    assert OLD.index(b"0812", "phone") != OLD.index(b"0812", "account")


def test_a_person_s_key_opens_for_nobody_else() -> None:
    key, stored = OLD.new_data_key(SITI)

    assert OLD.data_key(SITI, stored) == key
    with pytest.raises(BrokenSealError):
        OLD.data_key(BUDI, stored)


def test_a_text_sealed_for_one_column_does_not_open_in_another() -> None:
    key, _ = OLD.new_data_key(SITI)
    sealed = seal_for(key, "Siti", "people.name:1")

    assert unseal_for(key, sealed, "people.name:1") == "Siti"
    with pytest.raises(BrokenSealError):
        unseal_for(key, sealed, "contacts.sealed:1")


@given(st.uuids(), st.text())
def test_a_subject_names_its_person_in_its_sector(person: UUID, sector: str) -> None:
    assert OLD.person(OLD.subject(person, sector), sector) == person


def test_two_sectors_cannot_tell_that_they_speak_of_one_person() -> None:
    assert OLD.subject(SITI, "a") != OLD.subject(SITI, "b")
    assert OLD.person(OLD.subject(SITI, "a"), "b") != SITI


def test_a_subject_stays_the_same_under_a_new_version() -> None:
    assert BOTH.subject(SITI, "a") == OLD.subject(SITI, "a")
    assert BOTH.person(OLD.subject(SITI, "a"), "a") == SITI


@given(st.text())
def test_a_made_up_subject_is_refused(text: str) -> None:
    try:
        person = OLD.person(text, "a")
    except BrokenSealError:
        return
    assert OLD.subject(person, "a") == text
