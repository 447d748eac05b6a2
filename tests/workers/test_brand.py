"""A brand's name passes for nobody: not for a platform, not for whoever decides, not for a decision."""

from __future__ import annotations

import pytest

from bot.errors import ConfigurationError
from workers import brand
from workers.brand import LONGEST_NAME, LONGEST_VOICE, TAKEN, checked
from workers.store.preferences import Brand


@pytest.mark.parametrize(
    "name",
    [
        "Lemon Desk",
        "R&D Helper",
        "O'Neil",
        "Café Bot",
        "Бот",
        "注文ボット",
        "Lemon-7",
        "A",
        "Tim",
        "Heather",
        "Steams",
    ],
)
def test_an_honest_name_is_taken(name: str) -> None:
    assert checked(name).name == name


def test_spaces_and_widths_are_put_right() -> None:
    assert checked("  Lemon \u3000 Desk ", " warm,\n brief ") == Brand("Lemon Desk", "warm, brief")
    assert checked("Ｌｅｍｏｎ").name == "Lemon"


@pytest.mark.parametrize("word", TAKEN)
@pytest.mark.parametrize("form", ["{}", "The {} Bot", "{}-Bot"])
def test_a_name_that_is_another_s_word_is_refused(word: str, form: str) -> None:
    for name in (form.format(word), form.format(word.upper()), form.format(word.title())):
        with pytest.raises(ConfigurationError, match="may not say"):
            checked(name)


@pytest.mark.parametrize(
    "name",
    ["Microsoft365", "M1cr0s0ft", "S l a c k e r Approved", "Appr0ved", "Ａｐｐｒｏｖｅｄ", "Apprôved"],
)
def test_however_it_is_spelled(name: str) -> None:
    with pytest.raises(ConfigurationError, match="may not say"):
        checked(name)


@pytest.mark.parametrize(
    "name",
    ["", " ", "x" * (LONGEST_NAME + 1), "a\u202eb", "a\nb\x00", "<@U1>", "*bold*", "@here", "✅", "a✅", "🍋",
     "https://x.example", "{{ 7*7 }}", "`x`", "a|b", "...", "- -", "42"],
)  # fmt: skip
def test_what_is_no_name_is_refused_with_what_would_be_right(name: str) -> None:
    with pytest.raises(ConfigurationError, match="1 to 40 letters"):
        checked(name)


@pytest.mark.parametrize("name", ["Ѕlасk", "Аpproved", "Lеmon"])
def test_letters_that_pass_for_others_are_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="one script"):
        checked(name)


@pytest.mark.parametrize("voice", ["x" * (LONGEST_VOICE + 1), "a\u202eb", "a\x00b"])
def test_a_voice_is_short_and_printable(voice: str) -> None:
    with pytest.raises(ConfigurationError, match="A voice is at most"):
        checked("Lemon", voice)


@pytest.mark.twin
def test_twin_without_the_list_a_brand_would_be_called_approved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brand, "_taken", lambda name: "")
    assert checked("Approved by Slack").name == "Approved by Slack"
