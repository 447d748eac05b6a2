"""effects: the ledger. Intent, attempt, result; each exactly once, whoever dies in between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from bot import tracing
from flows.approval import canonical
from flows.effects import Call
from workers.store.door import Connection, Database, Lost
from workers.store.inbox import add_event

MOST_THREADS = 20


@dataclass(frozen=True, slots=True)
class Claimed:
    """An effect that is ours to carry out until `lease` runs out.

    `attempts` counts this one. `arguments` are the canonical bytes that were stored.
    """

    tenant: UUID
    key: str
    run_id: str
    conversation: str
    step: str
    tool: str
    arguments: bytes
    policy_version: str
    risk: str
    attempts: int
    fence: int
    began_at: datetime
    trace: str | None = None


async def intend(
    c: Connection,
    tenant: UUID,
    conversation: str,
    run_id: str,
    call: Call,
    policy_version: str,
    risk: str,
    state: str,
) -> None:
    """Writes down what shall happen, `queued` or `held`; an effect that is there already is left alone."""
    await c.execute(
        "insert into effects (tenant_id, key, run_id, conversation, step, tool, arguments, policy_version,"
        " risk, state, published_at, trace) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
        " case when $10 = 'queued' then now() end, $11) on conflict (tenant_id, key) do nothing",
        tenant,
        call.key,
        run_id,
        conversation,
        call.step,
        call.tool,
        canonical(call.arguments),
        policy_version,
        risk,
        state,
        tracing.current(),
    )


async def held(c: Connection, tenant: UUID, key: str) -> bytes | None:
    """The arguments of a call that is held, which stays so until the end of this transaction."""
    found: bytes | None = await c.fetchval(
        "select arguments from effects where tenant_id = $1 and key = $2 and state = 'held' for update",
        tenant,
        key,
    )
    return found


async def change(c: Connection, tenant: UUID, call: Call, policy_version: str) -> bool:
    """Somebody who may decide changed what is held. Nothing that was approved before fits it any more."""
    row = await c.fetchval(
        "update effects set arguments = $3, policy_version = $4 where tenant_id = $1 and key = $2"
        " and state = 'held' returning 1",
        tenant,
        call.key,
        canonical(call.arguments),
        policy_version,
    )
    return row is not None


async def release(c: Connection, tenant: UUID, key: str) -> None:
    """Approved: a held effect may run."""
    await c.execute(
        "update effects set state = 'queued', not_before = now(), published_at = now()"
        " where tenant_id = $1 and key = $2 and state = 'held'",
        tenant,
        key,
    )


async def withdraw(c: Connection, tenant: UUID, key: str) -> None:
    """Never to run. Only what is still held can be taken back."""
    await c.execute(
        "update effects set state = 'withdrawn', finished_at = now() where tenant_id = $1 and key = $2"
        " and state = 'held'",
        tenant,
        key,
    )


async def tenant_of(db: Database, key: str) -> UUID | None:
    rows = await db.dispatch("select tenant_of_effect($1) as tenant", key)
    tenant: UUID | None = rows[0]["tenant"]
    return tenant


async def claim(c: Connection, tenant: UUID, key: str, lease: float) -> Claimed | None:
    """Takes it for `lease` seconds, or None where it is finished, held, not yet due or in other hands."""
    row = await c.fetchrow(
        "update effects set state = 'running', attempts = attempts + 1, fence = fence + 1,"
        " lease_until = now() + make_interval(secs => $3), began_at = coalesce(began_at, now())"
        " where tenant_id = $1 and key = $2 and state in ('queued', 'running') and lease_until < now()"
        " and not_before <= now()"
        " and not exists (select 1 from tenants where tenant_id = $1 and paused)"
        " returning key, run_id, conversation, step, tool, arguments, policy_version, risk, attempts, fence,"
        " began_at, trace",
        tenant,
        key,
        lease,
    )
    return Claimed(tenant, **dict(row)) if row else None


async def is_running(c: Connection, claimed: Claimed) -> bool:
    """Whether it is still ours, and not over."""
    return (
        await c.fetchval(
            "select 1 from effects where tenant_id = $1 and key = $2 and fence = $3 and state = 'running'",
            claimed.tenant,
            claimed.key,
            claimed.fence,
        )
        is not None
    )


async def finish(
    c: Connection, claimed: Claimed, result: Mapping[str, Any], external_id: str, *, waiting: bool
) -> None:
    """Its result and the event that tells the run, in one transaction. Raises `Lost`.

    `waiting`: begun, and to be completed by a webhook that names `external_id`.
    """
    await _close(
        c,
        claimed,
        "update effects set state = $4, result = $5, external_id = nullif($6, ''), finished_at = now(),"
        " lease_until = '-infinity', error = null"
        " where tenant_id = $1 and key = $2 and fence = $3 and state = 'running' returning 1",
        "waiting" if waiting else "done",
        orjson.dumps(result).decode(),
        external_id,
    )
    kind = "Began" if waiting else "Finished"
    event = {"_": f"events.{kind}", "key": claimed.key, "result": result}
    await add_event(c, claimed.tenant, claimed.conversation, f"effect:{claimed.key}:{kind}", event)


async def fail(c: Connection, claimed: Claimed, state: str, code: str, sentence: str) -> None:
    """`failed`, `unknown` or `dead`: it will not happen by itself. The run is told. Raises `Lost`."""
    await _close(
        c,
        claimed,
        "update effects set state = $4, error_code = $5, error = $6, finished_at = now(),"
        " lease_until = '-infinity'"
        " where tenant_id = $1 and key = $2 and fence = $3 and state = 'running' returning 1",
        state,
        code,
        sentence[:500],
    )
    event = {"_": "events.Failed", "key": claimed.key, "code": code, "sentence": sentence}
    # With the fence, because somebody may have it tried again, and it may fail again.
    dedupe = f"effect:{claimed.key}:failed:{claimed.fence}"
    await add_event(c, claimed.tenant, claimed.conversation, dedupe, event)


async def later(c: Connection, claimed: Claimed, pause: float, code: str, sentence: str) -> None:
    """To be tried again in `pause` seconds, with the same key. Raises `Lost`."""
    await _close(
        c,
        claimed,
        "update effects set state = 'queued', not_before = now() + make_interval(secs => $4),"
        " published_at = null, lease_until = '-infinity', error_code = $5, error = $6"
        " where tenant_id = $1 and key = $2 and fence = $3 and state = 'running' returning 1",
        pause,
        code,
        sentence[:500],
    )


async def _close(c: Connection, claimed: Claimed, query: str, *arguments: Any) -> None:
    if await c.fetchval(query, claimed.tenant, claimed.key, claimed.fence, *arguments) is None:
        raise Lost(claimed.key)


async def complete(
    c: Connection,
    tenant: UUID,
    external_id: str,
    key: str,
    result: Mapping[str, Any] | None,
    problem: str,
    *,
    service: str = "",
) -> bool:
    """A webhook says how a begun effect ended: `result`, or None with the problem in words.

    Found by the service's id of it, or by our key, which the service carries as a mark; among the
    effects of `service` where one is named, since ids are unique within a service only.

    False where nothing waits for it: it came twice, or it is not ours.
    """
    row = await c.fetchrow(
        "update effects set state = $3, result = coalesce(result, '{}') || $4::jsonb, error = nullif($5, ''),"
        " finished_at = now() where tenant_id = $1 and (external_id = nullif($2, '') or key = $6)"
        " and state = 'waiting'"
        " and ($7 = '' or starts_with(tool, $7 || '.')) returning key, conversation, result",
        tenant,
        external_id,
        "failed" if result is None else "done",
        orjson.dumps(result or {}).decode(),
        problem,
        key,
        service,
    )
    if row is None:
        return False
    event: dict[str, Any] = {"_": "events.Finished", "key": row["key"], "result": orjson.loads(row["result"])}
    if result is None:
        event = {"_": "events.Failed", "key": row["key"], "code": "not_paid", "sentence": problem}
    await add_event(c, tenant, row["conversation"], f"effect:{row['key']}:completed", event)
    return True


async def threads_of(
    c: Connection, tenant: UUID, service: str, external_id: str, mark: str = ""
) -> list[tuple[str, str]]:
    """Conversation and newest run of each thread that had to do with this thing of a service."""
    rows = await c.fetch(
        "select distinct on (conversation) conversation, run_id from effects where tenant_id = $1"
        " and (external_id = nullif($2, '') or key = $4) and starts_with(tool, $3 || '.')"
        " order by conversation, created_at desc limit $5",
        tenant,
        external_id,
        service,
        mark,
        MOST_THREADS,
    )
    return [(row["conversation"], row["run_id"]) for row in rows]


async def keys_of(c: Connection, tenant: UUID, service: str, external_id: str, mark: str = "") -> list[str]:
    """Of the calls that made this thing of a service, the newest first."""
    rows = await c.fetch(
        "select key from effects where tenant_id = $1 and (external_id = nullif($2, '') or key = $4)"
        " and starts_with(tool, $3 || '.') order by created_at desc limit $5",
        tenant,
        external_id,
        service,
        mark,
        MOST_THREADS,
    )
    return [row["key"] for row in rows]


async def paid_with(c: Connection, tenant: UUID, service: str, payment: str) -> str | None:
    """The key of the call whose result says that it was paid with this: it was begun under another id."""
    found: str | None = await c.fetchval(
        "select key from effects where tenant_id = $1 and starts_with(tool, $2 || '.') and state = 'done'"
        " and result->>'payment_intent' = $3 order by created_at desc limit 1",
        tenant,
        service,
        payment,
    )
    return found


async def is_ours(c: Connection, tenant: UUID, service: str, key: str) -> bool:
    """Whether this is the key of a call that we made."""
    found = await c.fetchval(
        "select 1 from effects where tenant_id = $1 and key = $2 and starts_with(tool, $3 || '.')",
        tenant,
        key,
        service,
    )
    return found is not None


async def due(db: Database, most: int, quiet: float) -> list[str]:
    """Keys of effects that nobody works on though they are due; each again after `quiet` seconds."""
    return [row["key"] for row in await db.dispatch("select key from due_effects($1, $2)", most, quiet)]
