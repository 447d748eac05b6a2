"""All that a turn has to know before it is dealt with, in one statement: the row, the run, what is active."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from workers.store.conversations import Claimed
from workers.store.door import Connection, Lost
from workers.store.inbox import Row

# It counts the attempt and locks nothing: whoever lost the lease is told so before anything is written.
LOOK = """
with held as (
  select 1 from conversations where tenant_id = $1 and key = $2 and fence = $3
), next as (
  update inbox set attempts = attempts + 1
  where tenant_id = $1 and exists (select 1 from held) and id = (
    select id from inbox where tenant_id = $1 and conversation = $2 and state = 0 order by id limit 1)
  returning id, source, dedupe, kind, payload, attempts,
    extract(epoch from clock_timestamp() - received_at)::float8 as age, trace
)
select exists (select 1 from held) as held, n.*, t.policy_version,
  (select jsonb_object_agg(a.flow, a.version) from active_flows a where a.tenant_id = $1) as active,
  array(select e.experiment || '=' || e.arm from experiments e where e.tenant_id = $1 and e.stopped)
    as stopped,
  r.id as run_id, r.conversation as run_conversation, r.place as run_place, r.flow as run_flow,
  r.flow_version as run_flow_version, r.status as run_status, r.state as run_state,
  r.version as run_version,
  exists (select 1 from outbox o where o.tenant_id = $1 and o.conversation = $2) as spoken,
  exists (select 1 from timers where tenant_id = $1 and conversation = $2 and state = 'set'
    and fire_at <= now()) as ringing
from (values (1)) one left join next n on true left join tenants t on t.tenant_id = $1
left join lateral (
  select * from runs where tenant_id = $1 and conversation = $2 and status = 'waiting'
  order by started_at desc limit 1) r on true
"""


@dataclass(frozen=True, slots=True)
class Looked:
    """`row` is the oldest that waits; `ringing`: a timer is due. `spoken`: we took part here before.

    `run` are the columns of the newest that is not over (`runs.of_row`), `active` the active version by flow,
    `stopped` the arms of experiments that nobody new is to get.
    """

    row: Row | None
    ringing: bool
    run: Mapping[str, Any] | None
    spoken: bool
    active: Mapping[str, str]
    policy_version: str | None
    stopped: frozenset[str] = frozenset()


async def look(c: Connection, claimed: Claimed) -> Looked:
    """Raises `Lost`."""
    found = await c.fetchrow(LOOK, claimed.tenant, claimed.key, claimed.fence)
    if not found["held"]:
        raise Lost(claimed.key)
    return Looked(
        Row(**{name: found[name] for name in _ROW}) if found["id"] is not None else None,
        found["ringing"],
        {name: found[f"run_{name}"] for name in _RUN} if found["run_id"] is not None else None,
        found["spoken"],
        orjson.loads(found["active"]) if found["active"] else {},
        found["policy_version"],
        frozenset(found["stopped"]),
    )


_ROW = ("id", "source", "dedupe", "kind", "payload", "attempts", "age", "trace")
_RUN = ("id", "conversation", "place", "flow", "flow_version", "status", "state", "version")
