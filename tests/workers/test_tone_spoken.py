"""Who hears what in which tone: each their own, and the table is asked only where words can differ."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from bot.reply import Paragraph, Reply
from bot.turn import Account, PersonId, Place, Pressed, Said, Turn, TurnId
from flows.run import Requester, Run
from flows.tone import said
from tests.workers.store.rows import insert, row
from workers import tone, tone_words
from workers.commit import Commit
from workers.store import preferences
from workers.store.door import Database
from workers.store.outbox import Message
from workers.store.preferences import Brand, Manners
from workers.store.runs import Stored
from workers.tone import Dials, written_for
from workers.tone_spoken import put_in_tone
from workers.tone_words import NAMES, card, concerns, dial, options, sample, wanted

PLACE = Place("teams", "t", "c")
PRIVATE = Place("teams", "t", "p", private=True)
ADA, OMAR = Account("teams", "t", "ada"), Account("teams", "t", "omar")
THANKS = said("You are welcome.")
TENANT = UUID(int=7)


class Known(Dials):
    """What is known, and how often it was asked for."""

    def __init__(self, found: Manners) -> None:
        super().__init__()
        self.found, self.asked = found, 0

    async def of(self, where: Any, tenant: UUID) -> Manners:
        self.asked += 1
        return self.found


ADA_IS_PLAYFUL = Manners(people={"ada": 9}, accounts={("teams", "t", "ada"): 9})
NOWHERE = cast(Database, None)


def post(text: str, kind: Any = "post", account: Account | None = None) -> Message:
    return Message("m", kind, PLACE, Reply(text, (Paragraph(text),)), account)


def turn(account: Account, act: Any = Said("thanks"), place: Place = PLACE) -> Turn:  # noqa: B008  # frozen
    return Turn(TurnId("t"), place, account, act)


def run_of(person: str) -> tuple[Stored, Run]:
    run = Run("r1", "order", "v", Requester(PersonId(person), person, "", "UTC"))
    return Stored(run, PLACE.conversation, PLACE, 0), run


async def spoken(known: Dials, commit: Commit, actor: Account, run: str = "") -> list[str]:
    await put_in_tone(known, NOWHERE, TENANT, commit, turn(actor), run)
    return [message.content.text for message in commit.messages if isinstance(message.content, Reply)]


async def test_what_a_thread_hears_is_put_as_whoever_the_thread_belongs_to_likes_it() -> None:
    commit = Commit(messages=[post(THANKS)], runs=[run_of("ada")])
    assert await spoken(Known(ADA_IS_PLAYFUL), commit, OMAR) == [THANKS.playful]
    commit = Commit(messages=[post(THANKS)], runs=[run_of("omar")])
    assert await spoken(Known(ADA_IS_PLAYFUL), commit, ADA) == ["You are welcome."]


async def test_what_one_alone_hears_is_put_as_they_like_it() -> None:
    commit = Commit(
        messages=[post(THANKS, "whisper", ADA), post(THANKS, "whisper", OMAR)], runs=[run_of("omar")]
    )
    assert await spoken(Known(ADA_IS_PLAYFUL), commit, OMAR) == [THANKS.playful, "You are welcome."]


async def test_the_answer_to_a_press_goes_to_whoever_pressed() -> None:
    commit = Commit(answer=Reply(THANKS), runs=[run_of("omar")])
    await put_in_tone(Known(ADA_IS_PLAYFUL), NOWHERE, TENANT, commit, turn(ADA), "")
    assert commit.answer == Reply(THANKS.playful)


async def test_without_a_run_it_is_whoever_spoke() -> None:
    assert await spoken(Known(ADA_IS_PLAYFUL), Commit(messages=[post(THANKS)]), ADA) == [THANKS.playful]
    assert await spoken(Known(ADA_IS_PLAYFUL), Commit(messages=[post(THANKS)]), OMAR) == ["You are welcome."]
    assert await spoken(Known(ADA_IS_PLAYFUL), Commit(messages=[post(THANKS)]), OMAR, "ada") == [
        THANKS.playful
    ]


async def test_plain_words_are_left_as_they_are_and_nobody_is_asked_for() -> None:
    known, before = Known(ADA_IS_PLAYFUL), [post("Approve $42.00?"), post("Nothing was charged.")]
    commit = Commit(messages=list(before))
    await spoken(known, commit, ADA)
    assert commit.messages == before
    assert all(one is other for one, other in zip(commit.messages, before, strict=True))
    assert known.asked == 0


@pytest.mark.parametrize("tone", range(1, 11))
def test_the_card_of_a_tone_shows_it_with_a_sample_and_the_dial_set_to_it(tone: int) -> None:
    drawn = card(tone, changed=True)
    assert f"{tone} of 10, {NAMES[tone]}" in drawn.text
    assert sample(tone) in drawn.text
    assert dial(tone).chosen == str(tone)
    assert [option.value for option in options()] == [str(each) for each in range(1, 11)]


@pytest.mark.parametrize("text", ["/tone 3", "/tone  3 ", "tone 3", "tone 3.", "TONE 3"])
def test_a_number_is_a_tone(text: str) -> None:
    assert wanted(text) == 3


@pytest.mark.parametrize(
    "text",
    ["/tone 0", "/tone 11", "/tone ten", "/tone -1", "/tone 3 4", "/tone ٣", "/tone 1e1", "/tone 003x"],
)
def test_anything_else_is_none(text: str) -> None:
    assert wanted(text) is None


def test_the_word_alone_is_heard_in_private_only_and_the_command_everywhere() -> None:
    assert concerns(turn(ADA, Said("tone"), PRIVATE))
    assert concerns(turn(ADA, Said("Tone 3!"), PRIVATE))
    assert not concerns(turn(ADA, Said("tone"), PLACE))
    assert not concerns(turn(ADA, Said("tone down the ad"), PRIVATE))
    assert concerns(turn(ADA, Said("/tone"), PLACE))
    assert concerns(turn(ADA, Pressed(tone_words.SET, "3"), PLACE))
    assert not concerns(turn(ADA, Pressed("approve", "3"), PLACE))


# ── in a database ────────────────────────────────────────────────────────────────────────


async def two_people(db: Database) -> tuple[UUID, UUID, UUID]:
    tenant, people = uuid4(), []
    async with db.tenant(tenant) as c:
        query, values = insert("tenants", row("tenants", tenant, "x", {}))
        await c.execute(query, *values)
        for name in ("ada", "omar"):
            people.append(
                await c.fetchval(
                    "insert into people (tenant_id, name, email) values ($1, $2, $2) returning id",
                    tenant,
                    name,
                )
            )
            await c.execute(
                "insert into accounts (tenant_id, platform, workspace, user_id, person_id, name)"
                " values ($1, 'teams', 't', $2, $3, $2)",
                tenant,
                name,
                people[-1],
            )
    return tenant, people[0], people[1]


async def test_a_tone_is_kept_per_person_and_found_by_person_and_account(db: Database) -> None:
    tenant, ada, omar = await two_people(db)
    dials = Dials()
    async with db.tenant(tenant) as c:
        await preferences.set_tone(c, tenant, ada, 2)
        await preferences.set_tone(c, tenant, ada, 9)
        await preferences.set_tone(c, tenant, omar, 5)
        await preferences.set_brand(c, tenant, Brand("Lemon", "Crisp."))
    found = await dials.of(db, tenant)

    assert (found.of_person(str(ada)), found.of_person(str(omar)), found.of_account(ADA)) == (9, 5, 9)
    assert found.of_account(OMAR) == 5
    assert found.brand == Brand("Lemon", "Crisp.")


async def test_what_is_known_is_some_seconds_old_at_most_and_forgotten_on_request(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant, ada, _ = await two_people(db)
    dials = Dials()
    assert (await dials.of(db, tenant)).of_person(str(ada)) == 5
    async with db.tenant(tenant) as c:
        await preferences.set_tone(c, tenant, ada, 9)
    assert (await dials.of(db, tenant)).of_person(str(ada)) == 5
    dials.forget(tenant)
    assert (await dials.of(db, tenant)).of_person(str(ada)) == 9
    monkeypatch.setattr(tone, "SECONDS", -1.0)
    async with db.tenant(tenant) as c:
        await preferences.set_tone(c, tenant, ada, 1)
    assert (await dials.of(db, tenant)).of_person(str(ada)) == 1


async def test_another_tenants_tones_are_not_seen(db: Database) -> None:
    tenant, ada, _ = await two_people(db)
    async with db.tenant(tenant) as c:
        await preferences.set_tone(c, tenant, ada, 9)
    assert (await Dials().of(db, uuid4())).people == {}


def test_a_model_writes_for_whoever_it_is_for_and_as_ever_where_that_cannot_be_known() -> None:
    from integrations.models.manner import AS_EVER, Manner
    from integrations.models.manner import wanted as manner

    known = Manners(Brand("Lemon", "Crisp."), {"ada": 9})

    def answered(work: Any) -> Manners:
        work.close()
        return known

    def refused(work: Any) -> Manners:
        work.close()
        raise TimeoutError

    with written_for("model.think", NOWHERE, answered, TENANT, "ada"):
        assert manner() == Manner(9, "Crisp.")
    with written_for("model.think", NOWHERE, refused, TENANT, "ada"):
        assert manner() == AS_EVER
    with written_for("stripe.charge", NOWHERE, refused, TENANT, "ada"):
        assert manner() == AS_EVER
