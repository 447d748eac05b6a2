"""What is sensitive is found and taken out, what is not stays, and it is quick enough to look at all."""

from __future__ import annotations

import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redaction_corpus import NEGATIVE, POSITIVE

from integrations.models import redaction, redaction_patterns
from integrations.models.redaction import Finder, find, kinds_in, redact, redacted
from integrations.models.redaction_patterns import KINDS, luhn, may_hold, spans
from integrations.models.redaction_text import plain

ALONE = Finder(spans)
UNHURRIED = Finder(spans, by_shape=False)


@pytest.mark.parametrize(("kind", "text"), POSITIVE)
def test_what_is_sensitive_is_found_by_its_kind(kind: str, text: str) -> None:
    assert kind in {each.kind for each in find(text, ALONE)}


@pytest.mark.parametrize("text", NEGATIVE)
def test_what_is_not_sensitive_is_left_alone(text: str) -> None:
    assert find(text, ALONE) == []


def test_recall_and_precision_over_the_corpus_are_printed_and_hold_through_presidio(
    capsys: pytest.CaptureFixture[str],
) -> None:
    right = sum(kind in {each.kind for each in find(text)} for kind, text in POSITIVE)
    wrong = sum(bool(find(text)) for text in NEGATIVE)
    recall, precision = right / len(POSITIVE), right / (right + wrong)
    with capsys.disabled():
        sys.stdout.write(
            f"\nredaction: {len(POSITIVE)} positives, {len(NEGATIVE)} negatives,"
            f" recall {recall:.3f}, precision {precision:.3f} (of this corpus)\n"
        )

    assert len(POSITIVE) + len(NEGATIVE) >= 150
    assert (recall, precision) == (1.0, 1.0)


def test_presidio_and_the_patterns_alone_find_the_same() -> None:
    for text in (*NEGATIVE, *(text for _, text in POSITIVE)):
        assert find(text) == find(text, ALONE)


def test_what_is_taken_out_leaves_the_rest_where_it_was() -> None:
    found = redacted("Charge 4242 4242 4242 4242, mail ada@example.com, thanks 🙂")

    assert found.text == "Charge [card], mail [email], thanks 🙂"
    assert found.kinds == {"card": 1, "email": 1}
    assert kinds_in(["ada@example.com", "4242424242424242"]) == ("card", "email")
    assert redact("🙂🙂 ａｄａ@example.com é") == "🙂🙂 [email] é"


def test_what_is_too_long_to_look_at_is_sensitive() -> None:
    assert kinds_in(["a " * 300_000]) == ("key",)


# Pieces that are nearly something, put together in any way.
PIECES = st.sampled_from(
    [
        "4242", "424242", "1", "12", "0", "+44", "00", "(555)", "555", "867", "5309", "DE89",
        "370400440532013000",
        "@", "ada", "example.com", ".", "-", " ", "\n", "_", "/", ",", ":", "=", "passport", "C01X00T47",
        "password",
        "is", "hunter22", "sk-", "sk_live_", "abcdEFGH0123456789ijkl", "ghp_", "eyJ", "Bearer ", "://", "u:p",
        "123",
        "45", "6789", "tel ", "call ", "token", "api key", "<", ">", "\u200b", "４２", "é", "-----BEGIN ",
        "PRIVATE KEY-----", "AKIA", "IOSFODNN7EXAMPLE", "secret", "key", "SG.", "whsec_", "hf_", "[card]",
    ]
)  # fmt: skip
MIXED = st.lists(PIECES | st.text(max_size=4), max_size=24).map("".join)


@settings(max_examples=600, deadline=None)
@given(MIXED)
def test_the_cheap_look_before_loses_nothing(text: str) -> None:
    assert find(text, ALONE) == find(text, UNHURRIED)


@pytest.mark.parametrize("text", [text for _, text in POSITIVE])
def test_the_cheap_look_lets_everything_of_the_corpus_through(text: str) -> None:
    assert may_hold(plain(text)[0])


@settings(max_examples=250, deadline=None)
@given(MIXED)
def test_twice_is_once_and_places_are_in_order_and_apart(text: str) -> None:
    found = find(text, ALONE)
    assert all(0 <= each.start < each.end <= len(text) for each in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert {each.kind for each in found} <= set(KINDS)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([text for _, text in POSITIVE]), min_size=1, max_size=4))
def test_nothing_of_the_corpus_is_left_after_taking_it_out(texts: list[str]) -> None:
    once = redacted(" , ".join(texts), ALONE).text
    assert redacted(once, ALONE).text == once


@settings(max_examples=300, deadline=None)
@given(
    st.integers(10**14, 10**15 - 1),
    st.sampled_from(["", " ", "-", "."]),
    st.sampled_from(["", "pay ", "2 x "]),
)
def test_any_card_in_groups_of_four_is_found(body: int, between: str, before: str) -> None:
    digits = f"4{body}"[:15]
    last = next(each for each in "0123456789" if luhn(digits + each))
    whole = digits + last
    text = before + between.join(whole[at : at + 4] for at in range(0, 16, 4)) + " thanks"

    assert "card" in {each.kind for each in find(text, ALONE)}


@pytest.mark.parametrize("hostile", ["1" * 200_000, "1 " * 100_000, "a@" * 100_000, "passport " * 30_000,
                                     "eyJ" * 60_000, "-----BEGIN PRIVATE KEY-----" * 6_000, "DE89 " * 40_000,
                                     "(555) " * 30_000, "://:" * 50_000, "password " * 30_000,
                                     "0-" * 100_000])  # fmt: skip
def test_nothing_that_anybody_types_makes_looking_slow(hostile: str) -> None:
    began = time.process_time()
    find(hostile[:100_000], ALONE)

    assert time.process_time() - began < 3.0


def test_a_thousand_messages_a_second_are_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    """The wish is a thousand on one core; the test asks for a third, since others use the machine."""
    plainly = (
        "please order two margheritas and a large cola for friday, tell grace that room four is free and "
    )
    clean = (plainly * 3)[:200]
    dirty = (plainly + "card 4242 4242 4242 4242 mail ada@example.com ring +44 20 7946 0958 " + plainly)[:200]
    redact(dirty)
    rates = {}
    for name, text in (("without anything", clean), ("with three finds", dirty)):
        began = time.process_time()
        for at in range(1_000):
            redact(f"{text}{at % 7}")
        rates[name] = 1_000 / (time.process_time() - began)
    with capsys.disabled():
        told = ", ".join(f"{rate:,.0f}/s {name}" for name, rate in rates.items())
        sys.stdout.write(f"\nredaction through Presidio, 200 characters: {told}\n")

    assert min(rates.values()) > 333


def test_names_are_found_where_a_pipeline_for_them_is_installed() -> None:
    import spacy

    from integrations.models.redaction_presidio import finder

    pipeline = spacy.blank("en")
    pipeline.add_pipe("entity_ruler").add_patterns([{"label": "PERSON", "pattern": "Ada Lovelace"}])
    looking = finder(pipeline)
    found = redacted("ask Ada Lovelace, ada@example.com", looking)

    assert found.text == "ask [name], [email]"
    assert redacted("ask Ada Lovelace", looking).kinds == {"name": 1}
    assert redacted("ask Ada Lovelace", ALONE).kinds == {}


def test_without_presidio_the_patterns_still_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    redaction._made.cache_clear()
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    try:
        assert redact("4242424242424242") == "[card]"
        assert redaction.get_ready().look is spans
    finally:
        redaction._made.cache_clear()


def test_nothing_heavy_is_imported_before_something_is_looked_at() -> None:
    script = (
        "import sys; import bot.cli, workers.assemble, workers.calls, integrations.models.chat;"
        " from integrations.models import redaction, reader; reader({});"
        " sys.exit(any(n.startswith(('presidio', 'spacy')) for n in sys.modules))"
    )
    root = Path(redaction.__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", script], cwd=root, check=False).returncode == 0


@pytest.mark.twin
def test_twin_without_reading_digits_as_digits_a_card_in_wide_digits_passes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(redaction, "plain", lambda text: (text, None))

    assert kinds_in(["4242\u200b4242\u200b4242\u200b4242"]) == ()


@pytest.mark.twin
def test_twin_without_the_checksum_every_long_number_is_a_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction_patterns, "luhn", lambda _digits: True)

    assert kinds_in(["invoice 4111 1111 1111 1112"]) == ("card",)
