"""The web's messages in a real database: in order, once, whatever dies, and dropped when they are old."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from bot.embedded import Servers
from bot.errors import InboxRefused, Malformed, PlatformError
from bot.platforms.web import connect, inbound
from bot.platforms.web.base import Who
from bot.platforms.web.client import WebClient
from bot.platforms.web.runtime import address
from bot.reply import Form, Paragraph, Reply
from bot.turn import Account, Place
from tests.workers.web.people import VAULT, Told, main_of
from workers.hints import Hints
from workers.store import web as store
from workers.store.door import Database
from workers.web import NEWS, WebDesk, WebLobby, listener, revoked
from workers.web_keys import StoredKeys

# ── messages ──


async def test_a_message_that_is_posted_twice_is_there_once_and_is_found(client: WebClient, ada: Who) -> None:
    place = main_of(ada)
    for _ in range(3):
        sent = await client.post(place, Reply("hello"), marker="r1:3")
    assert sent.id == "r1:3"
    assert (await client.find(place, marker="r1:3", since=0.0)) is not None
    assert await client.find(place, marker="r1:4", since=0.0) is None


async def test_numbers_grow_with_every_message_and_change_and_a_change_keeps_its_first(
    db: Database, hints: Told, client: WebClient, ada: Who
) -> None:
    place, lobby = main_of(ada), WebLobby(db, hints)
    for at in range(3):
        await client.post(place, Reply(f"m{at}"), marker=f"m{at}")
    await client.update(place, "m0", Reply("m0, changed"), marker="m0")
    rows = await lobby.missed(ada, place.channel, 0, 100)
    assert [(row.id, row.seq, row.first) for row in rows] == [("m1", 2, 2), ("m2", 3, 3), ("m0", 4, 1)]
    assert rows[-1].body["text"] == "m0, changed"
    assert [row.id for row in await lobby.missed(ada, place.channel, 3, 100)] == ["m0"]
    assert [row.id for row in await lobby.missed(ada, place.channel, -1, 2)] == ["m2", "m0"]


async def test_a_change_of_what_is_gone_is_said_to_be_gone(client: WebClient, ada: Who) -> None:
    with pytest.raises(PlatformError) as refused:
        await client.update(main_of(ada), "never", Reply("x"), marker="never")
    assert refused.value.gone
    assert not refused.value.retryable


async def test_whoever_has_seen_a_number_has_seen_all_before_it_however_many_write_at_once(
    db: Database, hints: Told, client: WebClient, ada: Who
) -> None:
    place, lobby = main_of(ada), WebLobby(db, hints)
    seen: list[int] = []
    writing = [asyncio.create_task(client.post(place, Reply("x"), marker=f"m{at}")) for at in range(60)]
    while len(seen) < 60:
        rows = await lobby.missed(ada, place.channel, seen[-1] if seen else 0, 7)
        seen += [row.seq for row in rows]
    await asyncio.gather(*writing)
    assert seen == list(range(1, 61))


@pytest.mark.twin
async def test_twin_if_numbers_were_not_counted_under_the_rows_lock_one_would_be_missed(
    db: Database, hints: Told, client: WebClient, ada: Who, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = iter(range(1, 10))

    async def uncounted(c: Any, tenant: UUID, channel: str, user: str) -> int:
        await c.execute(
            "insert into web_conversations (tenant_id, channel, user_id) values ($1, $2, $3)"
            " on conflict do nothing",
            tenant,
            channel,
            user,
        )
        return next(numbers)

    place, lobby = main_of(ada), WebLobby(db, hints)
    await client.post(place, Reply("before"), marker="m0")
    monkeypatch.setattr(store, "counted", uncounted)
    next(numbers)
    whose = UUID(ada.tenant)
    async with db.tenant(whose) as slow:
        await store.put(slow, whose, place.channel, ada.user, "slow", "message", {})
        await client.post(place, Reply("quick"), marker="quick")
        seen = (await lobby.missed(ada, place.channel, 0, 10))[-1].seq
    assert [row.id for row in await lobby.missed(ada, place.channel, seen, 10)] == []  # "slow" never comes


async def test_every_write_is_hinted_at_without_saying_whose_it_is(
    hints: Told, client: WebClient, ada: Who
) -> None:
    place = main_of(ada)
    await client.post(place, Reply("secret words"), marker="m")
    await client.update(place, "m", Reply("more secret words"), marker="m")
    assert len(hints.told) == 2
    assert address(ada.tenant, place.channel) in hints.told[0]
    assert "secret" not in "".join(hints.told)
    assert "ada" not in "".join(hints.told)


async def test_an_aside_goes_into_the_persons_own_conversation_wherever_it_was_meant_for(
    db: Database, hints: Told, client: WebClient, ada: Who
) -> None:
    account = Account("web", ada.tenant, ada.user)
    slack = Place("slack", "T1", "C1")
    other = inbound.place(ada.tenant, "mail:grace@example.com", "main")
    for place in (slack, other, main_of(ada)):
        await client.whisper(place, account, Reply("aside"))
    rows = await WebLobby(db, hints).missed(ada, main_of(ada).channel, 0, 10)
    assert [row.kind for row in rows] == ["whisper"] * 3


async def test_a_form_is_shown_until_it_is_put_away(
    db: Database, hints: Told, client: WebClient, ada: Who
) -> None:
    lobby, place = WebLobby(db, hints), main_of(ada)
    await client.open_form(place, Account("web", ada.tenant, ada.user), "", Form("f", "v", "Why?", ()))
    await client.post(place, Reply("stays"), marker="m")
    [form, _] = await lobby.missed(ada, place.channel, 0, 10)
    assert (form.kind, form.body["title"]) == ("form", "Why?")
    await lobby.close_form(ada, place.channel, form.id)
    await lobby.close_form(ada, place.channel, "m")
    assert [row.id for row in await lobby.missed(ada, place.channel, 0, 10)] == ["m"]


async def test_the_own_page_is_one_that_changes(
    db: Database, hints: Told, client: WebClient, ada: Who
) -> None:
    account = Account("web", ada.tenant, ada.user)
    for words in ("one", "two"):
        await client.show_home(account, Reply("Countersign", (Paragraph(words),)))
    [page] = await WebLobby(db, hints).missed(ada, inbound.home(ada.user), -1, 10)
    assert page.kind == "home"
    assert page.first < page.seq
    assert "two" in str(page.body)


async def test_somebody_whom_nobody_knows_any_more_is_gone(client: WebClient, tenant: UUID) -> None:
    with pytest.raises(PlatformError) as refused:
        await client.post(inbound.place(str(tenant), "mail:x@example.com", "main"), Reply("x"), marker="m")
    assert refused.value.gone


async def test_without_the_database_the_engine_is_to_try_again_and_the_front_refuses(
    db: Database, hints: Told, ada: Who, app_dsn: str
) -> None:
    away = await Database.open(app_dsn, size=1)
    await away.close()
    with pytest.raises(PlatformError) as refused:
        await connect(WebDesk(away, hints)).post(main_of(ada), Reply("x"), marker="m")
    assert refused.value.retryable
    with pytest.raises(InboxRefused):
        await WebLobby(away, hints).missed(ada, main_of(ada).channel, 0, 1)
    with pytest.raises(InboxRefused):
        await StoredKeys(away, VAULT).still(ada)


async def test_nobody_begins_more_conversations_than_they_could_ever_read(
    db: Database, hints: Told, ada: Who, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.web.MOST_CONVERSATIONS", 3)
    lobby = WebLobby(db, hints)
    for name in ("a", "b", "c", "a"):
        await lobby.said(ada, inbound.channel(ada.user, name), f"said:{name}", {"text": "x"})
    with pytest.raises(Malformed, match="too many conversations"):
        await lobby.said(ada, inbound.channel(ada.user, "d"), "said:d", {"text": "x"})


@pytest.mark.twin
async def test_twin_without_counting_they_would(
    db: Database, hints: Told, ada: Who, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def always(*_: Any) -> bool:
        return True

    monkeypatch.setattr(store, "has_room", always)
    monkeypatch.setattr("workers.web.MOST_CONVERSATIONS", 3)
    for at in range(5):
        await WebLobby(db, hints).said(ada, inbound.channel(ada.user, str(at)), "said:x", {"text": "x"})


async def test_what_is_old_is_dropped_in_bites_and_the_rest_stays(
    db: Database, client: WebClient, ada: Who, tenant: UUID
) -> None:
    for at in range(5):
        await client.post(main_of(ada), Reply("x"), marker=f"m{at}")
    async with db.tenant(tenant) as c:
        await c.execute(
            "update web_messages set changed_at = now() - interval '31 days'"
            " where tenant_id = $1 and id < 'm3'",
            tenant,
        )
        assert await store.drop_old(c, tenant, 30 * 86400.0, 2) == 2
        assert await store.drop_old(c, tenant, 30 * 86400.0, 2) == 1
        assert await store.drop_old(c, tenant, 30 * 86400.0, 2) == 0
        assert await c.fetchval("select count(*) from web_messages where tenant_id = $1", tenant) == 2


async def test_a_revoked_credential_is_told_over_valkey(servers: Servers) -> None:
    hints, heard = Hints(servers.redis_url), asyncio.Queue[Any]()
    hearing = asyncio.create_task(hints.hear(NEWS, listener(heard.put_nowait)))
    try:
        async with asyncio.timeout(10):
            while heard.empty():
                await hints.tell(NEWS, revoked("t", "token:7"))
                await asyncio.sleep(0.01)
            assert await heard.get() == {"r": "t:token:7"}
    finally:
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)
        await hints.close()


@pytest.mark.parametrize("message", ["", "no json", "[]", "7", "null"])
def test_a_hint_that_cannot_be_read_is_nobodys(message: str) -> None:
    heard: list[Any] = []
    listener(heard.append)(message)
    assert heard == []
