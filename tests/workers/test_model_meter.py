"""What models are asked is counted for the right tenant and person, once, and held against a budget."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from bot.settings import Settings
from bot.turn import Place
from integrations.models.metering import Asking, Use, Went, asking, current
from integrations.models.prices import parsed
from integrations.models.wire import Usage
from workers import model_meter, models_cli
from workers.commit import Commit
from workers.model_budget import spent_sentence
from workers.model_meter import Meter, tell_where
from workers.store import model_use
from workers.store.door import Database
from workers.store.model_use import NOBODY, Budget, Used

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PRICES = parsed("big=2/8")
PLACE = Place("slack", "T1", "C1")
NO_LIMIT = Budget()
ADA, GRACE = UUID(int=1), UUID(int=2)


def meter(db: Database, budget: Budget = NO_LIMIT) -> Meter:
    return Meter(db, PRICES, budget, frozenset(), lambda: NOW)


def used(model: str = "openai:big", prompt: int = 1_000, completion: int = 500, **more: Any) -> Use:
    return Use(model, Usage(prompt, completion), 0.1, **more)


async def ask(
    counting: Meter, tenant: UUID, person: UUID | None, *uses: Use, went: Went | None = None
) -> Asking:
    async with counting.on_behalf(tenant, person, PLACE) as asked:
        assert current() is asked
        spent = asked.spent
        asked.uses += uses
        if went:
            asked.went.append(went)
    return Asking(spent=spent)


async def month(db: Database, tenant: UUID) -> list[Used]:
    async with db.tenant(tenant) as c:
        return await model_use.of_month(c, tenant, "2026-11")


async def test_it_is_added_up_by_tenant_person_model_and_day(db: Database) -> None:
    one, other, counting = uuid4(), uuid4(), meter(db)
    await ask(counting, one, ADA, used(), used())
    await ask(counting, one, GRACE, used("edge:phi3"))
    await ask(counting, other, None, used("openai:unknown"), used(problem="slow", estimated=True))
    await counting.flush()
    await counting.flush()

    assert [
        (each.person, each.model, each.calls, each.tokens, each.cost) for each in await month(db, one)
    ] == [
        (ADA, "openai:big", 2, 3_000, 12_000),
        (GRACE, "edge:phi3", 1, 1_500, 0),
    ]
    [priced, unpriced] = await month(db, other)
    assert (priced.person, priced.failed, priced.estimated, priced.cost) == (NOBODY, 1, 1_500, 6_000)
    assert (unpriced.unpriced, unpriced.cost) == (1_500, 0)


async def test_what_could_not_be_written_is_written_later_and_once(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant, counting = uuid4(), meter(db)
    await ask(counting, tenant, ADA, used(), went=Went("openai:big", (), False))
    with monkeypatch.context() as away:
        away.setattr(model_use, "add", _refused)
        await counting.end()
        with pytest.raises(OSError, match="away"):
            await counting.flush()
    await ask(counting, tenant, ADA, used())
    await counting.flush()

    assert [each.calls for each in await month(db, tenant)] == [2]
    async with db.tenant(tenant) as c:
        assert await c.fetchval("select count(*) from audit") == 1


async def _refused(*_: Any) -> None:
    raise OSError("away")


async def test_two_processes_add_to_the_same_day(db: Database) -> None:
    tenant = uuid4()
    for _ in range(2):
        counting = meter(db)
        await ask(counting, tenant, ADA, used())
        await counting.flush()

    assert [each.calls for each in await month(db, tenant)] == [2]


async def test_nobody_sees_or_adds_to_another_tenants_counts(db: Database) -> None:
    tenant, counting = uuid4(), meter(db)
    await ask(counting, tenant, ADA, used())
    await counting.flush()

    assert await month(db, uuid4()) == []


async def test_a_spent_budget_is_known_at_the_next_question_and_said_with_who_can_raise_it(
    db: Database,
) -> None:
    tenant, counting = uuid4(), meter(db, Budget(cost=10_000, ask="Grace"))
    first = await ask(counting, tenant, ADA, used(), used())
    second = await ask(counting, tenant, GRACE)

    assert first.spent == ""
    assert second.spent.startswith("has used up this month's budget of 0.01 US dollars: Grace can raise it")
    assert second.spent.endswith("it is there again on 1 December.")


async def test_a_persons_part_binds_that_person_alone(db: Database) -> None:
    tenant, counting = uuid4(), meter(db, Budget(person_tokens=2_000))
    await ask(counting, tenant, ADA, used(), used())

    assert "your part of" in (await ask(counting, tenant, ADA)).spent
    assert (await ask(counting, tenant, GRACE)).spent == ""
    assert (await ask(counting, tenant, None)).spent == ""


async def test_what_other_processes_spent_counts_after_reading_again(db: Database) -> None:
    tenant, budget = uuid4(), Budget(tokens=1_000)
    mine, other = meter(db, budget), meter(db, budget)
    assert (await ask(mine, tenant, ADA)).spent == ""
    await ask(other, tenant, ADA, used())
    await other.flush()
    mine._months[tenant].read_at -= model_meter.FRESH + 1
    await mine._refresh()

    assert (await ask(mine, tenant, ADA)).spent


async def test_a_tenants_own_budget_stands_before_the_settings(db: Database) -> None:
    tenant = uuid4()
    async with db.tenant(tenant) as c:
        await model_use.set_budget(c, tenant, Budget(tokens=0, ask="Ada"))

    assert "Ada can raise it" in (await ask(meter(db, Budget(tokens=10**9)), tenant, ADA)).spent
    assert (await ask(meter(db), uuid4(), ADA)).spent == ""


@pytest.mark.twin
async def test_twin_without_counting_nothing_is_ever_spent(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Meter, "_count", lambda *_: None)
    tenant, counting = uuid4(), meter(db, Budget(tokens=10))
    await ask(counting, tenant, ADA, used())

    assert (await ask(counting, tenant, ADA)).spent == ""


async def test_a_turn_waits_for_the_database_once_and_not_again(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant, counting, reads = uuid4(), meter(db, Budget(tokens=10**9)), []
    whole = counting._read
    monkeypatch.setattr(counting, "_read", lambda *given: reads.append(given) or whole(*given))
    for _ in range(20):
        await ask(counting, tenant, ADA, used())

    assert len(reads) == 1


@pytest.mark.parametrize(
    ("named", "place", "private"),
    [
        ("C1", PLACE, True),
        ("slack:C1", PLACE, True),
        ("teams:C1", PLACE, False),
        ("C2", PLACE, False),
        ("*", PLACE, True),
        ("direct", PLACE, False),
        ("direct", Place("teams", "T", "a:1", private=True), True),
        ("C1", None, False),
    ],
)
def test_a_place_is_private_where_it_is_named(named: str, place: Place | None, private: bool) -> None:
    assert Meter(None, {}, Budget(), frozenset({named})).is_private(place) is private  # type: ignore[arg-type]


def test_where_text_went_is_in_what_the_turn_writes_once_and_without_the_text() -> None:
    commit, again = Commit(), Commit()
    with asking(Asking()) as asked:
        asked.went.append(Went("edge:phi3", ("card",), False))
        tell_where(commit)
        tell_where(commit)
        tell_where(again)

    assert commit.audit == [("model.asked", {"to": "edge:phi3", "kinds": ["card"], "private": False})]
    assert again.audit == commit.audit
    assert not commit.light


async def test_where_text_went_in_a_turn_that_failed_is_noted_all_the_same(db: Database) -> None:
    tenant, counting = uuid4(), meter(db)

    async def fails() -> None:
        async with counting.on_behalf(tenant, ADA, PLACE) as asked:
            asked.went.append(Went("openai:big", (), False, instead=True))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fails()
    await counting.flush()
    async with db.tenant(tenant) as c:
        [entry] = await c.fetch("select entry from audit")

    assert b'"instead":true' in bytes(entry["entry"])
    assert b'"to":"openai:big"' in bytes(entry["entry"])


@pytest.mark.parametrize(
    ("budget", "all_of_it", "own", "told"),
    [
        (Budget(), (10**12, 10**12), (10**12, 10**12), ""),
        (Budget(cost=100), (99, 0), (0, 0), ""),
        (Budget(cost=5_000_000), (5_000_000, 0), (0, 0), "5.00 US dollars"),
        (Budget(tokens=1_000), (0, 1_000), (0, 0), "1,000 tokens"),
        (Budget(person_cost=1_000_000), (9_000_000, 0), (1_000_000, 0), "your part of this month's budget"),
        (Budget(cost=0), (0, 0), (0, 0), "whoever runs me here"),
    ],
)
def test_when_it_is_spent(
    budget: Budget, all_of_it: tuple[int, int], own: tuple[int, int], told: str
) -> None:
    said = spent_sentence(budget, all_of_it, own, NOW)

    assert told in said
    assert bool(said) is bool(told)
    assert spent_sentence(Budget(tokens=0), (0, 0), (0, 0), NOW.replace(month=12)).endswith("1 January.")


# the commands


async def test_use_prints_tokens_cost_what_is_unknown_and_the_budget(
    db: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    tenant, counting = uuid4(), meter(db)
    async with db.tenant(tenant) as c:
        await c.execute("insert into tenants (tenant_id, name) values ($1, $2)", tenant, f"acme {tenant}")
    await ask(counting, tenant, None, used(), used("openai:other"), used("edge:phi3", problem="down"))
    await counting.flush()
    settings = Settings(_env_file=None, model="openai", openai_model="other", model_budget=5)
    assert await models_cli.told(db, settings, "2026-11", str(tenant)) == 0
    shown = capsys.readouterr().out

    assert "openai:big: 1 calls, 1,000 tokens asked, 500 answered, 0.01 US dollars" in shown
    assert "openai:other: 1 calls, 1,000 tokens asked, 500 answered, price unknown" in shown
    assert "1 without an answer" in shown
    assert "The price of openai:other is unknown" in shown
    assert "budget for all: 5.00 US dollars a month" in shown


async def test_budget_is_set_shown_noted_and_dropped(
    db: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    tenant = uuid4()
    async with db.tenant(tenant) as c:
        await c.execute("insert into tenants (tenant_id, name) values ($1, $2)", tenant, f"acme {tenant}")
    settings = Settings(_env_file=None, model="openai", openai_model="other")
    set_to = models_cli.wanted(20.0, None, None, 50_000, "Ada <b>")
    assert await models_cli.keep(db, settings, set_to, False, str(tenant)) == 1
    shown = capsys.readouterr().out
    assert "budget for all: 20.00 US dollars a month" in shown
    assert "budget for each person: 50,000 tokens a month" in shown
    assert "price of other is unknown, so dollars limit nothing" in shown
    assert await models_cli.keep(db, settings, None, True, str(tenant)) == 0
    assert "no budget: nothing is limited" in capsys.readouterr().out
    async with db.tenant(tenant) as c:
        assert await c.fetchval("select count(*) from audit") == 2
