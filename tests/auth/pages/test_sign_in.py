"""Signing in, as somebody with a browser meets it."""

from typing import Any

import pytest

Town = Any

EMAIL = "siti@contoh.id"
FULL_WIDTH = "\uff53\uff49\uff54\uff49\uff20contoh.id"


@pytest.mark.parametrize("written", [EMAIL, " SITI@contoh.id ", FULL_WIDTH])
async def test_a_participant_signs_in_by_e_mail_password_and_code(town: Town, written: str) -> None:
    await town.add(EMAIL)
    visitor = town.visitor()

    await town.begin(visitor, written)
    assert visitor.heading == "Enter the code"
    assert "s•••@contoh.id" in visitor.answer.text
    await visitor.send("/sign-in/code", code=await town.code(EMAIL))

    assert visitor.path == "/account"
    assert "Orang Uji" in visitor.answer.text
