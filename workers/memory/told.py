"""What somebody tells us to remember, in their own words: kept for them alone, and never what is secret."""

from __future__ import annotations

from bot.reply import Reply
from bot.text import for_card
from bot.turn import Said, Turn
from flows import memory_words
from integrations.models import redaction_patterns
from workers.commit import Commit
from workers.seen import Seen, Tools, finish, tell, write_all
from workers.store.conversations import Claimed
from workers.store.people import Person

SECRET = frozenset({"card", "iban", "passport", "ssn", "key"})
NOTED = "I remember: {what}\n“What do you remember about me?” shows it, “forget that” takes it back."
UNUSED = " There is no language model here, so I only show it, and do nothing by it."
NOT_KEPT = "I keep no numbers of cards, accounts or papers, and no passwords. Nothing was remembered."
TOO_LONG = f"That is too long to remember: say it in {memory_words.LONGEST_TOLD} characters."
OFF = "Memory is off, so I remember none of that. “/memory on” changes it, where your organisation keeps any."


async def kept(tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person) -> Commit:
    """Answered to whoever said it, and to nobody else."""
    assert isinstance(turn.act, Said)
    commit = Commit()
    what = memory_words.told(turn.act.text) or ""
    refused = _refused(what)
    if refused or tools.memory is None:
        tell(commit, turn, Reply(refused or OFF))
        return await finish(tools, claimed, seen, commit)
    async with tools.db.turn(claimed.tenant, claimed.key, claimed.fence, tools.lease) as c:
        there = await tools.memory.tell(c, claimed.tenant, person.id, turn, claimed.key, what)
        noted = NOTED.format(what=for_card(what)) + ("" if tools.memory.recent is not None else UNUSED)
        tell(commit, turn, Reply(noted if there else OFF))
        await write_all(tools, c, claimed, seen, commit)
    return commit


def _refused(what: str) -> str:
    if not what:
        return TOO_LONG
    return NOT_KEPT if any(each.kind in SECRET for each in redaction_patterns.spans(what)) else ""
