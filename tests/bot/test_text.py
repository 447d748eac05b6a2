"""What is read on a card is what was meant, whatever somebody wrote."""

from __future__ import annotations

import html
import re
import time
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot import text as text_module
from bot import text_card, text_clean
from bot.text import for_card, one_line, plain, slack_fallback, strip_markup, teams_text
from bot.text_emoji import EMOJI
from tests.bot.text_attacks import ATTACKS, HONEST, Attack

BY_NAME = [pytest.param(attack, id=f"{number}") for number, attack in enumerate(ATTACKS)]
SHOWN = [pytest.param(attack, id=f"{number}") for number, attack in enumerate(ATTACKS) if attack.shows]
ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=60)
NASTY = st.text(
    st.sampled_from(
        "aА1١１ \n\t\r*_`[]()<>&#-+.\\⟨⟩=|~!🍕👩\u200d\ufe0f\u20e3\u202e\u200b\u0301\u066c＄٣é"
        "\u200c\u0645\u06cc\ud800"
    ),
    max_size=40,
)

READER = MarkdownIt("commonmark", {"html": True, "breaks": True}).enable(["table", "strikethrough"])


def read_slack(written: str) -> str:
    """As Slack shows it: control sequences would be in angle brackets, and there are none."""
    assert "<" not in written
    assert ">" not in written
    return html.unescape(written)


def read_teams(written: str) -> str:
    """Through an independent Markdown reader: the words, if nothing but paragraphs came out."""
    page = READER.render(written)
    assert set(re.findall(r"</?\w+", page)) <= {"<p", "</p", "<br"}, page[:300]
    return html.unescape(re.sub(r"</?(?:p|br) ?/?>", "", page))


def words(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_the_corpus_is_large_enough() -> None:
    assert len(ATTACKS) >= 200


@pytest.mark.parametrize("attack", SHOWN)
def test_an_attack_is_visible_on_the_card(attack: Attack) -> None:
    assert attack.shows in for_card(attack.text)


@pytest.mark.twin
def test_twin_without_the_cleaning_the_attacks_stay_invisible(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_module, "clean", lambda text, **_: text)
    monkeypatch.setattr(text_module, "annotate", lambda text: text)
    assert not any(attack.shows in for_card(attack.text) for attack in ATTACKS if attack.shows)


@pytest.mark.twin
def test_twin_without_the_check_of_marks_a_forged_one_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert for_card("9⟨=100⟩") != "9⟨=100⟩"
    monkeypatch.setattr(text_card, "_HARMLESS", re.compile(".*"))
    assert for_card("9⟨=100⟩") == "9⟨=100⟩"


@pytest.mark.parametrize("attack", BY_NAME)
def test_nothing_invisible_is_left_on_any_surface(attack: Attack) -> None:
    for surface in (plain, for_card, slack_fallback, teams_text, strip_markup, one_line):
        assert invisible(surface(attack.text)) == set()


@pytest.mark.parametrize("attack", BY_NAME)
def test_slack_reads_back_the_words_and_pings_nobody(attack: Attack) -> None:
    assert read_slack(slack_fallback(attack.text)) == plain(attack.text)


@pytest.mark.twin
def test_twin_without_escaping_slack_would_ping_the_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "<!channel>" not in slack_fallback("<!channel>")
    monkeypatch.setattr(text_module, "slack_fallback", plain)
    assert "<!channel>" in text_module.slack_fallback("<!channel>")


@pytest.mark.parametrize("attack", BY_NAME)
def test_teams_reads_back_the_words_and_nothing_is_formatted(attack: Attack) -> None:
    assert words(read_teams(teams_text(attack.text))) == words(plain(attack.text))


@pytest.mark.twin
@pytest.mark.parametrize(
    "markup", ["**Approved**", "[a](https://b.example)", "# Approved", "- one", "<b>x</b>", "1. one"]
)
def test_twin_without_escaping_the_markdown_would_be_read(markup: str) -> None:
    with pytest.raises(AssertionError):
        read_teams(plain(markup))


@pytest.mark.parametrize("text", HONEST)
def test_honest_writing_comes_out_as_it_went_in(text: str) -> None:
    assert plain(text) == text
    assert for_card(text) == text
    assert read_slack(slack_fallback(text)) == text
    assert words(read_teams(teams_text(text))) == words(text)


@pytest.mark.parametrize("surface", [plain, for_card])
@given(st.one_of(ANY_TEXT, NASTY))
@settings(max_examples=400, deadline=None)
def test_doing_it_twice_is_doing_it_once(surface: Callable[[str], str], text: str) -> None:
    once = surface(text)
    assert surface(once) == once


@given(st.one_of(ANY_TEXT, NASTY))
@settings(max_examples=400, deadline=None)
def test_any_text_reads_back_and_is_normal(text: str) -> None:
    safe = plain(text)
    assert unicodedata.is_normalized("NFC", safe)
    assert invisible(safe) == set()
    safe.encode()
    assert read_slack(slack_fallback(text)) == safe
    assert words(read_teams(teams_text(text))) == words(safe)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=100))
def test_ordinary_ascii_is_never_changed(text: str) -> None:
    assert plain(text) == text


@given(st.one_of(ANY_TEXT, NASTY), st.integers(1, 30))
@settings(max_examples=300, deadline=None)
def test_a_label_is_one_line_and_no_longer_than_asked(text: str, most: int) -> None:
    line = one_line(text, most)
    assert len(line) <= most
    assert "\n" not in line


def test_a_label_is_not_cut_inside_an_emoji() -> None:
    assert one_line("ab👩🏽‍⚕️cd", 5) == "ab…"
    assert one_line("abcdefgh", 5) == "abcd…"
    assert one_line("  a \n\n b ", 5) == "a b"


def test_two_texts_that_differ_invisibly_differ_visibly_on_a_card() -> None:
    cards = {for_card(text) for text in ("Acme", "Ac\u200bme", "Ac\u200dme", "Acme\ufe0f", "Асme", "Ａcme")}
    assert len(cards) == 6


@pytest.mark.parametrize(
    ("markup", "bare"),
    [
        ("<https://evil.example|acme.example>", "acme.example (https://evil.example)"),
        ("<https://a.example>", "https://a.example"),
        ("[acme](https://evil.example)", "acme (https://evil.example)"),
        ("![x](https://a.example/x.png)", "x (https://a.example/x.png)"),
        ("<!channel> look", "@channel look"),
        ("<!subteam^S1|@cooks>", "@cooks"),
        ("<@U1> and <#C1|general>", "@U1 and #general"),
        ("*bold* _it_ ~no~ `code`", "bold it no code"),
        ("**bold** __it__", "bold it"),
        ("<b>x</b> <at>Omar</at><br/>y", "x Omary"),
        ('<a href="https://evil.example">acme</a>', "acme"),
        ("a &lt; b &amp; c", "a < b & c"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("a<b and c>d", "a<b and c>d"),
        ("2*3*4 snake_case_name", "2*3*4 snake_case_name"),
        ("&lt;!channel&gt;", "<!channel>"),
    ],
)
def test_markup_is_taken_away_and_links_show_where_they_lead(markup: str, bare: str) -> None:
    assert strip_markup(markup) == bare


NASTY_LONG = {
    "letters": "a" * 40_000,
    "Cyrillic": "привет мир " * 4_000,
    "accents": "a\u0301" * 20_000,
    "joined": "👩\u200d" * 20_000,
    "brackets": "⟨" * 40_000,
    "tags": "<a " * 13_000,
    "links": "[a](" * 10_000,
    "targets": "<a|" * 13_000,
    "underscores": "_" * 40_000,
    "stars": "*a" * 20_000,
    "lines": "\n " * 20_000,
    "spaces": " " * 40_000 + "x",
    "attributes": "<b " + "a=b " * 10_000,
    "digits": "١" * 40_000,
}


@pytest.mark.parametrize("name", NASTY_LONG)
def test_no_text_of_forty_thousand_characters_takes_long(name: str) -> None:
    began = time.process_time()
    for surface in (plain, for_card, slack_fallback, teams_text, strip_markup, one_line):
        surface(NASTY_LONG[name])
    assert time.process_time() - began < 1.5


def invisible(text: str) -> set[str]:
    """What a reader cannot see, emoji and the spelling of Persian or Hindi apart."""
    rest = EMOJI.sub("", text)
    joiners = "\u200c\u200d"
    return {
        f"U+{ord(one):04X}"
        for place, one in enumerate(rest)
        if one not in "\n"
        and not (one in joiners and text_clean._is_inside_word(rest, place))
        and (
            one in text_clean._INVISIBLE
            or unicodedata.category(one) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
        )
    }


def test_a_joiner_between_signs_that_are_no_letters_is_shown() -> None:
    assert (
        for_card("\u0600\u200c\u0600")
        == "⟨U+0600⟩⟨U+200C⟩⟨U+0600⟩"
        == for_card(for_card("\u0600\u200c\u0600"))
    )


def test_a_lookalike_inside_a_forged_mark_is_marked_too() -> None:
    shown = for_card("pay ⟨ɡ⟩oogle")
    assert "⟨U+27E8⟩ɡ" in shown
    assert for_card(shown) == shown
