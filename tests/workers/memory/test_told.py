"""What somebody told us to remember: told to a model where it matters, and never taken for "the usual"."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from bot.turn import Account, Place, Said, Turn, TurnId
from flows.memory_words import again
from tests.workers.memory.kept import ORDERS, OTHER, PRIVATE, desk, keep, person
from workers.knowledge.embedders import Embedders
from workers.memory import told
from workers.memory.desk import Desk
from workers.store.door import Database

WORDS = "I eat no onions on a pizza"
TURN = Turn(TurnId("t1"), PRIVATE, Account("slack", "T1", "U1"), Said(f"{WORDS}, remember that"))


async def tell(db: Database, tenant: UUID, who: UUID, place: Place = PRIVATE, days: int = 30) -> bool:
    async with db.tenant(tenant) as c:
        at = Desk(db, Embedders({}), None, days)
        return await at.tell(c, tenant, who, replace(TURN, place=place), place.conversation, WORDS)


async def test_it_is_told_to_a_model_that_reads_something_near_to_it(db: Database, tenant: UUID) -> None:
    ada = await person(db, tenant)
    assert await tell(db, tenant, ada)
    [found] = await desk(db).recalled(tenant, ada, PRIVATE, "a pizza with onions please")
    assert (found.body, found.outcome) == (WORDS, "told")
    assert await desk(db).recalled(tenant, ada, ORDERS, "a pizza with onions please") == []


async def test_what_was_told_in_a_channel_is_known_there_and_in_private(db: Database, tenant: UUID) -> None:
    ada = await person(db, tenant)
    assert await tell(db, tenant, ada, ORDERS)
    for place, count in ((ORDERS, 1), (PRIVATE, 1), (OTHER, 0)):
        assert len(await desk(db).recalled(tenant, ada, place, "pizza with onions")) == count


async def test_twenty_of_them_do_not_hide_the_usual(db: Database, tenant: UUID) -> None:
    ada = await person(db, tenant)
    await keep(db, tenant, ada, "order: 2 × Margherita", PRIVATE)
    for number in range(25):
        await keep(db, tenant, ada, f"fact {number}", PRIVATE, flow="", outcome="told", slots={})
    usual = again("the usual")
    assert usual is not None
    found = await desk(db).pointed_at(tenant, ada, PRIVATE, "elsewhere", usual)
    assert found is not None
    assert found.body == "order: 2 × Margherita"


async def test_once_for_each_message_and_not_where_nothing_is_kept(db: Database, tenant: UUID) -> None:
    ada, eve = await person(db, tenant), await person(db, tenant)
    assert await tell(db, tenant, ada)
    assert not await tell(db, tenant, ada)
    assert not await tell(db, tenant, eve, days=0)


@pytest.mark.parametrize(
    "what",
    ["my card is 4242 4242 4242 4242", "my IBAN is DE89 3704 0044 0532 0130 00",
     "the key is sk-proj-abcdefghijklmnopqrstuvwx1234567890"],
)  # fmt: skip
def test_secrets_are_refused(what: str) -> None:
    assert told._refused(what) == told.NOT_KEPT
    assert told._refused(WORDS) == ""
