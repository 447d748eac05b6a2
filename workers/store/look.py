"""All that a turn has to know before it is dealt with, in one round trip: the row, the run, the world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from workers.store.conversations import Claimed
from workers.store.door import Caller, Lost
from workers.store.inbox import Row


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


async def look(c: Caller, claimed: Claimed) -> Looked:
    """It counts the attempt, and locks nothing. Raises `Lost`."""
    found = await c.fetchrow("select * from look($1, $2, $3)", claimed.tenant, claimed.key, claimed.fence)
    if found is None:
        raise Lost(claimed.key)
    return Looked(
        Row(**{name: found[name] for name in _ROW}) if found["id"] is not None else None,
        found["ringing"],
        orjson.loads(found["run"]) if found["run"] else None,
        found["spoken"],
        orjson.loads(found["active"]) if found["active"] else {},
        found["policy_version"],
        frozenset(found["stopped"]),
    )


_ROW = ("id", "source", "dedupe", "kind", "payload", "attempts", "age", "trace")
