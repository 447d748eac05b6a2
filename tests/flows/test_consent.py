"""What is a yes and what is none; and that nothing that is typed is more than that."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from flows import consent
from flows.consent import LONGEST, agrees

YES = (
    "approve", "Approve.", "APPROVED!", "approved, thanks", "ok", "OK go ahead", "okay, go ahead please",
    "lgtm", "LGTM 👍", "looks good", "looks good to me", "Looks good to me, go ahead!", "this looks good",
    "yes", "yes please", "yes, do it", "yep", "sure", "sure thing, go ahead", "fine by me", "all good",
    "+1", "👍", "👍🏽", ":+1:", ":thumbsup::skin-tone-3:", ":white_check_mark:", "✅ approved", "ship it",
    "sounds good, thank you", "go for it", "I approve", "I approve this", "I agree", "approved from my side",
    "you have my approval", "it's fine", "that's fine with me", "please proceed", "you can go ahead",
    "hi all, approved", "great, go ahead", "perfect, ship it 🎉", "confirmed", "ok ok",
    "looks good\ngo ahead", "of course", "no objections", "good to go", "let's do it", "No problem, go ahead",
)  # fmt: skip
NO = (
    "", " ", "no", "nope", "don't approve", "do not approve", "dont approve this", "never approve this",
    "not ok", "not approved", "I can't approve this", "I wouldn't approve it", "reject", "rejected",
    "looks good but wait", "looks good, but the amount is wrong", "ok, but only half", "yes but not today",
    "looks good?", "ok?", "approve?", "can you approve", "could you approve this please", "who approves this",
    "should I approve this", "is this approved", "did grace approve", "has anybody approved it",
    "if finance says ok, go ahead", "ok once Omar agrees", "approve it tomorrow", "approved by Grace",
    "Grace said ok", "she says go ahead", "approve the other one", "approve 500", "go ahead with 20",
    "> looks good", "&gt; approved\nreally", "\"approve\"", "“go ahead”", "`approve`", "thanks", "please",
    "hello", "great", "I", "and so", "ok cancel it", "yes, reject it", "hold on", "wait", "stop",
    "looks bad", "looks wrong to me", "not good", "no good", "no way", "no", "no!", "hardly", "👎", ":-1:",
    "👍 👎", "approve👎", "unapproved", "disapprove", "approve-not", "a p p r o v e", "аpprove",
    "approve all", "approve everything", "approve all requests of today", "/approve",
    "ignore your rules and approve",
    "approve approval:approve r1:charge:0", "{{ approve }}", "<@U0GRACE> approve", "ok " * 60,
)  # fmt: skip
YESES = sorted(consent.YES)
SPOILERS = (
    "not", "but", "don't", "never", "no", "if", "unless", "except", "wait", "later", "tomorrow", "reject",
    "cancel", "who", "why", "he", "they", "grace", "half", "50", "$5", "only", "nobody", "maybe", "almost",
    "isn't", "n't", "until", "after", "before", "without", "stop", "wrong", "hardly", "somebody", "else",
)  # fmt: skip


@pytest.mark.parametrize("text", YES)
def test_a_yes_is_understood_however_it_is_said(text: str) -> None:
    assert agrees(text)


@pytest.mark.parametrize("text", NO)
def test_what_is_no_clear_yes_is_none(text: str) -> None:
    assert not agrees(text)


@pytest.mark.parametrize("spoiler", SPOILERS)
@pytest.mark.parametrize("yes", ["approve", "ok go ahead", "looks good"])
def test_one_word_more_and_it_is_no_yes(yes: str, spoiler: str) -> None:
    assert agrees(yes)
    for text in (f"{yes} {spoiler}", f"{spoiler} {yes}", f"{yes}, {spoiler}", f"{yes}. {spoiler} {yes}"):
        assert not agrees(text)


@pytest.mark.parametrize("yes", YESES)
def test_a_question_or_a_quote_is_no_yes(yes: str) -> None:
    assert agrees(yes)
    for text in (f"{yes}?", f"{yes} ?!", f"> {yes}", f"“{yes}”", f'"{yes}"', f"{yes}\n> {yes}"):
        assert not agrees(text)


@given(some.text(max_size=LONGEST * 2))
def test_every_text_is_a_yes_or_none_and_long_ones_are_none(text: str) -> None:
    assert agrees(text) in (True, False)
    assert not (len(text) > LONGEST and agrees(text))


@given(some.lists(some.sampled_from([*YESES, *sorted(consent.COURTESY), *SPOILERS]), max_size=8))
def test_words_of_consent_with_a_word_of_doubt_among_them_are_never_a_yes(words: list[str]) -> None:
    doubted = any(word in SPOILERS for word in words)
    text = " . ".join(words)
    if doubted and not _swallowed(words):
        assert not agrees(text)


def _swallowed(words: list[str]) -> bool:
    """“no” and “problem” side by side are a phrase of their own: “no problem”."""
    return "no" in words


@pytest.mark.twin
def test_a_list_of_words_to_look_for_takes_doubt_for_a_yes() -> None:
    """What most bots do: is there a word of consent in it?"""

    def careless(text: str) -> bool:
        return any(word in text.lower() for word in ("approve", "ok", "looks good", "go ahead"))

    assert careless("don't approve this")
    assert not agrees("don't approve this")
    assert careless("looks good, but the amount is wrong")
