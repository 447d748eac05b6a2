"""Money that may or may not have moved: a person looks, says which, and it goes on from there.

Asked where approvals are asked, once per try, when an effect's outcome is unknown and nobody can be
sure by looking it up. Trying again uses the same key, so that it cannot happen twice at the service.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson

from bot.reply import Block, Button, Buttons, Facts, Heading, Paragraph, Reply, Style, Tone
from bot.text import for_card
from bot.turn import Pressed, Turn
from flows.events import Failed, Finished
from integrations import money
from workers import approve
from workers.approve import Rules
from workers.commit import Commit
from workers.known import World
from workers.seen import Seen, Tools, tell, write_all
from workers.store import conversations, doubts, outbox, runs
from workers.store.conversations import Claimed
from workers.store.door import Connection
from workers.store.doubts import Doubt
from workers.store.outbox import Message
from workers.store.people import Person
from workers.store.runs import Stored
from workers.unreached import nobody_looks

WAS, AGAIN, LEAVE = "doubt.was", "doubt.again", "doubt.leave"
ACTIONS = frozenset({WAS, AGAIN, LEAVE})
VERDICTS = {WAS: "carried_out", AGAIN: "again", LEAVE: "left"}
TOLD = "told"


async def after(
    c: Connection,
    tenant: UUID,
    commit: Commit,
    event: Finished | Failed,
    stored: Stored,
    world: World,
    rules: Rules,
) -> None:
    """An effect has ended: asks if nobody knows how, and tells a run that no longer waited for it."""
    doubt = await doubts.by_key(c, tenant, event.key)
    if doubt is None or doubt.risk == "read":
        return
    if isinstance(event, Failed) and event.code == "unknown" and doubt.risk == "money" and doubt.open:
        await _ask(c, tenant, commit, doubt, stored, world, rules)
        return
    if doubt.settled == TOLD:
        await _tell_copies(c, tenant, commit, doubt, stored, world, _by_itself(event))
    if stored.run.waiting != event.key:
        told = "It was carried out after all." if isinstance(event, Finished) else event.sentence
        id = f"{event.key}:late:{doubt.fence}"
        commit.messages.append(Message(id, "post", stored.place, Reply(told)))


def _by_itself(event: Finished | Failed) -> str:
    what = "it was carried out" if isinstance(event, Finished) else "it was not carried out"
    return f"The service has told me since: {what}."


async def _tell_copies(
    c: Connection, tenant: UUID, commit: Commit, doubt: Doubt, stored: Stored, world: World, words: str
) -> Reply:
    """Every copy of the question shows how it ended, without its buttons."""
    card = _card(doubt, stored, world)
    settled = Reply(f"{words} {card.text}", (*card.blocks, Paragraph(words, Tone.GOOD)))
    for id, place in await outbox.places(c, tenant, doubts.copies(doubt)):
        commit.messages.append(Message(f"{id}:settled", "update", place, settled, target=id))
    return settled


async def _ask(
    c: Connection, tenant: UUID, commit: Commit, doubt: Doubt, stored: Stored, world: World, rules: Rules
) -> None:
    card = _card(doubt, stored, world)
    asking = Reply(card.text, (*card.blocks, _buttons(doubt)))
    asked = 0
    for id, spot in zip(doubts.copies(doubt), rules.where(world.known.policy), strict=False):
        place = await approve.place_of(c, tenant, spot)
        if place is not None:
            commit.messages.append(Message(id, "post", place, asking))
            asked += 1
    if not asked:
        commit.messages.append(nobody_looks(doubt, stored))
    commit.note("doubt.asked", key=doubt.key, tool=doubt.tool, copies=asked)


def _card(doubt: Doubt, stored: Stored, world: World) -> Reply:
    """From the stored call alone. The key is on it, because that is what the service's own log shows."""
    tool, name = world.tools[doubt.tool], for_card(stored.run.requester.name)
    arguments: dict[str, Any] = orjson.loads(doubt.arguments)
    moved = tool.amount(arguments)
    title = (
        f"{tool.tool.summary}: {money.show(*moved)} for {name}" if moved else f"{tool.tool.summary}, {name}"
    )
    facts = tuple((for_card(label), for_card(value)) for label, value in tool.facts(arguments))
    why = "The service gave no clear answer. Please look there, then tell me what you found."
    blocks: tuple[Block, ...] = (
        Heading(f"Was this carried out? {title}"),
        Facts((("Asked by", name), *facts)),
        Facts((("Why I ask", why), ("Look for", doubt.key))),
        Paragraph(
            "Trying again uses the same key, so the service itself would not do it twice.", Tone.SUBTLE
        ),
    )
    return Reply(f"Was this carried out? {title}.", blocks)


def _buttons(doubt: Doubt) -> Buttons:
    value = f"{doubt.key}|{doubt.fence}"
    return Buttons(
        (
            Button("It was", WAS, value, Style.PRIMARY),
            Button("It was not, try again", AGAIN, value),
            Button("Leave it", LEAVE, value),
        )
    )


async def pressed(tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person) -> Commit:
    """Counted if it is the first of somebody entitled, answered in any case."""
    assert isinstance(turn.act, Pressed)
    key, _, fence = turn.act.value.rpartition("|")
    commit = Commit()
    async with tools.db.turn(claimed.tenant, claimed.key, claimed.fence, tools.lease) as c:
        doubt = await doubts.by_key(c, claimed.tenant, key)
        if doubt is None or str(doubt.fence) != fence:
            tell(commit, turn, Reply("That question is out of date, so the button changes nothing."))
        else:
            # As with approvals: both rows in one order, before the effect's.
            await conversations.lock(c, claimed.tenant, sorted({doubt.conversation, claimed.key}))
            tell(
                commit, turn, await _settle(tools, c, claimed.tenant, commit, doubt, turn, person, seen.world)
            )
        await write_all(tools, c, claimed, seen, commit)
    return commit


async def _settle(
    tools: Tools,
    c: Connection,
    tenant: UUID,
    commit: Commit,
    doubt: Doubt,
    turn: Turn,
    person: Person,
    world: World,
) -> Reply:
    assert isinstance(turn.act, Pressed)
    stored = await runs.by_id(c, tenant, doubt.run_id)
    assert stored is not None
    copies = await outbox.places(c, tenant, doubts.copies(doubt))
    refused = _refusal(turn, person, stored, tools.rules.who(world.known.policy), copies)
    if refused:
        return Reply(refused)
    verdict = VERDICTS[turn.act.action]
    if not await doubts.settle(c, tenant, doubt.key, doubt.fence, verdict):
        return Reply("Somebody was faster: this is settled already.")
    commit.note("doubt.settled", key=doubt.key, verdict=verdict, by=str(person.id),
                surface=turn.account.platform)  # fmt: skip
    to_all, to_requester = _words(verdict, for_card(person.name))
    settled = await _tell_copies(c, tenant, commit, doubt, stored, world, to_all)
    if to_requester:
        id = f"{doubt.key}:settled:{doubt.fence}"
        commit.messages.append(Message(id, "post", stored.place, Reply(to_requester)))
    return settled if turn.wants_answer else Reply(to_all)


def _refusal(
    turn: Turn, person: Person, stored: Stored, named: frozenset[str], copies: list[tuple[str, Any]]
) -> str:
    """The same people as for an approval, and never whoever asked for it."""
    if str(person.id) == stored.run.requester.id:
        return "You asked for this yourself, so somebody else has to look."
    if named:
        allowed = bool(person.email) and person.email in named
        return "" if allowed else "Only the named approvers can settle this."
    here = any(p.platform == turn.place.platform and p.channel == turn.place.channel for _, p in copies)
    return "" if here else "This can only be settled where the approvers were asked."


def _words(verdict: str, name: str) -> tuple[str, str]:
    match verdict:
        case "carried_out":
            return f"{name} looked: it was carried out.", f"{name} looked it up: this was carried out, once."
        case "again":
            told = f"{name} looked: it was not carried out. I am trying again with the same key."
            return told, f"{name} looked it up: this was not carried out. I am trying again now."
    return f"{name} left it as it is.", ""
