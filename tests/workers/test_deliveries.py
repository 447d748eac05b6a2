"""What others do at a service is told in its thread, once; what we do ourselves is no news."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any
from uuid import uuid4

import pytest

from bot.reply import Button, Buttons, Paragraph, Reply, Tone
from integrations.base import Happened
from tests.workers.store.conftest import There
from tests.workers.store.rows import seed
from workers import deliveries
from workers.commit import Commit
from workers.deliveries import reply
from workers.store import effects, services
from workers.store.door import Database

CLOSED = Happened(
    key="evt-1",
    external_id="jira:10042",
    kind="closed",
    sentence="PAY-12 was closed by Ada.",
    url="https://acme.atlassian.example/browse/PAY-12",
    actor="ada-at-jira",
)


async def made(
    there: There,
    *,
    tool: str = "jira.create_issue",
    external: str = "jira:10042",
    conversation: str = "",
    state: str = "done",
    key: str = "",
) -> str:
    """An effect of the tenant's that made something; in another conversation, with a run of its own."""
    run = there.run
    async with there.db.tenant(there.tenant) as c:
        if conversation:
            await c.execute(
                "insert into conversations (tenant_id, key) values ($1, $2) on conflict do nothing",
                there.tenant,
                conversation,
            )
            run = f"run-of-{conversation}"
            await c.execute(
                "insert into runs (tenant_id, id, conversation, place, flow, flow_version, requester, state,"
                " status) select tenant_id, $2, $3, place, flow, flow_version, requester, state, status"
                " from runs where tenant_id = $1 and id = $4 on conflict do nothing",
                there.tenant,
                run,
                conversation,
                there.run,
            )
        key = key or f"{run}:{uuid4()}:1"
        await c.execute(
            "insert into effects (tenant_id, key, run_id, conversation, step, tool, arguments,"
            " policy_version, risk, state, external_id)"
            " values ($1, $2, $3, $4, 'open', $5, '{}', 'p', 'write', $6, $7)",
            there.tenant,
            key,
            run,
            conversation or there.conversation,
            tool,
            state,
            external,
        )
    return key


async def news(there: There, happened: Happened = CLOSED, source: str = "jira", mark: str = "") -> list[str]:
    """The conversations that would be told."""
    commit = Commit()
    async with there.db.tenant(there.tenant) as c:
        await deliveries._news(c, there.tenant, source, happened, commit, mark)
    return [conversation for conversation, _, _ in commit.events]


async def test_the_thread_that_made_it_is_told(there: There) -> None:
    await made(there)

    assert await news(there) == [there.conversation]


async def test_a_thread_that_had_to_do_with_it_often_is_told_once(there: There) -> None:
    for tool in ("jira.create_issue", "jira.assign", "jira.transition"):
        await made(there, tool=tool)

    assert await news(there) == [there.conversation]


async def test_each_thread_that_had_to_do_with_it_is_told_once(there: There) -> None:
    await made(there)
    for conversation in ("slack:T:C:2", "slack:T:C:3"):
        await made(there, conversation=conversation)
        await made(there, conversation=conversation)

    assert sorted(await news(there)) == sorted([there.conversation, "slack:T:C:2", "slack:T:C:3"])


async def test_the_run_that_is_told_is_the_threads_newest(there: There) -> None:
    await made(there, conversation="slack:T:C:2")
    commit = Commit()
    async with there.db.tenant(there.tenant) as c:
        await deliveries._news(c, there.tenant, "jira", CLOSED, commit)

    [(_, dedupe, event)] = commit.events
    assert event["run"] == "run-of-slack:T:C:2"
    assert dedupe.startswith("happened:run-of-slack:T:C:2:")


async def test_the_same_delivery_has_the_same_key_and_another_has_another(there: There) -> None:
    await made(there)
    keys = set()
    for happened in (CLOSED, CLOSED, replace(CLOSED, key="evt-2")):
        commit = Commit()
        async with there.db.tenant(there.tenant) as c:
            await deliveries._news(c, there.tenant, "jira", happened, commit)
        keys.add(commit.events[0][1])

    assert len(keys) == 2


async def test_what_is_about_nothing_of_ours_is_told_nobody(there: There) -> None:
    await made(there, external="jira:7")

    assert await news(there) == []


async def test_nothing_without_an_id_is_about_everything_without_one(there: There) -> None:
    await made(there, external="")

    assert await news(there, replace(CLOSED, external_id="")) == []


async def test_the_same_id_at_another_service_is_another_thing(there: There) -> None:
    await made(there, tool="github.create_issue")
    await made(there, tool="jiralike.create_issue")

    assert await news(there) == []


async def test_another_tenants_thread_is_never_told(db: Database, there: There) -> None:
    await made(there)
    other = uuid4()
    async with db.tenant(other) as c:
        rows = await seed(c, other)
    stranger = There(other, rows["conversations"]["key"], rows["runs"]["id"], rows["people"]["id"], db)

    assert await news(stranger) == []
    assert await news(there) == [there.conversation]


@pytest.mark.twin
async def test_twin_without_tenant_in_the_query_and_row_level_security_a_stranger_is_told(
    admin: Any, there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    await made(there)

    async def everybodys(c: Any, _tenant: Any, service: str, external: str, _mark: str) -> Any:
        query = "select conversation, run_id from effects where external_id = $1 and starts_with(tool, $2)"
        return [tuple(each) for each in await c.fetch(query, external, service)]

    monkeypatch.setattr(effects, "threads_of", everybodys)
    commit = Commit()
    await deliveries._news(admin, uuid4(), "jira", CLOSED, commit)

    assert there.conversation in [conversation for conversation, _, _ in commit.events]


# ── our own doing ────────────────────────────────────────────────────────────────────────


async def as_us(there: There, account: str, service: str = "jira") -> None:
    async with there.db.tenant(there.tenant) as c:
        await c.execute("delete from services")
        await services.know(c, there.tenant, service, account, "Countersign", "jira:x")


async def test_what_our_own_account_did_is_no_news(there: There) -> None:
    await made(there)
    await as_us(there, "us-at-jira")

    assert await news(there, replace(CLOSED, actor="us-at-jira")) == []
    assert await news(there, replace(CLOSED, actor="ada-at-jira")) == [there.conversation]


@pytest.mark.twin
async def test_twin_without_that_look_every_change_of_ours_comes_back_as_news(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    await made(there)
    await as_us(there, "us-at-jira")

    async def nobody(*_arguments: Any) -> str:
        return ""

    monkeypatch.setattr(services, "account", nobody)

    assert await news(there, replace(CLOSED, actor="us-at-jira")) == [there.conversation]


async def test_while_it_is_not_known_who_we_are_an_actor_without_name_is_not_us(there: There) -> None:
    await made(there)
    await as_us(there, "")

    assert await news(there, replace(CLOSED, actor="")) == [there.conversation]


async def test_our_account_at_another_service_is_not_us_here(there: There) -> None:
    await made(there)
    await as_us(there, "ada-at-jira", service="github")

    assert await news(there) == [there.conversation]


async def test_a_comment_with_our_mark_is_no_news(there: There) -> None:
    key = await made(there)
    ours = replace(CLOSED, kind="commented", effect_key=key)

    assert await news(there, ours) == []
    assert await news(there, replace(ours, effect_key="somebody:elses:1")) == [there.conversation]


async def test_a_ticket_of_ours_that_somebody_closes_is_news_whatever_mark_it_bears(there: There) -> None:
    key = await made(there)

    assert await news(there, replace(CLOSED, effect_key=key)) == [there.conversation]


async def test_a_mark_of_another_service_is_none_here(there: There) -> None:
    await made(there)
    key = await made(there, tool="github.create_issue", external="acme/shop#1")

    assert await news(there, replace(CLOSED, kind="commented", effect_key=key)) == [there.conversation]


async def test_a_thing_is_found_by_our_mark_where_its_id_is_not_the_one_we_know(there: There) -> None:
    key = await made(there, tool="stripe.charge", external="cs_1")
    refunded = Happened("evt_1", "pi_1", "refunded", "$24.00 of the payment was refunded.")

    assert await news(there, refunded, "stripe", mark=key) == [there.conversation]
    assert await news(there, refunded, "stripe") == []


# ── what waits for it ────────────────────────────────────────────────────────────────────


async def test_a_run_that_waits_for_it_goes_on_and_is_not_told_besides(there: There) -> None:
    key = await made(there, state="waiting")

    assert await news(there) == []
    assert await there.value("select state from effects where key = $1", key) == "done"
    events = await there.fetch("select dedupe from inbox where source = 'us' and state = 0")
    assert [each["dedupe"] for each in events] == [f"effect:{key}:completed"]


async def test_what_waits_at_another_service_goes_on_waiting(there: There) -> None:
    key = await made(there, tool="github.create_issue", state="waiting")
    await news(there)

    assert await there.value("select state from effects where key = $1", key) == "waiting"


# ── Stripe ───────────────────────────────────────────────────────────────────────────────


def refund(**more: Any) -> dict[str, Any]:
    charge = {
        "id": "ch_1",
        "payment_intent": "pi_1",
        "amount": 4800,
        "amount_refunded": 2400,
        "currency": "usd",
    }
    event = {"id": "evt_1", "object": "event", "type": "charge.refunded", "data": {"object": charge}}
    return event | more


async def heard(there: There, source: str, event: Any) -> Commit:
    commit = Commit()
    async with there.db.tenant(there.tenant) as c:
        await deliveries.received(c, there.tenant, source, event, commit)
    return commit


async def test_a_refund_in_stripes_dashboard_is_told_in_the_thread_of_the_order(there: There) -> None:
    await made(there, tool="stripe.charge", external="pi_1")
    commit = await heard(there, "stripe", refund())

    [(conversation, _, event)] = commit.events
    assert conversation == there.conversation
    assert event["sentence"] == "$24.00 of the payment was refunded."


async def test_a_refund_that_we_asked_for_is_no_news(there: There) -> None:
    await made(there, tool="stripe.charge", external="pi_1")
    key = await made(there, tool="stripe.refund", external="re_1")

    assert (await heard(there, "stripe", refund(request={"idempotency_key": key}))).events == []


async def test_a_refund_with_somebody_elses_key_is_news(there: There) -> None:
    await made(there, tool="stripe.charge", external="pi_1")

    assert (await heard(there, "stripe", refund(request={"idempotency_key": "shop-7"}))).events


@pytest.mark.parametrize("event", [{}, [], None, 7, {"type": "charge.refunded"}, {"data": "x"}])
@pytest.mark.parametrize("source", ["stripe", "nobody"])
async def test_an_event_of_any_shape_is_nothing_and_no_error(there: There, source: str, event: Any) -> None:
    assert (await heard(there, source, event)).events == []


# ── words ────────────────────────────────────────────────────────────────────────────────


def test_the_sentence_comes_first_and_a_link_leads_there() -> None:
    assert reply(CLOSED) == Reply(
        "PAY-12 was closed by Ada.",
        (
            Paragraph("PAY-12 was closed by Ada."),
            Buttons((Button("Open", "open", url="https://acme.atlassian.example/browse/PAY-12"),)),
        ),
    )


def test_what_somebody_wrote_is_set_apart() -> None:
    said = reply(replace(CLOSED, url="", text="Done.\nThanks!"))

    assert said.blocks == (Paragraph("PAY-12 was closed by Ada."), Paragraph("Done.\nThanks!", Tone.SUBTLE))


def test_a_sentence_alone_needs_no_card() -> None:
    assert reply(replace(CLOSED, url="")) == Reply("PAY-12 was closed by Ada.")


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "ftp://x/",
        "https://",
        "https://a b/",
        "https://real.example@evil.example/",
        "https://x/\u202e",
        "https://[",
        "https://x/" + "y" * 3000,
    ],
)
def test_an_address_that_is_none_makes_no_button(url: str) -> None:
    assert reply(replace(CLOSED, url=url)).blocks == ()


def test_what_has_no_end_is_cut() -> None:
    said = reply(replace(CLOSED, sentence="s" * 5000, text="t" * 50_000))

    assert len(said.text) <= 500
    assert all(len(each.text) <= 1500 for each in said.blocks if isinstance(each, Paragraph))


def test_a_sentence_is_one_line_and_shows_what_would_reorder_it() -> None:
    said = reply(replace(CLOSED, sentence="PAY-12 was closed\nby \u202eecilA."))

    assert "\n" not in said.text
    assert "\u202e" not in said.text


def test_what_travels_comes_back_whole() -> None:
    assert deliveries.happened_of({"_": "happened", "run": "r", **asdict(CLOSED)}) == CLOSED
