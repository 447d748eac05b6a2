"""What is sensitive never reaches the cloud: not when read, not when written about, not when one is down."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

import pytest
import pytest_asyncio

from integrations.models import hybrid, reader
from integrations.models.base import Item, ModelUnavailable, Problem, Question, Reading
from integrations.models.breaker import forget_breakers
from integrations.models.chat import ChatClient
from integrations.models.fence import fenced
from integrations.models.hybrid import message_texts, question_texts
from integrations.models.metering import Asking, asking
from integrations.models.writing import Task, Text, writer
from tests.models_server import ModelsServer, Talk, serving

CANARY = "4242 4242 4242 4242"
MAIL = "canary@example.com"
READ = json.dumps(
    {
        "intent": "unknown", "flow": "", "flow_words": "", "changes": [], "value": "", "leftover": "",
        "confidence": 0.9,
    }
)  # fmt: skip


class Both:
    def __init__(self, far: ModelsServer, near: ModelsServer) -> None:
        self.far, self.near = far, near
        self.settings = {
            "MODEL": "hybrid", "OPENAI_API_KEY": "k", "OPENAI_BASE_URL": far.url, "OPENAI_MODEL": "far",
            "EDGE_URL": near.url, "EDGE_MODEL": "near",
        }  # fmt: skip

    async def read(self, question: str | Question, on_behalf: Asking | None = None) -> Reading:
        reading = reader(self.settings)
        try:
            with asking(on_behalf or Asking()):
                return await reading.read(Question(question) if isinstance(question, str) else question)
        finally:
            await reading.close()


@pytest_asyncio.fixture
async def both() -> AsyncIterator[Both]:
    forget_breakers()
    async with serving() as far, serving() as near:
        far.talk = near.talk = Talk(READ)
        yield Both(far, near)


async def test_what_is_not_sensitive_goes_to_the_cloud_alone(both: Both) -> None:
    with asking(Asking()) as on_behalf:
        reading = await both.read("order two colas", on_behalf)

    assert reading.model == "openai:far"
    assert (len(both.far.seen), len(both.near.seen)) == (1, 0)
    assert [(each.to, each.kinds) for each in on_behalf.went] == [("openai:far", ())]


SENSITIVE = [
    f"my card is {CANARY}", f"write to {MAIL}", "４２４２４２４２４２４２４２４２", "4242\n4242\n4242\n4242",
    "DE89 3704 0044 0532 0130 00", "call +44 20 7946 0958", "passport C01X00T47", "password: hunter22",
    "4242\u200b4242 4242\u200b4242", f"\\u0034242 {CANARY}",
]  # fmt: skip


@pytest.mark.parametrize("text", SENSITIVE)
async def test_what_is_sensitive_goes_to_the_near_one_alone(both: Both, text: str) -> None:
    on_behalf = Asking()
    reading = await both.read(text, on_behalf)

    assert reading.model == "edge:near"
    assert (len(both.far.seen), len(both.near.seen)) == (0, 1)
    assert on_behalf.went[0].to == "edge:near"
    assert on_behalf.went[0].kinds
    assert "4242" not in repr(on_behalf.went)


@pytest.mark.twin
@pytest.mark.parametrize("text", SENSITIVE)
async def test_twin_without_the_look_it_is_in_the_cloud(
    both: Both, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hybrid, "kinds_in", lambda _texts: ())
    await both.read(text)

    assert len(both.far.seen) == 1


@pytest.mark.parametrize(
    "question",
    [
        Question("yes", prompt=f"Shall I charge {CANARY}?"),
        Question("yes", items=(Item(f"gift for {MAIL}", 1),)),
        Question("make it two", items=(Item("cake", 1, (f"call {MAIL}",)),)),
        Question("the first", choices=(MAIL, "nobody")),
    ],
)
async def test_what_was_said_before_counts_as_much(both: Both, question: Question) -> None:
    await both.read(question)

    assert (len(both.far.seen), len(both.near.seen)) == (0, 1)


async def test_a_private_place_sends_nothing_out(both: Both) -> None:
    on_behalf = Asking(private=True)
    await both.read("order two colas", on_behalf)

    assert (len(both.far.seen), len(both.near.seen)) == (0, 1)
    assert on_behalf.went[0].private


async def test_with_the_near_one_down_what_is_sensitive_is_read_without_a_model(both: Both) -> None:
    both.near.talk = Talk(status=500)
    reading = await both.read(f"my card is {CANARY}")

    assert reading.model == "offline"
    assert both.far.seen == []


async def test_with_the_cloud_down_the_near_one_reads(both: Both) -> None:
    both.far.talk = Talk(status=401)
    on_behalf = Asking()
    reading = await both.read("order two colas", on_behalf)

    assert reading.model == "edge:near"
    assert [(each.to, each.instead) for each in on_behalf.went] == [
        ("openai:far", False),
        ("edge:near", True),
    ]


async def test_with_both_down_rules_read(both: Both) -> None:
    both.far.talk = both.near.talk = Talk(status=401)

    assert (await both.read("order two colas")).model == "offline"


# writing


def written(both: Both, batches: list[list[Text]], on_behalf: Asking | None = None) -> str:
    writing = writer(both.settings)
    assert writing is not None
    with asking(on_behalf or Asking()):
        return writing.write(Task("Sum up.", 300), batches, lambda _words: None)


async def in_thread(work: Callable[[], str]) -> str:
    import asyncio

    return await asyncio.to_thread(work)


async def test_material_with_something_sensitive_is_written_about_nearby(both: Both) -> None:
    both.far.talk = both.near.talk = Talk("All is well [1].")
    await in_thread(lambda: written(both, [[(1, "a", "All is well.")]]))
    await in_thread(lambda: written(both, [[(1, "a", f"Paid with {CANARY}.")]]))
    await in_thread(lambda: written(both, [[(1, f"mail of {MAIL}", "All is well.")]]))

    assert (len(both.far.seen), len(both.near.seen)) == (1, 2)
    assert "4242" not in both.far.text_seen()
    assert "canary" not in both.far.text_seen()


async def test_notes_on_something_sensitive_are_as_sensitive_though_they_no_longer_look_it(
    both: Both,
) -> None:
    both.far.talk, both.near.talk = (
        Talk("Fine [1]."),
        Talk("Somebody paid by card, see the digits: forty-two [2]."),
    )
    await in_thread(lambda: written(both, [[(1, "a", "All is well.")], [(2, "b", f"Paid with {CANARY}.")]]))

    # The two parts are read side by side: the harmless one leaves if it was begun before the other was seen.
    assert len(both.far.seen) <= 1
    assert len(both.far.seen) + len(both.near.seen) == 3
    assert "forty-two" not in both.far.text_seen()


@pytest.mark.twin
async def test_twin_without_remembering_the_notes_leave(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    look = hybrid.kinds_in
    monkeypatch.setattr(hybrid, "way_of", lambda texts: hybrid.Way(look(texts), False))
    both.far.talk, both.near.talk = Talk("Fine [1]."), Talk("See the digits: forty-two [2].")
    await in_thread(lambda: written(both, [[(1, "a", "All is well.")], [(2, "b", f"Paid with {CANARY}.")]]))

    assert "forty-two" in both.far.text_seen()


async def test_a_private_place_holds_in_every_thread_that_reads_a_part(both: Both) -> None:
    both.near.talk = Talk("Fine [1].")
    parts: list[list[Text]] = [[(at, "a", "All is well.")] for at in range(1, 6)]
    await in_thread(lambda: written(both, parts, Asking(private=True)))

    assert both.far.seen == []
    assert len(both.near.seen) == 6


async def test_with_the_near_one_down_nothing_sensitive_is_written_elsewhere(both: Both) -> None:
    both.near.talk = Talk(status=401)
    with pytest.raises(ModelUnavailable):
        await in_thread(lambda: written(both, [[(1, "a", f"Paid with {CANARY}.")]]))

    assert both.far.seen == []


async def test_a_stream_changes_over_only_before_something_was_shown(both: Both) -> None:
    def open_far(left: float) -> ChatClient:
        return ChatClient("openai", both.far.url, "far", deadline=left)

    def open_near(left: float) -> ChatClient:
        return ChatClient("edge", both.near.url, "near", deadline=left)

    async def said(text: str) -> str:
        chat = hybrid.HybridChat(open_far, open_near, 5.0)
        asked = [{"role": "user", "content": text}]
        async with aclosing(chat.stream(asked, 50)) as pieces:
            return "".join([piece async for piece in pieces])

    both.near.talk = Talk("near")
    both.far.talk = Talk("far")
    assert await said("hello") == "far"
    assert await said(f"hello {MAIL}") == "near"
    both.far.talk = Talk(status=401)
    assert await said("hello") == "near"
    both.far.talk = Talk("half of it", then="cut")
    with pytest.raises(ModelUnavailable):
        await said("hello")


async def test_a_spent_budget_asks_neither(both: Both) -> None:
    reading = await both.read("order two colas", Asking(spent="The budget is used up."))
    with pytest.raises(ModelUnavailable) as caught:
        await in_thread(lambda: written(both, [[(1, "a", "x")]], Asking(spent="The budget is used up.")))

    assert reading.model == "offline"
    assert (caught.value.problem, caught.value.told) == (Problem.SPENT, "The budget is used up.")
    assert both.far.seen == both.near.seen == []


def test_texts_are_looked_at_as_they_were_before_they_became_json() -> None:
    data = fenced(
        {"texts": [{"text": "4242\n4242\n4242\n4242", "name": "<ada@example.com>"}], "n": [1, ["x"]]}
    )
    found = message_texts([{"role": "user", "content": f"<data>\n{data}\n</data>"}])

    assert "4242\n4242\n4242\n4242" in found
    assert "<ada@example.com>" in found
    assert "x" in found


def test_every_field_that_people_fill_is_looked_at() -> None:
    """A new field of a question is looked at, or said here to be the operator's."""
    operators = {"flows", "products", "slots", "expecting", "expecting_type", "today"}
    looked = {"text", "prompt", "items", "choices", "recent", "remembered"}

    assert set(Question.__dataclass_fields__) == operators | looked
    assert question_texts(Question("a", prompt="b", choices=("c",), items=(Item("d", 1, ("e",)),))) == list(
        "abcde"
    )
