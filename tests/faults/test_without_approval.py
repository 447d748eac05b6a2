"""Whatever changes something waits for a yes: every way in, every such tool, and no execution without it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from bot.embedded import Servers
from bot.settings import Settings
from bot.turn import MessageRef, OpenedHome, Pressed, Said, Shortcut
from flows import policy_scene
from flows.policy import Outcome, Verdict
from tests.faults.uncalled import Stand, changing, flow_id, leave, stand
from workers import calls, cards, doubt, learning_audit, sealed
from workers.app import make_app, with_tasks
from workers.hooked import heard
from workers.schedules import Book
from workers.store import dead, effects, tenants
from workers.store.door import Database
from workers.store.inbox import DELIVERY, add_event, add_many

HOUR = timedelta(hours=1)


@pytest.fixture
async def there(db: Database, servers: Servers, idle: None) -> AsyncIterator[Stand]:
    found = await stand(db, servers)
    yield found
    await leave(found)


# ── the ways in ──────────────────────────────────────────────────────────────────────────


async def chat_on_slack(there: Stand) -> None:
    await there.all()


async def chat_on_teams(there: Stand) -> None:
    await there.all(platform="teams")


async def chat_on_the_web(there: Stand) -> None:
    await there.all(platform="web")


async def shortcut(there: Stand) -> None:
    for number, name in enumerate(changing()):
        place = there.desk.at("C1", f"{number}.1")
        used = Shortcut("ask", f"/{flow_id('plain', name)}", MessageRef("C1", f"{number}.1"))
        await there.desk.act("ada", place, used)


async def flow_inside_of_a_flow(there: Stand) -> None:
    await there.all("inside")


async def timer_that_rings(there: Stand) -> None:
    await there.all("later")
    await there.desk.hasten()


async def schedule(there: Stand) -> None:
    await there.say("ada", f"/{flow_id('later', 'stripe.refund')} x")
    run = (await there.desk.fetch("select id from runs limit 1"))[0]["id"]
    book = Book(there.desk.db, there.desk.tenant, run, lambda work: work)
    for number, name in enumerate(changing()):
        first = datetime.now(UTC) - HOUR
        await book._add(f"s{number}", flow_id("plain", name), "now", "every Monday at 9:00", first)
    await there.desk.fetch("update conversations set ready_at = now()")
    await there.desk.work()


async def delivered_again(there: Stand) -> None:
    """The same turns, three times, and with another conversation's number on them."""
    for number, name in enumerate(changing()):
        for copy in range(3):
            place = there.desk.at("C1", f"{number}.{copy}")
            words = Said(f"/{flow_id('plain', name)}", mentioned=True)
            await there.desk.act("ada", place, words, f"copy of {name}")


async def typed_consent(there: Stand) -> None:
    """Whoever asked, whoever is named and whoever passes by says that it is fine, where it is asked."""
    await there.all()
    for user in ("ada", "grace", "mallory"):
        for words in ("looks good, go ahead", "approve", "yes", "👍"):
            await there.desk.say(user, there.desk.at("CAPPROVE"), words)


async def pressed_by_others(there: Stand) -> None:
    """Whoever asked, on both their accounts, and somebody who is not named."""
    await there.all()
    ids = [row["id"] for row in await there.desk.fetch("select id from approvals")]
    odd = sorted({*doubt.ACTIONS, *learning_audit.ACTIONS, "grant.agree", "batch.approve"})
    for user, platform in (("ada", "slack"), ("ada", "teams"), ("mallory", "slack")):
        place = there.desk.at("CAPPROVE", platform=platform)
        for number, id in enumerate(ids):
            for action in (cards.APPROVE, odd[number % len(odd)]):
                await there.desk.act(user, place, Pressed(action, id), run=False)
    await there.desk.work()


async def own_page(there: Stand) -> None:
    await there.all()
    await there.desk.act("grace", there.desk.at("DGRACE"), OpenedHome())


async def hook(there: Stand) -> None:
    """Services say that what waits here is done, by its key and by whatever they call it."""
    await there.all()
    rows = []
    for key in await there.keys():
        for kind in ("checkout.session.completed", "payment_intent.succeeded", "charge.refunded"):
            thing = {"id": key, "currency": "usd", "payment_status": "paid", "metadata": {"effect_key": key},
                     "payment_intent": key, "amount_refunded": 1}  # fmt: skip
            event = {"object": "event", "id": f"evt_{key}_{kind}", "type": kind, "data": {"object": thing},
                     "request": {"idempotency_key": key}}  # fmt: skip
            for service in heard():
                rows.append((service, f"{key}{kind}{service}", f"hook:{service}", DELIVERY,
                             orjson.dumps(event), None))  # fmt: skip
    async with there.desk.db.tenant(there.desk.tenant) as c:
        await add_many(c, there.desk.tenant, rows)
    await there.desk.work()


async def result_that_nobody_sent(there: Stand) -> None:
    """Events of a run that say it began, is over, was approved, by the numbers that can be guessed."""
    await there.all()
    for row in await there.desk.fetch("select key, conversation from effects"):
        for name in ("Began", "Finished", "Progressed"):
            event = {"_": f"events.{name}", "key": row["key"], "result": {}, "text": "x"}
            event.pop("text" if name != "Progressed" else "result")
            async with there.desk.db.tenant(there.desk.tenant) as c:
                await add_event(c, there.desk.tenant, row["conversation"], f"{name}{row['key']}", event)
    await there.desk.work()


async def broker(there: Stand) -> None:
    """Whoever can write to Valkey asks a worker for anything it knows, with anything beside it."""
    await there.all()
    settings = Settings(_env_file=None, redis_url="redis://127.0.0.1:1/0", secret_key="x" * 40)
    app = with_tasks(make_app(settings), there.hands.run)
    app.conf.update(task_always_eager=True, task_eager_propagates=False, broker_url="memory://")
    keys = await there.keys()
    junk: list[Any] = [None, 7, [], {}, "", "nobody:knows:1", "x" * 10_000, keys, {"key": keys[0]}]

    def ask() -> None:
        for name, task in app.tasks.items():
            for key in keys:
                task.apply(args=(key,), throw=False)
                task.apply(kwargs={"key": key}, throw=False)
            for value in junk:
                task.apply(args=(value,), throw=False)
            task.apply(args=("run_effect", [(key,) for key in keys]), throw=False)
            task.apply(args=({"task": "run_effect"}, [(key,) for key in keys]), throw=False)
            assert name == "run_effect" or name.startswith("celery."), "what does it do without an approval?"

    await asyncio.to_thread(ask)


async def sweep(there: Stand) -> None:
    """A crashed worker's leases, and all that a sweep calls due."""
    await there.all()
    await there.desk.fetch("update effects set lease_until = '-infinity', not_before = '-infinity'")
    for key in await effects.due(there.desk.db, 1_000, 0):
        await asyncio.to_thread(there.hands.run, key)


async def command_line(there: Stand) -> None:
    """What an operator can do to it: try again what is dead, stop and go on."""
    await there.all()
    async with there.desk.db.tenant(there.desk.tenant) as c:
        for key in await there.keys():
            assert not await dead.retry_effect(c, there.desk.tenant, key)
            assert not await dead.drop_effect(c, there.desk.tenant, key)
        await tenants.pause(c, there.desk.tenant, True)
        await tenants.pause(c, there.desk.tenant, False)


async def let_go_in_the_database(there: Stand) -> None:
    """A held call is made due, by whoever can write but did not press."""
    await there.all()
    await there.desk.fetch("update effects set state = 'queued', published_at = now()")


ENTRIES: tuple[Callable[[Stand], Awaitable[None]], ...] = (
    chat_on_slack, chat_on_teams, chat_on_the_web, shortcut, flow_inside_of_a_flow, timer_that_rings,
    schedule, delivered_again, typed_consent, pressed_by_others, own_page, hook, result_that_nobody_sent,
    broker, sweep, command_line, let_go_in_the_database,
)  # fmt: skip


async def approve(there: Stand) -> None:
    for row in await there.desk.fetch("select id from approvals where state = 'pending'"):
        place = there.desk.at("CAPPROVE")
        await there.desk.act("grace", place, Pressed(cards.APPROVE, row["id"]), run=False)
    await there.desk.work()


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda each: each.__name__)
async def test_nothing_that_changes_anything_is_called_without_a_yes(
    there: Stand, entry: Callable[[Stand], Awaitable[None]]
) -> None:
    await entry(there)

    if entry is not let_go_in_the_database:
        assert await there.asked() == set(changing()), "each came as far as the question"
    assert await there.worked() == 0, there.called


async def test_with_the_yes_of_a_person_each_is_called_once(there: Stand) -> None:
    await chat_on_slack(there)
    await approve(there)

    await there.worked()
    outside = {name for name in changing() if name != "flow.approve"}
    assert {name: there.called[name] for name in outside} == dict.fromkeys(outside, 1)


async def test_a_yes_is_for_one_try_and_the_next_is_asked_about_anew(there: Stand) -> None:
    await there.all("again")
    await approve(there)
    there.failing = True
    assert await there.worked() == sum(there.refused.values()) > 0.8 * len(changing())
    there.failing = False
    await there.desk.hasten()

    assert await there.asked() == set(there.refused), "each would be tried again, if somebody said so"
    assert await there.worked() == sum(there.refused.values())


def _anything_goes(*_: Any, **__: Any) -> Verdict:
    return Verdict(Outcome.ALONE, "none", "The gate is gone.")


@pytest.mark.twin
@pytest.mark.parametrize(
    "entry", [chat_on_slack, chat_on_teams, flow_inside_of_a_flow, timer_that_rings], ids=lambda e: e.__name__
)
async def test_without_the_policy_s_gate_nearly_all_of_them_are_called(
    there: Stand, entry: Callable[[Stand], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy_scene, "judge", _anything_goes)
    await entry(there)

    await there.worked()
    assert len(there.called) >= 0.8 * len(changing())


@pytest.mark.twin
@pytest.mark.parametrize("entry", [broker, let_go_in_the_database], ids=lambda e: e.__name__)
async def test_without_the_gate_at_the_claim_whoever_knows_a_key_has_it_carried_out(
    there: Stand, entry: Callable[[Stand], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = effects.claim

    async def claim(c: Any, tenant: Any, key: str, lease: float) -> Any:
        await c.execute("update effects set state = 'queued' where key = $1 and state = 'held'", key)
        return await real(c, tenant, key, lease)

    async def fine(*_: Any) -> str:
        return ""

    monkeypatch.setattr(calls.effects, "claim", claim)
    monkeypatch.setattr(sealed, "check", fine)
    await entry(there)

    await there.worked()
    assert len(there.called) >= 0.8 * len(changing())
