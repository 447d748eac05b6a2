"""What may be learned from: approved, of people who consented, nobody recognisable, nothing from Slack."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from bot.errors import ConfigurationError
from bot.reply import Reply
from bot.turn import PersonId, Place
from flows.events import Chose, Edited, Entered, Finished, Heard, Rejected, Spoke
from flows.understanding import Meaning
from tests.workers.store.rows import insert, row
from workers import tuning, tuning_cli
from workers.store import codec, preferences
from workers.store.door import Database
from workers.store.tuning import Candidate, candidates
from workers.tuning import FROM, Said, Why, left_out, masker, messages, unfit, unrecognisable

ADA = UUID(int=1)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CONSENTED = {ADA: NOON - timedelta(days=1)}
GOOD = Candidate(
    "r1", ADA, "order", "done", "teams:t:c:", NOON, frozenset({"teams"}), 1, 0, 0, 0, False, False, False
)
ME = str(ADA)


def heard(text: str, by: str = ME, **meant: Any) -> Heard:
    return Heard(PersonId(by), "Ada", text, Meaning("value", **meant))


def at(minute: int) -> datetime:
    return NOON + timedelta(minutes=minute)


def test_an_approved_conversation_of_somebody_who_consented_may_be_learned_from() -> None:
    assert left_out(GOOD, CONSENTED) is None
    assert left_out(replace(GOOD, approved=0, liked=1), CONSENTED) is None
    assert left_out(replace(GOOD, platforms=frozenset({"teams", "web"})), CONSENTED) is None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"platforms": frozenset({"slack"})}, Why.SLACK),
        ({"platforms": frozenset({"teams", "slack"})}, Why.SLACK),
        ({"platforms": frozenset({"web", "teams", "slack"})}, Why.SLACK),
        ({"platforms": frozenset({"discord"})}, Why.SLACK),
        ({"platforms": frozenset({"teams", ""})}, Why.SLACK),
        ({"platforms": frozenset({"Teams"})}, Why.SLACK),
        ({"platforms": frozenset()}, Why.SLACK),
        ({"requester": UUID(int=2)}, Why.CONSENT),
        ({"started_at": NOON - timedelta(days=2)}, Why.EARLIER),
        ({"status": "cancelled"}, Why.BADLY),
        ({"status": "failed"}, Why.BADLY),
        ({"failed": 1}, Why.BADLY),
        ({"disliked": 1}, Why.BADLY),
        ({"complained": True}, Why.BADLY),
        ({"approved": 0}, Why.NOBODY),
        ({"voices": True}, Why.VOICES),
        ({"before": True}, Why.REMEMBERED),
    ],
)
def test_everything_else_is_left_out_and_it_is_said_why(change: dict[str, Any], why: Why) -> None:
    assert left_out(replace(GOOD, **change), CONSENTED) is why


def test_slack_is_not_among_the_platforms_that_may_be_learned_from() -> None:
    assert "slack" not in FROM


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (Spoke("k", PersonId(ME), "Ada", "hello?"), Why.VOICES),
        (Rejected("a", "k", "Grace", "too much"), Why.VOICES),
        (Edited("a", "k", "Grace", "b"), Why.VOICES),
        (heard("me too", by="omar"), Why.VOICES),
        (Chose(PersonId("omar"), "Omar", "yes"), Why.VOICES),
        (heard("the usual", again=True), Why.REMEMBERED),
        (heard("a cola", recalled="a cola"), Why.REMEMBERED),
        (heard("two colas"), None),
        (Finished("k", {}), None),
    ],
)
def test_who_said_what_decides(event: Any, why: Why | None) -> None:
    assert unfit([(NOON, Entered(), "order"), (at(1), event, "")], ME) is why


def test_what_is_not_kept_any_more_cannot_be_learned_from() -> None:
    assert unfit([], ME) is Why.GONE


def test_a_conversation_is_told_by_turns_and_ends_with_what_we_said() -> None:
    events = [
        (at(0), Entered(), "order two colas"),
        (at(1), heard("make it three"), ""),
        (at(2), Chose(PersonId(ME), "Ada", "yes"), ""),
        (at(3), heard("hello?"), ""),
    ]
    posts = [
        (at(0), "Anything else?"),
        (at(1), "Changed."),
        (at(1), "Confirm: three colas"),
        (at(2), "Receipt"),
    ]

    assert messages(events, posts, ME) == [
        Said("user", "order two colas"),
        Said("assistant", "Anything else?"),
        Said("user", "make it three"),
        Said("assistant", "Changed.\nConfirm: three colas"),
        Said("user", "[yes]"),
        Said("assistant", "Receipt"),
    ]


NAMES = ["Ada Lovelace", "Grace Okafor", "Omar", "Will", "李明"]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Ada Lovelace orders", "[person] orders"),
        ("ADA LOVELACE and grace okafor", "[person] and [person]"),
        ("Thank you, Ada!", "Thank you, [person]!"),
        ("will you come?", "[person] you come?"),
        ("李明 approved it", "[person] approved it"),
        ("run r123 and r123:charge:1", "run [run] and [run]"),
        ("payment pi_3NkQ81abcXYZ", "payment [id]"),
        ("see https://wiki.example/a?b=c and PAY-77", "see [link] and [issue]"),
        ("<@U0GRACE123|grace> hi", "[person] hi"),
        ("U0GRACE123 hi", "[id] hi"),
        ("0b8f1f9e-8a51-4a7e-9f2f-0d6c1c2b3a4d", "[id]"),
        ("token a8f3k2m9x0q1", "token [id]"),
        ("two margheritas for $42.00", "two margheritas for $42.00"),
    ],
)
def test_ids_and_names_are_taken_out_and_what_is_ordered_stays(text: str, left: str) -> None:
    mask = masker(lambda said: said, NAMES)
    assert mask(text) == left
    assert mask(mask(text)) == left


@pytest.mark.parametrize(
    "secret",
    ["ada@example.com", "+49 170 1234567", "4242 4242 4242 4242", "DE89 3704 0044 0532 0130 00"],
)
def test_addresses_phones_cards_and_accounts_are_redacted(secret: str) -> None:
    from integrations.models.redaction import redact

    mask = masker(redact, NAMES)
    turns = [Said("user", f"please use {secret} for it")]
    found = unrecognisable(turns, mask)

    assert found is not None
    assert secret not in found[0].content


def test_what_is_found_again_after_masking_is_left_out() -> None:
    turns = [Said("user", "x")]
    assert unrecognisable(turns, masker(lambda said: said + "x", ())) is None


def test_the_file_appears_whole_for_its_owner_and_replaces_nothing(tmp_path: Path) -> None:
    out = tmp_path / "tuning.jsonl"
    tuning_cli.written(out, [b"{}\n"])

    assert out.read_bytes() == b"{}\n"
    assert out.stat().st_mode & 0o077 == 0
    with pytest.raises(ConfigurationError, match="there already"):
        tuning_cli.written(out, [b"other"])
    assert [each.name for each in tmp_path.iterdir()] == ["tuning.jsonl"]


# ── in a database ────────────────────────────────────────────────────────────────────────


TEAMS, SLACK = Place("teams", "t", "c"), Place("slack", "T1", "C1")


async def _put(c: Any, table: str, there: dict[str, Any], tenant: UUID, **values: Any) -> None:
    made = row(table, tenant, "tuned", there) | values
    query, arguments = insert(table, made)
    there[table] = dict(await c.fetchrow(query, *arguments))


async def lived(db: Database, consent: bool = True, place: Place = TEAMS, **more: Any) -> UUID:
    """A tenant with one finished run in Teams, approved there, of somebody who consented before it began."""
    tenant, there = uuid4(), dict[str, Any]()
    async with db.tenant(tenant) as c:
        for table in ("tenants", "people", "accounts"):
            await _put(c, table, there, tenant, **({"name": "Ada Lovelace"} if table != "tenants" else {}))
        person = there["people"]["id"]
        await c.execute("update accounts set person_id = $1", person)
        if consent:
            await preferences.set_tuning(c, tenant, person, True)
            await c.execute("update preferences set tuning_at = now() - interval '1 hour'")
        await _put(c, "conversations", there, tenant, key=place.conversation)
        await _put(c, "flow_versions", there, tenant, flow="order", version="v")
        await _put(
            c,
            "runs",
            there,
            tenant,
            id="r1",
            place=codec.dumps(place),
            flow="order",
            flow_version="v",
            requester=person,
            status="done",
            started_at=datetime.now(UTC),
            state="{}",
            finished_at=datetime.now(UTC),
            conversation=place.conversation,
        )
        events = [Entered(), heard("ada@example.com wants two colas", by=str(person))]
        for number, event in enumerate(events):
            await _put(
                c,
                "history",
                there,
                tenant,
                run_id="r1",
                seq=number,
                event=codec.dumps(event).encode(),
                began='{"unread": "order for Ada"}' if not number else None,
                at=at(number),
            )
        for number, text in enumerate(["What would you like?", "Receipt for Ada: two colas, r1"]):
            await _put(
                c,
                "outbox",
                there,
                tenant,
                id=f"r1:{number}",
                seq=number + 1,
                kind="post",
                state="sent",
                place=codec.dumps(place),
                content=codec.dumps(Reply(text)),
                created_at=at(number),
                conversation=place.conversation,
            )
        await _put(
            c,
            "effects",
            there,
            tenant,
            run_id="r1",
            state="done",
            tool="stripe.charge",
            conversation=place.conversation,
        )
        await _put(
            c,
            "approvals",
            there,
            tenant,
            run_id="r1",
            state="used",
            requester=person,
            decided_by=person,
            reason=None,
            conversation=place.conversation,
        )
        there["outbox"] = {"id": "r1:1", "tenant_id": tenant}
        await _put(c, "approval_cards", there, tenant)
        await _put(c, "decisions", there, tenant, platform="teams", person_id=person)
    return tenant


async def written(db: Database, tenant: UUID) -> tuple[list[Any], dict[Why, int]]:
    lines, why = await tuning_cli.taken(db, tenant, 100)
    return [orjson.loads(line) for line in lines], dict(why)


async def test_an_approved_conversation_is_written_with_nobody_in_it(db: Database) -> None:
    lines, why = await written(db, await lived(db))

    assert why == {}
    assert lines == [
        {
            "messages": [
                {"role": "user", "content": "order for [person]"},
                {"role": "assistant", "content": "What would you like?"},
                {"role": "user", "content": "[email] wants two colas"},
                {"role": "assistant", "content": "Receipt for [person]: two colas, [run]"},
            ],
            "flow": "order",
        }
    ]


async def test_without_consent_nothing_is_written(db: Database) -> None:
    assert await written(db, await lived(db, consent=False)) == ([], {Why.CONSENT: 1})


async def test_consent_that_was_taken_back_counts_no_more(db: Database) -> None:
    tenant = await lived(db)
    async with db.tenant(tenant) as c:
        [person] = await preferences.consenting(c, tenant)
        assert await preferences.set_tuning(c, tenant, person, False)
    assert await written(db, tenant) == ([], {Why.CONSENT: 1})


PATHS = {
    "where it was asked": "update runs set place = $1",
    "its conversation": "update runs set conversation = 'slack:T1:C1:' where $1 <> ''",
    "a message of it": "update outbox set place = $1 where id = 'r1:0'",
    "a copy of an approval's card": "update outbox set place = $1 where id = 'r1:1'",
    "a press on it": "insert into decisions (tenant_id, approval_id, person_id, platform, verdict, outcome)"
    " select tenant_id, approval_id, person_id, 'slack', verdict, outcome from decisions where $1 <> ''",
    "who took it over": "insert into handoffs (tenant_id, id, run_id, conversation, requester, asked, cards,"
    " card, place, state) select tenant_id, 'h', id, conversation, requester, '[]', '[]', '{}',"
    " $1::text::jsonb, 'resolved' from runs",
}


@pytest.mark.parametrize("path", sorted(PATHS))
async def test_nothing_that_slack_touched_is_written_by_whatever_path_it_came(
    db: Database, path: str
) -> None:
    tenant = await lived(db)
    async with db.tenant(tenant) as c:
        if path == "its conversation":
            await c.execute("insert into conversations (tenant_id, key) values ($1, 'slack:T1:C1:')", tenant)
        await c.execute(PATHS[path], codec.dumps(SLACK))

    assert await written(db, tenant) == ([], {Why.SLACK: 1})


@pytest.mark.twin
@pytest.mark.parametrize("path", ["where it was asked", "a message of it", "a press on it"])
async def test_twin_without_the_look_at_platforms_slacks_words_are_in_the_file(
    db: Database, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "from_allowed", lambda platforms: True)
    tenant = await lived(db)
    async with db.tenant(tenant) as c:
        await c.execute(PATHS[path], codec.dumps(SLACK))
    lines, _ = await written(db, tenant)
    assert len(lines) == 1


@pytest.mark.twin
async def test_twin_without_consent_being_asked_for_anybodys_words_are_in_the_file(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def everybody(c: Any, tenant: UUID) -> dict[UUID, datetime]:
        rows = await c.fetch("select id from people where tenant_id = $1", tenant)
        return {row["id"]: NOON - timedelta(days=9999) for row in rows}

    monkeypatch.setattr(preferences, "consenting", everybody)
    lines, _ = await written(db, await lived(db, consent=False))
    assert len(lines) == 1


@pytest.mark.twin
async def test_twin_without_the_mask_the_address_is_in_the_file(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "unrecognisable", lambda turns, mask: list(turns))
    lines, _ = await written(db, await lived(db))
    assert "ada@example.com" in str(lines)


async def test_a_reason_or_a_question_of_an_approver_is_somebody_elses_voice(db: Database) -> None:
    tenant = await lived(db)
    async with db.tenant(tenant) as c:
        await c.execute("update approvals set reason = 'because I know them'")
    assert await written(db, tenant) == ([], {Why.VOICES: 1})


@pytest.mark.parametrize(
    "tool", ["jira.search", "work.digest", "notion.read_page", "files.read", "acme.get", ""]
)
async def test_what_a_service_told_may_be_somebody_elses_words(db: Database, tool: str) -> None:
    tenant = await lived(db)
    async with db.tenant(tenant) as c:
        await c.execute("update effects set tool = $1", tool)
    assert await written(db, tenant) == ([], {Why.VOICES: 1})


async def test_another_tenants_runs_are_not_looked_at(db: Database) -> None:
    await lived(db)
    async with db.tenant(other := uuid4()) as c:
        assert await candidates(c, other, "", 10) == []
    assert await written(db, other) == ([], {})
