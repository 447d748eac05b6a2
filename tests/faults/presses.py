"""A thousand presses at once, of fifty people, over three engines that are killed meanwhile.

    .venv/bin/python -m tests.faults.presses [presses]     # the whole; `make test` has it smaller

Whoever presses hears what became of it, once per press: but for what a process died over while showing it,
which only one person would have seen and which is never shown twice.
"""

from __future__ import annotations

import asyncio
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from flows.policy_file import stored_policy
from tests.faults.members import ROOT, Json
from tests.faults.rig import APPROVALS, LARGE, Rig, running_rig
from tests.faults.stub import CROWD
from workers.store import definitions, tenants

PLACES = (APPROVALS, "C0APPROVE2", "C0APPROVE3")
ENGINES = ("engine1", "engine2", "engine3")


@dataclass
class Pressed:
    """What became of them. `judged`: presses by what they came to; `heard`: whispers by person."""

    presses: int
    people: tuple[str, ...]
    paid: int = 0
    judged: Counter[str] = field(default_factory=Counter)
    heard: Counter[str] = field(default_factory=Counter)
    unheard: int = 0  # of which nobody knows whether they were shown: their process died over them
    kills: int = 0
    seconds: float = 0.0
    cards: tuple[str, ...] = ()

    @property
    def unanswered(self) -> set[str]:
        return set(self.people) - self.heard.keys()


def crowd(size: int) -> tuple[str, ...]:
    return tuple(f"{CROWD}{number:03}" for number in range(size))


@asynccontextmanager
async def deciding(rig: Rig, people: Sequence[str]) -> AsyncIterator[None]:
    """Any of these decides, in three channels."""
    document = yaml.safe_load((ROOT / "flows" / "policy.yaml").read_text())
    document["approvers"] = {
        "any_of": [f"{each.lower()}@example.com" for each in people],
        "places": [f"slack:{place}" for place in PLACES],
        "direct": False,
    }
    async with rig.db.tenant(rig.tenant) as c:
        before = await tenants.policy_version(c, rig.tenant)
        await definitions.keep_policy(c, rig.tenant, stored_policy(document).version, document)
    try:
        yield
    finally:
        async with rig.db.tenant(rig.tenant) as c:
            await c.execute("update tenants set policy_version = $1", before)


async def cards_of(rig: Rig) -> tuple[str, list[Json]]:
    """A large order, confirmed: its thread, and the copy of its card in each channel."""
    seen = len(rig.stub.messages)
    thread, card = await rig.card(LARGE)
    await rig.press(card, "Yes, order it")

    def posted() -> list[Json] | None:
        found = [m for m in rig.stub.messages[seen:] if m["channel"] in PLACES]
        return found if len(found) == len(PLACES) else None

    return thread, await rig.stub.until(posted, "a card in each channel", 60)


async def storm(rig: Rig, presses: int, people: Sequence[str], kills: int, seed: int = 1) -> Pressed:
    dice = random.Random(seed)
    told = Pressed(presses, tuple(people))
    paid, whispers, lost = len(rig.stub.payments()), len(rig.stub.whispers), await _lost(rig)
    async with deciding(rig, people):
        thread, cards = await cards_of(rig)
        approval = (await rig.fetch("select id from approvals order by created_at desc limit 1"))[0]["id"]
        who = [people[number % len(people)] for number in range(presses)]
        dice.shuffle(who)
        began = time.monotonic()
        killing = asyncio.create_task(_kill(rig, kills, dice, told))
        await asyncio.gather(*(_press(rig, dice, cards, each, at) for at, each in enumerate(who)))
        await killing
        await rig.seen(thread, "Receipt", 120)
        await rig.settled(300)
        told.seconds = time.monotonic() - began
    told.paid = len(rig.stub.payments()) - paid
    rows = await rig.fetch(
        "select outcome, count(*) as n from decisions where approval_id = $1 group by 1", approval
    )
    told.judged.update({row["outcome"]: row["n"] for row in rows})
    told.heard.update(each["user"] for each in rig.stub.whispers[whispers:])
    told.unheard = await _lost(rig) - lost
    told.cards = tuple(card["text"] for card in cards)
    return told


async def _lost(rig: Rig) -> int:
    rows = await rig.fetch("select count(*) from outbox where kind = 'whisper' and state = 'dropped'")
    return int(rows[0][0])


async def _press(rig: Rig, dice: random.Random, cards: Sequence[Json], user: str, at: int) -> None:
    """On any copy, by any front; one in ten is delivered twice, byte for byte."""
    body = rig.press_of(dice.choice(cards), "Approve", user)
    for _ in range(2 if at % 10 == 0 else 1):
        status = await rig.send(body, "application/x-www-form-urlencoded", front=at)
        assert status == 200


async def _kill(rig: Rig, kills: int, dice: random.Random, told: Pressed) -> None:
    engines = [name for name in ENGINES if name in rig.members]
    for _ in range(kills):
        await asyncio.sleep(dice.uniform(0.3, 0.9))
        member = rig.members[dice.choice(engines)]
        if member.alive():
            member.signal(signal.SIGKILL)
            told.kills += 1


def problems(told: Pressed) -> list[str]:
    """Nothing, where it went as it has to."""
    found = []
    if told.paid != 1:
        found.append(f"{told.paid} charges")
    if told.judged["counted"] != 1:
        found.append(f"{told.judged['counted']} presses counted")
    if sum(told.judged.values()) != told.presses:
        found.append(f"{told.presses} presses, of which {dict(told.judged)} were judged")
    if told.unanswered:
        found.append(f"{len(told.unanswered)} people heard nothing")
    heard = sum(told.heard.values())
    if not heard <= told.presses <= heard + told.unheard:
        found.append(f"{heard} answers, {told.unheard} lost, for {told.presses} presses")
    if any("carried out" not in text for text in told.cards):
        found.append(f"cards say {told.cards}")
    return found


async def _main(presses: int) -> int:
    from bot.embedded import private

    names = ("front1", "front2", *ENGINES, "worker1")
    with private() as servers, tempfile.TemporaryDirectory() as folder:
        async with running_rig(servers, Path(folder), names) as rig:
            told = await storm(rig, presses, crowd(50), kills=12)
    wrong = problems(told)
    sys.stdout.write(
        f"{presses} presses of {len(told.people)} people over {len(ENGINES)} engines, {told.kills} killed:"
        f" {told.seconds:.1f} s, {dict(told.judged)}, {told.paid} charge,"
        f" {sum(told.heard.values())} answers, {told.unheard} not known to have been shown\n"
        + "".join(f"  wrong: {each}\n" for each in wrong)
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(_main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)))
