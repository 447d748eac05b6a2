"""/consent tuning on|off: whether one's conversations may be learned from. Off until one says otherwise."""

from __future__ import annotations

from bot.reply import Reply
from bot.turn import Said, Turn
from workers.commit import Commit
from workers.seen import Seen, Tools, tell, write_all
from workers.store import preferences
from workers.store.conversations import Claimed
from workers.store.people import Person

COMMAND = "/consent"
WHAT = (
    "Learned from are conversations of yours that a person approved and that ended well, without what"
    " tells who you are, and never anything that was said in Slack."
)
STATES = {
    True: f"Your conversations may be used to tune our model. {WHAT} “/consent tuning off” ends it.",
    False: f"Your conversations are not used to tune our model. {WHAT} “/consent tuning on” allows it.",
}
HOW = "Say “/consent tuning on”, “/consent tuning off”, or “/consent” to see what you said."


def wanted(text: str) -> bool | str:
    """On or off; else what to say."""
    match text.lower().strip(" .!").split()[1:]:
        case ["tuning", "on"]:
            return True
        case ["tuning", "off"]:
            return False
        case [] | ["tuning"]:
            return ""
    return HOW


async def heard(tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person) -> Commit:
    """What changed is in the audit, with its time, in the same transaction."""
    assert isinstance(turn.act, Said)
    asked, commit = wanted(turn.act.text), Commit()
    async with tools.db.turn(claimed.tenant, claimed.key, claimed.fence, tools.lease) as c:
        if isinstance(asked, bool):
            if await preferences.set_tuning(c, claimed.tenant, person.id, asked):
                commit.note("consent.tuning", person=str(person.id), on=asked, platform=turn.place.platform)
            answer = STATES[asked]
        else:
            answer = asked or STATES[(await preferences.of(c, claimed.tenant, person.id)).tuning]
        tell(commit, turn, Reply(answer))
        await write_all(tools, c, claimed, seen, commit)
    return commit
