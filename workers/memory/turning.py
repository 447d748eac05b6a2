"""What is remembered, at work in a turn: words that point back are filled in, models are told what was
before, and a habit is proposed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from bot.reply import Button, Buttons, Paragraph, Reply, Style
from bot.text import for_card, one_line
from bot.turn import Place, Said, Turn
from flows import memory, memory_habits, memory_words
from flows.events import Edited, Event
from flows.flow import Flow
from flows.memory_habits import Wanted
from flows.memory_words import Again
from flows.router import Answer, Start
from flows.run import Run
from flows.scopes import within
from flows.understanding import Meaning
from integrations.models.base import Question
from workers import before
from workers.memory import desk
from workers.store.habits import SAID, Habit
from workers.store.outbox import Message
from workers.store.runs import Stored

if TYPE_CHECKING:
    from workers.commit import Commit
    from workers.seen import Seen, Tools
    from workers.store.conversations import Claimed
    from workers.store.door import Connection

YES, NO = "memory.habit", "memory.habit_no"
NOTHING = "I remember nothing of yours that I could use here."
ELSEWHERE = 0.8
Rest = Callable[[str], Awaitable[Meaning]]


async def told(
    tools: Tools, claimed: Claimed, seen: Seen, stored: Stored | None, asked: Question
) -> Question:
    """The question with what was said before and what is remembered, where a model reads it."""
    if tools.memory is None or tools.memory.recent is None:
        return asked
    found = _whose(seen, stored)
    recent = await hot(tools, claimed.tenant, claimed.key, seen)
    near = await tools.memory.recalled(claimed.tenant, *found, asked.text) if found else []
    return replace(asked, recent=tuple(recent), remembered=tuple(desk.in_words(each) for each in near))


async def hot(tools: Tools, tenant: UUID, key: str, seen: Seen) -> list[str]:
    """The last words here: from Valkey, or from Postgres where they are not there."""
    assert tools.memory is not None
    recent = tools.memory.recent
    assert recent is not None
    if (lines := await recent.lines(tenant, key)) is None:
        whole = await before.conversation(tools, tenant, key, seen)
        lines = [line for line in whole.split("\n") if line]
        if await tools.memory.keeps(tenant):
            await recent.put(tenant, key, lines)
    return lines


def overheard(tools: Tools, claimed: Claimed, seen: Seen, commit: Commit) -> None:
    """What was said in this turn, behind what is hot; after it was committed."""
    if tools.memory is None or tools.memory.recent is None:
        return
    lines = []
    turn = seen.turn
    if isinstance(turn, Turn) and isinstance(turn.act, Said) and turn.act.text.strip():
        name = seen.person.name if seen.person else "Somebody"
        lines.append(f"{one_line(name, 60)}: {turn.act.text}")
    here = claimed.key.rpartition(":")[0]
    lines += [
        f"{before.US}: {message.content.text}"
        for message in commit.messages
        if message.kind == "post" and isinstance(message.content, Reply) and message.content.text.strip()
        and message.place.conversation.rpartition(":")[0] == here
    ]  # fmt: skip
    tools.memory.recent.add(claimed.tenant, claimed.key, lines)


# ── "the usual" ──────────────────────────────────────────────────────────────────────────


async def taken_up(
    tools: Tools, claimed: Claimed, seen: Seen, stored: Stored, flow: Flow, asked: Question, meaning: Meaning,
    rest: Rest,
) -> Meaning:  # fmt: skip
    """The meaning, with what its words point at. `rest` reads what was said beside them."""
    again = memory_words.again(asked.text) or (Again("", asked.text, usual=True) if meaning.again else None)
    if tools.memory is None or again is None or _another(meaning, flow):
        return meaning
    run = within(stored.run)
    if not memory.can_be_filled(flow, run) or (again.vague and asked.items):
        return meaning  # there is no use for it, or it is said of what is on the list
    if again.rest and asked.expecting_type in ("text", "list"):
        return meaning  # a story that happens to say so
    person = UUID(stored.run.requester.id)
    found = await tools.memory.pointed_at(
        claimed.tenant, person, stored.place, stored.conversation, again, stored.run.flow
    )
    beside = meaning
    if again.words:
        beside = await rest(again.rest) if again.rest else Meaning("value", memory.SURE)
        beside = _beside(beside, found)
        if again.aside and any(each.op in ("add", "set", "option") for each in beside.changes):
            return meaning
    if found is None:
        return replace(beside, recalled=NOTHING) if again.words else meaning
    filled = memory.filled(beside, again, found, flow, run, seen.world.tools)
    if filled is None:
        return meaning
    offered = {product.name for product in asked.products}
    changes = tuple(
        each if each in beside.changes or not offered else replace(each, known=each.item in offered)
        for each in filled.changes
    )
    return replace(filled, changes=changes, recalled=_said(again, found))


def _another(meaning: Meaning, flow: Flow) -> bool:
    return bool(meaning.route) and meaning.route != flow.id and meaning.route_confidence >= ELSEWHERE


def _beside(meaning: Meaning, found: memory.Remembered | None) -> Meaning:
    """Without what only names what was pointed at ("the usual pizza")."""
    slots = found.slots.values() if found else ()
    names = {
        item["name"] for each in slots if isinstance(each, list) for item in each if isinstance(item, dict)
    }
    kept = tuple(
        each
        for each in meaning.changes
        if not (names & set(each.candidates)) and (each.item or each.op != "add")
    )
    return replace(meaning, changes=kept, leftover="" if found else meaning.leftover, again=False)


def _said(again: Again, found: memory.Remembered) -> str:
    whom = f" for {for_card(again.whom)}" if again.whom else ""
    what = "The usual" if again.usual else "The same again"
    body = found.body.partition(": ")[2] or found.body
    return f"{what}{whom}, as on {found.day}: {for_card(body)}."


async def routed(
    tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: UUID, text: str, meaning: Meaning,
    decided: Start | Answer,
) -> Start | Answer:  # fmt: skip
    """ "The usual" by itself begins what it was: a person's last flow that can be begun again."""
    if tools.memory is None or isinstance(decided, Start) or text.startswith("/"):
        return decided
    again = memory_words.again(text) or (Again("", text, usual=True) if meaning.again else None)
    if again is None or not (again.alone or not again.words):
        return decided
    found = await tools.memory.pointed_at(claimed.tenant, person, turn.place, claimed.key, again)
    if found is None:
        return Answer(NOTHING) if again.words and not decided.choices else decided
    return Start(found.flow, memory.SURE, again.words) if found.flow in seen.world.flows else decided


# ── runs that end, and habits ────────────────────────────────────────────────────────────


async def ended(
    tools: Tools, c: Connection, tenant: UUID, stored: Stored, flow: Flow, run: Run, event: Event
) -> None:
    """In the transaction that moves the run."""
    if tools.memory is None:
        return
    if isinstance(event, Edited) and event.changes:
        await tools.memory.learn(c, tenant, stored, flow, event.changes)
    if run.over and not stored.run.over:
        await tools.memory.remember(c, tenant, stored, flow, run)


async def propose(tools: Tools, tenant: UUID, stored: Stored, flow: Flow, run: Run, commit: Commit) -> None:
    """One habit that fits what was said, as a question of its own, once: nothing is changed by it."""
    if tools.memory is None or not memory_habits.may_propose(flow, stored.run, run):
        return
    person = UUID(run.requester.id)
    known = await tools.memory.habits(tenant, person, stored.place, run.flow)
    wanted = {Wanted(each.about, each.wish): each for each in known}
    found = memory_habits.proposed(flow, run, list(wanted))
    if found is None:
        return
    habit = wanted[found]
    id = f"{run.id}:habit:{habit.id}"
    if await tools.memory.said_before(tenant, id):
        return
    commit.messages.append(Message(id, "post", stored.place, card(run.id, habit)))


def card(run: str, habit: Habit) -> Reply:
    wish, about = for_card(habit.wish), for_card(habit.about.replace("_", " "))
    why = (
        f"You wanted {about} like that" if habit.via == SAID else f"Whoever approved changed {about} to that"
    )
    text = f"{wish[:1].upper()}{wish[1:]}, as usual? {why} {habit.times} times in a row."
    value = f"{run}|{habit.id}"
    buttons = Buttons((Button("Yes", YES, value, Style.PRIMARY), Button("No, not any more", NO, value)))
    return Reply(text, (Paragraph(text), buttons))


def _whose(seen: Seen, stored: Stored | None) -> tuple[UUID, Place] | None:
    if stored is not None:
        return UUID(stored.run.requester.id), stored.place
    if isinstance(seen.turn, Turn) and seen.person is not None:
        return seen.person.id, seen.turn.place
    return None
