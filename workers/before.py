"""What was said in a thread before a flow began there, as far as we stored it: the newest, bounded."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from bot.errors import Malformed
from bot.reply import Form
from bot.text import one_line, plain
from bot.turn import Account, Said, Turn
from flows.flow import Flow
from workers.seen import Seen, Tools
from workers.store import codec, inbox
from workers.store.door import Connection

SLOT = "conversation"
LONGEST, LONGEST_LINE, MOST = 4_000, 1_000, 60
US = "Countersign"
Line = tuple[datetime, str, str]  # when, who, what


def wanted(flow: Flow) -> bool:
    return any(SLOT in step.reads for step in flow.steps.values())


async def conversation(tools: Tools, tenant: UUID, key: str, seen: Seen, about: str = "") -> str:
    """`about` is a message that somebody pointed at; it stands last, and is never left out."""
    async with tools.db.tenant(tenant) as c:
        lines = [*await _heard(tools, c, tenant, key, seen), *await _said(c, tenant, key)]
    told = [f"{who}: {what}" for _, who, what in sorted(lines, key=lambda line: line[0])]
    if about.strip():
        told.append(f"The message that this is about: {_cut(about)}")
    return newest(told)


def newest(lines: list[str]) -> str:
    """As many of the last lines as there is room for."""
    kept: list[str] = []
    room = LONGEST
    for line in reversed(lines):
        if len(line) + 1 > room:
            break
        kept.append(line)
        room -= len(line) + 1
    return "\n".join(reversed(kept))


async def _heard(tools: Tools, c: Connection, tenant: UUID, key: str, seen: Seen) -> list[Line]:
    rows = await c.fetch(
        "select source, payload, received_at from inbox where tenant_id = $1 and conversation = $2"
        " and kind = $3 and id <> $4 and payload <> '' order by id desc limit $5",
        tenant,
        key,
        inbox.TURN,
        seen.row.id,
        MOST,
    )
    found: list[Line] = []
    for row in rows:
        turn = _turn(tools, row)
        if turn is not None and isinstance(turn.act, Said) and turn.act.text.strip():
            found.append((row["received_at"], await _name(c, tenant, turn.account), _cut(turn.act.text)))
    return found


def _turn(tools: Tools, row: Any) -> Turn | None:
    """None for what cannot be read any more: it is not what this is about."""
    try:
        if row["source"] == "us":
            turn = codec.loads(row["payload"])
        else:
            turn = tools.doors[row["source"]].to_turn(orjson.loads(row["payload"]))
    except (Malformed, KeyError, TypeError, ValueError):
        return None
    return turn if isinstance(turn, Turn) else None


async def _name(c: Connection, tenant: UUID, account: Account) -> str:
    name = await c.fetchval(
        "select name from accounts where tenant_id = $1 and platform = $2 and workspace = $3"
        " and user_id = $4",
        tenant,
        account.platform,
        account.workspace,
        account.user,
    )
    return one_line(name or "Somebody", 60)


async def _said(c: Connection, tenant: UUID, key: str) -> list[Line]:
    rows = await c.fetch(
        "select content, created_at from outbox where tenant_id = $1 and conversation = $2 and kind = 'post'"
        " and state = 'sent' order by seq desc limit $3",
        tenant,
        key,
        MOST,
    )
    found: list[Line] = []
    for row in rows:
        reply = codec.loads(row["content"])
        if not isinstance(reply, Form) and reply.text.strip():
            found.append((row["created_at"], US, _cut(reply.text)))
    return found


def _cut(text: str) -> str:
    """One paragraph: who speaks always stands at the beginning of a line, and never inside of one."""
    return one_line(plain(text), LONGEST_LINE)
