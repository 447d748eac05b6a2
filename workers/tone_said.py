"""/tone: how the bot speaks to whoever asks, shown with a sample and set by a number or a choice."""

from __future__ import annotations

from bot.reply import Reply
from bot.turn import Pressed, Said, Turn
from workers import home
from workers.commit import Commit
from workers.seen import Seen, Tools, finish, tell
from workers.store import preferences
from workers.store.conversations import Claimed
from workers.store.outbox import Message
from workers.store.people import Person
from workers.tone_words import COMMAND, WRONG, card, wanted


async def acted(tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person) -> Commit:
    """Typed, or chosen."""
    told = _heard if isinstance(turn.act, Said) else _chosen
    return await told(tools, claimed, seen, turn, person)


async def _heard(tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person) -> Commit:
    assert isinstance(turn.act, Said)
    tone, commit = wanted(turn.act.text), Commit()
    if tone is None:
        tell(commit, turn, Reply(WRONG))
        return await finish(tools, claimed, seen, commit)
    reply = await _kept(tools, claimed, person, tone)
    if turn.place.private and not turn.wants_answer:
        commit.messages.append(Message(f"say:{turn.id}", "post", turn.place, reply))
    else:
        tell(commit, turn, reply)
    return await finish(tools, claimed, seen, commit)


async def _chosen(tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person) -> Commit:
    """Chosen on a card, or on the bot's own page, which then shows it."""
    assert isinstance(turn.act, Pressed)
    tone, commit = wanted(f"{COMMAND} {turn.act.value}") or 0, Commit()
    if not tone:
        tell(commit, turn, Reply(WRONG))
        return await finish(tools, claimed, seen, commit)
    reply = await _kept(tools, claimed, person, tone)
    if turn.act.message is None and turn.place.channel == turn.account.user:
        return await home.opened(tools, claimed, seen, turn, person)
    if (posted := await _posted(tools, claimed, turn)) is not None:
        commit.messages.append(Message(f"tone:{turn.id}", "update", turn.place, reply, target=posted))
        commit.answer = reply if turn.wants_answer else None
    else:
        tell(commit, turn, reply)
    return await finish(tools, claimed, seen, commit)


async def _posted(tools: Tools, claimed: Claimed, turn: Turn) -> str | None:
    """The card that it was chosen on, as we call it; None where nobody else could see it."""
    assert isinstance(turn.act, Pressed)
    if turn.act.message is None:
        return None
    async with tools.db.tenant(claimed.tenant) as c:
        found: str | None = await c.fetchval(
            "select id from outbox where tenant_id = $1 and conversation = $2 and external_id = $3"
            " and kind = 'post' order by seq desc limit 1",
            claimed.tenant,
            claimed.key,
            turn.act.message.id,
        )
    return found


async def _kept(tools: Tools, claimed: Claimed, person: Person, tone: int) -> Reply:
    """The card as it is with this tone; 0: with the one that they have."""
    async with tools.db.tenant(claimed.tenant) as c:
        if tone:
            await preferences.set_tone(c, claimed.tenant, person.id, tone)
        else:
            had = (await preferences.of(c, claimed.tenant, person.id)).tone
    tools.library.dials.forget(claimed.tenant)
    return card(tone, True) if tone else card(had, False)
