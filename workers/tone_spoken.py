"""What is about to be said, put as whoever hears it likes to be spoken to. All is decided by then."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from bot.reply import Reply
from bot.turn import Account, Turn
from flows.tone import in_tone, may_differ, register_of
from workers.commit import Commit
from workers.store.door import Connection, Database
from workers.store.outbox import Message
from workers.tone import Dials


async def put_in_tone(
    dials: Dials, where: Connection | Database, tenant: UUID, commit: Commit, turn: Turn | None, run: str
) -> None:
    """What is said to somebody is put as they like it, once all is decided. `run`: the requester of the
    run that was there before; what is whispered or answered goes to whoever acted."""
    answer = commit.answer if isinstance(commit.answer, Reply) and may_differ(commit.answer) else None
    if answer is None and not any(_differs(message) for message in commit.messages):
        return
    known = await dials.of(where, tenant)
    if not known.people:
        return
    requester = commit.runs[0][1].requester.id if commit.runs else run
    actor = turn.account if turn else None

    def tone(account: Account | None) -> int:
        if account is not None:
            return known.of_account(account)
        return known.of_person(requester) if requester else known.of_account(actor) if actor else 0

    commit.messages = [
        replace(message, content=in_tone(message.content, register_of(tone(_to(message)))))
        if isinstance(message.content, Reply) and _differs(message)
        else message
        for message in commit.messages
    ]
    if answer is not None:
        commit.answer = in_tone(answer, register_of(tone(actor)))


def _differs(message: Message) -> bool:
    return isinstance(message.content, Reply) and may_differ(message.content)


def _to(message: Message) -> Account | None:
    """Whoever alone sees it; what all of a thread see is for the person whose thread it is."""
    return message.account if message.kind in ("whisper", "home") else None
