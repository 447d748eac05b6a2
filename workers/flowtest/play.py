"""Plays a conversation: the engine, the offline reader, a clock that is turned, tools as a test scripts them.

No database, no network, no clock: the same conversation gives the same answers every time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.reply import Button, Buttons, Paragraph, Reply
from bot.turn import PersonId
from flows import router
from flows.arms import for_run
from flows.effects import (
    AskApproval,
    Call,
    CancelTimer,
    Change,
    Digress,
    Effect,
    HandOver,
    Read,
    Relay,
    Release,
    Resume,
    Say,
    SetTimer,
    TakeBack,
    Whisper,
    Withdraw,
)
from flows.engine import advance, start
from flows.events import (
    Approved,
    Began,
    Chose,
    Entered,
    Event,
    Expired,
    Failed,
    Finished,
    Fired,
    Heard,
    Lapsed,
    Rejected,
    Resumed,
    Spoke,
)
from flows.flow import Flow
from flows.opening import opening
from flows.run import Requester, Run
from flows.understanding import Meaning
from integrations.flow.tools import NAME as APPROVE
from integrations.flow.tools import approvers_of
from integrations.models.offline.reader import read
from workers import understand, waits
from workers.flowtest import handing
from workers.flowtest import script as s
from workers.flowtest.match import lacking
from workers.flowtest.seen import Happened, buttons, call_in_words, told
from workers.known import World

MOST_EVENTS = 200
Coming = tuple[str, Event]  # the run that it comes to


class Stuck(Exception):
    """The conversation cannot go on as it is written; the message says why."""


@dataclass(frozen=True, slots=True)
class Walked:
    """From one step to the next; `code` is that of the error known then."""

    flow: str
    source: str
    target: str
    code: str = ""


@dataclass(slots=True)
class Player:
    """One conversation. `runs` are all of it, by their ids and in the order in which they began."""

    world: World
    people: Mapping[str, Requester]
    owner: str
    now: float
    tools: dict[str, tuple[s.Answer, ...]]
    runs: dict[str, Run] = field(default_factory=dict)
    happened: Happened = field(default_factory=Happened)
    walked: list[Walked] = field(default_factory=list)
    _cards: dict[str, Reply] = field(default_factory=dict)
    _old: list[tuple[str, str, str]] = field(default_factory=list)
    _held: dict[str, AskApproval] = field(default_factory=dict)
    _open: dict[str, Call] = field(default_factory=dict)
    _due: list[tuple[float, str, Event]] = field(default_factory=list)
    _handed: handing.Handed = field(default_factory=handing.Handed)
    _understood: Meaning | None = None

    def take(self, turn: s.Turn) -> Happened:
        """Raises `Stuck`. What came of it; the player stands behind it afterwards."""
        self.happened = Happened()
        self.tools.update(turn.tools)
        self._understood = turn.understood
        who = self.people[turn.by or self.owner]
        match turn.act:
            case s.Say(text=text):
                self._say(who, text)
            case s.Press(label=label, old=old):
                self._press(who, label, old)
            case s.Approve(by=by):
                asked = self._decided_by(by)
                key, name = asked.call.key, self.people[by].name
                self._happen((run_of(key), Approved(f"{key}:approval", key, name)))
            case s.Reject(by=by, reason=reason):
                key, name = self._decided_by(by).call.key, self.people[by].name
                self._happen((run_of(key), Rejected(f"{key}:approval", key, name, reason)))
            case s.Expire():
                self._expire()
            case s.Wait(seconds=seconds):
                self._wait(seconds)
            case s.Deliver(tool=tool):
                self._deliver(tool)
            case s.Take() | s.Leave() | s.Answers() | s.Resolve():
                self._theirs(handing.acted(self._handed, turn.act, self.people, self._asker))
        return self.happened

    @property
    def cards(self) -> list[Reply]:
        """What can be pressed now, the newest last."""
        return [reply for reply in self._cards.values() if any(buttons(reply))]

    @property
    def run(self) -> Run | None:
        """The newest that is not over, to which one speaks; where all are over, the newest."""
        every = list(self.runs.values())
        open = [run for run in every if not run.over]
        return (open or every)[-1] if every else None

    def flow_of(self, run: Run) -> Flow:
        return self.world.flows[run.flow]

    # ── acts ─────────────────────────────────────────────────────────────────────────────

    def _say(self, who: Requester, text: str) -> None:
        run = self.run
        if run is not None and not run.over and run.helper and who.id == run.requester.id:
            self._happen((run.id, Spoke(run.handoff, who.id, who.name, text)))
            return
        if run is not None and not run.over:
            self._happen((run.id, self._heard(run, who.id, who.name, text)))
            return
        heard = self._understood
        meaning = heard if heard and (heard.route or heard.intent != "value") else self._read(text, None)
        decided = router.route(meaning, self.world.known, who.name, text)
        if isinstance(decided, router.Start):
            self._start(decided.flow, who, text, decided.confidence, decided.words)
            return
        choices = tuple(Button(f"/{flow}", "start", flow) for flow in decided.choices)
        blocks = (Paragraph(decided.text), Buttons(choices)) if choices else ()
        self._post(f"answer:{len(self._cards)}", Reply(decided.text, blocks))

    @property
    def _asker(self) -> str:
        run = self.runs.get(self._handed.run)
        return run.requester.name if run else ""

    def _theirs(self, came: Coming | str | None) -> None:
        """What a person does about a matter that is handed over."""
        if isinstance(came, str):
            raise Stuck(came)
        if came is not None:
            self._happen(came)

    def _start(self, flow: str, who: Requester, text: str, confidence: float, words: str) -> None:
        if flow not in self.world.flows:
            raise Stuck(f"this starts {flow!r}, which is no flow here")
        self._cards = {id: each for id, each in self._cards.items() if not id.startswith("answer:")}
        text = opening(self.world.flows[flow], text)
        run = start(self.world.flows[flow], self._next_id(), who, text, confidence, words)
        self.runs[run.id] = run
        self._happen((run.id, Entered()))

    def _next_id(self) -> str:
        return f"r{len(self.runs) + 1}"

    def _press(self, who: Requester, label: str, old: bool) -> None:
        now = [each for reply in self.cards for each in buttons(reply)]
        there = self._old if old else now
        found = [each for each in there if each[0] == label]
        if not found:
            open = ", ".join(f"“{name}”" for name, *_ in there) or "none"
            raise Stuck(f"there is no button “{label}” to press; there are: {open}")
        _, action, value = found[-1]
        if action == "start":
            self._start(value, who, "", 1.0, "")
            return
        run_id, _, rest = value.partition("|")
        at, _, picked = rest.partition("|")
        self._happen((run_id, Chose(who.id, who.name, action.removeprefix("run."), picked, at)))

    def _decided_by(self, by: str) -> AskApproval:
        """The newest that waits for somebody. Who may decide is the bot's rule, not the flow's."""
        if not self._held:
            raise Stuck("nothing waits for an approval")
        asked = list(self._held.values())[-1]
        who = self.people[by]
        if who.id == self.runs[run_of(asked.call.key)].requester.id:
            raise Stuck(f"{who.name} asked for this, and may not decide it")
        own = approvers_of(asked.call.tool, asked.call.arguments)
        named = [each.lower() for each in own or self.world.known.policy.approvers.people]
        if named and who.email.lower() not in named:
            raise Stuck(f"{who.name} is not among those who may decide it: {', '.join(named)}")
        return asked

    def _expire(self) -> None:
        if not self._held:
            raise Stuck("nothing waits for an approval")
        self._happen(_expiry(list(self._held)[-1]))

    def _wait(self, seconds: float) -> None:
        """Whatever is due meanwhile happens at its time, in order."""
        until = self.now + seconds
        while due := sorted((each for each in self._due if each[0] <= until), key=lambda each: each[:2]):
            self._due.remove(due[0])
            self.now = due[0][0]
            event = due[0][2]
            if not isinstance(event, Lapsed):
                self._happen((run_of(due[0][1]), event))
            elif (lapsed := handing.lapse(self._handed, event.key)) is not None:
                self._happen(lapsed)
        self.now = until

    def _deliver(self, tool: str) -> None:
        waiting = [call for call in self._open.values() if call.tool == tool]
        if not waiting:
            raise Stuck(f"nothing waits for {tool}")
        self._happen(*self._answered(waiting[-1]))

    # ── what follows ─────────────────────────────────────────────────────────────────────

    def _happen(self, *events: Coming) -> None:
        waiting = list(events)
        for _ in range(MOST_EVENTS):
            if not waiting:
                return
            id, event = waiting.pop(0)
            if isinstance(event, Rejected | Expired):
                self._held.pop(event.key, None)
            before = self.runs[id]
            after, effects = advance(self.flow_of(before), before, event, self.world.known)
            self.runs[id] = after
            self._note_way(before, after)
            for effect in effects:
                waiting += self._carried_out(after, effect)
        raise Stuck(f"one turn brought more than {MOST_EVENTS} events")

    def _note_way(self, before: Run, after: Run) -> None:
        entered = sum(after.entries.values()) - sum(before.entries.values())
        way = after.trail[-entered:] if entered > 0 else ()
        code = str((after.slots.get("error") or {}).get("code", ""))
        for source, target in zip((before.step, *way), way, strict=False):
            self.walked.append(Walked(after.flow, source, target, code))

    def _carried_out(self, run: Run, effect: Effect) -> list[Coming]:
        match effect:
            case Say(id=id, reply=reply):
                self._post(id, reply)
            case Change(id=id, reply=reply):
                self._old += buttons(self._cards.get(id, reply))
                self._cards[id] = reply
                self.happened.changed.append(told(reply))
                self.happened.order.append(f"(changed) {reply.text}")
            case Whisper(to=to, reply=reply):
                self.happened.whispered.append(told(reply))
                self.happened.order.append(f"(whispered to {to}) {reply.text}")
            case Read(by=by, name=name, text=text):
                return [(run.id, self._heard(run, by, name, text, opening=True))]
            case Call():
                return self._called(effect)
            case AskApproval(call=call, verdict=verdict):
                self._held[call.key] = effect
                self._due.append((self.now + self.world.known.policy.expires, call.key, _expiry(call.key)[1]))
                self.happened.asked.append(effect)
                words = f"{call_in_words(call.tool, call.arguments)}: {verdict.because}"
                self.happened.order.append(f"(approval asked) {words}")
            case Release(key=key) if key in self._held:
                return self._called(self._held.pop(key).call)
            case Withdraw(key=key):
                self._held.pop(key, None)
            case SetTimer(key=key):
                self._due.append((self._moment(run, effect), key, Fired(key)))
            case CancelTimer(key=key):
                self._due = [each for each in self._due if each[1:] != (key, Fired(key))]
            case HandOver(key=key, wait=wait):
                duty = self.world.known.policy.duty
                self._due.append((self.now + wait, key, Lapsed(key)))
                self.happened.order.append(f"(asked to take over) {effect.card.text}")
                return [(run.id, handing.ask(self._handed, effect, duty, self.people, self.now))]
            case Relay(reply=reply):
                self.happened.relayed.append(told(reply))
                self.happened.order.append(f"(passed on) {reply.text}")
            case TakeBack():
                handing.taken_back(self._handed, effect)
            case Digress():
                return self._digressed(run, effect)
            case Resume(run=id) if id in self.runs and not self.runs[id].over:
                return [(id, Resumed())]
        return []

    def _digressed(self, run: Run, wanted: Digress) -> list[Coming]:
        """Another flow in a run of its own, which comes back to this one."""
        if wanted.flow not in self.world.flows:
            return []
        flow = self.world.flows[wanted.flow]
        text = opening(flow, wanted.text)
        begun = start(flow, self._next_id(), run.requester, text, wanted.confidence, wanted.words)
        self.runs[begun.id] = replace(begun, returns_to=run.id, depth=run.depth + 1)
        return [(begun.id, Entered())]

    def _moment(self, run: Run, timer: SetTimer) -> float:
        if not timer.until:
            return self.now + timer.seconds
        try:
            return waits.moment(timer.until, run.requester.time_zone).timestamp()
        except ValueError:
            raise Stuck(f"it would wait until {timer.until[:60]!r}, which is no moment") from None

    def _post(self, id: str, reply: Reply) -> None:
        self._cards[id] = reply
        self.happened.said.append(told(reply))
        drawn = [f"[{label}]" for label, *_ in buttons(reply)]
        self.happened.order.append(" ".join([reply.text, *drawn]))

    def _called(self, call: Call) -> list[Coming]:
        card = self.world.tools[call.tool]
        self.happened.called.append(call)
        self.happened.order.append(f"(called) {call_in_words(call.tool, call.arguments)}")
        try:
            card.tool.arguments.model_validate(dict(call.arguments))
        except ValueError as error:
            problem = str(error).replace("\n", " ")[:300]
            raise Stuck(f"{call.tool} would refuse its arguments: {problem}") from None
        self._open[call.key] = call
        return self._answered(call)

    def _answered(self, call: Call) -> list[Coming]:
        for answer in self.tools.get(call.tool, ()):
            if answer.when and lacking(answer.when, call.arguments):
                continue
            match answer.kind:
                case "later":
                    return []
                case "begins":
                    return [(run_of(call.key), Began(call.key, answer.result))]
                case "fails":
                    self._open.pop(call.key, None)
                    return [(run_of(call.key), Failed(call.key, answer.code, answer.sentence))]
            self._open.pop(call.key, None)
            return [(run_of(call.key), Finished(call.key, answer.result))]
        if call.tool == APPROVE:
            self._open.pop(call.key, None)
            return [(run_of(call.key), Finished(call.key, {"approved": True}))]
        what = "no answer that fits is" if call.tool in self.tools else "no answer is"
        raise Stuck(f"{call_in_words(call.tool, call.arguments)} was called, and {what} scripted for it")

    # ── understanding ────────────────────────────────────────────────────────────────────

    def _heard(self, run: Run, by: PersonId, name: str, text: str, *, opening: bool = False) -> Heard:
        meaning = self._understood or self._read(text, run)
        return Heard(by, name, text, meaning, opening, self.now, self._today(run))

    def _today(self, run: Run) -> str:
        return waits.day(self.now, run.requester.time_zone)

    def _read(self, text: str, run: Run | None) -> Meaning:
        if run is None:
            return understand.meaning(read(understand.question(text, self.world, None, None)))
        flow = for_run(self.flow_of(run), run, ())
        return understand.meaning(read(understand.question(text, self.world, run, flow, self._today(run))))


def run_of(key: str) -> str:
    """Whose key it is: `run:step:generation`."""
    return key.rpartition(":")[0].rpartition(":")[0]


def _expiry(key: str) -> Coming:
    return run_of(key), Expired(f"{key}:approval", key)


def beginning(world: World, script: s.Script, told: s.Conversation) -> Player:
    policy = world.known.policy
    known = replace(world.known, policy=replace(policy, money_tools=True))
    return Player(replace(world, known=known), script.people, told.by, told.starts, dict(told.tools))
