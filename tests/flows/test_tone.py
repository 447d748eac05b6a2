"""How something is said hangs on a dial from 1 to 10; what is said, and what is decided, does not."""

from __future__ import annotations

import copy
import pickle
import random
from collections import Counter
from pathlib import Path

import orjson
import pytest

from bot.reply import Button, Buttons, Facts, Heading, Lines, Option, Paragraph, Reply, Select
from flows import tone_file
from flows.repair import what_i_can_do
from flows.tone import Register, Spoken, in_tone, joined, may_differ, pieces_of, register_of, said
from flows.tone_phrases import PHRASES

ROOT = Path(__file__).parents[2]
REGISTERS: tuple[Register, ...] = ("terse", "plain", "playful")
HOSTILE = ["{name}", "}{", "42 €", "Ada O'Neil", "{{ 7*7 }}", "€ 1.234,50", "", "“quoted”", "ORD-7 {flow}"]


@pytest.mark.parametrize(
    ("tones", "register"),
    [((1, 2, 3), "terse"), ((4, 5, 6, 7), "plain"), ((8, 9, 10), "playful"), ((0, -1, 11, 99), "plain")],
)
def test_ten_tones_are_three_registers_and_what_is_no_tone_is_as_ever(
    tones: tuple[int, ...], register: str
) -> None:
    assert {register_of(tone) for tone in tones} == {register}


def test_as_a_text_it_is_todays_words_and_nothing_else() -> None:
    words = said("Back to “{flow}”.", flow="order")
    plain = "Back to “order”."

    assert words == plain
    assert hash(words) == hash(plain)
    assert orjson.dumps([words]) == orjson.dumps([plain])
    assert type(str(words)) is str


def test_a_copy_keeps_its_ways() -> None:
    words = said("You are welcome.")
    for again in (copy.deepcopy(words), pickle.loads(pickle.dumps(words))):  # our own bytes
        assert (again, again.terse, again.playful) == (words, words.terse, words.playful)


def test_what_is_added_keeps_its_own_ways_on_either_side() -> None:
    whole = "1. " + said("Hello!") + " " + said("You are welcome.") + " 2."

    assert str(whole) == "1. Hello! You are welcome. 2."
    assert isinstance(whole, Spoken)
    assert whole.terse == "1. Hello. Welcome. 2."
    assert joined(["", said("Hello!"), "Ada"]) == "Hello! Ada"
    assert joined([]) == ""


@pytest.mark.parametrize("words", sorted(PHRASES))
def test_every_way_of_a_phrase_holds_the_same_values_numbers_codes_and_names(words: str) -> None:
    for form in PHRASES[words]:
        assert form.strip()
        assert Counter(pieces_of(form)[1::2]) == Counter(pieces_of(words)[1::2])
        numbers = [Counter(tone_file._NUMBER.findall(each)) for each in (form, words)]
        assert numbers[0] == numbers[1]


@pytest.mark.parametrize("words", sorted(PHRASES))
def test_every_phrase_of_the_table_is_said_somewhere(words: str) -> None:
    sources = [path.read_text() for path in (ROOT / "flows").rglob("*.py") if path.name != "tone_phrases.py"]
    assert any(f'"{words}"' in text for text in sources)


@pytest.mark.parametrize("words", sorted(PHRASES))
@pytest.mark.parametrize("value", HOSTILE)
def test_values_come_through_unread_in_every_way(words: str, value: str) -> None:
    names = set(pieces_of(words)[1::2])
    phrase = said(words, **dict.fromkeys(names, value))
    for register in REGISTERS:
        form = {"plain": words, "terse": PHRASES[words][0], "playful": PHRASES[words][1]}[register]
        assert phrase.in_register(register) == value.join(
            piece for at, piece in enumerate(pieces_of(form)) if at % 2 == 0
        )


def test_nothing_about_money_decisions_or_approvals_is_in_the_table() -> None:
    told = " ".join([*PHRASES, *(form for forms in PHRASES.values() for form in forms)]).lower()
    for word in ("charged", "paid", "refund", "approv", "rejected", "expired", "$", "€", "failed"):
        assert word not in told


def test_only_headings_and_paragraphs_that_were_written_in_several_ways_differ() -> None:
    phrase = said("You are welcome.")
    blocks = (
        Heading(phrase),
        Paragraph(phrase),
        Facts(((phrase, phrase),)),
        Lines(((phrase, phrase),)),
        Buttons((Button(phrase, "a"),)),
        Select(phrase, "b", (Option(phrase, "1"),)),
    )
    told = in_tone(Reply(phrase, blocks), "playful")

    assert told.text == phrase.playful
    assert told.blocks[:2] == (Heading(phrase.playful), Paragraph(phrase.playful))
    assert told.blocks[2:] == blocks[2:]


@pytest.mark.parametrize("register", REGISTERS)
def test_a_reply_of_plain_words_is_byte_for_byte_the_same(register: Register) -> None:
    card = Reply("You are welcome.", (Paragraph("Approve $42.00 to Grace?"), Facts((("Total", "$42.00"),))))

    assert not may_differ(card)
    assert in_tone(card, register) is card


@pytest.mark.parametrize("register", REGISTERS)
def test_what_the_bot_can_do_names_the_same_flows_in_every_way(register: Register) -> None:
    flows = (("order", "Order 3 things & pay"), ("ask", "Ask “us”"))
    told = in_tone(Reply(what_i_can_do(flows, "Lemon 7")), register).text

    assert all(f"• /{id} – {about}" in told for id, about in flows)
    assert "Lemon 7" in told


def test_for_every_tone_a_reply_holds_the_same_facts() -> None:
    """A thousand replies put together of phrases, values and plain words, at random."""
    chance = random.Random(64)
    values = [
        "order",
        "Ada Lovelace",
        "2026-11-22",
        "$ 1,250.00",
        "PAY-77",
        "x@y.example",
        "https://a.b/c?d=1",
    ]
    for _ in range(1000):
        parts: list[str] = []
        for _ in range(chance.randint(1, 5)):
            if chance.random() < 0.4:
                parts.append(chance.choice(values))
            else:
                words = chance.choice(list(PHRASES))
                names = set(pieces_of(words)[1::2])
                parts.append(said(words, **{name: chance.choice(values) for name in sorted(names)}))
        whole = joined(parts)
        told = {in_tone(Reply(whole), register_of(tone)).text for tone in range(1, 11)}
        facts = [Counter({each: text.count(each) for each in values if each != "order"}) for text in told]
        assert all(each == facts[0] for each in facts)
        numbers = [Counter("".join(c if c.isdigit() else " " for c in text).split()) for text in told]
        assert all(each == numbers[0] for each in numbers)
