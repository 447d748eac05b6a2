"""Who finds what: a private channel's page there only, a group's in private only, another tenant's never."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import asyncpg
import pytest

from bot.errors import ConfigurationError
from bot.turn import Place
from flows.duty import Group
from tests.workers.knowledge.shelf import EVERYONE, PAGES, Pages, offline, read_in, titles
from workers.knowledge import search
from workers.knowledge.access import of_document, of_place
from workers.store import chunks, tenants
from workers.store.door import Database

SECRET_PAGE = {"salaries.md": "# Salaries\n\nThe salary of the director is 90000 euros."}
GROUPS = {"finance": Group(("grace@example.com",)), "empty": Group()}
ASKED = "what is the salary of the director"


def place(channel: str, *, private: bool = False, platform: str = "slack") -> Place:
    return Place(platform, "T1", channel, "1.0", private=private)


@pytest.mark.parametrize(
    ("where", "email", "allowed"),
    [
        (place("C1"), "grace@example.com", ("everybody", "channel:slack:C1")),
        (place("D1", private=True), "grace@example.com", ("everybody", "group:finance")),
        (place("D1", private=True), " GRACE@example.com", ("everybody", "group:finance")),
        (place("D1", private=True), "omar@example.com", ("everybody",)),
        (place("D1", private=True), "", ("everybody",)),
        (
            place("19:x@thread.tacv2;messageid=5", platform="teams"),
            "grace@example.com",
            ("everybody", "channel:teams:19:x@thread.tacv2"),
        ),
    ],
)
def test_what_may_be_found_follows_from_the_place_and_in_private_from_the_person(
    where: Place, email: str, allowed: tuple[str, ...]
) -> None:
    assert of_place(where, email, GROUPS) == allowed


def test_a_member_who_asks_where_others_read_gets_nothing_of_the_group() -> None:
    assert "group:finance" not in of_place(place("C1"), "grace@example.com", GROUPS)


@pytest.mark.parametrize(
    ("channels", "groups", "access"),
    [
        ((), (), ("everybody",)),
        (
            ("slack:C1", "teams:19:x"),
            ("finance",),
            ("channel:slack:C1", "channel:teams:19:x", "group:finance"),
        ),
        (("slack:C1", "slack:C1"), (), ("channel:slack:C1",)),
    ],
)
def test_a_document_is_everybodys_unless_somebody_is_named(
    channels: tuple[str, ...], groups: tuple[str, ...], access: tuple[str, ...]
) -> None:
    assert of_document(channels, groups) == access


@pytest.mark.parametrize(
    ("channels", "groups"), [(("C1",), ()), (("everybody",), ()), ((), ("a b",)), ((), ("",))]
)
def test_what_is_neither_channel_nor_group_is_refused(channels: tuple[str], groups: tuple[str]) -> None:
    with pytest.raises(ConfigurationError):
        of_document(channels, groups)


ALLOWED = (
    (("everybody", "channel:slack:C9"), True),
    (("everybody", "group:finance"), True),
    (("everybody",), False),
    (("everybody", "channel:slack:C8", "group:sales"), False),
    ((), False),
)


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize(("access", "finds"), ALLOWED)
async def test_a_private_page_is_found_only_from_where_it_belongs(
    db: Database,
    tenant: UUID,
    access: tuple[str, ...],
    finds: bool,
    exact: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(search, "EXACT_UP_TO", 1_000 if exact else 0)
    await read_in(db, tenant, PAGES)
    await read_in(db, tenant, Pages(SECRET_PAGE, "hr"), ("channel:slack:C9", "group:finance"))
    assert ("Salaries" in await titles(db, tenant, ASKED, access)) is finds


@pytest.mark.twin
async def test_twin_without_the_access_in_the_queries_everybody_finds_it(
    db: Database, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    await read_in(db, tenant, Pages(SECRET_PAGE, "hr"), ("channel:slack:C9",))
    assert await titles(db, tenant, ASKED) == []
    everything = ("channel:slack:C9", "everybody")
    for name in ("near", "saying", "shown"):
        real = getattr(chunks, name)

        async def open_(*given: Any, real: Any = real, **more: Any) -> Any:
            return await real(*(everything if each == EVERYONE else each for each in given), **more)

        monkeypatch.setattr(chunks, name, open_)
    assert await titles(db, tenant, ASKED) == ["Salaries"]


async def test_each_of_the_queries_keeps_to_the_access_by_itself(db: Database, tenant: UUID) -> None:
    await read_in(db, tenant, Pages(SECRET_PAGE, "hr"), ("group:finance",))
    vector = (await offline().current.embed([ASKED]))[0]
    name = offline().current.name
    for access, there in ((EVERYONE, 0), (("group:finance",), 1)):
        async with db.tenant(tenant) as c:
            assert len(await chunks.near(c, tenant, name, vector, access, 5, exact=True)) == there
        async with db.tenant(tenant) as c:
            found = await chunks.near(c, tenant, name, vector, access, 5, exact=False)
            assert len(found) == there
        async with db.tenant(tenant) as c:
            assert len(await chunks.saying(c, {"salary": 1.0}, ["salary"], access, 100, 5)) == there
            [id] = [row["id"] for row in await c.fetch("select id from chunks where tenant_id = $1", tenant)]
            assert len(await chunks.shown(c, tenant, [id], access)) == there


async def test_another_tenant_finds_nothing_by_words_or_vectors(db: Database, tenant: UUID) -> None:
    await read_in(db, tenant, PAGES)
    stranger = await tenants.create(db, "A stranger")
    assert await titles(db, stranger, "refund") == []
    vector = (await offline().current.embed(["refund"]))[0]
    name = offline().current.name
    for exact in (True, False):
        async with db.tenant(stranger) as c:  # even when asked for the other's
            assert await chunks.near(c, tenant, name, vector, EVERYONE, 5, exact=exact) == {}
    async with db.tenant(stranger) as c:
        assert await chunks.saying(c, {"refund": 1.0}, ["refund"], EVERYONE, 100, 5) == {}
        assert await chunks.shown(c, tenant, list(range(10_000)), EVERYONE) == []


async def test_without_a_tenant_the_search_by_words_finds_nothing(db: Database, tenant: UUID) -> None:
    await read_in(db, tenant, PAGES)
    rows = await db.dispatch(
        "select * from chunks_that_hold($1, $2, $1, $3, 10, 10)", ["refund"], [1.0], list(EVERYONE)
    )
    assert rows == []


@pytest.mark.parametrize("word", ["' | '", "a' & 'b", "\\", ":*", "refund'::tsquery", "", "\u0000"[:0] + "é"])
async def test_whatever_a_word_is_it_is_a_word(db: Database, tenant: UUID, word: str) -> None:
    await read_in(db, tenant, PAGES)
    async with db.tenant(tenant) as c:
        try:
            found = await chunks.saying(c, {word: 1.0}, [word], EVERYONE, 10, 10)
        except asyncpg.PostgresSyntaxError:
            found = {}
    assert found == {}
