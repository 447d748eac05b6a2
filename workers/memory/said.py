"""What people say of the memory itself: what is there, forget it, leave it. Shown to nobody else."""

from __future__ import annotations

from uuid import UUID

from bot.reply import Block, Button, Buttons, Divider, Heading, Paragraph, Reply, Style, Tone
from bot.text import for_card
from bot.turn import PersonId, Place, Pressed, Said, Turn
from flows import memory_habits, memory_words
from flows.memory_habits import Wanted
from flows.memory_words import Wish
from workers.commit import Commit
from workers.memory import desk, scope, told
from workers.memory.turning import NO, YES
from workers.seen import Seen, Tools, finish, tell, write_all
from workers.store import codec, habits, memories, runs
from workers.store.conversations import Claimed
from workers.store.door import Connection
from workers.store.habits import Habit
from workers.store.memories import Memory
from workers.store.people import Person

COMMAND = "/memory"
LIST, FORGET, FORGET_HABIT = "memory.list", "memory.forget", "memory.forget_habit"
ALL, KEEP, OFF, ON = "memory.forget_all", "memory.keep", "memory.off", "memory.on"
ACTIONS = frozenset({LIST, FORGET, FORGET_HABIT, ALL, KEEP, OFF, ON, YES, NO})
MOST, MOST_HABITS = 10, 6  # Slack draws at most fifty blocks
HOW = (
    "“/memory” lists it, “/memory off” and “/memory on” decide whether I remember, “/memory forget” asks to"
    " forget all."
)
NOTHING = "I remember nothing about you that I could show here."
SWITCHED_OFF = (
    "I remember nothing new about you from now on, and use nothing of what I have. “/memory on” changes that."
)
SWITCHED_ON = (
    "I remember from now on what came of what you ask me for, and what you tell me to. “/memory” shows it,"
    " “/memory off” ends it."
)
GONE = "That is forgotten already."
FORGOTTEN = "Forgotten: {what}"
KEPT = "All right, nothing was forgotten."
OVER = "That order has moved on, so nothing was changed. Just say it."
WISHES: dict[str, Wish] = {"": "list", "list": "list", "off": "off", "on": "on", "forget": "forget_all"}


def meant(turn: Turn, *, open_run: bool) -> Wish | None:
    """Of the whole sentence. In the middle of something "forget that" is about that."""
    if not isinstance(turn.act, Said):
        return None
    found = memory_words.wish(turn.act.text)
    if found is None and memory_words.told(turn.act.text, alone=not open_run) is not None:
        return "keep"
    return None if found == "forget_that" and open_run else found


async def commanded(
    tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person, rest: str
) -> Commit:
    """/memory"""
    word = " ".join(rest.lower().split())
    wish = WISHES.get(word.removesuffix(" everything"))
    if wish is None:
        commit = Commit()
        tell(commit, turn, Reply(HOW))
        return await finish(tools, claimed, seen, commit)
    return await wished(tools, claimed, seen, turn, person, wish)


async def wished(
    tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person, wish: Wish
) -> Commit:
    commit = Commit()
    async with tools.db.turn(claimed.tenant, claimed.key, claimed.fence, tools.lease) as c:
        tell(commit, turn, await _answer(c, claimed, commit, turn.place, person, wish))
        await write_all(tools, c, claimed, seen, commit)
    return commit


async def _answer(
    c: Connection, claimed: Claimed, commit: Commit, place: Place, person: Person, wish: Wish
) -> Reply:
    tenant = claimed.tenant
    match wish:
        case "off" | "on":
            await memories.choose(c, tenant, person.id, off=wish == "off")
            commit.note(f"memory.{wish}", by=str(person.id))
            return Reply(SWITCHED_OFF if wish == "off" else SWITCHED_ON)
        case "forget_all":
            return await _sure(c, tenant, person)
        case "forget_that":
            scopes = scope.seen_from(place)
            here = await memories.newest(c, tenant, person.id, scopes, 1, conversation=claimed.key)
            last = here or await memories.listed(c, tenant, person.id, scopes, 1)
            return await _forget(c, tenant, commit, person, last[0].id) if last else Reply(NOTHING)
    return await listed(c, tenant, person.id, place)


async def listed(c: Connection, tenant: UUID, person: UUID, place: Place) -> Reply:
    """What may be seen there; that there is more elsewhere is said without saying what."""
    scopes = scope.seen_from(place)
    found = await memories.listed(c, tenant, person, scopes, MOST)
    wanted = await habits.listed(c, tenant, person, scopes, MOST_HABITS)
    here, whole = (
        await memories.count(c, tenant, person, scopes),
        await memories.count(c, tenant, person, None),
    )
    off = await memories.is_off(c, tenant, person)
    return drawn(found, wanted, here=here, whole=whole, off=off)


def drawn(found: list[Memory], wanted: list[Habit], *, here: int, whole: int, off: bool) -> Reply:
    state = "off: I use none of it and add nothing" if off else "on"
    title = f"I remember {_things(here)} about you here. Memory is {state}."
    blocks: list[Block] = [Heading("What I remember about you"), Paragraph(title)]
    for each in found:
        when = f"{desk.day(each)} {each.made_at:%Y}, {scope.said(each.scope)}, {each.outcome}"
        blocks += [
            Paragraph(f"{when}\n{for_card(each.body)}"),
            Buttons((Button("Forget this", FORGET, str(each.id)),)),
        ]
    if here > len(found):
        blocks.append(Paragraph(f"And {here - len(found)} older ones.", Tone.SUBTLE))
    if wanted:
        blocks += [Divider(), Heading("What you seem to want")]
    for habit in wanted:
        blocks += [
            Paragraph(f"{for_card(_habit(habit))}. I ask before I do it."),
            Buttons((Button("Forget this", FORGET_HABIT, str(habit.id)),)),
        ]
    if whole > here:
        blocks.append(
            Paragraph(f"{_things(whole - here)} from elsewhere: ask me in private to see them.", Tone.SUBTLE)
        )
    switch = Button("Remember again", ON) if off else Button("Stop remembering", OFF)
    last = (Button("Forget everything", ALL, "ask", Style.DANGER), switch) if whole or wanted else (switch,)
    return Reply(title, (*blocks, Divider(), Buttons(last)))


def _habit(habit: Habit) -> str:
    why = "you wanted it" if habit.via == habits.SAID else "whoever approved changed it to that"
    return f"{habit.about.replace('_', ' ')}: {habit.wish} ({habit.flow}; {why} {habit.times} times in a row)"


def _things(count: int) -> str:
    return "one thing" if count == 1 else f"{count} things"


async def _sure(c: Connection, tenant: UUID, person: Person) -> Reply:
    """Asked back: it cannot be undone."""
    count = await memories.count(c, tenant, person.id, None)
    text = (
        f"Shall I forget all {_things(count)} that I remember about you, and what I learned of your habits?"
        " It cannot be undone. Messages, orders and approvals are kept as your organisation says."
    )
    buttons = (Button("Forget everything", ALL, "sure", Style.DANGER), Button("Keep it", KEEP))
    return Reply(text, (Paragraph(text), Buttons(buttons)))


async def _forget(c: Connection, tenant: UUID, commit: Commit, person: Person, id: int) -> Reply:
    gone = await memories.forget(c, tenant, person.id, id)
    if gone is None:
        return Reply(GONE)
    commit.note("memory.forgotten", by=str(person.id), count=1)
    return Reply(FORGOTTEN.format(what=f"{for_card(gone.body)} ({desk.day(gone)})."))


# ── presses ──────────────────────────────────────────────────────────────────────────────


async def pressed(tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person) -> Commit:
    """Whoever pressed is asked about: a button never says whose memory it is."""
    assert isinstance(turn.act, Pressed)
    if turn.act.action == YES:
        return await _accepted(tools, claimed, seen, turn, person)
    commit = Commit()
    async with tools.db.turn(claimed.tenant, claimed.key, claimed.fence, tools.lease) as c:
        tell(commit, turn, await _pressed(c, claimed, commit, turn.place, person, turn.act))
        await write_all(tools, c, claimed, seen, commit)
    return commit


async def _pressed(
    c: Connection, claimed: Claimed, commit: Commit, place: Place, person: Person, act: Pressed
) -> Reply:
    tenant = claimed.tenant
    match act.action:
        case "memory.on" | "memory.off":
            wish: Wish = "on" if act.action == ON else "off"
            return await _answer(c, claimed, commit, place, person, wish)
        case "memory.forget":
            return await _forget(c, tenant, commit, person, _number(act.value))
        case "memory.forget_habit" | "memory.habit_no":
            gone = await habits.forget(c, tenant, person.id, _number(act.value.rpartition("|")[2]))
            said = "Forgotten; I will not propose it any more." if gone else GONE
            return Reply(said)
        case "memory.forget_all" if act.value == "sure":
            count = await memories.forget_all(c, tenant, person.id)
            commit.note("memory.forgotten", by=str(person.id), count=count)
            return Reply(f"Forgotten: {_things(count)}. I remember nothing about you now.")
        case "memory.forget_all":
            return await _sure(c, tenant, person)
        case "memory.keep":
            return Reply(KEPT)
    return await listed(c, tenant, person.id, place)


async def _accepted(tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person) -> Commit:
    """A yes to a habit is heard by the run as if its person had said it."""
    from workers.advance import advance_run

    assert isinstance(turn.act, Pressed)
    run_id, _, number = turn.act.value.rpartition("|")
    commit = Commit()
    async with tools.db.tenant(claimed.tenant) as c:
        stored = await runs.by_id(c, claimed.tenant, run_id)
        habit = await habits.by_id(c, claimed.tenant, person.id, scope.seen_from(turn.place), _number(number))
        mine = stored is not None and stored.run.requester.id == str(person.id)
        flow = None
        if stored is not None and mine and habit is not None and not stored.run.over:
            flow = await tools.library.flow(c, claimed.tenant, stored.run.flow, stored.run.flow_version)
    if stored is None or habit is None or flow is None or habit.flow != stored.run.flow:
        tell(commit, turn, Reply(OVER if mine else "Only the person whose order it is can answer this."))
        return await finish(tools, claimed, seen, commit)
    event = memory_habits.accepted(
        stored.run, flow, Wanted(habit.about, habit.wish), PersonId(str(person.id)), person.name
    )
    if stored.conversation != claimed.key:
        commit.events.append((stored.conversation, f"press:{turn.id}", codec.to_json(event)))
        tell(commit, turn, Reply("Noted."))
        return await finish(tools, claimed, seen, commit)
    return await advance_run(tools, claimed, seen, stored, flow, event, turn)


def _number(value: str) -> int:
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 18 else 0


# ── on the bot's own page ────────────────────────────────────────────────────────────────


async def on_home(c: Connection, tenant: UUID, person: UUID) -> list[Block]:
    """One's own page, which nobody else sees."""
    count, off = await memories.count(c, tenant, person, None), await memories.is_off(c, tenant, person)
    state = "Memory is off: I use nothing of it and add nothing." if off else "Memory is on."
    switch = Button("Remember again", ON) if off else Button("Stop remembering", OFF)
    show = (Button("What you remember", LIST),) if count else ()
    return [
        Heading("What I remember about you"),
        Paragraph(f"{_things(count).capitalize()}. {state}", Tone.SUBTLE),
        Buttons((*show, switch)),
    ]


# ── the way in ───────────────────────────────────────────────────────────────────────────


def concerns(turn: Turn, seen: Seen) -> bool:
    """Whether it is about the memory: by its first word, by a whole sentence to us, or by our buttons."""
    match turn.act:
        case Pressed(action=action):
            return action in ACTIONS
        case Said() if _command(turn) is not None:
            return True
        case Said(mentioned=mentioned, opens_thread=False):
            mine = seen.stored is not None and seen.person is not None and (
                seen.stored.run.requester.id == str(seen.person.id)
            )  # fmt: skip
            if not (mentioned or turn.place.private or mine):
                return False
            return meant(turn, open_run=seen.stored is not None) is not None
    return False


async def acted(tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person) -> Commit:
    rest = _command(turn)
    if isinstance(turn.act, Pressed):
        return await pressed(tools, claimed, seen, turn, person)
    if rest is not None:
        return await commanded(tools, claimed, seen, turn, person, rest)
    wish = meant(turn, open_run=seen.stored is not None)
    assert wish is not None
    if wish == "keep":
        return await told.kept(tools, claimed, seen, turn, person)
    return await wished(tools, claimed, seen, turn, person, wish)


def _command(turn: Turn) -> str | None:
    """What stands behind /memory; without the slash, as Teams writes commands, where it is one of ours."""
    if not isinstance(turn.act, Said):
        return None
    first, _, rest = turn.act.text.strip().partition(" ")
    rest = rest.strip()[:100]
    bare = first.lower() == COMMAND[1:] and turn.act.mentioned and rest.lower() in WISHES
    return rest if bare or first.lower() == COMMAND else None
