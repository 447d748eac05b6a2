"""/link: a code from one platform, typed in the other; once, soon, and not by guessing."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from bot.turn import Account
from tests.workers.approvers.asked import met
from tests.workers.store.conftest import There
from workers.approvers import linking
from workers.commit import Commit
from workers.store import link_codes, links
from workers.store.people import Person

SLACK, TEAMS = Account("slack", "T1", "U1"), Account("teams", "T1", "object")


async def links_(there: There, person: Person, account: Account, text: str = "") -> tuple[str, linking.Told]:
    async with there.db.tenant(there.tenant) as c:
        return await linking.said(c, there.tenant, Commit(), person, account, text)


async def code_of(there: There, person: Person, account: Account = SLACK) -> str:
    said, _ = await links_(there, person, account)
    found = re.search(r"/link ([A-Z2-9]{8})”", said)
    assert found, said
    return found[1]


async def joined(there: There, one: Person, other: Person) -> bool:
    async with there.db.tenant(there.tenant) as c:
        return other.id in links.live_with(one.id, await links.around(c, there.tenant, [one.id]))


async def two(there: There) -> tuple[Person, Person]:
    return await met(there, "grace"), await met(there, "gracealt", "teams", known=False)


async def test_a_code_typed_in_the_other_platform_joins_both_and_both_are_told(there: There) -> None:
    grace, other = await two(there)
    code = await code_of(there, grace)

    said, told = await links_(there, other, TEAMS, f"{code[:4].lower()} {code[4:].lower()}")

    assert "Grace on Slack are one person now" in said
    assert [(who, "Gracealt on Teams" in words) for who, words in told] == [(grace.id, True)]
    assert await joined(there, grace, other)


async def test_a_code_works_once(there: There) -> None:
    grace, other = await two(there)
    mallory = await met(there, "mallory", "teams")
    code = await code_of(there, grace)
    done = await asyncio.gather(*(links_(there, who, TEAMS, code) for who in (other, mallory)))

    assert sorted("one person now" in said for said, _ in done) == [False, True]
    assert await joined(there, grace, other) != await joined(there, grace, mallory)


async def test_a_code_is_over_after_ten_minutes_and_when_a_newer_one_is_asked_for(there: There) -> None:
    grace, other = await two(there)
    old, new = await code_of(there, grace), await code_of(there, grace)
    assert (await links_(there, other, TEAMS, old))[0] == linking.NO_CODE
    async with there.db.tenant(there.tenant) as c:
        await c.execute("update link_codes set expires_at = now() - interval '1 second'")
    assert (await links_(there, other, TEAMS, new))[0] == linking.NO_CODE
    assert not await joined(there, grace, other)


async def test_it_has_to_be_the_other_platform_and_another_person(there: There) -> None:
    grace, other = await two(there)
    assert "in the other platform" in (await links_(there, other, SLACK, await code_of(there, grace)))[0]
    assert "yours already" in (await links_(there, grace, TEAMS, await code_of(there, grace)))[0]


async def test_whoever_guesses_is_stopped_even_with_the_right_code(there: There) -> None:
    grace, other = await two(there)
    code = await code_of(there, grace)
    guesses = [f"AAAAAA{n}{n}" for n in range(2, 2 + link_codes.MOST_TRIES)]
    await asyncio.gather(*(links_(there, other, TEAMS, each) for each in guesses))

    assert (await links_(there, other, TEAMS, code))[0] == linking.TOO_OFTEN
    assert not await joined(there, grace, other)


@pytest.mark.twin
async def test_without_counting_tries_guessing_goes_on(there: There, monkeypatch: pytest.MonkeyPatch) -> None:
    async def always(*_: Any) -> bool:
        return True

    monkeypatch.setattr(link_codes, "may_try", always)
    grace, other = await two(there)
    code = await code_of(there, grace)
    for n in range(2, 2 + link_codes.MOST_TRIES):
        await links_(there, other, TEAMS, f"AAAAAA{n}{n}")
    assert "one person now" in (await links_(there, other, TEAMS, code))[0]


async def test_codes_are_not_given_without_end(there: There) -> None:
    grace, _ = await two(there)
    for _ in range(link_codes.MOST_CODES):
        await code_of(there, grace)
    assert (await links_(there, grace, SLACK))[0] == linking.TOO_OFTEN


async def test_no_code_is_kept_that_could_be_read(there: There) -> None:
    grace, _ = await two(there)
    code = await code_of(there, grace)
    rows = await there.fetch("select code_hash from link_codes")
    assert all(code.encode() not in row["code_hash"] for row in rows)


@pytest.mark.parametrize("typed", ["abcd", "ABCD EFGH JKLM", "'; drop table people; --", "😀" * 300, "/link"])
async def test_what_is_no_code_is_said_to_be_none(there: There, typed: str) -> None:
    _, other = await two(there)
    said, told = await links_(there, other, TEAMS, typed)
    assert said == linking.NO_CODE or said.startswith("Your code is")
    assert told == ()
