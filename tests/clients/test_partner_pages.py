"""What the pages for partners show is run, as it stands, against a running server."""

import asyncio
import os
import re
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import orjson
import pytest

from rules.secrets import PATTERN
from tests.clients.conftest import Approve, Stage
from tests.docs.reading import DOCS, blocks

PARTNERS = DOCS / "partners"
TIMEOUT_S = 60


def program(page: str, language: str) -> str:
    """Return the blocks of one language of a page, as one program."""
    return "\n".join(block.text for block in blocks(PARTNERS / page) if block.language == language)


async def run(command: list[str], folder: Path, told: dict[str, str], typed: str | None = None) -> str:
    """Run what a page shows in an empty folder, and return what it printed."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **told},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(TIMEOUT_S):
        stdout, stderr = await process.communicate(typed.encode() if typed else None)
    assert process.returncode == 0, stdout.decode() + stderr.decode()
    return stdout.decode()


def in_shell(text: str, told: dict[str, str]) -> list[str]:
    """Return the command that runs a page's shell blocks, with what a partner was told filled in."""
    for name, value in told.items():
        text = re.sub(rf"^export {name}=.*$", f"export {name}={value}", text, flags=re.MULTILINE)
    return ["bash", "-euo", "pipefail", "-c", text]


async def test_the_quickstart_leads_from_an_invitation_to_an_answer_with_curl(stage: Stage, tmp_path: Path) -> None:
    told = {"BEKAL": stage.world.issuer, "INVITATION": await stage.casting.invitation()}

    printed = await run(in_shell(program("quickstart.md", "sh"), told), tmp_path, {})

    shown = orjson.loads(program("quickstart.md", "json"))
    (node,) = shown["data"]["myCourses"]["nodes"]
    answered = orjson.loads(printed)["data"]["myCourses"]["nodes"]
    assert answered
    assert all(each.keys() == node.keys() for each in answered)
    assert (tmp_path / "client.json").stat().st_mode & 0o077 == 0


async def test_the_quickstart_does_the_same_with_python(stage: Stage, tmp_path: Path) -> None:
    told = {"BEKAL": stage.world.issuer, "INVITATION": await stage.casting.invitation()}

    printed = await run([sys.executable, "-c", program("quickstart.md", "python")], tmp_path, told)

    assert "'myCourses'" in printed
    assert "'errors'" not in printed


async def test_a_key_instead_of_a_secret_and_a_token_that_is_bound_to_one(stage: Stage, tmp_path: Path) -> None:
    told = {"BEKAL": stage.world.issuer, "INVITATION": await stage.casting.invitation()}

    printed = await run([sys.executable, "-c", program("authentication.md", "python")], tmp_path, told)

    assert printed.splitlines() == ["300", "{'data': {'__typename': 'Query'}}"]


async def test_the_metadata_is_where_the_page_says(stage: Stage, tmp_path: Path) -> None:
    text = program("authentication.md", "sh")

    printed = await run(in_shell(text, {"BEKAL": stage.world.issuer}), tmp_path, {})

    assert orjson.loads(printed)["issuer"] == stage.world.issuer


async def test_a_person_signs_in_at_the_program_of_the_page(stage: Stage, approve: Approve, tmp_path: Path) -> None:
    told = {"BEKAL": stage.world.issuer, "CLIENT_ID": stage.world.clients["public"]["id"]}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program("authentication.md", "python signin")),
        env={"PATH": os.environ["PATH"], **told},
        cwd=tmp_path,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(TIMEOUT_S):
        url = (await process.stdout.readline()).decode().strip()
        back = await approve(url)
        stdout, _ = await process.communicate(back.encode() + b"\n")

    assert process.returncode == 0
    assert len(stdout.decode().split()[-1]) > 20


async def test_a_server_acts_for_a_person_as_the_page_shows(stage: Stage, approve: Approve, tmp_path: Path) -> None:
    shop, server = stage.world.clients["shop"], stage.world.clients["shop-server"]
    verifier = "a" * 43
    request = {
        "response_type": "code",
        "client_id": shop["id"],
        "redirect_uri": shop["redirect"],
        "scope": shop["scope"],
        "code_challenge": "ZtNPunH49FD35FWYhT5Tv8I7vRKQJ8uxMaL0_9eHjNA",
        "code_challenge_method": "S256",
    }
    back = await approve(f"{stage.world.issuer}/oauth/authorize?{httpx.QueryParams(request)}")
    async with httpx.AsyncClient(base_url=stage.world.issuer) as http:
        (code,) = parse_qs(urlsplit(back).query)["code"]
        form = {
            "grant_type": "authorization_code",
            "client_id": shop["id"],
            "code": code,
            "redirect_uri": shop["redirect"],
            "code_verifier": verifier,
        }
        token = (await http.post("/oauth/token", data=form)).json()["access_token"]

    told = {
        "BEKAL": stage.world.issuer,
        "CLIENT_ID": server["id"],
        "CLIENT_SECRET": server["secret"],
        "PERSONS_TOKEN": token,
    }
    printed = await run(in_shell(program("authentication.md", "sh exchange"), {}), tmp_path, told)

    assert orjson.loads(printed)["scope"] == "profile:read"


async def test_a_secret_that_was_found_opens_nothing_after_the_report_of_the_page(stage: Stage, tmp_path: Path) -> None:
    told = {"BEKAL": stage.world.issuer, "FOUND": await stage.casting.invitation()}
    metadata = {"client_name": "Sesudah Bocor", "grant_types": ["client_credentials"]}

    printed = await run(in_shell(program("secrets.md", "sh"), told), tmp_path, {})
    async with httpx.AsyncClient(base_url=stage.world.issuer) as http:
        headers = {"authorization": f"Bearer {told['FOUND']}"}
        registered = await http.post("/oauth/register", json=metadata, headers=headers)

    assert "opens nothing any more" in printed
    assert registered.status_code == 401


async def token_of(stage: Stage, name: str) -> str:
    """Return an access token with which an application speaks for its organisation."""
    application = stage.world.clients[name]
    async with httpx.AsyncClient(base_url=stage.world.issuer) as http:
        form = {"grant_type": "client_credentials"}
        answer = await http.post("/oauth/token", data=form, auth=(application["id"], application["secret"]))
    return answer.json()["access_token"]


async def test_an_application_on_trial_goes_through_the_cases(stage: Stage, tmp_path: Path) -> None:
    told = {"BEKAL": stage.world.issuer, "TOKEN": await token_of(stage, "trial")}

    printed = await run([sys.executable, "-c", program("sandbox.md", "python")], tmp_path, told)

    assert printed.splitlines() == [
        "TRIAL-APPROVE APPROVED [[]]",
        "[{'code': 'TRIAL_ONLY'}]",
        "TRIAL-CHANGES CHANGES_REQUESTED [['CONTENT_INCOMPLETE']]",
        "WAIT SUBMITTED []",
    ]


async def test_a_course_is_written_once_and_a_refusal_says_what_to_do(stage: Stage, tmp_path: Path) -> None:
    told = {"BEKAL": stage.world.issuer, "TOKEN": await token_of(stage, "service")}

    printed = await run([sys.executable, "-c", program("writing.md", "python")], tmp_path, told)

    made, refused = printed.splitlines()
    assert made == "Membaca Laporan Keuangan DRAFT"
    assert refused.startswith("PRICE_ABOVE_OUTSIDE ['course', 'price']")


def test_the_pattern_for_scanners_is_the_one_that_is_used() -> None:
    assert program("secrets.md", "text").strip() == PATTERN


@pytest.mark.parametrize("page", sorted(PARTNERS.glob("*.md")), ids=lambda page: page.name)
def test_no_program_of_a_page_is_forgotten(page: Path) -> None:
    known = {"sh", "python", "json", "text", "python signin", "sh exchange", "graphql"}

    assert {block.language for block in blocks(page)} <= known
