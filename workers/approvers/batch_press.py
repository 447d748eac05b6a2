"""“Approve all”: each is decided by itself, by its own digest; what changed in between is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from bot.reply import Reply
from bot.text import for_card
from bot.turn import Pressed, Turn
from workers import cards
from workers.approvers import batch_news, groups, press
from workers.approvers.batch_card import APPROVE, SINGLE, STATES
from workers.approvers.load import SHOW
from workers.approvers.rules import Rules
from workers.commit import Commit
from workers.known import World
from workers.seen import Seen, Tools, tell, write_all
from workers.store import approvals, batches, conversations
from workers.store.batches import Member
from workers.store.conversations import Claimed
from workers.store.door import Connection
from workers.store.people import Person

ACTIONS = frozenset({APPROVE, SINGLE})
GONE = "I do not know these requests any more, so the button changes nothing."
NOTHING = "Nothing of this waits any more."


@dataclass(frozen=True, slots=True)
class Done:
    """How many were agreed to, how many of those need nobody else, and why others were left out."""

    counted: int = 0
    settled: int = 0
    left_out: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        if self.counted == self.settled:
            said = f"Approved {self.settled}." if self.settled else "Nothing was approved."
        else:
            others = self.counted - self.settled
            said = f"Your yes is counted for {self.counted}; others are needed for {others}."
        return " ".join([said, *(f"Left out: {each}." for each in self.left_out)])


async def pressed(tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person) -> Commit:
    assert isinstance(turn.act, Pressed)
    tenant, commit, batch = claimed.tenant, Commit(), turn.act.value
    await groups.refresh(tools, tenant, seen.world.known.policy)
    async with tools.db.turn(tenant, claimed.key, claimed.fence, tools.lease) as c:
        listed = [each for each in await batches.members(c, tenant, batch) if not each.outlier]
        await _lock(c, tenant, claimed.key, listed)
        if turn.act.action == SINGLE:
            said = await one_by_one(c, tenant, commit, batch, listed, turn, person, seen.world, tools.rules)
        elif listed:
            done = await approve_all(c, tenant, commit, batch, turn, person, seen.world, tools.rules)
            said = done.words
        else:
            said = GONE
        tell(commit, turn, Reply(said))
        await write_all(tools, c, claimed, seen, commit)
    return commit


async def _lock(c: Connection, tenant: UUID, mine: str, listed: Sequence[Member]) -> None:
    """Every conversation in one order, before any approval's row: two who press never wait crosswise."""
    rows = await c.fetch(
        "select distinct conversation from approvals where tenant_id = $1 and id = any($2)",
        tenant,
        [each.approval for each in listed],
    )
    await conversations.lock(c, tenant, sorted({mine, *(row["conversation"] for row in rows)}))


async def approve_all(
    c: Connection,
    tenant: UUID,
    commit: Commit,
    batch: str,
    turn: Turn,
    person: Person,
    world: World,
    rules: Rules,
) -> Done:
    """As so many presses on so many cards: whatever refuses one of them refuses it here."""
    done = Done()
    for member in await batches.members(c, tenant, batch):
        if member.outlier:
            continue
        if member.state != "pending":
            done = _without(done, member, STATES.get(member.state, member.state))
            continue
        done = await _one(c, tenant, commit, batch, member, turn, person, world, rules, done)
    commit.note("approval.bulk", batch=batch, by=str(person.id), surface=turn.account.platform,
                counted=done.counted, settled=done.settled, left_out=len(done.left_out))  # fmt: skip
    await batch_news.redraw(c, tenant, commit, batch, f"pressed:{turn.id}")
    return done


async def _one(
    c: Connection,
    tenant: UUID,
    commit: Commit,
    batch: str,
    member: Member,
    turn: Turn,
    person: Person,
    world: World,
    rules: Rules,
    done: Done,
) -> Done:
    before = len(commit.audit)
    single = replace(turn, act=Pressed(cards.APPROVE, member.approval))
    answer = await press.decide(c, tenant, commit, single, person, world, rules)
    for _, details in commit.audit[before:]:
        details["batch"] = batch  # it was one of several at once, and whoever learns leaves it out
    if not answer.settled:
        return _without(done, member, for_card(answer.reply.text).rstrip("."))
    await batches.decided(c, tenant, batch, member.approval, person.id)
    fresh = await approvals.by_id(c, tenant, member.approval)
    settled = fresh is not None and fresh.state == "approved"
    return replace(done, counted=done.counted + 1, settled=done.settled + settled)


def _without(done: Done, member: Member, why: str) -> Done:
    return replace(done, left_out=(*done.left_out, f"{member.number} ({why})"))


async def one_by_one(
    c: Connection,
    tenant: UUID,
    commit: Commit,
    batch: str,
    listed: Sequence[Member],
    turn: Turn,
    person: Person,
    world: World,
    rules: Rules,
) -> str:
    """Each gets its own card; only for those who may decide one of them."""
    waiting = [each for each in listed if each.state == "pending"]
    if not waiting:
        return NOTHING
    first = await approvals.by_id(c, tenant, waiting[0].approval)
    assert first is not None
    if why := await press.refusal(c, tenant, first, turn, person, world.known.policy, rules):
        return why
    await batches.show(c, tenant, [each.approval for each in waiting])
    for each in waiting:
        approval = await approvals.by_id(c, tenant, each.approval)
        assert approval is not None
        event = {"_": SHOW, "approval": each.approval, "single": True}
        commit.events.append((approval.conversation, f"{each.approval}:show:single", event))
    await batch_news.redraw(c, tenant, commit, batch, "closed")
    return f"Each of these {len(waiting)} gets a card of its own."
