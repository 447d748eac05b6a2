"""Requests that are held back, the timers that show them, and presses on a card of several."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from bot.reply import Buttons, Facts, Reply
from bot.turn import Account, Pressed, Turn, TurnId
from flows.approval_stages import Stage
from flows.batch import Batching
from flows.load import Load
from flows.policy import Policy
from tests.workers.approvers.asked import PLACE, RULES, asks, email, met, policy
from tests.workers.store.conftest import There
from workers.approvers import batch, batch_card, batch_press
from workers.commit import Commit
from workers.store import approvals, batches, enqueue, tenants
from workers.store.approvals import Approval
from workers.store.batches import Queued
from workers.store.people import Person

WHO = Stage((email("grace"), email("omar")))
SECTION = Batching(("stripe.*",), frozenset({"money"}), "50.00", at_least=3)


def batching(**more: Any) -> Policy:
    found = policy(WHO)
    approvers = replace(found.approvers, places=("slack:CAPPROVE",), load=more.pop("load", Load()))
    return replace(found, batch=SECTION, approvers=approvers, **more)


RULED = batching()


def arguments(amount: int, customer: str = "cus_1") -> dict[str, Any]:
    return {"payment_intent": f"pi_{customer}", "amount": amount, "currency": "usd"}


async def waits(there: There, requester: Person, amount: int = 1_000, **more: Any) -> Approval:
    """Asked, held back, and nothing of it shown."""
    approval = await asks(there, RULED, requester, "stripe.refund", arguments(amount))
    async with there.db.tenant(there.tenant) as c:
        await c.execute("delete from approval_cards where approval_id = $1", approval.id)
        group = more.pop("group", "alike")
        queued = Queued(approval.id, group, "people", ("g", "o"), 900, amount, False, True)
        more.setdefault("latest", approval.expires_at)
        await batches.put(c, there.tenant, replace(queued, **more))
    return approval


async def shows(there: There, approval: Approval, ruled: Policy = RULED, **raw: Any) -> Commit:
    """Its timer rang."""
    commit = Commit()
    async with there.db.tenant(there.tenant) as c:
        mine = await batches.held(c, there.tenant, approval=approval.id)
        if mine:
            await batch._show(c, there.tenant, commit, approval, mine[0], ruled, RULES, (), raw)
        await enqueue.add(c, there.tenant, there.conversation, commit.messages)
        for each, outbox in commit.copies:
            await approvals.card_posted(c, there.tenant, each, outbox)
    return commit


async def empty(there: There) -> None:
    """Nothing waits, and the approvers' place can be found."""
    async with there.db.tenant(there.tenant) as c:
        await c.execute("delete from approval_queue; delete from batch_members; delete from installations")
        await tenants.install(c, there.tenant, "slack", f"T{there.tenant.hex[:12]}", "", None)


async def three(there: There, *amounts: int) -> tuple[Person, list[Approval]]:
    ada = await met(there, "ada")
    return ada, [await waits(there, ada, amount) for amount in amounts or (1_000, 1_100, 1_200)]


async def batch_of(there: There) -> str:
    found: str = await there.value("select batch_id from batch_members order by batch_id limit 1")
    return found


async def approves_all(
    there: There, person: Person, action: str = batch_card.APPROVE, ruled: Policy = RULED
) -> tuple[Any, Commit]:
    commit, found = Commit(), await batch_of(there)
    account = Account("slack", "T1", f"U-{person.name.lower()}-slack")
    turn = Turn(TurnId(f"t{uuid4()}"), PLACE, account, Pressed(action, found))
    world: Any = SimpleNamespace(known=SimpleNamespace(policy=ruled))
    async with there.db.tenant(there.tenant) as c:
        if action == batch_card.SINGLE:
            listed = await batches.members(c, there.tenant, found)
            said: Any = await batch_press.one_by_one(
                c, there.tenant, commit, found, listed, turn, person, world, RULES
            )
        else:
            said = await batch_press.approve_all(c, there.tenant, commit, found, turn, person, world, RULES)
    return said, commit


def texts(commit: Commit) -> str:
    return " ".join(
        words(message.content) for message in commit.messages if isinstance(message.content, Reply)
    )


def words(card: Reply) -> str:
    pairs = [pair for block in card.blocks if isinstance(block, Facts) for pair in block.pairs]
    return " ".join([card.text, *(f"{label} {value}" for label, value in pairs)])


def buttons(card: Any) -> list[str]:
    return [each.label for block in card.blocks if isinstance(block, Buttons) for each in block.buttons]
