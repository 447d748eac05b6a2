"""model_use, model_budgets: what models were asked and what it cost, added up by day, person and model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from workers.store.door import Connection

NOBODY = UUID(int=0)
COUNTS = ("calls", "failed", "prompt", "cached", "completion", "estimated", "unpriced", "cost")


@dataclass(frozen=True, slots=True)
class Used:
    """Of one day, or of a month where `day` is a month. `cost` in millionths of a US dollar."""

    day: str
    person: UUID
    model: str
    calls: int = 0
    failed: int = 0
    prompt: int = 0
    cached: int = 0
    completion: int = 0
    estimated: int = 0
    unpriced: int = 0
    cost: int = 0

    @property
    def tokens(self) -> int:
        return self.prompt + self.completion


@dataclass(frozen=True, slots=True)
class Budget:
    """Of a month, in millionths of a dollar and in tokens; None: no limit. `ask`: who can raise it."""

    cost: int | None = None
    person_cost: int | None = None
    tokens: int | None = None
    person_tokens: int | None = None
    ask: str = ""

    @property
    def limits(self) -> bool:
        return any(
            each is not None for each in (self.cost, self.person_cost, self.tokens, self.person_tokens)
        )


async def add(c: Connection, tenant: UUID, used: Sequence[Used]) -> None:
    """In one round trip. In one order, so that two who add never wait for each other."""
    rows = sorted(used, key=lambda each: (each.day, each.person, each.model))
    columns = [[getattr(each, name) for each in rows] for name in ("day", "person", "model", *COUNTS)]
    await c.execute(
        "insert into model_use as u (tenant_id, day, person, model, calls, failed, prompt, cached,"
        " completion, estimated, unpriced, cost) select $1, * from unnest($2::text[], $3::uuid[], $4::text[],"
        " $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[],"
        " $12::bigint[]) on conflict (tenant_id, day, person, model) do update set"
        " calls = u.calls + excluded.calls, failed = u.failed + excluded.failed,"
        " prompt = u.prompt + excluded.prompt, cached = u.cached + excluded.cached,"
        " completion = u.completion + excluded.completion, estimated = u.estimated + excluded.estimated,"
        " unpriced = u.unpriced + excluded.unpriced, cost = u.cost + excluded.cost",
        tenant,
        *columns,
    )


async def of_month(c: Connection, tenant: UUID, month: str) -> list[Used]:
    """By person and model, the dearest first. `month` like 2026-11."""
    rows = await c.fetch(
        "select person, model, sum(calls)::bigint as calls, sum(failed)::bigint as failed,"
        " sum(prompt)::bigint as prompt, sum(cached)::bigint as cached,"
        " sum(completion)::bigint as completion, sum(estimated)::bigint as estimated,"
        " sum(unpriced)::bigint as unpriced, sum(cost)::bigint as cost"
        " from model_use where tenant_id = $1 and day >= $2 and day < $2 || '-99'"
        " group by person, model order by sum(cost) desc, sum(prompt + completion) desc, person, model",
        tenant,
        month,
    )
    return [Used(month, row["person"], row["model"], *(row[name] for name in COUNTS)) for row in rows]


async def names(c: Connection, tenant: UUID, people: set[UUID]) -> dict[UUID, str]:
    rows = await c.fetch(
        "select id, name from people where tenant_id = $1 and id = any($2::uuid[])", tenant, list(people)
    )
    return {row["id"]: row["name"] for row in rows}


async def budget(c: Connection, tenant: UUID) -> Budget | None:
    """None where nothing was set for this tenant."""
    row = await c.fetchrow(
        "select cost, person_cost, tokens, person_tokens, ask from model_budgets where tenant_id = $1", tenant
    )
    return Budget(*row) if row else None


async def set_budget(c: Connection, tenant: UUID, wanted: Budget | None) -> None:
    """None: what the settings say counts again."""
    await c.execute("delete from model_budgets where tenant_id = $1", tenant)
    if wanted is not None:
        await c.execute(
            "insert into model_budgets (tenant_id, cost, person_cost, tokens, person_tokens, ask)"
            " values ($1, $2, $3, $4, $5, $6)",
            tenant,
            wanted.cost,
            wanted.person_cost,
            wanted.tokens,
            wanted.person_tokens,
            wanted.ask,
        )


async def drop_old(c: Connection, tenant: UUID, before: str) -> None:
    """Days before this one, like 2025-10-01."""
    await c.execute("delete from model_use where tenant_id = $1 and day < $2", tenant, before)
