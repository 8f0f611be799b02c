"""The strict client of the OpenID world goes through every flow, pages and all, without one fault."""

from pathlib import Path

import pytest

from tests.clients.conftest import DRIVER, Drive

FLOWS = sorted(path.stem for path in (DRIVER / "flows").glob("*.mjs") if path.stem != "self-test")


@pytest.mark.parametrize("flow", FLOWS)
async def test_the_strict_client_completes(drive: Drive, flow: str) -> None:
    told = await drive(flow)

    assert told.failed == []
    assert (told.code, told.stderr) == (0, "")
    assert len(told.steps) > 5


async def test_the_driver_can_fail(drive: Drive) -> None:
    told = await drive("self-test")

    assert [each["ok"] for each in told.steps] == [False, False, False]
    assert told.code == 1


def test_the_lock_names_no_place_to_fetch_from() -> None:
    lock = Path(DRIVER / "package-lock.json").read_text(encoding="utf-8")

    assert '"resolved"' not in lock
