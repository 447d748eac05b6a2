"""What must be true when all is quiet, whatever died: looked at from outside, and in the database.

`problems` returns sentences; none is what we want. It is tried on a bot without its guards as well
(`test_storm.py`): a checker that cannot find anything proves nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from tests.faults.rig import Rig
from tests.faults.stub import marker


@dataclass
class Told:
    """What the platform was promised and what it was not: acknowledged events by turn, in order per
    conversation, and those that were refused for good."""

    acked: dict[str, list[str]] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    orders: list[str] = field(default_factory=list)

    def ack(self, conversation: str, turn: str) -> None:
        self.acked.setdefault(conversation, []).append(turn)


async def problems(rig: Rig, told: Told | None = None) -> list[str]:
    """Doubles and losses in words, each beginning with DOUBLE or LOST or WRONG."""
    found = [*_posted_twice(rig), *await _effects(rig), *await _outbox(rig), *await _inbox(rig)]
    found += [*await _runs(rig), *await _audit(rig)]
    if told is not None:
        found += [*await _promised(rig, told), *_orders(rig, told)]
    return found


async def new_problems(rig: Rig, told: Told | None = None) -> list[str]:
    """Those that were not there before this test."""
    return [line for line in await problems(rig, told) if line not in rig.known]


def _posted_twice(rig: Rig) -> Iterable[str]:
    counted = Counter(marker(message) for message in rig.stub.messages)
    for mark, times in counted.items():
        if times > 1:
            yield f"DOUBLE post {mark}: {times} times"


async def _effects(rig: Rig) -> Iterable[str]:
    found = []
    paid = Counter(_key(payment) for payment in rig.stub.payments())
    for row in await rig.fetch("select key, tool, state from effects"):
        key, state = row["key"], row["state"]
        if state not in ("done", "failed", "withdrawn", "held"):
            found.append(f"LOST effect {key} is {state}")
        if row["tool"] != "stripe.charge":
            continue
        times = paid.pop(key, 0)
        if times > 1:
            found.append(f"DOUBLE charge {key}: {times} times")
        if state == "done" and times == 0:
            found.append(f"LOST charge {key}: done, and nothing was paid")
        if state != "done" and times:
            found.append(f"WRONG charge {key}: paid, and {state}")
    return [*found, *(f"WRONG charge {key}: nobody wanted it" for key in paid)]


def _key(payment: Mapping[str, Any]) -> str:
    return str(payment["metadata"]["effect_key"]).partition("#")[0]


async def _outbox(rig: Rig) -> Iterable[str]:
    found = []
    at = {marker(message): n for n, message in enumerate(rig.stub.messages)}
    last: dict[tuple[str, str], tuple[int, str]] = {}
    query = "select id, conversation, kind, state, place::text from outbox order by conversation, seq"
    for row in await rig.fetch(query):
        id, state = row["id"], row["state"]
        if state in ("queued", "sending"):
            found.append(f"LOST message {id} is {state}")
        if row["kind"] != "post":
            continue
        if id not in at:
            found.append(f"LOST post {id}: {state}, and never seen")
            continue
        # A message that waits holds up its own channel only.
        queue = row["conversation"], str(orjson.loads(row["place"])["channel"])
        before = last.get(queue)
        if before and at[id] < before[0]:
            found.append(f"WRONG order: {id} was posted before {before[1]}")
        last[queue] = at[id], id
    return found


async def _inbox(rig: Rig) -> Iterable[str]:
    rows = await rig.fetch("select dedupe, state from inbox where state <> 1")
    return [f"LOST event {row['dedupe']}: state {row['state']}" for row in rows]


async def _runs(rig: Rig) -> Iterable[str]:
    """Every event of a run's conversation moves it by one, and nothing else does.

    (A deadline first asks whether somebody decided in time; what it then says is the event.)
    """
    rows = await rig.fetch(
        "select r.id, r.version, (select count(*) from inbox i where i.tenant_id = r.tenant_id"
        "  and i.conversation = r.conversation and i.state = 1 and i.dedupe not like 'timer:%') as moves,"
        " (select count(*) from runs o where o.tenant_id = r.tenant_id"
        "  and o.conversation = r.conversation) as beside from runs r"
    )
    return [
        f"WRONG run {row['id']}: version {row['version']} after {row['moves']} events"
        for row in rows
        if row["beside"] == 1 and row["version"] != row["moves"]
    ]


async def _audit(rig: Rig) -> Iterable[str]:
    """Each effect was intended once and ended once, in the audit as in the ledger."""
    seen: Counter[tuple[str, str]] = Counter()
    for row in await rig.fetch("select entry from audit"):
        entry = orjson.loads(row["entry"])
        seen[entry["what"], str(entry.get("key") or entry.get("approval", ""))] += 1
    found = []
    for row in await rig.fetch("select key, state from effects"):
        key = row["key"]
        begun = seen["effect.intended", key] + seen["approval.asked", f"{key}:approval"]
        if begun != 1:
            found.append(f"WRONG audit: {key} is intended {begun} times")
        if row["state"] == "done" and seen["effect.done", key] != 1:
            found.append(f"WRONG audit: {key} is done {seen['effect.done', key]} times")
    return found


async def _promised(rig: Rig, told: Told) -> Iterable[str]:
    """What was acknowledged is there, in that order; what was not acknowledged is not."""
    found = []
    stored: dict[str, list[str]] = {}
    for row in await rig.fetch("select dedupe, conversation from inbox where source = 'slack' order by id"):
        stored.setdefault(row["conversation"], []).append(row["dedupe"])
    answered = {marker(message).removeprefix("say:") for message in rig.stub.messages}
    everything = {turn for turns in stored.values() for turn in turns}
    found += [f"WRONG: {turn} was refused, and is there" for turn in told.refused & everything]
    found += [f"WRONG: {turn} was refused, and is answered" for turn in told.refused & answered]
    for conversation, turns in told.acked.items():
        there = stored.pop(conversation, [])
        if there != turns:
            lost = [turn for turn in turns if turn not in there]
            found.append(f"LOST {lost} of {conversation}" if lost else f"WRONG order in {conversation}")
    found += [
        f"WRONG: {turns} in {conversation} was never acknowledged" for conversation, turns in stored.items()
    ]
    return found


def _orders(rig: Rig, told: Told) -> Iterable[str]:
    """Each has one receipt, after all that belongs before it."""
    found = []
    for thread in told.orders:
        texts = [message["text"] for message in rig.stub.in_thread(thread)]
        receipts = [text for text in texts if text.startswith("Receipt")]
        if len(receipts) != 1:
            found.append(f"{'LOST' if not receipts else 'DOUBLE'} receipt in {thread}: {len(receipts)}")
    return found
