"""The card cannot be made to lie: 400 hostile values in every place, drawn, and read back."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

from bot import text as bot_text
from bot import text_card, text_clean
from bot.platforms import base
from bot.platforms.base import LONGEST_NAME, Profile
from bot.platforms.slack import blocks as slack_blocks
from bot.platforms.slack import render as slack_render
from bot.platforms.teams import parts as teams_parts
from bot.platforms.teams import render as teams_render
from bot.reply import Lines
from bot.text import for_card
from bot.turn import PersonId
from flows.policy import Unreadable
from flows.run import Requester
from integrations import tools
from tests.workers.example_calls import arguments
from tests.workers.hostile_cards import EXPIRES, PLACES, RUN, SHOWN, VALUES, at, card_of, lies
from tests.workers.read_cards import bare, hidden, seen_in_slack, seen_in_teams
from workers import drawn
from workers.drawn import Shown
from workers.tools import Card

slack = SimpleNamespace(parts=slack_render.parts, render=lambda part: slack_render.render(part, salt="0"))
teams = SimpleNamespace(parts=teams_parts.parts, render=teams_render.render)
SEEN = {"slack": seen_in_slack, "teams": seen_in_teams}


def test_there_are_enough_of_them() -> None:
    assert len({text for _, text, _ in VALUES}) >= 300
    assert len(VALUES) == len({text for _, text, _ in VALUES})


@pytest.mark.parametrize("platform", SEEN)
@pytest.mark.parametrize("place", PLACES)
def test_whatever_stands_there_the_card_says_the_truth(place: str, platform: str) -> None:
    wrong, true = [], 0
    for name, text, _ in VALUES:
        shown = at(place, text)
        try:
            card = card_of(shown)
        except Unreadable:  # half a character: no call of it is ever made, nor asked for
            assert any("\ud800" <= each <= "\udfff" for each in text)
            continue
        found = lies(shown, SEEN[platform](card))
        true += not found
        wrong += [(name, found)] if found else []
    assert wrong == []
    assert true >= 300


@pytest.mark.parametrize("platform", SEEN)
def test_what_hides_is_made_visible(platform: str) -> None:
    wrong = []
    for name, text, mark in VALUES:
        if mark and len(text) < 300 and not any("\ud800" <= each <= "\udfff" for each in text):
            read = SEEN[platform](card_of(at("description", text))).of("Description")
            if mark not in "".join(read):
                wrong.append((name, mark, read))
    assert wrong == []


def _fields() -> list[tuple[str, str]]:
    """Every argument of every tool that is words, also inside of lists."""
    return [
        (name, field)
        for name, tool in tools().items()
        for field, kind in tool.arguments.model_json_schema().get("properties", {}).items()
        if "string" in json.dumps(kind)
    ]


def _with(name: str, field: str, text: str) -> dict[str, Any] | None:
    """A call with these words there; None where the tool itself refuses them."""
    tool = tools()[name]
    base = arguments(tool)
    for value in (
        text,
        [text],
        [{"name": text, "quantity": 1}],
        [{"description": text, "quantity": 1, "unit_amount": 100, "amount": 100}],
        [[text, text]],
        [{"label": text, "value": text}],
    ):
        try:
            tool.arguments.model_validate({**base, field: value})
        except ValidationError:
            continue
        return {**base, field: value}
    return None


def test_every_tools_arguments_stand_on_its_card_whatever_is_in_them() -> None:
    taken, wrong = set(), []
    for number, (name, field) in enumerate(_fields()):
        for offset in range(0, len(VALUES), 40):
            label, text, _ = VALUES[(offset + number) % len(VALUES)]
            arguments = _with(name, field, text[:200])
            if arguments is None or not text.strip():
                continue
            taken.add((name, field))
            shown = Shown(Card(tools()[name]), arguments, RUN, "why", "", EXPIRES)
            for platform, see in SEEN.items():
                seen = see(card_of(shown))
                read = bare("\n".join(f"{a}\n{b}" for a, b in seen.pairs))
                there = bare(for_card(text[:200].strip())) in read or tools()[name].describe is None
                if not there or seen.pinged or seen.links or hidden("".join(seen.words)):
                    wrong.append((platform, name, field, label, read))
    assert wrong == []
    assert len(taken) >= 20


def test_an_amount_beside_words_that_are_read_from_the_right_keeps_its_place_in_slack() -> None:
    words = json.dumps(
        [slack_blocks.draw(Lines((("بيتزا", "$9.50"), ("Pizza", "$8.00"))))], ensure_ascii=False
    )

    assert "  \u200e$9.50" in words
    assert "  $8.00" in words


# ── names of any length ──────────────────────────────────────────────────────────────────

LONG = [piece * 40_000 for piece in ("x", "Ж", "\u202e", "<at>", "e\u0301", "\ufdfa", "👩‍👩‍👧", "⟨", "\n")]


def drawing(name: str) -> float:
    """Seconds of work that the slower platform's card of such a requester takes, at best of three."""
    named = replace(RUN, requester=Requester(PersonId("p1"), Profile(name).name))
    worst = 0.0
    for see in (slack, teams):
        took = []
        for _ in range(3):
            before = time.process_time()
            card = card_of(replace(SHOWN, run=named))
            for part in see.parts(card):
                see.render(part)
            took.append(time.process_time() - before)
        worst = max(worst, min(took))
    return worst


@pytest.mark.parametrize("name", LONG, ids=lambda name: f"U+{ord(name[0]):04X}")
def test_a_name_of_any_length_is_drawn_at_once(name: str) -> None:
    assert drawing(name) < 0.05


def test_a_name_that_fits_is_left_as_it_is_and_a_longer_one_says_that_it_goes_on() -> None:
    assert Profile("Ж" * LONGEST_NAME).name == "Ж" * LONGEST_NAME
    assert Profile("Ж" * (LONGEST_NAME + 1)).name == "Ж" * (LONGEST_NAME - 1) + "…"


@pytest.mark.twin
def test_twin_without_the_bound_one_name_holds_up_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "bounded", lambda name: name[:3000])

    assert drawing("\u202e" * 40_000) > 0.05


# ── without the guards ───────────────────────────────────────────────────────────────────


@pytest.mark.twin
@pytest.mark.parametrize("platform", SEEN)
def test_twin_without_the_marks_what_hides_stays_hidden(
    platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (text_clean, text_card, bot_text):
        monkeypatch.setattr(module, "clean", lambda text, **_: text, raising=False)
    shown = at("description", "Acme \u202e00.000,1")

    assert "hidden {'\\u202e'}" in lies(shown, SEEN[platform](card_of(shown)))


@pytest.mark.twin
def test_twin_without_the_bar_a_second_line_looks_like_a_fact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawn, "_barred", for_card)
    shown = at("description", "Pizza\nAmount: $1.00 (USD)")

    assert "a line that might be ours" in lies(shown, seen_in_slack(card_of(shown)))


@pytest.mark.twin
def test_twin_without_one_row_for_names_a_bold_line_looks_like_a_fact(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(drawn, "_one_row", for_card)
    shown = at("item", "Pizza\nAmount: $1.00 (USD)")

    assert "a title of several lines" in lies(shown, seen_in_slack(card_of(shown)))


@pytest.mark.twin
def test_twin_words_drawn_as_mrkdwn_would_ping_the_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.platforms.slack import foreign

    monkeypatch.setattr(foreign.safe, "slack_fallback", lambda text: text)

    assert lies(at("requester", "<!channel>"), seen_in_slack(card_of(at("requester", "<!channel>"))))


@pytest.mark.twin
def test_twin_a_card_that_leaves_out_what_it_is_told_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawn.cards, "for_card", lambda text: text.replace("$40.00", "$4.00"))

    assert lies(SHOWN, seen_in_slack(card_of(SHOWN)))
