"""The latest runs as the workbench shows them; the shape is `Run` in its protocol.ts."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from bot.settings import Settings
from flows.flow import Flow, edges
from flows.run import Run
from flows.templates import items_in_words
from integrations import money
from workers import approve
from workers.installs import own_tenant
from workers.known import Library
from workers.store import runs
from workers.store.door import Connection, Database

MOST = 10


class Inspector:
    """What the workbench may see and do; `trouble` lets time pass, or kills the worker."""

    def __init__(self, db: Database, tenant: UUID, library: Library, state_dir: Path) -> None:
        self._db = db
        self._tenant = tenant
        self._library = library
        self._children = state_dir / "children.json"

    async def runs(self) -> list[dict[str, Any]]:
        return await latest(self._db, self._library, self._tenant)

    async def trouble(self, what: str, more: Mapping[str, Any]) -> str:
        """Says in a sentence what was done."""
        if what == "expire":
            return await self._expire()
        if what == "kill_worker":
            return self._kill_worker()
        return f"There is no trouble called {what}."

    async def _expire(self) -> str:
        async with self._db.tenant(self._tenant) as c:
            id = await c.fetchval(
                "select id from approvals where tenant_id = $1 and state = 'pending'"
                " order by created_at desc limit 1",
                self._tenant,
            )
            if id is None:
                return "No approval is waiting, so nothing can expire."
            await approve.hasten(c, self._tenant, id)
        return "The newest approval expires now."

    def _kill_worker(self) -> str:
        """The supervisor notes its children's process numbers; it starts a new worker by itself."""
        try:
            for pid, _ in orjson.loads(self._children.read_bytes()):
                if b"\0worker\0" in Path(f"/proc/{int(pid)}/cmdline").read_bytes():
                    os.kill(int(pid), signal.SIGKILL)
                    return f"The worker (process {pid}) was killed with SIGKILL; a new one is starting."
        except (OSError, ValueError, TypeError):
            pass
        return "There is no worker to kill just now."

    async def close(self) -> None:
        await self._db.close()


async def open_inspector(dsn: str, settings: Settings) -> Inspector:
    """Raises `ConfigurationError`."""
    db = await Database.open(dsn, size=2)
    library = Library(money_tools=settings.money_tools)
    return Inspector(db, await own_tenant(db), library, settings.state_dir)


APPROVAL_WORDS = {"used": "approved", "void": "rejected"}
ASLEEP = {"waiting": "waits to be completed outside", "unknown": "outcome unknown", "dead": "given up"}


async def latest(db: Database, library: Library, tenant: UUID) -> list[dict[str, Any]]:
    async with db.tenant(tenant) as c:
        rows = await c.fetch(
            "select id from runs where tenant_id = $1 order by started_at desc limit $2", tenant, MOST
        )
        return [await _one(c, library, tenant, row["id"]) for row in rows]


async def _one(c: Connection, library: Library, tenant: UUID, id: str) -> dict[str, Any]:
    stored = await runs.by_id(c, tenant, id)
    assert stored is not None
    run = stored.run
    flow = await library.flow(c, tenant, run.flow, run.flow_version)
    effects = await c.fetch(
        "select key, tool, state, attempts, error, result, external_id from effects"
        " where tenant_id = $1 and run_id = $2 order by created_at",
        tenant,
        id,
    )
    approvals = await c.fetch(
        "select a.id, a.code, a.state, a.expires_at, a.rule, a.because, a.words, a.reason, p.name as by,"
        " greatest(0, extract(epoch from a.expires_at - now()))::int as left_s"
        " from approvals a left join people p on p.tenant_id = a.tenant_id and p.id = a.decided_by"
        " where a.tenant_id = $1 and a.run_id = $2 order by a.created_at",
        tenant,
        id,
    )
    started = await c.fetchval("select started_at from runs where tenant_id = $1 and id = $2", tenant, id)
    why = approvals[-1] if approvals else None
    return {
        "id": run.id,
        "flow": run.flow,
        "version": run.flow_version,
        "conversation": stored.conversation,
        "requester": run.requester.name,
        "status": run.status,
        "sentence": _sentence(run, flow, why),
        "steps": [_step(flow, run, step) for step in flow.steps],
        "edges": [{"from": a, "to": b, "label": label} for a, b, label in edges(flow)],
        "slots": _known(run),
        "why": {
            "rule": why["rule"],
            "reason": why["because"],
            "confidence": None,
            "words": why["words"],
        }
        if why
        else None,
        "effects": [
            {
                "key": row["key"],
                "tool": row["tool"],
                "state": row["state"],
                "attempts": row["attempts"],
                "note": row["error"] or ASLEEP.get(row["state"]) or _did(row["result"], row["external_id"]),
            }
            for row in effects
        ],
        "approvals": [
            {
                "id": row["id"],
                "code": row["code"],
                "state": APPROVAL_WORDS.get(row["state"], row["state"]),
                "expires_at": row["expires_at"].isoformat(),
                "decided_by": row["by"],
                "reason": row["reason"],
            }
            for row in approvals
        ],
        "suggestions": _suggestions(run, flow),
        "started_at": started.isoformat(),
    }


def _known(run: Run) -> dict[str, Any]:
    """What the run has understood and found out, without whole catalogues."""
    items = run.slots.get("items")
    found: dict[str, Any] = {"items": items_in_words(items)} if items else {}
    quote, payment, error = (run.slots.get(name) for name in ("quote", "payment", "error"))
    if quote and not quote.get("problems"):
        found["total"] = money.show(quote["amount"], quote["currency"])
        found["paid with"] = quote["payment_label"]
    if payment:
        found["payment"] = " ".join(filter(None, (payment["status"], payment.get("payment_intent"))))
    if error:
        found["trouble"] = error["sentence"]
    known = {k: v for k, v in run.slots.items() if isinstance(v, str | int) and v != ""}
    return found | known


def _step(flow: Flow, run: Run, id: str) -> dict[str, str]:
    state = "ahead"
    if id in run.trail:
        state = "done"
    if id == run.step:
        state = {"waiting": "now", "failed": "failed"}.get(run.status, "done")
    return {"id": id, "type": flow.step(id).kind, "title": id.replace("_", " "), "state": state}


def _sentence(run: Run, flow: Flow, approval: Any) -> str:
    if run.over:
        paid = run.slots.get("payment")
        done = f"Done: {money.show(paid['amount'], paid['currency'])} charged, once." if paid else "Done."
        return {"done": done, "cancelled": "Stopped; nothing was charged."}.get(
            run.status, "Failed; nothing was charged."
        )
    if run.held and approval:
        return f"Waiting for an approver, {max(1, approval['left_s'] // 60)} min left"
    kind = flow.step(run.step).kind
    if kind == "tool":
        return f"Working on “{run.step}”"
    return f"Waiting for {run.requester.name} at “{run.step}”"


def _did(result: str | None, external_id: str | None) -> str:
    status = orjson.loads(result).get("status", "") if result else ""
    return " ".join(part for part in (status, external_id or "") if part)


def _suggestions(run: Run, flow: Flow) -> list[str]:
    if run.over:
        return []
    match flow.step(run.step).kind:
        case "confirm":
            items = run.slots.get("items") or []
            drop = [f"drop the {items[-1]['name'].lower()}"] if len(items) > 1 else []
            return ["make it three", *drop, "yes", "cancel"]
        case "input":
            return ["two margheritas and a cola", "cancel"]
        case _:
            return ["cancel"] if run.held else []
