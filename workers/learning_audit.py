"""A share of what ran alone is put to people afterwards: was it right? What they say undoes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from bot.metrics import metrics
from bot.reply import Block, Button, Buttons, Facts, Heading, Paragraph, Reply, Style, Tone
from bot.text import for_card
from bot.turn import Place, Pressed, Turn
from flows.effects import Call
from flows.events import Failed, Finished
from integrations import money
from workers import learning_turn
from workers.approvers import grants_ended
from workers.approvers.rules import Rules, place_of
from workers.commit import Commit
from workers.known import World
from workers.store import bars, conversations, doubts, learning, outbox, runs
from workers.store.conversations import Claimed
from workers.store.door import Connection
from workers.store.doubts import Doubt
from workers.store.learning import Action
from workers.store.outbox import Message
from workers.store.people import Person
from workers.store.runs import Stored

if TYPE_CHECKING:
    from workers.seen import Seen, Tools

RIGHT, WRONG = "learned.right", "learned.wrong"
ACTIONS = frozenset({RIGHT, WRONG})
MOST_COPIES = 20


async def after(
    c: Connection, tenant: UUID, commit: Commit, event: Finished | Failed, stored: Stored, world: World,
    rules: Rules,
) -> None:  # fmt: skip
    """A call is over: one that ran alone and was drawn is put to the approvers, in the run's conversation."""
    policy = world.known.policy
    if isinstance(event, Failed):
        if await learning_turn.failed(c, tenant, commit, event.key, event.code, policy, rules):
            refused = await doubts.by_key(c, tenant, event.key)
            why = "What ran alone and was like what it lets run was refused."
            await _grants(c, tenant, commit, refused, stored, world, rules, why)
        return
    action = await learning.by_key(c, tenant, event.key)
    if action is None or not action.drawn or action.asked or action.settled:
        return
    effect = await doubts.by_key(c, tenant, event.key)
    if effect is None:
        return
    bar = await bars.by_evidence(c, tenant, action.evidence)
    card = _card(effect, stored, world, _why(bar))
    asking = Reply(card.text, (*card.blocks, _buttons(event.key)))
    for id, spot in zip(_copies(event.key), rules.where(policy), strict=False):
        if (place := await place_of(c, tenant, spot)) is not None:
            commit.messages.append(Message(id, "post", place, asking))
    await learning.asked(c, tenant, event.key)
    commit.note("learning.asked", key=event.key, tool=action.tool, chance=f"{action.chance:.2f}")


async def pressed(tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person) -> Commit:
    """Counted if it is the first of somebody entitled, answered in any case."""
    from workers.seen import tell, write_all

    assert isinstance(turn.act, Pressed)
    key, tenant, commit = turn.act.value[:300], claimed.tenant, Commit()
    async with tools.db.turn(tenant, claimed.key, claimed.fence, tools.lease) as c:
        action, effect = await learning.by_key(c, tenant, key), await doubts.by_key(c, tenant, key)
        if action is None or effect is None or not action.drawn:
            tell(commit, turn, Reply("I do not know this call any more, so the button changes nothing."))
        else:
            # As with approvals: both rows in one order, before the bar's.
            await conversations.lock(c, tenant, sorted({effect.conversation, claimed.key}))
            tell(
                commit,
                turn,
                await _judged(tools, c, tenant, commit, action, effect, turn, person, seen.world),
            )
        await write_all(tools, c, claimed, seen, commit)
    return commit


async def _judged(
    tools: Tools, c: Connection, tenant: UUID, commit: Commit, action: Action, effect: Doubt, turn: Turn,
    person: Person, world: World,
) -> Reply:  # fmt: skip
    assert isinstance(turn.act, Pressed)
    stored = await runs.by_id(c, tenant, effect.run_id)
    if stored is None:
        return Reply("I do not know this call any more, so the button changes nothing.")
    policy = world.known.policy
    copies = await outbox.places(c, tenant, _copies(action.key))
    if refused := _refusal(turn, person, stored, tools.rules.who(policy), copies):
        return Reply(refused)
    right = turn.act.action == RIGHT
    if not await learning.settle(c, tenant, action.key, right, "audit"):
        return Reply("Somebody was faster: this was answered already.")
    metrics().learning_audited(right)
    commit.note("learning.audited", key=action.key, tool=action.tool, right=right, by=str(person.id),
                surface=turn.account.platform, chance=f"{action.chance:.2f}")  # fmt: skip
    await learning_turn.judge(c, tenant, commit, action.evidence, policy, tools.rules)
    if not right:
        why = f"{for_card(person.name)} said that what ran alone, and was like what it lets run, was wrong."
        await _grants(c, tenant, commit, effect, stored, world, tools.rules, why)
    bar = await bars.by_evidence(c, tenant, action.evidence)
    card = _card(effect, stored, world, _why(bar))
    words = (
        f"{for_card(person.name)} says: it was {'right' if right else 'wrong'}. Nothing was undone by this."
    )
    settled = Reply(
        f"{words} {card.text}", (*card.blocks, Paragraph(words, Tone.GOOD if right else Tone.BAD))
    )
    for id, place in copies:
        commit.messages.append(Message(f"{id}:settled", "update", place, settled, target=id))
    return settled if turn.wants_answer else Reply(words)


async def _grants(
    c: Connection, tenant: UUID, commit: Commit, effect: Doubt | None, stored: Stored, world: World,
    rules: Rules, why: str,
) -> None:  # fmt: skip
    """What a person let run alone for good is no better than what experience did."""
    if effect is not None:
        call = Call(effect.key, effect.tool, orjson.loads(effect.arguments), "")
        await grants_ended.wrong(c, tenant, commit, stored.run, call, world, rules, why)


def _refusal(
    turn: Turn, person: Person, stored: Stored, named: frozenset[str], copies: list[tuple[str, Place]]
) -> str:
    """The same people as for an approval, and never whoever asked for it."""
    if str(person.id) == stored.run.requester.id:
        return "You asked for this yourself, so somebody else has to say."
    if named:
        allowed = bool(person.email) and person.email in named
        return "" if allowed else "Only the named approvers can say this."
    here = any(p.platform == turn.place.platform and p.channel == turn.place.channel for _, p in copies)
    return "" if here else "This can only be said where the approvers were asked."


def _copies(key: str) -> list[str]:
    return [f"{key}:learned:{number}" for number in range(MOST_COPIES)]


def _why(bar: bars.Bar | None) -> str:
    if bar is None or not bar.stands:
        return "By experience, which has been taken back since."
    return f"By experience: {bar.about.subject}, {bar.decided} decisions."


def _card(effect: Doubt, stored: Stored, world: World, why: str) -> Reply:
    """From the stored call alone."""
    tool, name = world.tools[effect.tool], for_card(stored.run.requester.name)
    arguments: dict[str, Any] = orjson.loads(effect.arguments)
    moved = tool.amount(arguments)
    title = (
        f"{tool.tool.summary}: {money.show(*moved)} for {name}" if moved else f"{tool.tool.summary}, {name}"
    )
    facts = tuple((for_card(label), for_card(value)) for label, value in tool.facts(arguments))
    blocks: tuple[Block, ...] = (
        Heading(f"This ran alone. Was it right? {title}"),
        Facts((("Asked by", name), *facts)),
        Facts((("Why it ran alone", why), ("Look for", effect.key))),
        Paragraph(
            "Your answer changes nothing that was done. It decides what runs alone later.", Tone.SUBTLE
        ),
    )
    return Reply(f"This ran alone. Was it right? {title}.", blocks)


def _buttons(key: str) -> Buttons:
    return Buttons((Button("It was right", RIGHT, key, Style.PRIMARY), Button("It was wrong", WRONG, key)))
