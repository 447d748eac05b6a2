"""A worker and the files of one message: all are read in time, or said not to be."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from bot.secrets import new_key
from bot.settings import Settings
from bot.turn import Account, Attached, Place, Said, Turn, TurnId
from integrations.models.seeing import ChatSeer, seer
from workers.files import hands
from workers.files.hands import FileHands, eyes, sources
from workers.files.looking import Eyes
from workers.knowledge.apart import Apart
from workers.store import files
from workers.store.door import Database
from workers.store.files import Coming, Read

PLACE = Place("slack", "T1", "C1", "1.2")


class Silent:
    """Hints to nobody."""

    def __init__(self) -> None:
        self.woken = 0

    def wake(self) -> None:
        self.woken += 1


def made(db: Database, **sources: Any) -> tuple[FileHands, Silent]:
    hints = Silent()
    found = FileHands(Settings(_env_file=None), db, hints, None)  # type: ignore[arg-type]  # wakes, and nothing else
    found._open = sources, Eyes(Apart())
    return found, hints


async def expected(db: Database, tenant: UUID, count: int = 1, platform: str = "slack") -> None:
    place = Place(platform, "T1", "C1", "1.2")
    said = Said("x", files=tuple(Attached(f"F{at}", f"{at}.txt", url="x") for at in range(count)))
    turn = Turn(TurnId("t1"), place, Account("slack", "T1", "U1"), said)
    async with db.tenant(tenant) as c:
        await files.expect(c, tenant, Coming("f1", place.conversation, UUID(int=7), turn))


async def kept(db: Database, tenant: UUID) -> tuple[Read, ...]:
    async with db.tenant(tenant) as c:
        return await files.of_key(c, tenant, "f1")


def looking(monkeypatch: pytest.MonkeyPatch, act: Any) -> None:
    async def look(source: Any, workspace: str, file: Attached, eyes: Eyes) -> Read:
        found: Read = await act(file)
        return found

    monkeypatch.setattr(hands, "look", look)


async def one(file: Attached) -> Read:
    return Read(file.name, "text", "words")


async def test_five_files_of_a_message_are_read_and_the_conversation_is_woken(
    db: Database, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    looking(monkeypatch, one)
    ours, hints = made(db, slack=object())
    await expected(db, tenant, 7)
    assert await ours.read(tenant, "f1")
    assert [each.name for each in await kept(db, tenant)] == [f"{at}.txt" for at in range(5)]
    assert hints.woken == 1
    assert not await ours.read(tenant, "f1")


async def test_what_time_is_over_for_is_said_so_and_the_rest_counts(
    db: Database, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow(file: Attached) -> Read:
        if file.id != "F0":
            await asyncio.sleep(60)
        return await one(file)

    looking(monkeypatch, slow)
    monkeypatch.setattr(hands, "LONGEST", 0.3)
    ours, _ = made(db, slack=object())
    await expected(db, tenant, 2)
    assert await ours.read(tenant, "f1")
    first, second = await kept(db, tenant)
    assert (first.words, second.problem) == ("words", hands.LATE)


async def test_a_platform_without_files_is_told(db: Database, tenant: UUID) -> None:
    ours, _ = made(db)
    await expected(db, tenant, platform="web")
    await ours.read(tenant, "f1")
    assert "not read on this platform" in (await kept(db, tenant))[0].problem


async def test_a_bug_leaves_it_to_be_tried_again_and_kills_nobody(
    db: Database, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(file: Attached) -> Read:
        raise RuntimeError("x")

    looking(monkeypatch, broken)
    ours, _ = made(db, slack=object())
    await expected(db, tenant)
    assert not await ours.read(tenant, "f1")
    async with db.tenant(tenant) as c:
        assert await files.waiting(c, tenant, "f1") == 1


async def test_tasks_run_beside_each_other_and_odd_ones_are_nothing(
    db: Database, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    looking(monkeypatch, one)
    ours, _ = made(db, slack=object())
    await expected(db, tenant)
    for task in (hands.task_of(tenant, "f1"), hands.task_of(tenant, "f1"), "files:x", "files:"):
        ours.begin(task)
    await asyncio.gather(*ours._kept)
    assert len(await kept(db, tenant)) == 1


def settings(**more: Any) -> Settings:
    return Settings(_env_file=None, **more)


def test_nobody_sees_or_hears_unless_somebody_is_named() -> None:
    found = eyes(settings())
    assert (found.seer, found.transcriber) == (None, None)


def test_whoever_is_named_sees_and_hears() -> None:
    found = eyes(settings(model="edge", vision_model="llava", transcribe_url="http://127.0.0.1:9000/v1"))
    assert found.seer is not None
    assert found.transcriber is not None
    assert (found.seer.name, found.transcriber.name) == ("edge:llava", "transcription:whisper-1")


def test_what_is_set_up_wrongly_takes_nothing_from_the_rest() -> None:
    found = eyes(settings(transcribe_url="ftp://x", model="openai", vision_model="x"))
    assert (found.seer, found.transcriber) == (None, None)
    key = eyes(settings(transcribe_url="http://whisper.example/v1", transcribe_api_key="secret"))
    assert key.transcriber is None


def test_of_two_models_the_near_one_sees() -> None:
    plain = settings(
        model="hybrid", openai_api_key="k", edge_url="http://127.0.0.1:1/v1", vision_model="llava"
    ).plain()
    found = seer(plain)
    assert isinstance(found, ChatSeer)
    assert found.name == "edge:llava"


async def test_files_come_from_the_platforms_that_are_connected(db: Database) -> None:
    found = sources(settings(slack_bot_token="xoxb-1", slack_signing_secret="x", secret_key=new_key()), db)
    assert list(found) == ["slack"]
    for each in found.values():
        await each._session.close()  # type: ignore[attr-defined]  # ours to close
