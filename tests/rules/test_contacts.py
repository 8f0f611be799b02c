import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.contacts import Contact, contact_of
from rules.people import ContactKind

PHONE = Contact(ContactKind.PHONE, "+6281234567890")
EMAIL = Contact(ContactKind.EMAIL, "siti.aminah@contoh.id")


@pytest.mark.parametrize(
    "written",
    [
        "081234567890",
        "0812-3456-7890",
        " 0812 3456 7890 ",
        "+62 812 3456 7890",
        "+62 (0)812 3456 7890",
        "6281234567890",
        "0062 812 3456 7890",
        "81234567890",
        "\uff10\uff18\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19\uff10",
        "\u0660\u0668\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669\u0660",
        "0812\u200b3456\u20607890\ufeff",
        "\u202d081234567890\u202c",
    ],
)
def test_a_number_is_the_same_however_it_is_written(written: str) -> None:
    assert contact_of(written) == PHONE


@pytest.mark.parametrize(
    "written",
    [
        "siti.aminah@contoh.id",
        "SITI.AMINAH@CONTOH.ID",
        "  siti.aminah@contoh.id\n",
        "siti.aminah\u200b@contoh.id",
        "siti.aminah\uff20contoh.id",
        "\uff33iti.aminah@contoh.id",
    ],
)
def test_an_address_is_the_same_however_it_is_written(written: str) -> None:
    assert contact_of(written) == EMAIL


@pytest.mark.parametrize(
    "written",
    [
        "",
        "siti",
        "siti@",
        "@contoh.id",
        "siti@contoh",
        "siti@@contoh.id",
        "siti@contoh..id",
        "siti..a@contoh.id",
        ".siti@contoh.id",
        "siti@-contoh.id",
        "siti@contoh.id, budi@contoh.id",
        "s\u0456ti@contoh.id",
        "+1 202 555 0100",
        "+6281234",
        "0812345678901234567",
        "112",
        "0812345abc90",
        "a" * 65 + "@contoh.id",
        "a" * 400 + "@contoh.id",
    ],
)
def test_what_is_neither_is_not_taken(written: str) -> None:
    assert contact_of(written) is None


def test_a_masked_contact_tells_little() -> None:
    assert EMAIL.masked == "s•••@contoh.id"
    assert PHONE.masked == "+62 ••••••••890"


@given(st.text())
def test_the_normal_form_is_its_own_normal_form(written: str) -> None:
    contact = contact_of(written)

    assert contact is None or contact_of(contact.value) == contact
