"""preferences and brands: how people want to be spoken to, what they consented to, what the bot is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from bot.turn import Account
from flows.tone import USUAL
from workers.store.door import Connection

CALLED = "Countersign"
MOST = 10_000  # people of one tenant with a tone of their own that are kept in memory


@dataclass(frozen=True, slots=True)
class Preference:
    """Of one person. `tuning`: their conversations may be learned from, since `tuning_at`."""

    tone: int = USUAL
    tuning: bool = False
    tuning_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Brand:
    """What the bot calls itself, and the manner of speaking that the organisation asks for."""

    name: str = CALLED
    voice: str = ""


@dataclass(frozen=True, slots=True)
class Manners:
    """Of one tenant: everybody whose tone is not the usual one, by person and by account."""

    brand: Brand = Brand()
    people: Mapping[str, int] = field(default_factory=dict)
    accounts: Mapping[tuple[str, str, str], int] = field(default_factory=dict)

    def of_person(self, person: str) -> int:
        return self.people.get(person, USUAL)

    def of_account(self, account: Account) -> int:
        return self.accounts.get((account.platform, account.workspace, account.user), USUAL)


async def manners(c: Connection, tenant: UUID) -> Manners:
    rows = await c.fetch(
        "select p.person_id, p.tone, a.platform, a.workspace, a.user_id from preferences p"
        " left join accounts a on a.tenant_id = p.tenant_id and a.person_id = p.person_id"
        " where p.tenant_id = $1 and p.tone <> 5 order by p.at desc limit $2",
        tenant,
        MOST,
    )
    return Manners(
        await brand(c, tenant),
        {str(row["person_id"]): row["tone"] for row in rows},
        {(row["platform"], row["workspace"], row["user_id"]): row["tone"] for row in rows if row["user_id"]},
    )


async def of(c: Connection, tenant: UUID, person: UUID) -> Preference:
    row = await c.fetchrow(
        "select tone, tuning, tuning_at from preferences where tenant_id = $1 and person_id = $2",
        tenant,
        person,
    )
    return Preference(**dict(row)) if row else Preference()


async def set_tone(c: Connection, tenant: UUID, person: UUID, tone: int) -> None:
    await c.execute(
        "insert into preferences (tenant_id, person_id, tone) values ($1, $2, $3)"
        " on conflict (tenant_id, person_id) do update set tone = excluded.tone, at = now()",
        tenant,
        person,
        tone,
    )


async def set_tuning(c: Connection, tenant: UUID, person: UUID, on: bool) -> bool:
    """Whether that changed anything. Since when is kept from the first yes of a row of them."""
    changed: bool | None = await c.fetchval(
        "insert into preferences as p (tenant_id, person_id, tuning, tuning_at) values ($1, $2, $3, now())"
        " on conflict (tenant_id, person_id) do update set tuning = excluded.tuning, tuning_at = now(),"
        " at = now() where p.tuning <> excluded.tuning returning true",
        tenant,
        person,
        on,
    )
    return bool(changed)


async def consenting(c: Connection, tenant: UUID) -> dict[UUID, datetime]:
    """Who lets their conversations be learned from, and since when."""
    rows = await c.fetch(
        "select person_id, tuning_at from preferences where tenant_id = $1 and tuning", tenant
    )
    return {row["person_id"]: row["tuning_at"] for row in rows}


async def brand(c: Connection, tenant: UUID) -> Brand:
    row = await c.fetchrow("select name, voice from brands where tenant_id = $1", tenant)
    return Brand(**dict(row)) if row else Brand()


async def set_brand(c: Connection, tenant: UUID, wanted: Brand) -> None:
    await c.execute(
        "insert into brands (tenant_id, name, voice) values ($1, $2, $3)"
        " on conflict (tenant_id) do update set name = excluded.name, voice = excluded.voice, at = now()",
        tenant,
        wanted.name,
        wanted.voice,
    )


async def drop_brand(c: Connection, tenant: UUID) -> bool:
    found = await c.fetchval("delete from brands where tenant_id = $1 returning true", tenant)
    return bool(found)
