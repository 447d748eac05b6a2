"""A message with files: taken at once, answered with “Looking at …”, and heard when they were read.

What stands in a file is data. It never says which flow is begun, never says yes, cancels, presses or
clears anything: it can add to a list that the person's own words have begun and that they confirm, and it
can be asked about.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from bot.files import MOST
from bot.reply import Button, Buttons, Paragraph, Reply
from bot.turn import Said, Turn, TurnId
from flows import router
from flows.understanding import Meaning
from integrations.models.base import ModelUnavailable
from workers import understand
from workers.advance import read
from workers.beginning import begin
from workers.commit import Commit
from workers.files import listing, words
from workers.files.hands import task_of
from workers.seen import Seen, Tools, finish, show_working, write_all
from workers.store import files, inbox
from workers.store.conversations import Claimed
from workers.store.door import Connection, Database
from workers.store.files import Coming, Read
from workers.store.outbox import Message
from workers.store.people import Person

FLOW = "file"  # the flow that answers from files
SUMMARIZE = "summarize"
AGAIN, READ = "files.again", "files.read"
EVENTS = frozenset({AGAIN, READ})
PAUSES = (10, 20, 30, 45, 60, 60, 60)  # seconds until it is looked whether somebody reads them
MOST_TRIES = 3
NOT_IN_TIME = "I could not read what you sent in time, so I left it: please send it again."
SORRY = "I could not think about that just now. Please say it again in a minute."
BESIDE = "It changes nothing in what is open here; when that is done, ask me about it."
_SUMMARY = re.compile(
    r"\b(?:summ(?:ary|ari[sz]e|arise)|sum (?:it|this|that|them|up)|tl;?dr|in short|zusammenfass\w*"
    r"|fass\w* .*zusammen)\b",
    re.IGNORECASE,
)
_POINTS = re.compile(
    r"\b(?:file|document|doc|pdf|picture|image|photo|screenshot|scan|recording|video|clip|memo|attachment|page"
    r"|it|this|that|they|them|there)\b",
    re.IGNORECASE,
)


async def read_of(db: Database | Connection, tenant: UUID, turn: object) -> tuple[Read, ...]:
    """What was read of the files that came with this turn."""
    if not isinstance(turn, Turn) or not isinstance(turn.act, Said) or not turn.act.read:
        return ()
    if isinstance(db, Database):
        async with db.tenant(tenant) as c:
            return await files.of_key(c, tenant, turn.act.read)
    return await files.of_key(db, tenant, turn.act.read)


async def came(tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person) -> Commit | None:
    """Of a turn with files, or of one whose files were read; None where it is to be heard as any other."""
    act = turn.act
    if not isinstance(act, Said):
        return None
    if act.files and (act.mentioned or turn.place.private or seen.stored):
        return await _look(tools, claimed, seen, turn, person, act)
    if not act.read:
        return None
    if seen.stored and seen.flow:
        return (
            None
            if act.text.strip() or _takes_a_list(seen)
            else await _kept_beside(tools, claimed, seen, turn)
        )
    return await _first(tools, claimed, seen, turn, person, act.text)


async def about(
    tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person, text: str, meaning: Meaning
) -> Commit | None:
    """Whether it is asked about a file that was read here before; then that is answered."""
    if seen.stored or not seen.engaged or FLOW not in seen.world.flows or text.startswith("/"):
        return None
    asks = _SUMMARY.search(text) or router.asks(meaning, seen.world.known, text)
    if not asks or (turn.place.thread is None and not _POINTS.search(text)):
        return None
    async with tools.db.tenant(claimed.tenant) as c:
        found = await files.latest(c, claimed.tenant, claimed.key)
    return await begin(tools, claimed, seen, turn, person, FLOW, text, 1.0) if found else None


# ── taken, and looked at ─────────────────────────────────────────────────────────────────


async def _look(tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person, act: Said) -> Commit:
    """Stored with what is said about it and with the hour at which somebody looks again, in one
    transaction; a worker is told afterwards, and if that is lost, the hour comes."""
    commit, key = Commit(), f"f{seen.row.id}"
    kept = act.files[:MOST]
    held = replace(turn, act=replace(act, files=kept, opens_thread=False))
    text = words.looking([each.name for each in kept], len(act.files) - len(kept))
    commit.files.append(Coming(key, claimed.key, person.id, held))
    commit.messages.append(Message(f"look:{key}", "post", turn.place, Reply(text)))
    commit.timers.append(_timer(key, 0))
    commit.tasks.append(task_of(claimed.tenant, key))
    commit.note("files.came", count=len(act.files))
    show_working(tools, turn)
    return await finish(tools, claimed, seen, commit)


def _timer(key: str, round: int) -> tuple[str, datetime, dict[str, Any]]:
    at = datetime.now(UTC) + timedelta(seconds=PAUSES[round])
    return f"files:{key}:{round}", at, {"_": AGAIN, "key": key, "round": round}


async def heard(tools: Tools, claimed: Claimed, seen: Seen, raw: Any) -> Commit:
    """Events of ours: the files were read, or it is time to look whether anybody reads them."""
    key, commit = str(raw["key"]), Commit()
    async with tools.db.turn(claimed.tenant, claimed.key, claimed.fence, tools.lease) as c:
        if raw["_"] == READ:
            await _heard_again(c, claimed, commit, key, await files.of_key(c, claimed.tenant, key))
        elif (tries := await files.waiting(c, claimed.tenant, key)) is not None:
            await _again(c, claimed, commit, key, int(raw["round"]), tries)
        await write_all(tools, c, claimed, seen, commit)
    return commit


async def _again(c: Connection, claimed: Claimed, commit: Commit, key: str, round: int, tries: int) -> None:
    """Told to a worker once more; whoever has it already goes on. What kills each worker is left."""
    if tries <= MOST_TRIES and round + 1 < len(PAUSES):
        commit.timers.append(_timer(key, round + 1))
        commit.tasks.append(task_of(claimed.tenant, key))
    elif await files.settle(c, claimed.tenant, key):
        commit.note("files.given_up", tries=tries)
        await _heard_again(c, claimed, commit, key, ())


async def _heard_again(
    c: Connection, claimed: Claimed, commit: Commit, key: str, found: tuple[Read, ...]
) -> None:
    """Says what came of each; the words that came with them are heard now, if there is anything to hear."""
    turn = await files.turn_of(c, claimed.tenant, key)
    if turn is None or not isinstance(turn.act, Said):
        return
    text = words.told(found) or NOT_IN_TIME
    commit.messages.append(
        Message(f"look:{key}:read", "update", turn.place, Reply(text), target=f"look:{key}")
    )
    commit.cancelled_timers += [f"files:{key}:{round}" for round in range(len(PAUSES))]
    await files.heard(c, claimed.tenant, key)
    read_any = any(each.words for each in found)
    if read_any or turn.act.text.strip():
        again = Said(turn.act.text, turn.act.mentioned, read=key if read_any else "")
        said = replace(turn, id=TurnId(f"{turn.id}:read"), act=again, wants_answer=False)
        await inbox.add_turn(c, claimed.tenant, claimed.key, f"files:{key}:said", said)


# ── heard, with what was read ────────────────────────────────────────────────────────────


async def _first(
    tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person, text: str
) -> Commit | None:
    """Nothing is open here. The person's own words say what is wanted; the file never does."""
    if FLOW not in seen.world.flows:
        return None
    if not text.strip():
        return await _offered(tools, claimed, seen, turn)
    show_working(tools, turn)
    if _SUMMARY.search(text):
        return await begin(tools, claimed, seen, turn, person, FLOW, text, 1.0)
    try:
        meaning = await read(tools, text, seen, None, None)
    except ModelUnavailable:
        return await _say(tools, claimed, seen, turn, Reply(SORRY))
    decided = router.route(meaning, seen.world.known, person.name, text)
    if isinstance(decided, router.Start) and decided.flow not in (SUMMARIZE, router.ASK):
        sure, rests = decided.confidence, decided.words
        return await begin(tools, claimed, seen, turn, person, decided.flow, text, sure, rests)
    unsure = getattr(decided, "choices", ()) and not router.asks(meaning, seen.world.known, text)
    if unsure or meaning.intent in ("help", "greeting", "thanks", "cancel"):
        return None
    if text.lstrip().startswith("/") and not isinstance(decided, router.Start):
        return None
    return await begin(tools, claimed, seen, turn, person, FLOW, text, 1.0)


async def _offered(tools: Tools, claimed: Claimed, seen: Seen, turn: Turn) -> Commit:
    """It came without a word: what can be done with it."""
    text = "What shall I do with it? Ask me something about it, or say for example “order this”."
    button = Button("Summarize it", "start", f"{FLOW}|summarize it")
    return await _say(tools, claimed, seen, turn, Reply(text, (Paragraph(text), Buttons((button,)))))


async def _kept_beside(tools: Tools, claimed: Claimed, seen: Seen, turn: Turn) -> Commit:
    return await _say(tools, claimed, seen, turn, Reply(BESIDE))


async def _say(tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, reply: Reply) -> Commit:
    commit = Commit()
    commit.messages.append(Message(f"say:{turn.id}", "post", turn.place, reply))
    return await finish(tools, claimed, seen, commit)


def _takes_a_list(seen: Seen) -> bool:
    run = seen.stored.run if seen.stored else None
    return listing.takes(understand.question("", seen.world, run, seen.flow))
