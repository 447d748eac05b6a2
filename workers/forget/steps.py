"""Erasing, step by step: each does a bite of its work in the transaction it is given, and may be done again.

What is theirs goes first, by table, then what others' rows tell of them, then the names of their
conversations. Three laps at most: what a turn under way wrote after the first is found by the second.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from bot.platforms.base import Door
from bot.reply import Paragraph, Reply, Tone
from bot.secrets import Signer
from bot.turn import Place
from workers import audit_forget, cards
from workers.forget import inboxed, receipt, subject
from workers.forget.cleaning import Cleaner
from workers.forget.subject import GONE, Subject
from workers.forget.ways import Way, ways
from workers.store import (
    approvals,
    conversations,
    enqueue,
    forgetting,
    forgetting_pages,
    forgetting_who,
    inbox,
)
from workers.store.approvals import Approval
from workers.store.door import Connection
from workers.store.forgetting import Forgetting
from workers.store.outbox import Message

PAGE = (
    500  # rows in one transaction: with 2,000 it is a quarter faster, and turns meanwhile wait twice as long
)
CARDS = 200  # of the newest; each is a call to a platform
CARDS_AT_ONCE = 20
MOST_LAPS = 3
SAID_WITHIN = 30.0  # seconds in which cards are redrawn before their rows go
CANCEL = "forget.cancel"
LAST_WORDS = {"used": "done", "approved": "approved", "rejected": "rejected", "expired": "expired"}


@dataclass(frozen=True, slots=True)
class World:
    """What steps need beside the database. `doors` say whose an event is; `days`: how long payments stay."""

    signer: Signer
    doors: Mapping[str, Door]
    days: int = 30


@dataclass(frozen=True, slots=True)
class Bite:
    """`position`: where to go on; empty: the step is done. `wait`: nothing could be done just now.
    `lap`: everything is to be gone through once more."""

    counted: Mapping[str, int] = field(default_factory=dict)
    position: str = ""
    wait: bool = False
    lap: bool = False


Step = Callable[["Work", str], Awaitable[Bite]]


@dataclass(frozen=True, slots=True)
class Work:
    """One forgetting, in one transaction."""

    c: Connection
    tenant: UUID
    world: World
    row: Forgetting
    subject: Subject
    cleaner: Cleaner | None = None

    def values(self) -> dict[str, Any]:
        return {**self.subject.binds(), "tenant": self.tenant}


async def cancel(work: Work, _: str) -> Bite:
    """Each open run is asked to end, in its own conversation, as if its person had said so. What cannot end
    is heard of by `cut`."""
    people = await forgetting_who.one_human(work.c, work.tenant, work.row.person)
    found = await forgetting_who.open_runs(work.c, work.tenant, people)
    dedupes = []
    for run, conversation in found:
        dedupes.append(f"forget:{work.row.id}:{run}")
        await inbox.add_event(work.c, work.tenant, conversation, dedupes[-1], {"_": CANCEL, "run": run})
    waits = await forgetting_who.unheard(work.c, work.tenant, dedupes)
    return Bite(wait=waits > 0)


async def cut(work: Work, _: str) -> Bite:
    """From here on they are somebody new. What they were known by is written down for as long as it takes."""
    c, tenant, row = work.c, work.tenant, work.row
    people = work.subject.people if row.cut_at else await forgetting_who.one_human(c, tenant, row.person)
    who = await forgetting_who.gathered(c, tenant, people, row.cut_at, work.world.days)
    await forgetting.keep_subject(c, tenant, row.id, subject.to_json(who), forgetting_who.kept_json(who.kept))
    marks = [receipt.account_mark(tenant, account, work.world.signer) for account in who.accounts]
    marks += [receipt.mark(tenant, text, work.world.signer) for text in (*who.emails, *who.users)]
    await forgetting.mark(c, tenant, marks, row.id, blocked=row.block)
    return Bite({"accounts": await forgetting_who.leave(c, tenant, who)})


async def redraw(work: Work, position: str) -> Bite:
    """Copies of cards that name them say that it was somebody who asked to be forgotten."""
    c, tenant = work.c, work.tenant
    found = await forgetting_who.cards(c, tenant, work.subject.people, CARDS)
    begin = int(position or 0)
    for id in found[begin : begin + CARDS_AT_ONCE]:
        approval = await approvals.by_id(c, tenant, id)
        if approval is not None:
            await _redraw(work, approval)
    end = begin + CARDS_AT_ONCE
    return Bite(position=str(end) if end < len(found) else "")


async def _redraw(work: Work, approval: Approval) -> None:
    drawn = card(approval, theirs=approval.requester in work.subject.people)
    copies = await approvals.cards(work.c, work.tenant, approval.id)
    messages = [Message(f"{id}:forgotten", "update", place, drawn, target=id) for id, place in copies]
    await conversations.wake(work.c, work.tenant, approval.conversation)
    await enqueue.add(work.c, work.tenant, approval.conversation, messages)


def card(approval: Approval, *, theirs: bool) -> Reply:
    """Of their own request only that there was one and what became of it; another's loses their name."""
    if not theirs:
        state = LAST_WORDS.get(approval.state, approval.state)
        return cards.settled(approval, "carried out" if state == "done" else state, GONE, "")
    became = {"used": "It was approved and carried out.", "rejected": "It was rejected."}
    words = f"Asked by {GONE}. {became.get(approval.state, 'It was not carried out.')}"
    return Reply(words, (Paragraph(words, Tone.SUBTLE), Paragraph(f"code {approval.code}", Tone.SUBTLE)))


async def figures(work: Work, _: str) -> Bite:
    """What is added up of them, what others changed for them, and the keys under which they are audited."""
    c, tenant, people = work.c, work.tenant, work.subject.people
    used = await forgetting_who.nobody_used(c, tenant, people)
    changed = await forgetting_who.changes_emptied(c, tenant, people)
    keys = [await audit_forget.forget_person(c, tenant, person, work.row.by) for person in people]
    return Bite({"model_use": used, "approval_edits": changed, "person_keys": sum(keys)})


def own_of(way: Way, at: int) -> Step:
    async def step(work: Work, position: str) -> Bite:
        rule = way.own[at]
        done = await forgetting_pages.own(work.c, way, rule, work.values(), position, PAGE)
        return Bite({way.table: done.count}, done.last)

    step.__name__ = f"own:{way.table}:{at}"
    return step


def scrub_of(way: Way) -> Step:
    scrub = way.scrub
    assert scrub is not None

    async def step(work: Work, position: str) -> Bite:
        cleaner = work.cleaner
        if cleaner is None or not cleaner.needles:
            return Bite()
        values = {**work.values(), "needles": cleaner.needles}
        rows, last = await forgetting_pages.telling(work.c, way, scrub, values, position, PAGE)
        changes: list[tuple[Any, dict[str, Any]]] = []
        places: dict[str, Place] = {}
        for row in rows:
            said = inboxed.whose(work.world.doors, work.subject, row) if way.table == "inbox" else None
            if said is not None and said.private is not None:
                places[said.private.conversation] = said.private
            names = scrub.names or (said is not None and said.quotes)
            changed = _changed(cleaner, way, row, names, gone=said is not None and said.theirs)
            if changed:
                changes.append((row, changed))
        await forgetting_pages.rewrite(work.c, way, work.tenant, changes)
        if new := [place for key, place in places.items() if key not in work.subject.private]:
            await _found_private(work, new)
        return Bite({way.table: len(changes)}, last)

    step.__name__ = f"scrub:{way.table}"
    return step


def _changed(cleaner: Cleaner, way: Way, row: Any, names: bool, *, gone: bool) -> dict[str, Any]:
    """Only columns that become something else. `gone`: it is theirs after all, so nothing of it stays."""
    assert way.scrub is not None
    found: dict[str, Any] = {}
    for column in way.scrub.columns:
        old = row[column]
        if old is None:
            continue
        if gone:
            new: Any = b"" if isinstance(old, bytes) else None
        else:
            new = cleaner.blob(old, names) if isinstance(old, bytes) else cleaner.json(old, names)
        if not _same(old, new):
            found[column] = new
    return found


def _same(old: Any, new: Any) -> bool:
    """JSON that was only written anew is the same."""
    if old == new or new is None or isinstance(old, bytes):
        return bool(old == new)
    return bool(inboxed.read(old) == inboxed.read(new))


async def _found_private(work: Work, places: Sequence[Place]) -> None:
    """Conversations with them alone of which nothing but an event told: the next lap takes them."""
    who = work.subject
    found = await forgetting_who.conversations(work.c, work.tenant, places)
    more = replace(
        who,
        private={**found, **who.private},
        channels=tuple(dict.fromkeys([*who.channels, *(place.channel for place in places)])),
    )
    await forgetting.keep_subject(
        work.c, work.tenant, work.row.id, subject.to_json(more), forgetting_who.kept_json(more.kept)
    )


async def lap(work: Work, _: str) -> Bite:
    """Once more, where there was something: until a lap finds nothing, or three were made."""
    cut_at = work.subject.cut
    assert cut_at is not None
    if work.row.age < SAID_WITHIN and await forgetting_who.still_said(
        work.c, work.tenant, work.subject.people, cut_at
    ):
        return Bite(wait=True)
    return Bite(lap=bool(work.row.touched) and work.row.lap < MOST_LAPS)


async def rename(work: Work, _: str) -> Bite:
    """What has to stay of a conversation with them alone is found under a name that says nothing."""
    staying = {each.conversation for each in work.subject.kept}
    for key in sorted(work.subject.private):
        if key in staying:
            continue
        if await forgetting_who.moved(work.c, work.tenant, work.subject, key, PAGE):
            return Bite(position="more")
        await forgetting_who.dropped(work.c, work.tenant, key)
    return Bite()


def made() -> tuple[Step, ...]:
    """All of them, in order. `cut` and what comes before it are done once."""
    walk = ways()
    own = [own_of(way, at) for way in walk for at in range(len(way.own))]
    scrubs = [scrub_of(way) for way in walk if way.scrub is not None]
    return (cancel, cut, redraw, figures, *own, *scrubs, lap, rename)


STEPS = made()
FIRST_OF_LAP = 4
