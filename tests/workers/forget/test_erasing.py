"""Somebody with rows in every table is forgotten: nothing is found, and nobody else loses a byte."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from bot.secrets import Vault
from bot.turn import Account, Ignored, Said, Turn, TurnId
from tests.conftest import SECRET
from tests.workers.forget.forgetter import SIGNER, eraser, forgotten
from tests.workers.forget.planted import ACCOUNT, CANARY, EMAIL, NAME, PLACE, Planted
from workers.forget import erasing, receipt, steps, subject, ways, ways_of
from workers.forget.desk import Desk
from workers.forget.keeper import Keeper
from workers.store import forgetting


async def test_the_canary_stands_in_every_table_that_knows_a_person(planted: Planted) -> None:
    found = {name.partition(".")[0] for name in await planted.holding(CANARY)}
    assert len(found) >= 35


async def test_nothing_of_a_person_is_found_afterwards_in_any_column(planted: Planted) -> None:
    done = await forgotten(planted)
    assert done.done
    assert ", ".join(await planted.holding(CANARY)) == ""


async def test_the_colleague_loses_not_a_byte(planted: Planted) -> None:
    before = await planted.colleague()
    await forgotten(planted)
    assert await planted.colleague() == before


async def test_a_second_time_there_is_nothing_more(planted: Planted) -> None:
    first = await forgotten(planted)
    second = await forgotten(planted)
    assert first.rows > 35
    assert (second.rows, second.done) == (0, True)


async def test_the_receipt_counts_and_its_signature_holds(planted: Planted) -> None:
    done = await forgotten(planted)
    assert {"inbox", "outbox", "runs", "accounts", "memories", "experiment_outcomes"} <= set(done.counts)
    assert receipt.holds(planted.tenant, done, done.signature, SIGNER)


async def test_every_bite_dies_once_before_its_commit_and_it_still_finishes(
    planted: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the process were killed at each step: what a bite did goes with its transaction."""
    advanced = forgetting.advanced
    died: set[tuple[int, str, int]] = set()

    async def dying(c: Any, tenant: UUID, id: str, **given: Any) -> None:
        at = (given["step"], given["position"], given["lap"])
        if at not in died:
            died.add(at)
            raise ConnectionError("killed")
        await advanced(c, tenant, id, **given)

    monkeypatch.setattr(forgetting, "advanced", dying)
    async with planted.db.tenant(planted.tenant) as c:
        row = await forgetting.ask(c, planted.tenant, "R", planted.person, "test", block=False)
    before = await planted.colleague()
    for _ in range(1_000):
        try:
            bite = await eraser(planted.db).bite(planted.tenant, row.id)
        except ConnectionError:
            continue
        if bite is None:
            break
    done = await eraser(planted.db).receipt(planted.tenant, "R")
    assert done is not None
    assert done.done
    assert len(died) > 100
    assert await planted.holding(CANARY) == []
    assert await planted.colleague() == before


async def test_two_who_go_on_with_the_same_one_finish_it_once(planted: Planted) -> None:
    async with planted.db.tenant(planted.tenant) as c:
        row = await forgetting.ask(c, planted.tenant, "R", planted.person, "test", block=False)
    one, other = await asyncio.gather(
        *(eraser(planted.db).finish(planted.tenant, row.id, 60) for _ in range(2))
    )
    assert one == other
    assert one is not None
    assert await planted.holding(CANARY) == []


async def test_a_second_wish_finds_the_first(planted: Planted) -> None:
    async with planted.db.tenant(planted.tenant) as c:
        first = await forgetting.ask(c, planted.tenant, "R1", planted.person, "test", block=False)
        second = await forgetting.ask(c, planted.tenant, "R2", planted.person, "test", block=False)
    assert first.id == second.id == "R1"


async def test_once_it_is_done_the_row_of_it_tells_of_nobody(planted: Planted) -> None:
    done = await forgotten(planted)
    [row] = await planted.fetch("select * from forgettings where id = $1", done.id)
    assert row["subject"] == f'{{"people": ["{planted.person}"]}}'
    assert (row["place"], row["account"]) == (None, None)


async def test_a_wish_after_it_is_done_finds_the_receipt_by_a_keyed_hash(planted: Planted) -> None:
    done = await forgotten(planted)
    async with planted.db.tenant(planted.tenant) as c:
        for known_by in (EMAIL, EMAIL.upper(), ACCOUNT.user, f"slack:T1:{ACCOUNT.user}"):
            assert (
                await forgetting.marked(c, planted.tenant, receipt.mark(planted.tenant, known_by, SIGNER))
                == done.id
            )
        assert (
            await forgetting.marked(c, planted.tenant, receipt.mark(planted.tenant, "x@y.z", SIGNER)) is None
        )


# -- money


async def paid(planted: Planted, state: str, risk: str = "money") -> None:
    await planted.fetch(
        "update effects set state = $1, risk = $2, settled = null, finished_at = now(), run_id = 'r7'"
        " where key = 'r7:pay:1'",
        state,
        risk,
    )


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("queued", "nobody can call it back"),
        ("running", "nobody can call it back"),
        ("waiting", "waits for you to pay"),
        ("unknown", "whether it was carried out"),
        ("dead", "whether it was carried out"),
    ],
)
async def test_money_on_its_way_stays_and_is_named(planted: Planted, state: str, why: str) -> None:
    await paid(planted, state)
    done = await forgotten(planted)
    [kept] = done.kept
    assert why in kept["why"]
    assert kept["until"] == ""
    assert {name.partition(".")[0] for name in await planted.holding(CANARY)} <= {
        "effects", "spending", "runs", "approvals", "history", "conversations", "outbox", "timers",
        "handoffs", "approval_terms", "batch_members", "approval_questions", "approval_edits", "inbox",
    }  # fmt: skip
    assert await planted.value("select name from people where id = $1", planted.person) == subject.GONE


@pytest.mark.usefixtures("only_here")
async def test_once_it_is_settled_the_rest_goes_by_itself(planted: Planted) -> None:
    await paid(planted, "running")
    await forgotten(planted)
    await planted.fetch("update effects set state = 'done' where key = 'r7:pay:1'")
    await planted.fetch("update forgettings set again_at = now() where again_at < 'infinity'")
    await Keeper(planted.db, eraser(planted.db)).sweep()
    assert await planted.holding(CANARY) == []


@pytest.mark.usefixtures("only_here")
async def test_a_payment_that_went_through_stays_for_as_long_as_it_may_be_given_back(
    planted: Planted,
) -> None:
    await paid(planted, "done")
    done = await forgotten(planted, days=30)
    [kept] = done.kept
    assert "given back" in kept["why"]
    assert kept["until"] > "2026"
    assert set(await planted.holding(CANARY)) <= {
        "effects.arguments", "effects.result", "effects.error", "approvals.card", "approvals.words",
        "approvals.because", "approvals.reason", "spending.recipient", "approval_terms.terms",
        "approval_questions.answer", "batch_members.row",
    }  # fmt: skip
    await planted.fetch("update effects set finished_at = now() - interval '31 days' where key = 'r7:pay:1'")
    await planted.fetch("update forgettings set again_at = now() where again_at < 'infinity'")
    await Keeper(planted.db, eraser(planted.db, 30)).sweep()
    assert await planted.holding(CANARY) == []


async def test_kept_for_no_days_it_goes_at_once(planted: Planted) -> None:
    await paid(planted, "done")
    assert (await forgotten(planted, days=0)).kept == ()


# -- who it is


async def test_whoever_said_that_two_rows_are_one_human_is_forgotten_as_both(planted: Planted) -> None:
    await planted.fetch("update person_links set ended_at = now()")
    twin = await planted.value(
        "insert into people (tenant_id, name, email) values ($1, 'Twin Canary99', 'canary99@example.com')"
        " returning id",
        planted.tenant,
    )
    await planted.fetch(
        "insert into person_links (tenant_id, one, other) values ($1, $2, $3)",
        planted.tenant,
        twin,
        planted.person,
    )
    await forgotten(planted)
    assert await planted.holding("canary99") == []


async def test_a_colleague_of_whom_it_was_said_once_and_no_longer_is_left_alone(planted: Planted) -> None:
    other = planted.others["people"]["id"]
    await planted.fetch("delete from person_links")
    await planted.fetch(
        "insert into person_links (tenant_id, one, other, ended_at) values ($1, $2, $3, now())",
        planted.tenant, other, planted.person,
    )  # fmt: skip
    await forgotten(planted)
    assert (
        await planted.value("select name from people where id = $1", other)
        == planted.others["people"]["name"]
    )


async def test_somebody_elses_line_stays_and_theirs_is_blanked_where_a_request_quotes_both(
    planted: Planted,
) -> None:
    told = f"Omar: it broke\n{NAME}: the {CANARY} did it\nOmar: thanks"
    state = orjson.dumps({"step": "", "slots": {}, "conversation": told, "requester": {"name": "Omar"}})
    other = planted.others["runs"]["id"]
    await planted.fetch("update runs set state = $2 where id = $1", other, state.decode())
    await forgotten(planted)
    kept = orjson.loads(await planted.value("select state::text from runs where id = $1", other))
    assert kept["conversation"] == (
        "Omar: it broke\nSomebody who asked to be forgotten said something here.\nOmar: thanks"
    )


async def test_a_grant_for_them_ends_instead_of_being_for_everybody(planted: Planted) -> None:
    await planted.fetch("update grants set state = 'active' where lower(requester) = $1", EMAIL)
    await forgotten(planted)
    [row] = await planted.fetch("select * from grants where id = $1", planted.rows["grants"]["id"])
    assert (row["state"], row["requester"], row["recipient"]) == ("revoked", "forgotten", "forgotten")


@pytest.mark.twin
async def test_a_grant_that_was_only_emptied_would_be_for_everybody(
    planted: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    emptied = ways_of.Own("lower(t.requester) = any(:emails)", {"requester": "''"})
    way = ways.Way("grants", ("id",), (emptied,))
    monkeypatch.setattr(steps, "STEPS", (steps.cancel, steps.cut, steps.own_of(way, 0)))
    monkeypatch.setattr(erasing, "STEPS", steps.STEPS)
    await planted.fetch("update grants set state = 'active' where lower(requester) = $1", EMAIL)
    await forgotten(planted)
    assert await planted.value(
        "select 1 from grants where id = $1 and state = 'active' and requester = ''",
        planted.rows["grants"]["id"],
    )


async def test_what_others_changed_is_emptied_for_those_who_are_forgotten_and_for_nobody_else(
    planted: Planted,
) -> None:
    async with planted.db.tenant(planted.tenant) as c:
        await c.execute("delete from forgettings")
        everybody = [planted.person, planted.others["people"]["id"]]
        assert await c.fetchval("select forget_changes($1)", everybody) == 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await c.execute("update approval_edits set changes = '[]'")


# -- never to be heard again


async def test_whoever_wants_never_to_be_heard_again_is_not(planted: Planted) -> None:
    await forgotten(planted, block=True)
    desk = Desk(SIGNER, Vault(SECRET), "")
    row = await planted.value("select id from inbox where id = $1", planted.others["inbox"]["id"])
    turn = Turn(TurnId("t"), PLACE, ACCOUNT, Said("hello"))
    assert await desk.unless_blocked(planted.db, planted.tenant, row, turn) == Ignored("blocked")
    assert await planted.value("select payload from inbox where id = $1", row) == b"{}"
    stranger = replace(turn, account=Account("slack", "T1", "UOTHER"))
    assert await desk.unless_blocked(planted.db, planted.tenant, row, stranger) == stranger


@pytest.mark.twin
async def test_without_the_mark_whoever_was_blocked_is_heard(planted: Planted) -> None:
    await forgotten(planted, block=False)
    desk = Desk(SIGNER, Vault(SECRET), "")
    turn = Turn(TurnId("t"), PLACE, ACCOUNT, Said("hello"))
    assert await desk.unless_blocked(planted.db, planted.tenant, 1, turn) == turn


async def test_an_operator_lets_them_be_heard_again(planted: Planted) -> None:
    await forgotten(planted, block=True)
    async with planted.db.tenant(planted.tenant) as c:
        mark = receipt.account_mark(planted.tenant, ACCOUNT, SIGNER)
        assert await forgetting.unblock(c, planted.tenant, mark)
        assert not await forgetting.unblock(c, planted.tenant, mark)
        assert await forgetting.blocked(c, planted.tenant) == frozenset()


@pytest.mark.usefixtures("only_here")
async def test_one_that_we_cannot_go_on_with_holds_up_nobody_else(
    planted: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = eraser(planted.db)
    real, tried = ours.finish, []

    async def broken(tenant: UUID, id: str, within: float) -> Any:
        tried.append(tenant)
        if tried.count(tenant) == 1:
            raise ValueError("a mistake of ours")
        return await real(tenant, id, within)

    monkeypatch.setattr(ours, "finish", broken)
    async with planted.db.tenant(planted.tenant) as c:
        for _ in range(2):
            person = planted.person if not tried else planted.others["people"]["id"]
            await forgetting.ask(c, planted.tenant, receipt.new_id(), person, "test", block=False)
            tried.append(planted.tenant)
    tried.clear()
    await Keeper(planted.db, ours).sweep()
    assert tried.count(planted.tenant) == 2
