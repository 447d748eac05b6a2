"""An approval that waits, people who may press, and what a press of theirs does."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from bot.platforms.base import Profile
from bot.reply import Facts, Heading, Reply
from bot.turn import Account, Place, Pressed, Turn, TurnId
from flows import approval as sealing
from flows.approval_stages import Stage, Terms
from flows.duty import Duty, Group
from flows.effects import Call
from flows.policy import Approvers, Policy
from tests.workers.store.conftest import There
from workers import approve
from workers.approve import Answer, Rules
from workers.commit import Commit
from workers.services import Services
from workers.store import approvals, codec, conversations, effects, enqueue, people
from workers.store.approvals import Approval
from workers.store.outbox import Message
from workers.store.people import Person

RULES = Rules((), (), Services({}))
PLACE = Place("slack", "T1", "CAPPROVE")
CARD = Reply(
    "Approval needed. Charge 50.00 EUR.", (Heading("Approve? Charge"), Facts((("Amount", "50.00 EUR"),)))
)


def email(name: str) -> str:
    return f"{name}@example.com"


def policy(*stages: Stage, escalate: tuple[str, ...] = (), **groups: tuple[str, ...]) -> Policy:
    """With these stages; groups by their names."""
    duty = Duty({name: Group(tuple(map(email, names))) for name, names in groups.items()})
    return Policy("p1", (), Approvers(stages=stages, escalate=escalate), duty=duty)


async def met(there: There, name: str, platform: str = "slack", *, known: bool = True) -> Person:
    """Somebody, with a verified address where they are `known`."""
    account = Account(platform, "T1", f"U-{name}-{platform}")
    async with there.db.tenant(there.tenant) as c:
        return await people.remember(
            c, there.tenant, account, Profile(name.title(), email(name) if known else "")
        )


async def asks(
    there: There,
    policy: Policy,
    requester: Person,
    tool: str = "stripe.charge",
    arguments: dict[str, Any] | None = None,
    *,
    terms: Terms | None = None,
    kept: bool = True,
) -> Approval:
    """Held, asked, and its card posted at PLACE. Not `kept`: as it was before terms were kept."""
    key = f"{there.run}:charge:{uuid4().hex[:6]}"
    async with there.db.tenant(there.tenant) as c:
        call = Call(key, tool, arguments or {"amount": 5000}, "charge")
        await effects.intend(c, there.tenant, there.conversation, there.run, call, "p1", "money", "held")
        await c.execute("update runs set place = $1", codec.dumps(PLACE))
        now = await c.fetchval("select date_trunc('second', now())")
        approval = Approval(
            id=f"{key}:approval",
            effect_key=key,
            run_id=there.run,
            conversation=there.conversation,
            step="charge",
            tool=tool,
            requester=requester.id,
            account="acct_1",
            flow_version="v1",
            policy_version=policy.version,
            digest=sealing.digest(_sealed(key)),
            code="ABC123",
            rule="money",
            because="",
            words="",
            card=CARD,
            state="pending",
            expires_at=now + timedelta(hours=1),
            terms=(terms or RULES.terms(policy, frozenset())) if kept else None,
        )
        await approvals.ask(c, there.tenant, approval)
        await conversations.wake(c, there.tenant, there.conversation)
        card = Message(f"{approval.id}:0", "post", PLACE, CARD)
        await enqueue.add(c, there.tenant, there.conversation, [card])
        await approvals.card_posted(c, there.tenant, approval.id, card.id)
    return approval


def _sealed(key: str) -> sealing.Sealed:
    return sealing.Sealed("t", "r", "tool", {}, "a", "v1", "charge", "p1", key, "2030")


def world(policy: Policy) -> Any:
    return SimpleNamespace(known=SimpleNamespace(policy=policy))


def turn(approval: Approval, person: Person, action: str = "approval.approve", place: Place = PLACE) -> Turn:
    account = Account("slack", "T1", f"U-{person.name.lower()}-slack")
    return Turn(TurnId(f"t{uuid4()}"), place, account, Pressed(action, approval.id))


async def presses(
    there: There,
    policy: Policy,
    approval: Approval,
    person: Person,
    action: str = "approval.approve",
    **more: Any,
) -> tuple[Answer, Commit]:
    """Decided as the engine does, but for what follows in other rows."""
    commit = Commit()
    async with there.db.tenant(there.tenant) as c:
        pressed = turn(approval, person, action, **more)
        answer = await approve.decide(c, there.tenant, commit, pressed, person, world(policy), RULES)
    return answer, commit


async def rejects(there: There, policy: Policy, approval: Approval, person: Person) -> tuple[Answer, Commit]:
    return await presses(there, policy, approval, person, "approval.reject")


async def state(there: There, approval: Approval) -> str:
    found: str = await there.value("select state from approvals where id = $1", approval.id)
    return found


def told(answer: Answer) -> str:
    return answer.reply.text


def released(commit: Commit) -> list[str]:
    """What the run is told: at most one thing, ever."""
    return [event["_"] for _, _, event in commit.events]


async def still(there: There, policy: Policy, approval: Approval) -> bool:
    """Whether it would run now."""
    from workers import sealed

    async with there.db.tenant(there.tenant) as c:
        fresh = await approvals.by_id(c, there.tenant, approval.id)
        assert fresh is not None
        return await sealed.entitled_still(c, there.tenant, fresh, policy, RULES)
