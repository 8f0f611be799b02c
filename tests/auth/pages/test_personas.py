"""People of a demo are signed in by one click; a server that has none has no way to it."""

from dataclasses import replace
from typing import Any

from starlette.applications import Starlette

from auth.pages.desk import Persona
from auth.pages.routes import people_routes
from rules.access import Role
from rules.contacts import contact_of
from rules.people import Locale

Town = Any

OFFICE = "petugas@contoh.id"


def visitor_of_a_demo(town: Town) -> Any:
    """Return somebody at a demo that has one officer."""
    contact = contact_of(OFFICE)
    assert contact is not None
    persona = Persona("officer", {Locale.INDONESIAN: "Petugas", Locale.ENGLISH: "Officer"}, contact)
    visitor = type(town.visitor())(Starlette(routes=people_routes(replace(town.desk, personas=[persona]))))
    town.visitors.append(visitor)
    return visitor


async def test_one_click_signs_in(town: Town) -> None:
    await town.add(OFFICE, role=Role.OFFICER)
    visitor = visitor_of_a_demo(town)
    await visitor.open("/sign-in")
    assert "This server is a demo." in visitor.answer.text

    await visitor.send("/sign-in/demo", persona="officer")

    assert visitor.path == "/account"
    assert "Programme officer" in visitor.answer.text


async def test_but_only_for_who_is_one(town: Town) -> None:
    await town.add(OFFICE, role=Role.OFFICER)
    visitor = visitor_of_a_demo(town)
    await visitor.open("/sign-in")

    await visitor.send("/sign-in/demo", persona="auditor")

    assert visitor.answer.status_code == 404


async def test_elsewhere_there_is_no_such_way(town: Town) -> None:
    await town.add(OFFICE, role=Role.OFFICER)
    visitor = town.visitor()
    await visitor.open("/sign-in")
    assert "demo" not in visitor.answer.text

    answer = await visitor.client.post("/sign-in/demo", data={"form_token": visitor.form_token, "persona": "officer"})

    assert answer.status_code == 404
