"""Whoever is asked to decide asks back: the question goes to the requester's thread, the answer to the card.

Both are somebody's words, shown as such. The call stays what it is, its time goes on, and no answer
ever approves anything.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from bot.reply import Button, Buttons, Field, Form, Paragraph, Reply, Tone
from bot.text import for_card
from bot.turn import Place, Submitted, Turn
from flows.relay import quoted
from workers import audit_notes
from workers.approvers import beside, holding, private
from workers.approvers.holding import Held
from workers.commit import Commit
from workers.seen import Seen, Tools, tell, write_all
from workers.store import approvals, people
from workers.store import beside as kept
from workers.store.approvals import Approval
from workers.store.audit import Personal
from workers.store.beside import Question
from workers.store.conversations import Claimed
from workers.store.door import Connection
from workers.store.outbox import Message
from workers.store.people import Person

ANSWER = "approval.answer"
EVENT = "approval.noted"
MOST, LONGEST = 5, 500
TEXT = "text"
EMPTY = "Write something first."
TOO_LONG = f"At most {LONGEST} characters."
ENOUGH = f"That was asked {MOST} questions already. Decide it, or reject it with a reason."
NOT_YOURS = "Only whoever asked for it can answer this."
OVER = "This is decided by now, so the answer changes nothing."
BEFORE = "This was answered already."
HOW = (
    "Answer in this thread or by the button. That approves nothing, and changes nothing of what you asked"
    " for."
)
PASSED_ON = (
    "I have passed that on as your answer. Nothing of what you asked for has changed; say “cancel” to take"
    " it back."
)


def asking_form(id: str, requester: str, typed: str = "", error: str = "", back: str = "") -> Form:
    field = Field(TEXT, "Your question", multiline=True, max_length=LONGEST, value=typed, error=error)
    intro = f"{for_card(requester)} is asked where they asked for it. The time to decide goes on."
    return Form(beside.ASK, id, "Ask a question", (field,), "Ask", intro, back)


def answer_form(value: str, question: Question, typed: str = "", error: str = "") -> Form:
    field = Field(TEXT, "Your answer", multiline=True, max_length=LONGEST, value=typed, error=error)
    intro = f"{for_card(question.name)} asks:\n{beside.behind_bars(question.text)}"
    return Form(ANSWER, value, "Answer", (field,), "Answer", intro)


# ── asking ───────────────────────────────────────────────────────────────────────────────


async def asked(tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person) -> Commit:
    """A question that was sent off."""
    act, commit, tenant = turn.act, Commit(), claimed.tenant
    assert isinstance(act, Submitted)
    text = act.answers.get(TEXT, "").strip()
    async with holding.turn_of(tools, claimed, act.value) as c:
        found = await holding.held(c, tools, tenant, act.value, turn, person, seen.world, deciding=False)
        if isinstance(found, str):
            tell(commit, turn, Reply(found))
        elif problem := _problem(text):
            name = await _requester(c, tenant, found.approval)
            commit.answer = asking_form(act.value, name, text[:LONGEST], problem)
        elif len(found.known.beside.questions) >= MOST:
            tell(commit, turn, Reply(ENOUGH))
        else:
            fresh = await _ask(c, tenant, commit, found, person, text)
            holding.show(commit, turn, seen, fresh)
        await write_all(tools, c, claimed, seen, commit)
    return commit


async def _ask(c: Connection, tenant: UUID, commit: Commit, found: Held, person: Person, text: str) -> Reply:
    approval = found.approval
    number = len(found.known.beside.questions) + 1
    await kept.ask(c, tenant, approval.id, number, person.id, text)
    _note(commit, approval, f"asked{number}")
    commit.note(
        "approval.question", number=number, by=str(person.id), text=Personal(person.id, text),
        **audit_notes.over(approval),
    )  # fmt: skip
    return await redrawn(c, tenant, found)


async def redrawn(c: Connection, tenant: UUID, found: Held) -> Reply:
    """With what has just been added."""
    was = found.known.beside
    now = await beside.read(c, tenant, found.approval.id)
    now = replace(now, approval=was.approval, presets=was.presets, editable=was.editable)
    return holding.drawn(found, replace(found.known, beside=now))


# ── answering ────────────────────────────────────────────────────────────────────────────


async def answered(tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person) -> Commit:
    """An answer that was sent off by the form."""
    act, commit = turn.act, Commit()
    assert isinstance(act, Submitted)
    id, _, number = act.value.rpartition("|")
    async with holding.turn_of(tools, claimed, id) as c:
        text = act.answers.get(TEXT, "").strip()
        said = await _answer(c, claimed.tenant, commit, id, number, person, text)
        if isinstance(said, Form):
            commit.answer = said
        elif said or turn.place.channel != turn.account.user:
            tell(commit, turn, Reply(said or PASSED_ON))
        await write_all(tools, c, claimed, seen, commit)
    return commit


async def _answer(
    c: Connection, tenant: UUID, commit: Commit, id: str, number: str, person: Person, text: str
) -> str | Form:
    """Nothing, where it is passed on."""
    approval = await now_of(c, tenant, id)
    if approval is None:
        return holding.UNKNOWN
    if approval.requester != person.id:
        return NOT_YOURS
    if approval.state != "pending":
        return OVER
    found = [each for each in await kept.questions(c, tenant, approval.id) if str(each.number) == number]
    if not found or found[0].answer is not None:
        return BEFORE
    if problem := _problem(text):
        return answer_form(f"{id}|{number}", found[0], text[:LONGEST], problem)
    return "" if await _pass_on(c, tenant, commit, approval, found[0], person, text) else BEFORE


async def overheard(
    tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person, text: str
) -> Commit | None:
    """What the requester writes in the thread while a question of theirs is open is its answer; None: it
    is not. Taking it back, and asking what this is about, are heard by the run as ever."""
    stored = seen.stored
    if stored is None or not stored.run.held or stored.run.requester.id != str(person.id):
        return None
    async with tools.db.tenant(claimed.tenant) as c:
        approval = await approvals.of_effect(c, claimed.tenant, stored.run.waiting)
        open_now = [] if approval is None else await _open(c, claimed.tenant, approval)
    if approval is None or not open_now or text.startswith("/") or await _is_repair(tools, seen, text):
        return None
    commit, answer = Commit(), text.strip()
    async with holding.turn_of(tools, claimed, approval.id) as c:
        fresh = await approvals.by_id(c, claimed.tenant, approval.id, lock=True)
        open_now = [] if fresh is None else await _open(c, claimed.tenant, fresh)
        if fresh is None or not open_now:
            return None
        if problem := _problem(answer):
            said = f"{problem} The question was: {open_now[0].text}"
        else:
            await _pass_on(c, claimed.tenant, commit, fresh, open_now[0], person, answer)
            said = PASSED_ON
        commit.messages.append(Message(f"answered:{turn.id}", "post", turn.place, Reply(said)))
        await write_all(tools, c, claimed, seen, commit)
    return commit


async def _is_repair(tools: Tools, seen: Seen, text: str) -> bool:
    from workers.advance import read

    meaning = await read(tools, text, seen, seen.stored, seen.flow)
    return meaning.intent in ("cancel", "help", "repeat", "restart")


async def _open(c: Connection, tenant: UUID, approval: Approval) -> list[Question]:
    """Oldest first."""
    if approval.state != "pending":
        return []
    return [each for each in await kept.questions(c, tenant, approval.id) if each.answer is None]


async def _pass_on(
    c: Connection, tenant: UUID, commit: Commit, approval: Approval, question: Question, person: Person,
    text: str,
) -> bool:  # fmt: skip
    if not await kept.answer(c, tenant, approval.id, question.number, text):
        return False
    _note(commit, approval, f"answered{question.number}")
    asker = {
        "_": private.TELL,
        "person": str(question.person),
        "words": f"{for_card(person.name)} answered your question: {for_card(text)}",
        "id": f"{approval.id}:answer:{question.number}",
    }
    commit.events.append((approval.conversation, asker["id"], asker))
    commit.note(
        "approval.answer", number=question.number, by=str(person.id), text=Personal(person.id, text),
        **audit_notes.over(approval),
    )  # fmt: skip
    return True


async def now_of(c: Connection, tenant: UUID, id: str) -> Approval | None:
    """The approval itself, or what it was changed into; locked."""
    approval = await approvals.by_id(c, tenant, id, lock=True)
    for _ in range(MOST * 10):
        if approval is None or approval.state != "changed":
            return approval
        changed = await kept.editor(c, tenant, approval.id)
        approval = await approvals.by_id(c, tenant, changed[1], lock=True) if changed else None
    return approval


# ── in the run's own conversation ────────────────────────────────────────────────────────


async def post(
    c: Connection, tenant: UUID, commit: Commit, approval: Approval, number: int, place: Place
) -> None:
    """The question, where it was asked for, with the requester mentioned."""
    found = [each for each in await kept.questions(c, tenant, approval.id) if each.number == number]
    if not found or found[0].answer is not None:
        return
    [question] = found
    said = quoted(question.name, "who is asked to decide this", question.text)
    user = await c.fetchval(
        "select user_id from accounts where tenant_id = $1 and person_id = $2 and platform = $3"
        " and workspace = $4 order by seen_at desc limit 1",
        tenant,
        approval.requester,
        place.platform,
        place.workspace,
    )
    button = Button("Answer…", ANSWER, f"{approval.id}|{number}")
    blocks = (*said.blocks, Paragraph(HOW, Tone.SUBTLE), Buttons((button,)))
    reply = Reply(said.text, blocks, (user,) if user and not place.private else ())
    commit.messages.append(Message(f"{approval.id}:question:{number}", "post", place, reply))


def _note(commit: Commit, approval: Approval, mark: str) -> None:
    """Every copy shows it, and whoever it is for hears of it, in the run's own conversation."""
    event: dict[str, Any] = {"_": EVENT, "approval": approval.id, "mark": mark}
    commit.events.append((approval.conversation, f"approval:{approval.id}:{mark}", event))


def _problem(text: str) -> str:
    return EMPTY if not text else TOO_LONG if len(text) > LONGEST else ""


async def _requester(c: Connection, tenant: UUID, approval: Approval) -> str:
    found = await people.by_id(c, tenant, approval.requester)
    return found.name if found else "Whoever asked"
