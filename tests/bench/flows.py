"""flows: what one decision costs: advance over fifty steps with twenty slots, and one turn of an order."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from bot.turn import PersonId
from flows.engine import advance, start
from flows.events import Chose, Entered, Event, Heard
from flows.flow import Flow
from flows.loader import load_file, load_stored
from flows.policy_file import stored_policy
from flows.run import Requester, Run
from flows.scene import Known
from flows.understanding import Meaning, Value
from flows.yaml_source import read
from tests.bench.bed import ROOT, Bed
from tests.bench.harness import Report, at_most, ratios
from workers.tools import cards

ADA = Requester(PersonId("p1"), "Ada Reyes", "ada@example.com")
STEPS, SLOTS = 50, 20


async def run(bed: Bed, report: Report) -> None:
    tools = cards()
    policy = stored_policy(read("policy", (ROOT / "flows" / "policy.yaml").read_bytes()).value)
    known = Known(policy, tools, (("long", "A long flow"),))
    long = load_stored(_long(), tools)
    slots = {f"slot{number}": f"value {number}" for number in range(SLOTS)}
    fresh = start(long, "r1", ADA, "").with_slots(slots)
    walked, _ = advance(long, fresh, Entered(), known)
    waits = walked.entries[walked.step]
    press = Chose(ADA.id, ADA.name, "cancel", "", f"{walked.step}:{waits}")
    repeats = report.pick(9, 3)
    _figure(
        report,
        f"advance: {STEPS} steps of text, {SLOTS} slots, to a wait",
        repeats,
        long,
        fresh,
        Entered(),
        known,
    )
    _figure(report, "advance: one press on the card it waits with", repeats, long, walked, press, known, 200)
    _flat(report, repeats, long, walked, known)
    typed = load_stored(_typed(), tools)
    begun, _ = advance(typed, start(typed, "r3", ADA, ""), Entered(), known)
    said = Value("slot0", "7", "seven", 0.97)
    heard = Heard(ADA.id, ADA.name, "seven", Meaning("value", 0.97, values=(said,)), today="2026-11-18")
    _figure(report, "advance: one answer to a typed slot", repeats, typed, begun, heard, known, 200)
    full = begun.with_slots({f"slot{number}": number + 1 for number in range(SLOTS)})
    full, _ = advance(typed, full, heard, known)
    corrected = replace(heard, meaning=Meaning("value", 0.97, values=(replace(said, text="8"),)))
    _figure(report, "advance: a correction after 50 steps", repeats, typed, full, corrected, known)
    order = load_file(Path(ROOT / "flows" / "catalog" / "order.yaml"), tools)
    begun = start(order, "r2", ADA, "two margheritas")
    _figure(report, "advance: an order begins", repeats, order, begun, Entered(), known)
    _time(
        report, "load: the order flow from its stored JSON", repeats, lambda: load_stored(order.source, tools)
    )


def _flat(report: Report, repeats: int, flow: Flow, run: Run, known: Known) -> None:
    """The same decision after ten events of the run and ten thousand; beside ten flows and ten thousand."""
    unclear = Heard(ADA.id, ADA.name, "hm", Meaning("unknown", 0.2))
    aged = run
    runs = {}
    for number in range(1, 10_001):
        aged, _ = advance(flow, aged, unclear, known)
        if number in (10, 10_000):
            runs[number] = aged
    young, old = _side_by_side(
        repeats, *(partial(advance, flow, one, unclear, known) for one in runs.values())
    )
    report.add("advance: after 10,000 events against after 10", "×", ratios(old, young), at_most(1.1))
    few, many = (
        replace(known, flows=tuple((f"flow{number}", "Does something") for number in range(count)))
        for count in (10, 10_000)
    )
    lean, laden = _side_by_side(repeats, *(partial(advance, flow, run, unclear, one) for one in (few, many)))
    report.add("advance: with 10,000 flows against 10", "×", ratios(laden, lean), at_most(1.1))


def _side_by_side(repeats: int, *works: Callable[[], object]) -> list[list[float]]:
    """In turns, so that whatever else the machine does falls on all of them."""
    rounds = [[_spent(1, work)[0] for work in works] for _ in range(repeats)]
    return [list(each) for each in zip(*rounds, strict=True)]


def _figure(
    report: Report,
    name: str,
    repeats: int,
    flow: Flow,
    run: Run,
    event: Event,
    known: Known,
    most: float | None = None,
) -> None:
    wanted = at_most(most) if most else None
    report.add(name, "CPU µs", _spent(repeats, lambda: advance(flow, run, event, known)), wanted)


def _time(report: Report, name: str, repeats: int, work: Callable[[], object]) -> None:
    report.add(name, "CPU µs", _spent(repeats, work))


def _spent(repeats: int, work: Callable[[], object]) -> list[float]:
    """CPU microseconds, not wall: a neighbour's work does not count."""
    work()
    found = []
    for _ in range(repeats):
        number, began = 0, time.process_time()
        while (spent := time.process_time() - began) < 0.1:
            work()
            number += 1
        found.append(spent / number * 1e6)
    return found


def _typed() -> dict[str, object]:
    """Twenty typed slots, texts that name them, a condition at each third step, a card at the end."""
    slots = [{"slot": f"slot{number}", "type": "integer", "min": 1} for number in range(SLOTS)]
    steps: list[dict[str, object]] = [{"id": "ask", "type": "input", "gather": slots}]
    for number in range(STEPS - 3):
        name = f"slot{number % SLOTS}"
        if number % 3:
            steps.append({"id": f"tell{number}", "type": "message", "text": f"{{{{ {name} }}}} of {name}"})
        else:
            case = {"if": f"{name} > 1000", "goto": "end"}
            steps.append({"id": f"see{number}", "type": "branch", "cases": [case]})
    steps += [{"id": "sure", "type": "confirm", "text": "Shall I go on?"}, {"id": "end", "type": "end"}]
    return {"id": "typed", "description": "A flow of typed slots", "steps": steps}


def _long() -> dict[str, object]:
    """Messages whose texts name slots, and a confirmation at the end."""
    asked = [
        {
            "id": f"ask{number}",
            "type": "message",
            "text": "Step {{ run.id }}: {{ requester.name }} said hello.",
        }
        for number in range(STEPS - 3)
    ]
    steps = [*asked, {"id": "sure", "type": "confirm", "text": "Shall I go on?", "yes": "end"}]
    return {
        "id": "long",
        "description": "A long flow",
        "steps": [*steps, {"id": "end", "type": "end"}],
    }
