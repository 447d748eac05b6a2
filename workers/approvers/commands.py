"""/link, /unlink, /delegate, /grants, /approvals, /tone, /consent: answered to whoever says it alone."""

from __future__ import annotations

import re
from uuid import UUID

from bot.reply import Reply
from bot.turn import Account, Said, Turn
from workers import consent_tuning, tone_said, tone_words
from workers.approvers import grants_said, linking, load_listed, private, standins
from workers.commit import Commit
from workers.forget import said as forget_said
from workers.seen import Seen, Tools, tell, write_all
from workers.store.conversations import Claimed
from workers.store.door import Connection
from workers.store.people import Person

COMMANDS = (
    "/link",
    "/unlink",
    "/delegate",
    "/grants",
    "/approvals",
    consent_tuning.COMMAND,
)


# Teams has no slash commands: what is picked there from the bot's list arrives as these words, to us.
PICKED = re.compile(r"(?:approvals|grants(?: (?:add|revoke) .{1,300})?)\Z", re.IGNORECASE)


def is_one(turn: Turn) -> bool:
    """By its first word, and only with the slash: flows have words of their own. Or whole, as picked."""
    if tone_words.concerns(turn) or forget_said.concerns(turn):
        return True
    if not isinstance(turn.act, Said):
        return False
    picked = (turn.act.mentioned or turn.place.private) and PICKED.match(turn.act.text.strip())
    return bool(picked) or _split(turn.act.text)[0] in COMMANDS


def _split(text: str) -> tuple[str, str]:
    command, _, rest = text.strip().partition(" ")
    return command.lower(), rest.strip()[:300]


async def said(tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person) -> Commit:
    """The other side is told too, by an event of its own: to find their private place may take a while."""
    if tone_words.concerns(turn):
        return await tone_said.acted(tools, claimed, seen, turn, person)
    if forget_said.concerns(turn):
        return await forget_said.acted(tools, claimed, seen, turn, person)
    assert isinstance(turn.act, Said)
    command, rest = _split(turn.act.text)
    command = command if command.startswith("/") else f"/{command}"
    if command == consent_tuning.COMMAND:
        return await consent_tuning.heard(tools, claimed, seen, turn, person)
    if command == "/grants":
        return await grants_said.said(tools, claimed, seen, turn, person)
    if command == "/approvals":
        return await load_listed.said(tools, claimed, seen, turn, person)
    commit = Commit()
    async with tools.db.turn(claimed.tenant, claimed.key, claimed.fence, tools.lease) as c:
        answer, told = await answered(c, claimed.tenant, commit, person, turn.account, command, rest)
        tell(commit, turn, Reply(answer))
        for number, (who, words) in enumerate(told):
            event = {"_": private.TELL, "person": str(who), "words": words, "id": f"told:{turn.id}:{number}"}
            commit.events.append((claimed.key, event["id"], event))
        await write_all(tools, c, claimed, seen, commit)
    return commit


async def answered(
    c: Connection, tenant: UUID, commit: Commit, person: Person, account: Account, command: str, rest: str
) -> tuple[str, tuple[tuple[UUID, str], ...]]:
    """What the person hears, and who else hears what."""
    if command == "/link":
        return await linking.said(c, tenant, commit, person, account, rest)
    if command == "/unlink":
        return await linking.unlinked(c, tenant, commit, person)
    return await standins.said(c, tenant, commit, person, account, rest)
