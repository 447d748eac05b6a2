"""Copies in private, who is told that it is over, late presses, and pages that are shown anew."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from bot.platforms.slack.inbound import to_turn
from bot.reply import Reply
from bot.turn import Account, Ignored, MessageRef, Place
from flows.approval_file import parse_approvers
from flows.approval_stages import Hours, Stage, Terms
from flows.duty import Duty
from flows.policy import Approvers, Policy
from tests.workers.approvers.asked import (
    CARD,
    RULES,
    asks,
    email,
    met,
    policy,
    presses,
    rejects,
    state,
    told,
)
from tests.workers.store.conftest import There
from workers.approvers import copies, direct, ending, press, situation, telling
from workers.approvers.direct import Reached
from workers.approvers.telling import Held, line, whom
from workers.commit import Commit
from workers.store import approvals, enqueue, homes
from workers.store.approvals import Approval
from workers.store.homes import View
from workers.store.outbox import Message

ANY = policy(Stage((email("grace"), email("omar"), email("linus"))))
TWO_OF = policy(Stage((email("grace"), email("omar")), 2))
NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
ELEVEN_AT_NIGHT = datetime(2026, 11, 18, 23, 0, tzinfo=UTC)
OFFICE = Hours(frozenset({"mon", "tue", "wed", "thu", "fri"}), (9 * 60, 17 * 60))


def account(name: str, platform: str = "slack") -> Account:
    return Account(platform, "T1", f"U-{name}-{platform}")


async def in_private(there: There, approval: Approval, *names: str, platform: str = "slack") -> None:
    """A copy in a direct message of each, sent."""
    async with there.db.tenant(there.tenant) as c:
        for name in names:
            place = Place(platform, "T1", f"D-{name}-{platform}", private=True)
            known = await copies.there(c, there.tenant, approval.id)
            card = Message(f"{approval.id}:{50 + len(known)}", "post", place, CARD, account(name, platform))
            await enqueue.add(c, there.tenant, there.conversation, [card])
            await approvals.card_posted(c, there.tenant, approval.id, card.id)
        await c.execute("update outbox set state = 'sent', external_id = 'x-' || id where state = 'queued'")


async def said(there: There, like: str) -> list[tuple[str, str]]:
    """Where, and what: of messages whose id is like this, in their order."""
    rows = await there.fetch(
        "select place->>'channel' as channel, content->>'text' as text from outbox where id like $1"
        " order by seq", like,
    )  # fmt: skip
    return [(row["channel"], row["text"]) for row in rows]


async def test_whoever_else_was_asked_in_private_is_told_once_and_nobody_else(there: There) -> None:
    ada, grace, omar = [await met(there, name) for name in ("ada", "grace", "omar")]
    await met(there, "omar", "teams")
    approval = await asks(there, ANY, ada)
    await in_private(there, approval, "grace", "omar")
    await in_private(there, approval, "omar", platform="teams")

    await presses(there, ANY, approval, grace)

    [(channel, text)] = await said(there, "%:over:%")
    assert channel in ("D-omar-slack", "D-omar-teams")
    assert text.startswith("Grace approved it, so there is nothing left for you to do: Charge 50.00 EUR.")
    assert omar.id != grace.id


async def test_a_rejection_is_told_too_and_what_ran_out_is_not(there: There) -> None:
    ada, grace, _ = [await met(there, name) for name in ("ada", "grace", "omar")]
    first, second = await asks(there, ANY, ada), await asks(there, ANY, ada)
    await in_private(there, first, "omar")
    await in_private(there, second, "omar")
    await rejects(there, ANY, first, grace)
    async with there.db.tenant(there.tenant) as c:
        await c.execute("update approvals set expires_at = now() - interval '1 s' where id = $1", second.id)
        await ending.expire(c, there.tenant, Commit(), second.id)

    assert await said(there, f"{second.id}:over:%") == []
    assert "Grace rejected it" in (await said(there, f"{first.id}:over:%"))[0][1]


async def test_the_pressed_copy_changes_first_and_all_change_with_the_press(there: There) -> None:
    ada, grace = await met(there, "ada"), await met(there, "grace")
    approval = await asks(there, ANY, ada)
    await in_private(there, approval, "grace", "omar")
    pressed = MessageRef("D-omar-slack", f"x-{approval.id}:52")

    async with there.db.tenant(there.tenant) as c:
        await approvals.decide(c, there.tenant, approval.id, "approved", grace.id, "")
        await ending.pressed(c, there.tenant, approval.id, pressed)

    changed = await said(there, "%:approved")
    assert changed[0][0] == "D-omar-slack"
    assert len(changed) == 3
    assert {text for _, text in changed} == {changed[0][1]}


async def test_a_change_that_is_asked_for_twice_is_shown_once(there: There) -> None:
    ada, grace = await met(there, "ada"), await met(there, "grace")
    approval = await asks(there, ANY, ada)
    await presses(there, ANY, approval, grace)
    commit = Commit()
    async with there.db.tenant(there.tenant) as c:
        await ending.decided(c, there.tenant, commit, approval.id)
        await enqueue.add(c, there.tenant, there.conversation, commit.messages)
    assert len(await said(there, "%:approved")) == 1


@pytest.mark.parametrize("stages", [ANY, TWO_OF])
async def test_whoever_is_too_late_hears_who_was_faster(there: There, stages: Policy) -> None:
    ada, grace, omar = [await met(there, name) for name in ("ada", "grace", "omar")]
    approval = await asks(there, stages, ada)
    await presses(there, stages, approval, grace)
    await presses(there, stages, approval, omar)
    assert await state(there, approval) == "approved"

    answer, commit = await presses(there, stages, approval, omar)

    assert "was faster: this is approved already" in told(answer)
    assert commit.events == []
    outcome = "select outcome from decisions where approval_id = $1 order by id desc limit 1"
    assert await there.value(outcome, approval.id) == "too late"


async def test_whoever_might_not_have_decided_is_told_that_and_not_who_was_faster(there: There) -> None:
    ada, grace, mallory = [await met(there, name) for name in ("ada", "grace", "mallory")]
    approval = await asks(there, ANY, ada)
    await presses(there, ANY, approval, grace)
    assert "Only the named approvers" in told((await presses(there, ANY, approval, mallory))[0])
    assert "asked for this yourself" in told((await presses(there, ANY, approval, ada))[0])


@pytest.mark.twin
async def test_judged_with_the_votes_there_are_nobody_hears_who_was_faster(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = press.judge

    async def as_before(*given: Any, late: bool = False, **more: Any) -> Any:
        return await plain(*given, **more)

    monkeypatch.setattr(press, "judge", as_before)
    ada, grace, omar = [await met(there, name) for name in ("ada", "grace", "omar")]
    approval = await asks(there, ANY, ada)
    await presses(there, ANY, approval, grace)
    assert "faster" not in told((await presses(there, ANY, approval, omar))[0])


@pytest.mark.parametrize("where", [Place("slack", "T1", "C-other"), Place("teams", "T1", "CAPPROVE")])
async def test_a_copy_of_the_card_elsewhere_decides_nothing_where_whoever_is_there_may(
    there: There, where: Place
) -> None:
    """A button with the same value, forwarded or forged into a channel where nobody was asked."""
    anyone = Policy("p1", (), Approvers())
    ada, grace = await met(there, "ada"), await met(there, "grace")
    approval = await asks(there, anyone, ada)

    answer, _ = await presses(there, anyone, approval, grace, place=where)

    assert "only be decided where the approvers were asked" in told(answer)
    assert await state(there, approval) == "pending"


async def test_the_same_press_in_another_tenant_finds_nothing(there: There) -> None:
    from dataclasses import replace
    from uuid import uuid4

    ada, grace = await met(there, "ada"), await met(there, "grace")
    approval = await asks(there, ANY, ada)
    other = replace(there, tenant=uuid4())

    answer, _ = await presses(other, ANY, approval, grace)

    assert "do not know this request" in told(answer)
    assert await state(there, approval) == "pending"


async def test_presses_at_once_on_every_copy_are_one_decision_and_each_is_answered(there: There) -> None:
    ada, *people = [await met(there, name) for name in ("ada", "grace", "omar", "linus")]
    approval = await asks(there, ANY, ada)
    await in_private(there, approval, "grace", "omar", "linus")

    answers = await asyncio.gather(
        *(presses(there, ANY, approval, person) for person in people for _ in range(4))
    )

    assert all(told(answer) for answer, _ in answers)
    assert sum(len(commit.events) for _, commit in answers) == 1
    counted = "select count(*) from decisions where approval_id = $1 and outcome = 'counted'"
    assert await there.value(counted, approval.id) == 1


@pytest.mark.twin
async def test_were_a_thumbs_up_a_press_whoever_reacts_would_decide(there: There) -> None:
    """As some bots do: the reaction on the card is taken for the button."""
    ada, grace = await met(there, "ada"), await met(there, "grace")
    approval = await asks(there, ANY, ada)
    event = {"type": "reaction_added", "reaction": "+1", "user": "U1", "item": {"channel": "CAPPROVE"}}
    envelope = {"type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event": event}

    assert isinstance(to_turn(envelope), Ignored)
    if event["reaction"] == "+1":  # the careless way
        await presses(there, ANY, approval, grace)
    assert await state(there, approval) == "approved"


# ── whom a line would only wake ──────────────────────────────────────────────────────────


def held(key: str, zone: str = "UTC", channel: str = "D1", seen: datetime = NOON) -> Held:
    return Held(key, zone, Place("slack", "T1", channel, private=True), seen)


def test_each_human_is_told_where_they_were_last_seen() -> None:
    early, late = NOON.replace(hour=8), NOON
    found = whom([held("g", channel="D1", seen=late), held("g", channel="D2", seen=early)], frozenset(),
                 Hours(), NOON)  # fmt: skip
    assert [each.place.channel for each in found] == ["D1"]


def test_whoever_decided_is_not_told() -> None:
    assert [each.key for each in whom([held("g"), held("o")], frozenset({"g"}), Hours(), NOON)] == ["o"]


def test_at_eleven_at_night_nobody_is_woken_where_the_policy_has_hours() -> None:
    people = [held("berlin", "Europe/Berlin"), held("tokyo", "Asia/Tokyo"), held("la", "America/Los_Angeles")]
    assert [each.key for each in whom(people, frozenset(), OFFICE, ELEVEN_AT_NIGHT)] == ["la"]
    assert len(whom(people, frozenset(), Hours(), ELEVEN_AT_NIGHT)) == 3


def test_the_line_is_one_line_and_says_what_it_is_about() -> None:
    said = line("approved", "Grace\nOmar", "Approval needed. Charge: $5.\nmore")
    assert "\n" not in said
    assert said.endswith("Charge: $5.")


# ── a card in private ────────────────────────────────────────────────────────────────────


def parsed(raw: dict[str, Any]) -> tuple[Approvers, list[str]]:
    wrong: list[str] = []
    found = parse_approvers(raw, Duty(), lambda field, problem, right: wrong.append(f"{field} {problem}"))
    return found, wrong


@pytest.mark.parametrize("said", [True, False])
def test_direct_is_read_from_the_policy(said: bool) -> None:
    found, wrong = parsed({"people": ["g@example.com"], "direct": said})
    assert (found.direct, wrong) == (said, [])


@pytest.mark.parametrize("said", ["yes", 1, [], "true"])
def test_direct_is_true_or_false_and_nothing_else(said: Any) -> None:
    assert any(each.startswith("direct is") for each in parsed({"direct": said})[1])


@pytest.mark.parametrize(
    ("said", "people", "places", "wanted"),
    [
        (None, ("g@example.com",), (), True),
        (None, ("g@example.com",), ("slack:C1",), False),
        (None, (), (), False),
        (True, ("g@example.com",), ("slack:C1",), True),
        (False, ("g@example.com",), (), False),
    ],
)
def test_where_the_policy_says_nothing_the_named_are_asked_in_private_if_there_is_no_place(
    said: bool | None, people: tuple[str, ...], places: tuple[str, ...], wanted: bool
) -> None:
    ruled = Policy("p1", (), Approvers(people=people, places=places, direct=said))
    assert direct.wanted(ruled, RULES, RULES.terms(ruled, frozenset())) is wanted


async def known_of(there: There, approval: Approval, ruled: Policy) -> situation.Known:
    async with there.db.tenant(there.tenant) as c:
        now = await c.fetchval("select now()")
        terms: Terms = RULES.terms(ruled, frozenset())
        return await situation.known(c, there.tenant, approval, terms, ruled, now)


def reached(person: UUID, name: str, platform: str = "slack") -> Reached:
    place = Place(platform, "T1", f"D-{name}-{platform}", private=True)
    return Reached(person, account(name, platform), place)


async def test_only_those_who_may_decide_now_get_a_card_and_each_in_every_account(there: There) -> None:
    ada, grace, mallory = [await met(there, name) for name in ("ada", "grace", "mallory")]
    approval = await asks(there, ANY, ada)
    known = await known_of(there, approval, ANY)
    asked = [reached(grace.id, "grace"), reached(grace.id, "grace", "teams"), reached(ada.id, "ada"),
             reached(mallory.id, "mallory")]  # fmt: skip

    mine = direct.mine(known, asked)
    commit = Commit()
    direct.post(commit, approval, Reply("card"), mine, 3)

    assert [each.account for each in mine] == [account("grace"), account("grace", "teams")]
    assert [each.id for each in commit.messages] == [f"{approval.id}:3", f"{approval.id}:4"]
    assert [each.account for each in commit.messages] == [each.account for each in mine]


async def test_whoever_has_agreed_already_is_not_asked_again(there: There) -> None:
    ada, grace, omar = [await met(there, name) for name in ("ada", "grace", "omar")]
    approval = await asks(there, TWO_OF, ada)
    await presses(there, TWO_OF, approval, grace)
    known = await known_of(there, approval, TWO_OF)
    mine = direct.mine(known, [reached(grace.id, "grace"), reached(omar.id, "omar")])
    assert [each.person for each in mine] == [omar.id]


# ── pages ────────────────────────────────────────────────────────────────────────────────


async def looks(there: There, person: UUID, name: str, ago: str = "0 s") -> None:
    async with there.db.tenant(there.tenant) as c:
        await homes.looked(c, there.tenant, View(account(name), Place("slack", "T1", f"D-{name}"), person))
        await c.execute(
            "update home_views set looked_at = now() - $1::text::interval where user_id = $2",
            ago, account(name).user,
        )  # fmt: skip


async def rung(there: There) -> list[str]:
    rows = await there.fetch("select id from timers where id like 'home:%' and state = 'set' order by id")
    return [row["id"].split(":")[3] for row in rows]


async def test_pages_of_those_who_looked_in_the_last_day_are_shown_anew_once_for_several_changes(
    there: There,
) -> None:
    ada, grace, omar = [await met(there, name) for name in ("ada", "grace", "omar")]
    await looks(there, grace.id, "grace")
    await looks(there, omar.id, "omar", "2 days")
    approval = await asks(there, ANY, ada)

    async with there.db.tenant(there.tenant) as c:
        for _ in range(5):
            await homes.news(c, there.tenant)
    await presses(there, ANY, approval, grace)

    assert set(await rung(there)) == {"U-grace-slack"}
    assert len(await rung(there)) <= 2
    soon = "select max(fire_at - now()) < interval '4 s' from timers where id like 'home:%'"
    assert await there.value(soon)


async def test_only_so_many_pages_are_shown_anew(there: There, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(homes, "MOST", 2)
    for number, name in enumerate(("grace", "omar", "linus")):
        await looks(there, (await met(there, name)).id, name, f"{number} hours")
    async with there.db.tenant(there.tenant) as c:
        await homes.news(c, there.tenant)
    assert await rung(there) == ["U-grace-slack", "U-omar-slack"]


def test_what_is_told_to_whom_is_written_down() -> None:
    assert "eleven at night" in (telling.__doc__ or "")
