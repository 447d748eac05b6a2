"""All copies of a card come to say the same, whatever the platforms do with what they are asked."""

from __future__ import annotations

import asyncio
import random
import time
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from bot.reply import Reply
from bot.turn import Place
from flows.approval_stages import Stage
from tests.workers.approvers.asked import CARD, RULES, asks, email, met, policy, presses, state
from tests.workers.dawdling import DEADLINE, LONGEST, SCALE, Dawdling, Delay
from tests.workers.store.conftest import There, there
from workers import deliver, settling
from workers.approvers import ending
from workers.commit import Commit
from workers.pacing import Pacer
from workers.seen import Seen, Tools
from workers.store import approvals, enqueue, inbox, timers
from workers.store.approvals import Approval
from workers.store.conversations import Claimed
from workers.store.outbox import Message
from workers.tone import Dials

__all__ = ["there"]

POLICY = policy(Stage((email("grace"), email("omar"), email("linus"))))
QUIET = 5.0  # of their seconds
NOISE = 1.0  # of ours: a machine that does other things besides


class Rig:
    """The run's conversation, as an engine holds it, and two platforms with copies of one card."""

    def __init__(self, there: There, claimed: Claimed, slack: Dawdling, teams: Dawdling) -> None:
        self.there, self.claimed, self.platforms = there, claimed, {"slack": slack, "teams": teams}
        self.tools = Tools(
            there.db,
            SimpleNamespace(dials=Dials()),
            {},
            self.platforms,
            SimpleNamespace(),
            RULES,
            30.0,
            Pacer({}),  # type: ignore[arg-type]
        )
        self.slack, self.teams = slack, teams

    async def step(self) -> bool:
        """Says what is due, hears what it told itself; False where nothing was to be done."""
        await deliver.deliver(self.tools, self.claimed, None, looked=False)
        async with self.there.db.tenant(self.there.tenant) as c:
            rung = await timers.fire(c, self.there.tenant, self.claimed.key)
            row = await c.fetchrow(
                "select id, source, dedupe, kind, payload, attempts from inbox where state = 0"
                " and conversation = $1 and dedupe like 'timer:again:%' order by id limit 1",
                self.claimed.key,
            )
        if row is not None:
            raw = orjson.loads(row["payload"])
            seen = Seen(inbox.Row(**dict(row)), SimpleNamespace(), None, None, True)  # type: ignore[arg-type]
            await settling.again(self.tools, self.claimed, seen, raw)
        return bool(rung or row)

    async def still(self) -> None:
        """Until nothing waits, nothing is under way, and no clock is set."""
        while True:
            busy = await self.step()
            waits = await self.there.value(
                "select (select count(*) from outbox where state in ('queued', 'sending'))"
                " + (select count(*) from timers where state = 'set' and id like 'again:%')"
            )
            if not busy and not waits:
                break
            await asyncio.sleep(0.005)
        for each in self.platforms.values():
            await each.quiet()

    def shown(self) -> dict[str, str]:
        return {**self.slack.shown, **self.teams.shown}


async def rigged(
    there: There, approval: Approval, delay: Delay, copies: int = 3, twice: Any = lambda: False
) -> Rig:
    """So many copies on each platform, posted; the one of `asks` with them."""
    places = [Place(name, "T1", f"C{name}{n}") for name in ("slack", "teams") for n in range(copies)]
    async with there.db.tenant(there.tenant) as c:
        for number, place in enumerate(places, 1):
            card = Message(f"{approval.id}:{number}", "post", place, CARD)
            await enqueue.add(c, there.tenant, there.conversation, [card])
            await approvals.card_posted(c, there.tenant, approval.id, card.id)
    rig = Rig(there, await there.claimed(), Dawdling("slack", delay, twice), Dawdling("teams", delay, twice))
    await rig.step()
    return rig


async def carried_out(rig: Rig, approval: Approval) -> str:
    """As the run's conversation hears that it was approved, then that it was done; what cards say at last."""
    there = rig.there
    for end in ("approved", "used"):
        commit = Commit()
        async with there.db.tenant(there.tenant) as c:
            fresh = await approvals.by_id(c, there.tenant, approval.id)
            assert fresh is not None
            if end == "approved":
                await ending.decided(c, there.tenant, commit, approval.id)
            else:
                await ending.tell_copies(c, there.tenant, commit, fresh, "used", "Grace", "")
            await enqueue.add(c, there.tenant, there.conversation, commit.messages)
        await rig.step()
        await asyncio.sleep(random.uniform(0, 4) * SCALE)
    last = commit.messages[0].content
    assert isinstance(last, Reply)
    return last.text


@pytest.fixture(autouse=True)
def _scaled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "SETTLES", settling.SETTLES * SCALE)
    monkeypatch.setattr("workers.pacing.backoff", lambda attempts: min(2.0**attempts, 30) * SCALE)


@pytest.mark.parametrize("seed", range(6))
async def test_all_copies_are_equal_within_five_seconds_of_quiet_though_platforms_dawdle(
    there: There, seed: int
) -> None:
    """Delays of 0 to 30 seconds, things done twice, presses that come twice and out of order."""
    dice = random.Random(seed)
    random.seed(seed)
    ada, *people = [await met(there, name) for name in ("ada", "grace", "omar", "linus")]
    approval = await asks(there, POLICY, ada)
    rig = await rigged(
        there, approval, lambda id, number: dice.choice((0.0, dice.uniform(0, 9), dice.uniform(9, LONGEST))),
        twice=lambda: dice.random() < 0.3,
    )  # fmt: skip
    who = [person for person in people for _ in range(dice.randint(1, 3))]
    dice.shuffle(who)
    answers = await asyncio.gather(*(presses(there, POLICY, approval, person) for person in who))

    final = await carried_out(rig, approval)
    await rig.still()
    over = time.monotonic()

    assert await state(there, approval) == "approved"
    assert all(answer.reply.text for answer, _ in answers)
    shown = rig.shown()
    assert len(shown) == 7
    assert set(shown.values()) == {final}
    stale = [at for each in rig.platforms.values() for at, _, text in each.applied if text != final]
    asked = [at for each in rig.platforms.values() for at, _, text in each.applied if text == final]
    quiet = max([*stale, min(asked)])
    equal = max(each.changed for each in rig.platforms.values())
    assert equal - quiet <= QUIET * SCALE + NOISE
    assert equal <= over


async def approved_and_done(there: There) -> tuple[Rig, str]:
    """The first change of one copy gets no answer, and is carried out when the second one is there."""
    ada, grace = await met(there, "ada"), await met(there, "grace")
    approval = await asks(there, POLICY, ada)
    rig = await rigged(there, approval, lambda id, number: 0.0, 2)
    rig.slack.held = "m-Cslack0"
    await presses(there, POLICY, approval, grace)
    final = await carried_out(rig, approval)
    await rig.still()
    return rig, final


async def test_a_change_that_comes_late_does_not_stand_over_a_newer_one(there: There) -> None:
    rig, final = await approved_and_done(there)
    assert set(rig.shown().values()) == {final}
    assert len({text for _, id, text in rig.slack.applied if id == "m-Cslack0"}) == 3


@pytest.mark.twin
async def test_without_the_change_made_once_more_the_late_one_stands(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: Any) -> None:
        return

    monkeypatch.setattr(settling, "later", never)
    rig, final = await approved_and_done(there)
    assert rig.slack.shown["m-Cslack0"] != final


async def test_a_copy_that_is_gone_holds_up_no_other(there: There) -> None:
    ada, grace = await met(there, "ada"), await met(there, "grace")
    approval = await asks(there, POLICY, ada)
    rig = await rigged(there, approval, lambda id, number: 0.0)
    rig.slack.gone.add("Cslack1")
    await presses(there, POLICY, approval, grace)
    final = await carried_out(rig, approval)
    await rig.still()

    shown = rig.shown()
    assert shown.pop("m-Cslack1") == CARD.text
    assert set(shown.values()) == {final}
    states = await there.fetch("select id, state, attempts from outbox where place->>'channel' = 'Cslack1'")
    updates = [dict(row) for row in states if ":approved" in row["id"] or ":used" in row["id"]]
    assert {row["state"] for row in updates} == {"failed"}
    assert max(row["attempts"] for row in updates) == 1


async def test_a_copy_that_the_platform_refuses_is_caught_up_with_what_is_newest(there: There) -> None:
    ada, grace = await met(there, "ada"), await met(there, "grace")
    approval = await asks(there, POLICY, ada)
    rig = await rigged(there, approval, lambda id, number: 0.0)
    rig.teams.refusals["m-Cteams1"] = 3
    await presses(there, POLICY, approval, grace)
    final = await carried_out(rig, approval)
    await rig.still()

    assert set(rig.shown().values()) == {final}
    assert [text for _, id, text in rig.teams.applied if id == "m-Cteams1"] == [CARD.text, final]


async def test_a_card_that_could_never_be_posted_is_not_posted_when_it_is_decided(there: There) -> None:
    ada, grace = await met(there, "ada"), await met(there, "grace")
    approval = await asks(there, POLICY, ada)
    rig = await rigged(there, approval, lambda id, number: 0.0, copies=1)
    async with there.db.tenant(there.tenant) as c:
        await c.execute("update outbox set state = 'failed' where id = $1", f"{approval.id}:1")
    rig.slack.shown.clear()
    await presses(there, POLICY, approval, grace)
    await carried_out(rig, approval)
    await rig.still()

    assert "m-Cslack0" not in rig.slack.shown
    assert len(rig.teams.shown) == 1


HANGS = "m-CAPPROVE"


def hangs(id: str, number: int) -> float:
    return LONGEST if id == HANGS else 0.0


async def first_shown(there: There) -> tuple[float, float]:
    """When the last of the others was changed, and when we gave up on the one that hangs."""
    ada, grace = await met(there, "ada"), await met(there, "grace")
    approval = await asks(there, POLICY, ada)
    rig = await rigged(there, approval, hangs)
    await presses(there, POLICY, approval, grace)
    began = time.monotonic()
    await rig.step()
    gave_up = time.monotonic() - began
    done = [(at - began, id) for each in rig.platforms.values() for at, id, _ in each.applied]
    others = [at for at, id in done if at > 0 and id != HANGS]
    assert len(others) == 6
    return max(others), gave_up


async def test_a_copy_whose_platform_hangs_holds_up_no_other(there: There) -> None:
    others, gave_up = await first_shown(there)
    assert gave_up >= DEADLINE * SCALE
    assert others < gave_up


@pytest.mark.twin
async def test_one_after_the_other_all_wait_for_the_one_that_hangs(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "AT_ONCE", 0)
    others, _ = await first_shown(there)
    assert others >= DEADLINE * SCALE
