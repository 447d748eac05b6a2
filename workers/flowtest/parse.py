"""YAML → Script, with every mistake named by file, line and field. What could never fail is a mistake too."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.turn import PersonId
from flows.errors import FlowError
from flows.flow import Flow
from flows.run import Requester
from flows.yaml_source import read
from integrations.base import Tool
from workers.flowtest.acts import understood
from workers.flowtest.answers import answers
from workers.flowtest.expectations import expectation
from workers.flowtest.node import Node
from workers.flowtest.script import (
    Act,
    Answers,
    Approve,
    Conversation,
    Deliver,
    Expire,
    Leave,
    Press,
    Reject,
    Resolve,
    Say,
    Script,
    Take,
    Tools,
    Turn,
    Wait,
)

MOST_CONVERSATIONS, MOST_TURNS = 300, 100
HEAD = ("flow", "people", "policy", "starts", "as", "tools", "conversations")
CONVERSATION = ("name", "as", "tools", "turns")
ACTS = ("say", "press", "approve", "reject", "expire", "wait", "take", "leave", "reply", "resolve")
TURN = (*ACTS, "as", "understood", "tool", "expect")
MONDAY = datetime(2026, 1, 5, 9, tzinfo=UTC)
_DURATION = re.compile(r"([0-9]{1,6}) (second|minute|hour|day|week)s?\Z")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}


@dataclass(frozen=True, slots=True)
class Stage:
    """What there is to be tested with: `find` gives the flow of a name or of a file beside the test."""

    find: Callable[[Path, str], Flow]
    tools: Mapping[str, Tool]


def load_script(path: Path, stage: Stage) -> Script:
    """Raises `FlowError` with all mistakes at once."""
    source = read(str(path), path.read_bytes())
    top = Node(source, [], source.value)
    if not top.fields(HEAD):
        raise FlowError(top.mistakes)
    flow = _flow(top, path, stage)
    people = _people(top)
    by = _person(top["as"], people) if "as" in top else "ada"
    starts = _starts(top)
    tools = answers(top["tools"], stage.tools) if "tools" in top else {}
    policy = path.parent / top["policy"].text() if "policy" in top else None
    if policy is not None and not policy.is_file():
        top["policy"].wrong("names a file that is not there")
    found = [
        _conversation(node, flow, people, by, starts, tools, stage)
        for node in top["conversations"].each(MOST_CONVERSATIONS, "conversations")
    ]
    names = [each.name for each in found]
    for each in found:
        if names.count(each.name) > 1:
            top["conversations"].wrong(f"two conversations are called {each.name!r}", "a name of its own")
            break
    if top.mistakes or flow is None:
        raise FlowError(top.mistakes)
    return Script(path, flow, people, policy, tuple(found))


def _flow(top: Node, path: Path, stage: Stage) -> Flow | None:
    wanted = top["flow"].text() if "flow" in top else path.stem
    try:
        return stage.find(path, wanted) if wanted else None
    except LookupError as error:
        top["flow"].wrong(str(error.args[0]))
        return None


def _people(top: Node) -> dict[str, Requester]:
    people = {
        name.lower(): Requester(PersonId(name.lower()), name, f"{name.lower()}@example.com")
        for name in ("Ada", "Grace", "Omar")
    }
    if "people" not in top:
        return people
    for name, node in top["people"].items():
        if node.fields(("name", "email", "time_zone")):
            shown = node["name"].text() if "name" in node else name.title()
            email = str(node.value.get("email") or "")
            zone = node["time_zone"].text() if "time_zone" in node else "UTC"
            people[name] = Requester(PersonId(name), shown, email, zone)
    return people


def _person(node: Node, people: Mapping[str, Requester]) -> str:
    return node.one_of(tuple(people), "person of this file")


def _starts(top: Node) -> float:
    if "starts" not in top:
        return MONDAY.timestamp()
    try:
        at = datetime.fromisoformat(top["starts"].text())
    except ValueError:
        top["starts"].wrong("is no moment", '"2026-01-05T09:00:00+00:00"')
        return MONDAY.timestamp()
    return at.replace(tzinfo=at.tzinfo or UTC).timestamp()


def _conversation(
    node: Node,
    flow: Flow | None,
    people: Mapping[str, Requester],
    by: str,
    starts: float,
    tools: Tools,
    stage: Stage,
) -> Conversation:
    if not node.fields(CONVERSATION):
        return Conversation("", node.line, {}, (), by, starts)
    name = node["name"].text("is empty, so nobody would know what it shows")
    by = _person(node["as"], people) if "as" in node else by
    own = answers(node["tools"], stage.tools) if "tools" in node else {}
    turns = tuple(_turn(each, flow, people, stage) for each in node["turns"].each(MOST_TURNS, "turns"))
    if turns and not any(turn.expect for turn in turns):
        node.wrong(f"{name!r} expects nothing, so it could never fail", "expect: in one turn at least")
    return Conversation(name, node.line, {**tools, **own}, turns, by, starts)


def _turn(node: Node, flow: Flow | None, people: Mapping[str, Requester], stage: Stage) -> Turn:
    nothing = Turn(node.line, Expire())
    if not node.fields(TURN):
        return nothing
    acts = [name for name in ACTS if name in node]
    scripted = answers(node["tool"], stage.tools) if "tool" in node else {}
    act: Act
    if not acts and len(scripted) == 1:
        act = Deliver(next(iter(scripted)))
    elif len(acts) != 1:
        told = " and ".join(acts) if acts else "nothing"
        node.wrong(f"does {told}; a turn is one act", " or ".join((*ACTS, "tool")))
        return nothing
    else:
        act = _act(acts[0], node[acts[0]], people)
    by = _person(node["as"], people) if "as" in node else ""
    if by and not isinstance(act, Say | Press):
        node["as"].wrong("belongs to say and press; elsewhere say `by`")
    meaning = None
    if "understood" in node:
        meaning = understood(node["understood"])
        if not isinstance(act, Say):
            node["understood"].wrong("belongs to a turn in which somebody says something")
    expect = expectation(node["expect"], flow, stage.tools) if "expect" in node else None
    return Turn(node.line, act, by, meaning, scripted, expect)


def _act(name: str, node: Node, people: Mapping[str, Requester]) -> Act:
    match name:
        case "say":
            if not isinstance(node.value, str):
                node.wrong("must be a text", '"…"')
            return Say(str(node.value or ""))
        case "press":
            if isinstance(node.value, Mapping):
                node.fields(("label", "old"))
                return Press(node["label"].text(), "old" in node and node["old"].boolean())
            return Press(node.text("names no button"))
        case "approve":
            return Approve(_by(node, people, ("by",)))
        case "reject":
            reason = node.value.get("reason", "") if isinstance(node.value, Mapping) else ""
            return Reject(_by(node, people, ("by", "reason")), str(reason))
        case "take":
            return Take(_by(node, people, ("by",)))
        case "leave":
            return Leave(_by(node, people, ("by",)))
        case "resolve":
            return Resolve(_by(node, people, ("by",)))
        case "reply":
            if not node.fields(("by", "text")):
                return Answers("", "")
            return Answers(_person(node["by"], people), node["text"].text())
        case "expire":
            if node.value is not True:
                node.wrong("is said as", "expire: true")
            return Expire()
    return _wait(node)


def _by(node: Node, people: Mapping[str, Requester], known: tuple[str, ...]) -> str:
    """`approve: grace` or `approve: {by: grace}`."""
    if isinstance(node.value, Mapping):
        return _person(node["by"], people) if node.fields(known) else ""
    return _person(node, people)


def _wait(node: Node) -> Wait:
    found = _DURATION.match(node.value) if isinstance(node.value, str) else None
    if found is None:
        node.wrong("is no length of time", 'wait: "2 days"')
        return Wait(0, "")
    return Wait(float(int(found[1]) * _SECONDS[found[2]]), found[0])
