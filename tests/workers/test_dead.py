"""What fails every time is put aside, told once, and in nobody's way."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from bot.reply import Reply
from bot.turn import Account, Place, Said, Turn, TurnId
from tests.workers.store import steps
from tests.workers.store.conftest import There
from workers import dead
from workers.store import codec, inbox
from workers.store.conversations import Claimed
from workers.store.inbox import Row

PLACE = Place("slack", "T1", "C1", "17.1")
TURN = Turn(TurnId("t"), PLACE, Account("slack", "T1", "U1"), Said("my secret wish", mentioned=True))


@dataclass
class Broken:
    """A door that cannot read what it stored itself."""

    def to_turn(self, payload: Any) -> Turn:
        raise KeyError(payload)


async def buried(there: There, source: str, payload: bytes) -> list[Any]:
    """A row that failed every time; the messages that follow."""
    claimed: Claimed = await there.claimed()
    async with there.db.tenant(there.tenant) as c:
        await inbox.add_many(c, there.tenant, [(source, "bad", there.conversation, "turn", payload, None)])
        row = await steps.next_row(c, there.tenant, there.conversation)
    assert row is not None
    tools: Any = SimpleNamespace(db=there.db, lease=30.0, doors={"slack": Broken()})
    await dead.bury(tools, claimed, row, "KeyError")
    found = await there.fetch("select id, content from outbox where id like 'dead:%'")
    return [codec.loads(each["content"]) for each in found]


async def test_the_person_is_told_once_and_what_comes_next_is_dealt_with(there: There) -> None:
    assert await buried(there, "us", codec.dumps(TURN).encode()) == [Reply(dead.SORRY)]
    assert await there.value("select state from inbox where dedupe = 'bad'") == 2
    async with there.db.tenant(there.tenant) as c:
        assert await steps.next_row(c, there.tenant, there.conversation) is None


async def test_what_cannot_even_be_read_is_put_aside_all_the_same(there: There) -> None:
    assert await buried(there, "slack", b'{"secret": 1}') == []
    assert await there.value("select state from inbox where dedupe = 'bad'") == 2


async def test_the_log_and_the_audit_name_the_row_and_none_of_its_words(
    there: There, capsys: pytest.CaptureFixture[str]
) -> None:
    await buried(there, "us", codec.dumps(TURN).encode())
    entry = (await there.value("select entry from audit order by id desc limit 1")).decode()
    assert '"turn.dead"' in entry
    assert "secret wish" not in entry + capsys.readouterr().out


def test_a_row_that_is_no_turn_has_no_person_to_be_told() -> None:
    tools: Any = SimpleNamespace(doors={})
    assert dead._turn(tools, Row(1, "us", "d", inbox.EVENT, b"{}", 9)) is None
