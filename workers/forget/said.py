"""/forget and /export: asked back before anything goes, answered to nobody else, done by the engine."""

from __future__ import annotations

import time
from uuid import UUID

from bot.reply import (
    Block,
    Button,
    Buttons,
    Cited,
    Facts,
    Heading,
    Link,
    Paragraph,
    Reply,
    Statement,
    Style,
    Tone,
)
from bot.turn import Pressed, Said, Turn
from workers.commit import Commit
from workers.forget import receipt
from workers.seen import Seen, Tools, finish, tell, write_all
from workers.store import forgetting, forgetting_who
from workers.store.conversations import Claimed
from workers.store.door import Connection
from workers.store.people import Person

FORGET, EXPORT = "/forget", "/export"
COMMANDS = (FORGET, EXPORT)
YES, BLOCK, NO = "forget.yes", "forget.block", "forget.no"
ACTIONS = frozenset({YES, BLOCK, NO})
GOES = (
    "your messages, what you filled in, what I remember of you, its vectors, your files, what models were"
    " asked for you, what you thought of answers, your part in experiments, your name and address"
)
STAYS = "; ".join(receipt.STAYS)
BEGUN = (
    "I am forgetting you. It takes some seconds; I will say here when it is done. Your receipt is {id}."
    " Whatever you say after that comes from somebody whom I do not know."
)
BLOCKED = " I will not hear anything from your accounts any more."
KEPT = "All right, nothing was erased."
UNDER_WAY = "I am at it already. Your receipt is {id}."
NO_ADDRESS = "No address of mine is known (PUBLIC_URL), so ask whoever runs me for your export."
HERE = (
    "This is everything that I keep about you, as one line of JSON for each row. The link works for an hour,"
    " for whoever has it: keep it to yourself."
)


# The whole of what was said, where somebody types without a slash.
PLAIN = {"forget me": FORGET, "export my data": EXPORT}


def command(text: str) -> str:
    """Which of ours it is; empty: none."""
    words = " ".join(text.lower().split()).rstrip(".!")
    first = words.partition(" ")[0]
    return first if first in COMMANDS else PLAIN.get(words, "")


def concerns(turn: Turn) -> bool:
    match turn.act:
        case Said(text=text, mentioned=mentioned):
            return command(text) != "" and (mentioned or text.lstrip()[:1] == "/")
        case Pressed(action=action):
            return action in ACTIONS
    return False


async def acted(tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person) -> Commit:
    commit = Commit()
    match turn.act:
        case Said(text=text) if command(text) == EXPORT:
            tell(commit, turn, _link(tools, claimed.tenant, person))
            return await finish(tools, claimed, seen, commit)
        case Said():
            async with tools.db.tenant(claimed.tenant) as c:
                tell(commit, turn, await question(c, claimed.tenant, person.id))
            return await finish(tools, claimed, seen, commit)
        case Pressed(action=action, value=value) if action != NO and value == str(person.id):
            return await _begun(tools, claimed, seen, turn, person, block=action == BLOCK)
    tell(commit, turn, Reply(KEPT))
    return await finish(tools, claimed, seen, commit)


async def question(c: Connection, tenant: UUID, person: UUID) -> Reply:
    """What goes, what stays, and what of theirs is under way just now."""
    people = await forgetting_who.one_human(c, tenant, person)
    open_runs = await forgetting_who.open_runs(c, tenant, people)
    kept = await forgetting_who.kept_of(c, tenant, people, 0)
    pairs = [("Goes", GOES), ("Stays", STAYS)]
    if open_runs:
        pairs.append(("Is cancelled first", f"{len(open_runs)} open request{'s' * (len(open_runs) != 1)}"))
    pairs += [("Cannot go yet", f"{each.tool}: {each.why}") for each in kept[:10]]
    blocks: tuple[Block, ...] = (
        Heading("Shall I forget you?"),
        Facts(tuple(pairs)),
        Paragraph("Nobody can take this back. “/export” shows beforehand what there is.", Tone.SUBTLE),
        Buttons(
            (
                Button("Forget me", YES, str(person), Style.DANGER),
                Button("… and never hear me again", BLOCK, str(person), Style.DANGER),
                Button("Keep everything", NO, str(person)),
            )
        ),
    )
    return Reply("Shall I forget you?", blocks)


async def _begun(
    tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person, *, block: bool
) -> Commit:
    commit, new = Commit(), receipt.new_id()
    async with tools.db.turn(claimed.tenant, claimed.key, claimed.fence, tools.lease) as c:
        row = await forgetting.ask(
            c, claimed.tenant, new, person.id, "chat", block=block, place=turn.place, account=turn.account
        )
        if row.id == new:
            commit.note("person.forgetting", person=str(person.id), receipt=row.id, block=block)
        words = BEGUN + (BLOCKED if row.block else "") if row.id == new else UNDER_WAY
        tell(commit, turn, Reply(words.format(id=row.id)))
        await write_all(tools, c, claimed, seen, commit)
    return commit


def _link(tools: Tools, tenant: UUID, person: Person) -> Reply:
    url = tools.forgetting.link(tenant, person.id, time.time()) if tools.forgetting else ""
    if not url:
        return Reply(NO_ADDRESS)
    return Reply(HERE, (Paragraph(HERE), Cited((Statement("Your data", (Link("Open it", url),)),))))
