"""Previews of what a model writes: whoever dies, and whenever, there is one message with the whole text."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from bot.errors import PlatformError
from bot.platforms.streaming import MARK
from bot.reply import Reply
from tests.workers.streaming import PLACE, FakeClient, FakeHints, FakeStreams, Killed, Showing, engine
from workers import streams_end, streams_keeper
from workers.store import streams
from workers.store.door import Database
from workers.store.outbox import Message, Waiting
from workers.streams import PASSING, Previews, piece

WHOLE = "One two three, and done."


@pytest.fixture(autouse=True)
def killed_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever dies tidies nothing up."""
    rest = streams.rest

    async def unless_dead(c: Any, tenant: UUID, key: str, *, doubt: bool) -> None:
        if key not in DEAD:
            await rest(c, tenant, key, doubt=doubt)

    monkeypatch.setattr(streams, "rest", unless_dead)
    monkeypatch.setattr("workers.streams.PASSING", (*PASSING, Killed))


DEAD: set[str] = set()
POSTED: dict[str, str] = {}


@pytest_asyncio.fixture
async def growing() -> AsyncIterator[FakeStreams]:
    yield FakeStreams()


async def written(db: Database, tenant: UUID, growing: FakeStreams, *words: str) -> Showing:
    showing = await Showing.begin(db, tenant, growing)
    if growing.dies:
        DEAD.add(showing.key)
    for each in words:
        await showing.say(each)
    return showing


async def finished(
    showing: Showing, previews: Previews, text: str = WHOLE, *, tries: int = 3, number: int = 1, of: int = 1
) -> str:
    """The final message as some engine sends it, which may die at it and is followed by another."""
    tools: Any = SimpleNamespace(db=showing.db, previews=previews)
    target = f"{MARK}{showing.key}#{number}/{of}"
    message = Message(f"said:{showing.key}:{number}", "update", PLACE, Reply(text), target=target)
    waiting = Waiting(message, 1, "queued", 0, None, datetime.now(UTC), due=True, expired=False)
    client: Any = FakeClient(showing.growing)

    async def post(client: Any, waiting: Waiting, content: Reply) -> tuple[str, str | None]:
        """As the outbox does: what was posted under this mark is not posted again."""
        posted = POSTED.get(waiting.message.id) or (await client.post(PLACE, content)).id
        POSTED[waiting.message.id] = posted
        return posted, PLACE.thread

    claimed: Any = SimpleNamespace(tenant=showing.tenant)
    for _ in range(tries):
        try:
            return (await streams_end.finish(tools, claimed, waiting, client, post))[0]
        except Killed:
            showing.growing.dies = ""
    raise AssertionError("it was never sent")


def texts(growing: FakeStreams) -> list[tuple[str, str]]:
    return [(each.text, each.state) for each in growing.messages.values()]


async def test_pieces_grow_one_message_and_what_is_said_of_them_takes_its_place(
    db: Database, tenant: UUID, growing: FakeStreams
) -> None:
    showing = await written(db, tenant, growing, "One ", "two")
    assert texts(growing) == [("One two", "growing")]
    await showing.end()
    await finished(showing, showing.previews)
    assert texts(growing) == [(WHOLE, "closed")]
    assert (await showing.row()).state == "closed"


BEFORE_AND_AFTER = [
    f"{call} {when}" for call in ("begin 1", "grow 1", "grow 2", "grow 3") for when in ("before", "after")
]


@pytest.mark.parametrize("dies", BEFORE_AND_AFTER)
@pytest.mark.parametrize("then", ["", "finish 1 before", "finish 1 after"])
async def test_whenever_it_dies_there_is_one_closed_message_with_the_whole_text(
    db: Database, tenant: UUID, growing: FakeStreams, dies: str, then: str
) -> None:
    growing.dies = dies
    showing = await written(db, tenant, growing, "One ", "two ", "three, ", "and")
    growing.dies = then
    await showing.expire()
    other = engine(db, growing, FakeHints())
    await finished(showing, other)
    await finished(showing, other)
    assert texts(growing) == [(WHOLE, "closed")]


@pytest.mark.parametrize("dies", BEFORE_AND_AFTER)
async def test_where_nobody_can_look_it_up_only_a_death_in_the_very_moment_of_beginning_leaves_a_piece(
    db: Database, tenant: UUID, growing: FakeStreams, dies: str
) -> None:
    growing.finds, growing.dies = False, dies
    showing = await written(db, tenant, growing, "One ", "two ", "three, ", "and")
    growing.dies = ""
    await showing.expire()
    await finished(showing, engine(db, growing, FakeHints()))
    assert texts(growing)[-1] == (WHOLE, "closed")
    assert len(texts(growing)) == (2 if dies == "begin 1 after" else 1)


@pytest.mark.twin
async def test_without_the_look_up_a_death_between_start_and_note_leaves_two(
    db: Database, tenant: UUID, growing: FakeStreams, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def only_what_was_noted(growing: Any, stream: streams.Stream) -> Any:
        return stream.messages

    monkeypatch.setattr(streams_keeper, "left", only_what_was_noted)
    growing.dies = "begin 1 after"
    showing = await written(db, tenant, growing, "One ")
    await showing.expire()
    await finished(showing, engine(db, growing, FakeHints()))
    assert texts(growing) == [("One", "growing"), (WHOLE, "closed")]


async def test_while_another_engine_still_speaks_the_last_form_waits_and_that_one_is_told(
    db: Database, tenant: UUID, growing: FakeStreams
) -> None:
    growing.edits = True
    showing = await written(db, tenant, growing, "One ")
    growing.gate = asyncio.Event()
    await showing.say("two")  # its call is under way
    hints = FakeHints()
    other = engine(db, growing, hints)
    with pytest.raises(streams_end.NotYet):
        await finished(showing, other)
    [(channel, message)] = hints.told
    assert channel == showing.previews.name
    showing.previews.heard(message)
    growing.gate.set()
    await showing.rested()
    await finished(showing, other)
    assert texts(growing) == [(WHOLE, "closed")]


@pytest.mark.twin
async def test_without_that_wait_a_late_piece_writes_over_the_last_form(
    db: Database, tenant: UUID, growing: FakeStreams
) -> None:
    growing.edits = True
    showing = await written(db, tenant, growing, "One ")
    growing.gate = asyncio.Event()
    await showing.say("two")
    await showing.expire()  # which is what it would be not to look
    await finished(showing, engine(db, growing, FakeHints()))
    growing.gate.set()
    await showing.end()
    assert texts(growing) == [("One two", "closed")]


async def test_what_is_over_is_not_begun_any_more(db: Database, tenant: UUID, growing: FakeStreams) -> None:
    showing = await Showing.begin(db, tenant, growing, asked=False)
    async with db.tenant(tenant) as c:
        await streams.taken(c, tenant, showing.key, "said")
    await showing.say("Too late")
    await showing.rested()
    assert growing.messages == {}


async def test_a_piece_that_was_lost_ends_the_preview_and_not_the_answer(
    db: Database, tenant: UUID, growing: FakeStreams
) -> None:
    showing = await written(db, tenant, growing, "One ")
    showing.previews.heard(piece(showing.key, 99, "far ahead"))
    await showing.rested()
    assert texts(growing) == [("One", "growing")]
    await finished(showing, showing.previews)
    assert texts(growing) == [(WHOLE, "closed")]


async def test_a_full_message_is_closed_and_the_next_one_begins(
    db: Database, tenant: UUID, growing: FakeStreams
) -> None:
    growing.longest = 8
    showing = await written(db, tenant, growing, "One two ", "three four")
    async with asyncio.timeout(5):
        while len(growing.messages) < 2 or not growing.messages["m2"].text:
            await asyncio.sleep(0.002)
    assert growing.messages["m1"].state == "closed"
    await showing.end()
    await finished(showing, showing.previews, "First part", number=1, of=2)
    await finished(showing, showing.previews, "Second part", number=2, of=2)
    assert texts(growing)[:2] == [("First part", "closed"), ("Second part", "closed")]
    assert {state for _, state in texts(growing)} == {"closed"}


async def test_asked_to_slow_down_it_shows_the_same_words_later(
    db: Database, tenant: UUID, growing: FakeStreams
) -> None:
    showing = await written(db, tenant, growing, "One ")
    growing.refusals = [PlatformError("Fake", "slow", retryable=True, retry_after=0.05, limited=True)]
    await showing.say("two")
    async with asyncio.timeout(5):
        while growing.messages["m1"].text != "One two":
            await asyncio.sleep(0.002)


async def test_where_it_is_open_whether_words_arrived_they_are_not_shown_twice(
    db: Database, tenant: UUID, growing: FakeStreams
) -> None:
    showing = await written(db, tenant, growing, "One ")
    growing.refusals = [PlatformError("Fake", "no answer", retryable=True, unknown=True)]
    await showing.say("two")
    await showing.rested()
    assert growing.calls.count("grow") == 1
    await finished(showing, showing.previews)
    assert texts(growing) == [(WHOLE, "closed")]


async def test_a_preview_that_nothing_took_the_place_of_is_closed(
    db: Database, tenant: UUID, growing: FakeStreams
) -> None:
    growing.dies = "grow 1 before"
    showing = await written(db, tenant, growing, "One ", "two")
    await showing.expire()
    clients: Any = {"fake": FakeClient(growing)}
    assert await streams_keeper.close_orphans(db, clients, tenant, 0.0) == 1
    assert texts(growing) == [("One", "closed")]
    assert await streams_keeper.close_orphans(db, clients, tenant, 0.0) == 0


async def test_one_that_was_begun_and_never_noted_is_found_and_closed(
    db: Database, tenant: UUID, growing: FakeStreams
) -> None:
    growing.dies = "begin 1 after"
    showing = await written(db, tenant, growing, "One ")
    await showing.expire()
    clients: Any = {"fake": FakeClient(growing)}
    await streams_keeper.close_orphans(db, clients, tenant, 0.0)
    assert texts(growing) == [("One", "closed")]


async def test_who_is_alive_is_left_alone_by_the_keeper(
    db: Database, tenant: UUID, growing: FakeStreams
) -> None:
    await written(db, tenant, growing, "One ")
    clients: Any = {"fake": FakeClient(growing)}
    assert await streams_keeper.close_orphans(db, clients, tenant, 0.0) == 0
    assert texts(growing) == [("One", "growing")]


async def test_stop_is_said_once_and_the_worker_can_see_it(
    db: Database, tenant: UUID, growing: FakeStreams
) -> None:
    showing = await written(db, tenant, growing, "One ")
    assert await showing.previews.stop(tenant, showing.key)
    assert not await showing.previews.stop(tenant, showing.key)
    assert f"countersign:stop:{tenant}:{showing.key}" in showing.hints.marks
    async with db.tenant(tenant) as c:
        assert await streams.is_unwanted(c, tenant, showing.key)


async def test_a_message_taken_away_meanwhile_is_said_anew(
    db: Database, tenant: UUID, growing: FakeStreams
) -> None:
    showing = await written(db, tenant, growing, "One ")
    await showing.end()
    growing.messages.clear()
    await finished(showing, showing.previews)
    assert texts(growing) == [(WHOLE, "closed")]


@pytest.mark.parametrize("said", ["", "{", "[]", "{}", '{"k": 1}', '{"k": "x", "at": "y", "d": 3}', "null"])
async def test_what_is_no_piece_changes_nothing(
    db: Database, tenant: UUID, growing: FakeStreams, said: str
) -> None:
    showing = await written(db, tenant, growing, "One ")
    showing.previews.heard(said)
    assert texts(growing) == [("One", "growing")]
