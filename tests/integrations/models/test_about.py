"""What asks for no flow is told apart: a question that pages may answer, small talk, or nothing of ours."""

from __future__ import annotations

import json

import pytest

from flows.policy import Policy
from flows.router import ASK, Answer, asks, route
from flows.scene import Known
from integrations.models import asking
from integrations.models.answering import to_reading
from integrations.models.base import About, FlowChoice, Intent, Question
from integrations.models.offline.reader import read
from integrations.models.surety import Surety
from workers.understand import meaning

FLOWS = (
    FlowChoice("order", "Order something from the menu", ("order two colas", "I'd like to order lunch")),
    FlowChoice(ASK, "Answer a question from our pages", ("look this up in our handbook",)),
)
KNOWN = Known(Policy(version="p", rules=()), {}, tuple((each.id, each.description) for each in FLOWS))

SMALLTALK = [
    "lol",
    "haha that was funny",
    "tell me a joke",
    "I am bored",
    "see you tomorrow",
    "TGIF",
    "are you a robot?",
    "well, nice work",
]
QUESTIONS = [
    "how long is the notice period?",
    "who signs travel expenses",
    "where do I park at the harbour",
    "is parking free on Sundays?",
    "the wifi password of the guest network?",
]
OUTSIDE = ["translate this into Finnish", "my dog ate a shoe", "the build is green", "zzzz qqqq"]


@pytest.mark.parametrize("text", SMALLTALK)
def test_offline_small_talk_is_small_talk(text: str) -> None:
    reading = read(Question(text, FLOWS))
    assert (reading.intent, reading.about) == (Intent.UNKNOWN, About.SMALLTALK)


@pytest.mark.parametrize("text", QUESTIONS)
def test_offline_a_question_is_a_question(text: str) -> None:
    reading = read(Question(text, FLOWS))
    assert reading.about is About.QUESTION
    assert asks(meaning(reading), KNOWN, text)


@pytest.mark.parametrize("text", OUTSIDE)
def test_offline_what_is_neither_is_out_of_scope(text: str) -> None:
    reading = read(Question(text, FLOWS))
    assert (reading.intent, reading.about) == (Intent.UNKNOWN, About.NOTHING)
    assert not asks(meaning(reading), KNOWN, text)


@pytest.mark.parametrize("text", ["order two colas", "hello", "thanks", "help", "cancel", "/order"])
def test_what_is_understood_is_about_nothing_else(text: str) -> None:
    assert read(Question(text, FLOWS)).about is About.NOTHING


@pytest.mark.parametrize("text", [*SMALLTALK, *QUESTIONS])
@pytest.mark.parametrize("kind", ["text", "yes_no", "items", "number", "choice", "list", "date"])
def test_where_something_was_asked_any_of_it_may_be_the_answer(text: str, kind: str) -> None:
    question = Question(text, FLOWS, "slot", kind, choices=("a", "b"))
    assert read(question).about is About.NOTHING
    assert "smalltalk" not in asking.intents(question)


def answered(intent: str, text: str = "whatever it is", expecting: str = "") -> object:
    said = {
        "intent": intent,
        "flow": "",
        "flow_words": "",
        "changes": [],
        "value": "",
        "leftover": "",
        "confidence": 0.9,
    }
    return to_reading(json.dumps(said), Question(text, FLOWS, expecting and "slot", expecting), Surety(), "m")


@pytest.mark.parametrize("about", [About.QUESTION, About.SMALLTALK])
def test_a_chat_model_tells_the_same_in_its_own_schema(about: About) -> None:
    question = Question("whatever it is", FLOWS)
    assert about.value in asking.schema(question)["properties"]["intent"]["enum"]
    assert asking.OUTSIDE in asking.messages(question)[0]["content"]
    reading = answered(about.value)
    assert (reading.intent, reading.about) == (Intent.UNKNOWN, about)  # type: ignore[attr-defined]  # a reading


def test_a_chat_model_that_says_it_where_an_answer_is_awaited_is_outside_the_schema() -> None:
    from integrations.models.base import ModelUnavailable

    with pytest.raises(ModelUnavailable):
        answered("smalltalk", expecting="text")


def test_small_talk_is_no_question_for_the_pages_and_is_answered_as_such() -> None:
    text = "are you a robot?"
    meant = meaning(read(Question(text, FLOWS)))
    assert not asks(meant, KNOWN, text)
    found = route(meant, KNOWN, "Ada", text)
    assert isinstance(found, Answer)
    assert found.text.startswith("That is not what I am here for.")


def test_what_a_model_takes_for_a_question_goes_to_the_pages_whatever_its_form() -> None:
    text = "guest wifi password"
    assert asks(meaning(answered("question")), KNOWN, text)  # type: ignore[arg-type]  # a reading
    assert not asks(meaning(answered("unknown")), KNOWN, text)  # type: ignore[arg-type]  # a reading
