"""One thing that happened, from the inbox row to what it changes.

First everything is read in one short transaction, then people and models are asked without
any, then all that follows is written in one fenced transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

import asyncpg
import orjson
import structlog

from bot import faults
from bot.errors import PlatformError
from bot.platforms.base import Profile
from bot.reply import Reply
from bot.turn import (
    Ignored,
    Immediate,
    Installed,
    OpenedHome,
    PersonId,
    Pressed,
    Said,
    Shortcut,
    Submitted,
    Turn,
    Uninstalled,
)
from flows import router
from flows.events import Chose
from flows.opening import pointed_at
from flows.repair import what_i_can_do
from integrations.models.base import ModelUnavailable
from workers import (
    approve,
    cards,
    dead,
    doubt,
    events,
    feedback,
    following,
    handing,
    handoffs,
    home,
    learning_audit,
    model_turn,
    streams_stop,
)
from workers.advance import advance_run, heard, read
from workers.approvers import (
    actions,
    asker,
    batch_press,
    commands,
    consenting,
    grants_said,
    groups,
    questions,
    withdrawing,
)
from workers.beginning import begin
from workers.choices import choices
from workers.commit import Commit
from workers.files import turn as file_turn
from workers.forget.letting_in import let_in
from workers.memory import said as memory_said
from workers.memory import turning
from workers.seen import Seen, Tools, finish, show_working, tell, write_all
from workers.store import codec, conversations, documents, inbox, people, runs, tenants, timers
from workers.store.conversations import Claimed
from workers.store.inbox import Row
from workers.store.look import Looked, look
from workers.store.outbox import Message
from workers.store.people import Person
from workers.store.preferences import CALLED as US

log = structlog.get_logger()

FRESH, FRESH_TO_PRESS = 24 * 3600.0, 3600.0  # seconds for which a profile is believed
# Of passing trouble: half a minute of it is no reason to give up. A bug is given up sooner.
MOST_ATTEMPTS = 25
OLD_BUTTON = "This button belongs to an older version of me and does nothing any more."


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What waits cannot even be looked at; the attempt is counted, so it is not tried for ever."""

    row: Row
    problem: Exception


async def take(tools: Tools, claimed: Claimed) -> Seen | Unreadable | None:
    """The next thing that waits in a conversation of ours, with all that is needed to deal with it.

    Timers that are due become events first. Most of a turn's time is spent going to the database
    and back, so there are as few round trips as can be.
    """
    looked = await look(tools.db, claimed)
    if looked.row is None and looked.ringing:
        # What was in the inbox before it rang comes first anyway.
        async with tools.db.turn(claimed.tenant, claimed.key, claimed.fence, tools.lease) as c:
            await timers.fire(c, claimed.tenant, claimed.key)
            looked = await look(c, claimed)
        await faults.point("F51")
    if looked.row is None:
        return None
    try:
        return await _look(tools, claimed, looked.row, looked)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
        raise
    except Exception as problem:
        return Unreadable(looked.row, problem)


async def handle(tools: Tools, claimed: Claimed, seen: Seen | Unreadable) -> Commit:
    """Deals with one row and writes what follows. Raises `Lost` when the lease is gone."""
    if seen.row.attempts > MOST_ATTEMPTS:
        return await _bury(tools, claimed, seen.row)
    if isinstance(seen, Unreadable):
        raise seen.problem
    async with model_turn.asked_by(tools, claimed, seen):
        if seen.row.kind == inbox.TURN:
            return await _turn(tools, claimed, seen)
        return await events.heard(tools, claimed, seen)


async def _look(tools: Tools, claimed: Claimed, row: Row, looked: Looked) -> Seen:
    db, tenant = tools.db, claimed.tenant
    world = await tools.library.world_of(db, tenant, looked.active, looked.policy_version, looked.stopped)
    stored, flow = runs.of_row(looked.run) if looked.run else None, None
    if stored:
        flow = await tools.library.flow(db, tenant, stored.run.flow, stored.run.flow_version)
    if row.kind != inbox.TURN:
        return Seen(row, world, stored, flow, True)
    turn = await let_in(tools, tenant, row.id, translate(tools, row))
    person = None
    if isinstance(turn, Turn):
        fresh = FRESH_TO_PRESS if isinstance(turn.act, Pressed | Submitted) else FRESH
        person = await people.of_account(db, tenant, turn.account, fresh)
    read = await file_turn.read_of(db, tenant, turn)
    return Seen(row, world, stored, flow, stored is not None or looked.spoken, turn, person, read)


async def _bury(tools: Tools, claimed: Claimed, row: Row) -> Commit:
    await dead.bury(tools, claimed, row, "tried too often")
    return Commit()


# ── turns of people ──────────────────────────────────────────────────────────────────────


def translate(tools: Tools, row: Row) -> Turn | Ignored | Immediate:
    if row.source == "us":
        turn = codec.loads(row.payload)
        assert isinstance(turn, Turn)
        return turn
    return tools.doors[row.source].to_turn(orjson.loads(row.payload))


async def _turn(tools: Tools, claimed: Claimed, seen: Seen) -> Commit:
    turn = seen.turn
    if not isinstance(turn, Turn):
        return await finish(tools, claimed, seen, Commit())
    commit = Commit()
    if turn.place.via:
        tools.clients[turn.place.platform].saw(turn.place)
        async with tools.db.tenant(claimed.tenant) as c:
            await tenants.keep_via(
                c, claimed.tenant, turn.place.platform, turn.place.workspace, turn.place.via
            )
    if (found := await consenting.meant(tools, claimed, turn)) is not None:
        person = seen.person or await _person(tools, claimed.tenant, turn)
        if (done := await consenting.offered(tools, claimed, seen, turn, person, found)) is not None:
            return done
    if memory_said.concerns(turn, seen):
        person = seen.person or await _person(tools, claimed.tenant, turn)
        return await memory_said.acted(tools, claimed, seen, turn, person)
    match turn.act:
        case Uninstalled() if turn.place.platform == "teams":
            # Removed from one team or chat, which says nothing about the others.
            return await finish(tools, claimed, seen, commit)
        case Uninstalled(at=at):
            async with tools.db.tenant(claimed.tenant) as c:
                place = turn.place
                await tenants.uninstall(c, claimed.tenant, place.platform, place.workspace, at or None)
            commit.note("workspace.uninstalled", platform=place.platform, workspace=place.workspace)
            return await finish(tools, claimed, seen, commit)
        case Installed():
            known = seen.world.known
            hello = "Hello! " + what_i_can_do(known.flows, known.called or US)
            commit.messages.append(Message(f"hello:{turn.id}", "post", turn.place, Reply(hello)))
            return await finish(tools, claimed, seen, commit)
        case Said(mentioned=False) if not seen.engaged and not turn.place.private:
            return await finish(tools, claimed, seen, commit)
        case Said(opens_thread=True, text=text) if not commands.is_one(turn):
            return await finish(tools, claimed, seen, _open_thread(seen, turn, text))
    person = seen.person or await _person(tools, claimed.tenant, turn)
    match turn.act:
        case Said() | Pressed() if commands.is_one(turn):
            return await commands.said(tools, claimed, seen, turn, person)
        case Said(text=text) | Shortcut(text=text):
            return await _said(tools, claimed, seen, turn, person, text)
        case Pressed() | Submitted() if actions.concerns(turn.act):
            return await actions.acted(tools, claimed, seen, turn, person)
        case Pressed(action=cards.APPROVE | cards.REJECT) | Submitted(form=cards.REJECT_FORM):
            return await _decided(tools, claimed, seen, turn, person)
        case Pressed(action=asker.WITHDRAW):
            return await withdrawing.pressed(tools, claimed, seen, turn, person)
        case Pressed(action=action) if action in batch_press.ACTIONS:
            return await batch_press.pressed(tools, claimed, seen, turn, person)
        case Pressed(action=action) if action in grants_said.ACTIONS:
            return await grants_said.pressed(tools, claimed, seen, turn, person)
        case Pressed(action=action) if action in handoffs.ACTIONS:
            return await handing.pressed(tools, claimed, seen, turn, person)
        case Pressed(action=action) if action in doubt.ACTIONS:
            return await doubt.pressed(tools, claimed, seen, turn, person)
        case Pressed(action=action) if action in learning_audit.ACTIONS:
            return await learning_audit.pressed(tools, claimed, seen, turn, person)
        case Pressed(action=action, value=value) if action.startswith("run."):
            return await _chose(tools, claimed, seen, turn, person, action.removeprefix("run."), value)
        case Pressed(action="start", value=value) if (flow := value.partition("|")[0]) in seen.world.flows:
            words = value.partition("|")[2]
            said = f"/{flow} {words}" if words else ""
            return await begin(tools, claimed, seen, turn, person, flow, said, 1.0)
        case Pressed(action=streams_stop.STOP):
            return await streams_stop.pressed(tools, claimed, seen, turn, person)
        case Pressed(action=feedback.ACTION):
            return await feedback.pressed(tools, claimed, seen, turn, person)
        case Pressed(action="open"):
            return await finish(tools, claimed, seen, commit)
        case OpenedHome():
            return await home.opened(tools, claimed, seen, turn, person)
    tell(commit, turn, Reply(OLD_BUTTON))
    return await finish(tools, claimed, seen, commit)


def _open_thread(seen: Seen, turn: Turn, text: str) -> Commit:
    """A command has no thread: a message of ours opens one, and the command is heard in it."""
    commit = Commit()
    if text.strip().lower() in ("/help", "help"):
        tell(commit, turn, Reply(what_i_can_do(seen.world.known.flows, seen.world.known.called)))
        return commit
    inside = replace(turn, act=Said(text, mentioned=True), wants_answer=False)
    said = Reply(f"{text.strip()[:300]}", mentions=(turn.account.user,))
    message = Message(f"root:{turn.id}", "post", turn.place, said, turn.account, then_turn=inside)
    commit.messages.append(message)
    return commit


async def _person(tools: Tools, tenant: UUID, turn: Turn) -> Person:
    """Whose account it is; asked of the platform when it is new or was not asked for a day."""
    try:
        profile = await tools.clients[turn.account.platform].profile(turn.account, turn.place)
    except PlatformError as error:
        log.warning("person.unknown", platform=turn.account.platform, problem=type(error).__name__)
        async with tools.db.tenant(tenant) as c:
            known = await people.as_kept(c, tenant, turn.account, gone=error.gone)
        if known:
            return known
        if error.retryable:
            raise
        profile = Profile(turn.account.user)
    async with tools.db.tenant(tenant) as c:
        return await people.remember(c, tenant, turn.account, profile)


async def _said(tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person, text: str) -> Commit:
    commit = Commit()
    stored = seen.stored
    assert isinstance(turn.act, Said | Shortcut)
    if (done := await streams_stop.said(tools, claimed, seen, turn, person, text)) is not None:
        return done
    if (done := await handing.overheard(tools, claimed, seen, turn, person, text)) is not None:
        return done
    if (done := await questions.overheard(tools, claimed, seen, turn, person, text)) is not None:
        return done
    if isinstance(turn.act, Shortcut) and turn.act.name in seen.world.flows and turn.act.name != router.ASK:
        if stored is None:
            name = turn.act.name
            return await begin(tools, claimed, seen, turn, person, name, pointed_at(name, text), 1.0)
        text = pointed_at(turn.act.name, text)
    mentioned = turn.place.private or isinstance(turn.act, Shortcut) or turn.act.mentioned
    if stored and stored.run.requester.id != str(person.id):
        if mentioned:
            name = stored.run.requester.name
            tell(commit, turn, Reply(f"This thread is {name}'s. Mention me outside of it to start your own."))
        return await finish(tools, claimed, seen, commit)
    if (done := await file_turn.came(tools, claimed, seen, turn, person)) is not None:
        return done
    if mentioned or stored:
        show_working(tools, turn)
    try:
        meaning = await read(tools, text, seen, stored, seen.flow, claimed)
    except ModelUnavailable:
        sorry = Reply("I could not think about that just now. Please say it again in a minute.")
        commit.messages.append(Message(f"say:{turn.id}", "post", turn.place, sorry))
        return await finish(tools, claimed, seen, commit)
    if stored and seen.flow:
        event = heard(seen, stored.run, PersonId(str(person.id)), person.name, text, meaning)
        return await advance_run(tools, claimed, seen, stored, seen.flow, event, turn)
    if mentioned and (done := await file_turn.about(tools, claimed, seen, turn, person, text, meaning)):
        return done
    decided = router.route(meaning, seen.world.known, person.name, text)
    decided = await turning.routed(tools, claimed, seen, turn, person.id, text, meaning, decided)
    if isinstance(decided, router.Start):
        return await begin(
            tools, claimed, seen, turn, person, decided.flow, text, decided.confidence, decided.words
        )
    if (done := await following.continued(tools, claimed, seen, turn, person, meaning)) is not None:
        return done
    asking = mentioned and router.asks(meaning, seen.world.known, text)
    if asking and await documents.any_of(tools.db, claimed.tenant):
        asked = f"/{router.ASK} {text}"
        return await begin(tools, claimed, seen, turn, person, router.ASK, asked, 1.0)
    if mentioned or decided.choices:
        commit.messages.append(Message(f"say:{turn.id}", "post", turn.place, choices(decided)))
    return await finish(tools, claimed, seen, commit)


async def _chose(
    tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person, choice: str, value: str
) -> Commit:
    """A button of a step: heard by the run that drew it, wherever it was pressed."""
    run_id, _, rest = value.partition("|")
    at, _, picked = rest.partition("|")
    stored, flow = seen.stored, seen.flow
    if stored is None or stored.run.id != run_id:
        async with tools.db.tenant(claimed.tenant) as c:
            stored = await runs.by_id(c, claimed.tenant, run_id)
            if stored:
                flow = await tools.library.flow(c, claimed.tenant, stored.run.flow, stored.run.flow_version)
    commit = Commit()
    if stored is None or flow is None:
        tell(commit, turn, Reply(OLD_BUTTON))
        return await finish(tools, claimed, seen, commit)
    event = Chose(PersonId(str(person.id)), person.name, choice, picked, at)
    if stored.conversation != claimed.key:
        commit.events.append((stored.conversation, f"press:{turn.id}", codec.to_json(event)))
        tell(commit, turn, Reply("Noted."))
        return await finish(tools, claimed, seen, commit)
    return await advance_run(tools, claimed, seen, stored, flow, event, turn)


async def _decided(tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person) -> Commit:
    commit = Commit()
    await groups.refresh(tools, claimed.tenant, seen.world.known.policy)
    async with tools.db.turn(claimed.tenant, claimed.key, claimed.fence, tools.lease) as c:
        act = turn.act
        assert isinstance(act, Pressed | Submitted)
        found = await approve.where_it_waits(c, claimed.tenant, act.value)
        if found and found != claimed.key:
            # Both rows in one order, before the approval's: two who decide never wait for each other.
            await conversations.lock(c, claimed.tenant, sorted({found, claimed.key}))
        answer = await approve.decide(c, claimed.tenant, commit, turn, person, seen.world, tools.rules)
        if turn.wants_answer:
            commit.answer = answer.reply if not isinstance(act, Submitted) else None
            if isinstance(act, Submitted) and not answer.settled:
                commit.answer = answer.reply
        if not turn.wants_answer:
            alone = isinstance(act, Pressed) and act.instead  # what they pressed is gone: all of it is said
            short = (
                Reply(answer.reply.text.partition(". ")[0].rstrip(".") + ".")
                if answer.reply.blocks and not alone
                else answer.reply
            )
            tell(commit, turn, short)
        if answer.settled and isinstance(act, Pressed) and act.action == cards.APPROVE:
            policy = seen.world.known.policy
            commit.messages += await grants_said.offer(c, claimed.tenant, act.value, turn, policy)
        await write_all(tools, c, claimed, seen, commit)
    return commit
