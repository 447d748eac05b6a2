"""Who may stop a model, and by which words; and what people think of what it wrote."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from bot.turn import Pressed
from tests.workers.streaming import ADA, PLACE
from workers import feedback_cli, streams_stop
from workers.store import feedback, people
from workers.store.door import Database
from workers.store.streams import Stream
from workers.streams_stop import OVER, TYPED

WHOSE = uuid4()
STREAM = Stream("r1:write:1", PLACE, ADA, WHOSE, "l", "live", (), None, False, None, False)


@pytest.mark.parametrize("text", ["stop", "Stop!", " please stop it. ", "HALT", "enough", "That's enough."])
def test_these_words_stop_it(text: str) -> None:
    assert TYPED.match(text)


@pytest.mark.parametrize("text", ["stop the order of two colas", "do not stop", "stopwatch", "", "cancel"])
def test_these_words_mean_something_else(text: str) -> None:
    assert not TYPED.match(text)


async def pressed(monkeypatch: pytest.MonkeyPatch, stream: Stream | None, by: UUID) -> tuple[bool, list[str]]:
    """Whether it was stopped, and what the presser was told."""
    stopped: list[str] = []
    told: list[str] = []

    async def found(c: Any, tenant: UUID, conversation: str) -> Stream | None:
        return stream

    async def stop(tenant: UUID, key: str) -> bool:
        stopped.append(key)
        return True

    async def finish(tools: Any, claimed: Any, seen: Any, commit: Any) -> Any:
        return commit

    class Door:
        def tenant(self, tenant: UUID) -> Any:
            return self

        async def __aenter__(self) -> None: ...
        async def __aexit__(self, *_: object) -> None: ...

    monkeypatch.setattr(streams_stop.streams, "in_conversation", found)
    monkeypatch.setattr(streams_stop, "finish", finish)
    monkeypatch.setattr(streams_stop, "tell", lambda commit, turn, reply: told.append(reply.text))
    tools: Any = SimpleNamespace(db=Door(), previews=SimpleNamespace(stop=stop))
    claimed: Any = SimpleNamespace(tenant=uuid4(), key=PLACE.conversation)
    turn: Any = SimpleNamespace(act=Pressed(streams_stop.STOP, ""))
    await streams_stop.pressed(tools, claimed, SimpleNamespace(), turn, people.Person(by, "", "", "UTC"))  # type: ignore[arg-type]  # nothing of it is read
    return bool(stopped), told


async def test_whoever_asked_stops_it_and_nobody_else_does(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await pressed(monkeypatch, STREAM, WHOSE) == (True, [])
    stopped, [told] = await pressed(monkeypatch, STREAM, uuid4())
    assert not stopped
    assert "Only the person who asked" in told


@pytest.mark.twin
async def test_without_asking_who_pressed_anybody_stops_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams_stop, "_problem", lambda stream, person: "")
    assert await pressed(monkeypatch, STREAM, uuid4()) == (True, [])


@pytest.mark.parametrize("stream", [None, replace(STREAM, final="r1:0")])
async def test_where_nothing_is_left_to_be_stopped_that_is_said(
    monkeypatch: pytest.MonkeyPatch, stream: Stream | None
) -> None:
    assert await pressed(monkeypatch, stream, WHOSE) == (False, [OVER])


async def test_one_thumb_of_each_person_counts_for_each_message(db: Database, tenant: UUID) -> None:
    ada, grace = uuid4(), uuid4()
    async with db.tenant(tenant) as c:
        assert await feedback.keep(c, tenant, "c1", "m1", ada, True, "")
        assert not await feedback.keep(c, tenant, "c1", "m1", ada, False, "too long " * 1_000)
        assert await feedback.keep(c, tenant, "c1", "m1", grace, True, "")
        assert await feedback.keep(c, tenant, "c1", "m2", ada, True, "")
        assert await feedback.counts(c, tenant) == (2, 1)
        latest = await feedback.latest(c, tenant, 10)
    [mine] = [each for each in latest if not each.up]
    assert len(mine.words) == feedback.LONGEST
    lines = feedback_cli.told("Acme", 2, 1, latest)
    assert lines[0] == "Acme: 2 up, 1 down, 66 % up"
    assert len(lines) == 4
    assert all("\n" not in line and len(line) < 400 for line in lines)
