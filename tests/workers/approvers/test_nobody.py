"""Accounts that are a bot's or gone decide nothing, and a guest only what they are named for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.platforms.base import Profile
from bot.turn import Account
from flows.approval_stages import Stage
from tests.workers.approvers.asked import asks, email, met, policy, presses, released, state, still, told
from tests.workers.store.conftest import There
from workers.approvers import situation
from workers.store import people
from workers.store.people import Person

NAMED = policy(Stage((email("grace"), email("omar"))))
ANYONE = policy(Stage(()))


async def known_as(there: There, person: Person, platform: str = "slack", **kind: bool) -> None:
    """As their platform says from now on."""
    account = Account(platform, "T1", f"U-{person.name.lower()}-{platform}")
    async with there.db.tenant(there.tenant) as c:
        await people.remember(c, there.tenant, account, Profile(person.name, person.email, **kind))


async def left(there: There, person: Person, platform: str = "slack") -> None:
    account = Account(platform, "T1", f"U-{person.name.lower()}-{platform}")
    async with there.db.tenant(there.tenant) as c:
        assert (await people.as_kept(c, there.tenant, account, gone=True)) is not None


async def test_a_bot_decides_nothing_though_its_address_is_named(there: There) -> None:
    ada, grace = await met(there, "ada"), await met(there, "grace")
    await known_as(there, grace, is_bot=True)
    approval = await asks(there, NAMED, ada)

    assert told((await presses(there, NAMED, approval, grace))[0]) == situation.NOBODY
    assert await state(there, approval) == "pending"


async def test_an_account_that_is_gone_decides_nothing(there: There) -> None:
    ada, grace = await met(there, "ada"), await met(there, "grace")
    approval = await asks(there, NAMED, ada)
    await left(there, grace)

    assert told((await presses(there, NAMED, approval, grace))[0]) == situation.NOBODY
    await known_as(there, grace)
    assert released((await presses(there, NAMED, approval, grace))[1]) == ["events.Approved"]


async def test_whoever_is_there_on_another_platform_is_not_gone(there: There) -> None:
    ada, grace = await met(there, "ada"), await met(there, "grace")
    await met(there, "grace", "teams")
    await left(there, grace, "teams")
    approval = await asks(there, NAMED, ada)
    assert released((await presses(there, NAMED, approval, grace))[1]) == ["events.Approved"]


async def test_what_somebody_approved_who_has_gone_since_does_not_run(there: There) -> None:
    ada, grace = await met(there, "ada"), await met(there, "grace")
    approval = await asks(there, NAMED, ada)
    await presses(there, NAMED, approval, grace)
    assert await still(there, NAMED, approval)
    await left(there, grace)
    assert not await still(there, NAMED, approval)


async def test_a_guest_decides_where_they_are_named_and_not_where_anybody_may(there: There) -> None:
    ada, grace = await met(there, "ada"), await met(there, "grace")
    await known_as(there, grace, is_guest=True)
    anybodys, theirs = await asks(there, ANYONE, ada), await asks(there, NAMED, ada)

    assert "where the approvers were asked" in told((await presses(there, ANYONE, anybodys, grace))[0])
    assert await state(there, anybodys) == "pending"
    assert released((await presses(there, NAMED, theirs, grace))[1]) == ["events.Approved"]


async def test_a_member_decides_where_anybody_may(there: There) -> None:
    ada, grace = await met(there, "ada"), await met(there, "grace")
    approval = await asks(there, ANYONE, ada)
    assert released((await presses(there, ANYONE, approval, grace))[1]) == ["events.Approved"]


@pytest.mark.twin
@pytest.mark.parametrize("kind", ["is_bot", "is_guest"])
async def test_without_asking_what_platforms_say_both_would_decide(
    there: There, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = people.standing

    async def members(*given: Any) -> list[people.Standing]:
        return [replace(each, nobody=False, guest=False) for each in await real(*given)]

    monkeypatch.setattr(people, "standing", members)
    ada, grace = await met(there, "ada"), await met(there, "grace")
    await known_as(there, grace, **{kind: True})
    approval = await asks(there, ANYONE, ada)
    assert released((await presses(there, ANYONE, approval, grace))[1]) == ["events.Approved"]
