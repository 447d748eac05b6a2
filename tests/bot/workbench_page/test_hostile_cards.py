"""The corpus of hostile values, drawn by the page's Block Kit and by Microsoft's Adaptive Cards, and read."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot import text as bot_text
from bot import text_card, text_clean
from bot.platforms.slack import blocks
from bot.platforms.teams import elements
from flows.policy import Unreadable
from tests.bot.workbench_page.conftest import Mock, Open
from tests.bot.workbench_page.drawn_cards import LOG, QUERY, Drawn, read, shown
from tests.workers.hostile_cards import PLACES, SHOWN, VALUES, at, card_of, lies
from workers.drawn import Shown

pytestmark = pytest.mark.browser
MOST = 300  # characters of one value that is in seven places of one card
FIRST = 1_800_000_000  # a message's time, and so its id
BATCH = 140  # cards of one page


def everywhere(text: str) -> Shown:
    """The same value at once in every place where words of somebody come onto a card."""
    found = SHOWN
    for place in PLACES:
        one = at(place, text)
        arguments = {name: value for name, value in one.arguments.items() if value != SHOWN.arguments[name]}
        if "lines" in arguments:
            lines = [{**found.arguments["lines"][0], **_changed(one)}]
            arguments["lines"] = lines
        found = replace(found, run=one.run if place == "requester" else found.run,
                        because=one.because if place == "because" else found.because,
                        words=one.words if place == "words" else found.words,
                        arguments={**found.arguments, **arguments})  # fmt: skip
    return found


def _changed(one: Shown) -> dict[str, Any]:
    line, usual = one.arguments["lines"][0], SHOWN.arguments["lines"][0]
    return {name: value for name, value in line.items() if value != usual.get(name)}


def corpus() -> dict[str, Shown]:
    """By a number that a message may have. What is too long for seven places is in one."""
    found = {}
    for number, (_, text, _) in enumerate(VALUES):
        one = everywhere(text) if len(text) <= MOST else at("words", text)
        try:
            card_of(one)
        except Unreadable:
            continue
        found[str(FIRST + number)] = one
    return found


CORPUS = corpus()


async def drawn(
    open_page: Open, mock: Mock, cards: Mapping[str, Shown], platforms: Iterable[str] = LOG, **how: Any
) -> dict[tuple[str, str], Drawn]:
    """Each card by platform and name, as pages with many of them show it."""
    found: dict[tuple[str, str], Drawn] = {}
    names = list(cards)
    for start in range(0, len(names), BATCH):
        some = {name: card_of(cards[name]) for name in names[start : start + BATCH]}
        page = await shown(open_page, mock, some, **how)
        for platform in platforms:
            found |= {(platform, name): seen for name, seen in (await read(page, platform)).items()}
        await page.close()
    return found


def wrong(shown: Shown, seen: Drawn) -> list[str]:
    found = lies(shown, seen)
    found += [f"cut off: {each}" for each in seen.cut]
    found += [f"turned around: {each}" for each in seen.turned]
    found += [f"not drawn: {each}" for each in seen.notes]
    return found


def told(name: str) -> str:
    return VALUES[int(name) - FIRST][0]


def lying(found: Mapping[tuple[str, str], Drawn]) -> dict[tuple[str, str], list[str]]:
    return {
        (platform, told(name)): out
        for (platform, name), seen in found.items()
        if (out := wrong(CORPUS[name], seen))
    }


def some(*parts: str) -> dict[str, Shown]:
    return {name: one for name, one in CORPUS.items() if any(part in told(name) for part in parts)}


async def test_all_of_them_tell_the_truth_on_the_screen_of_both_platforms(
    open_page: Open, mock: Mock
) -> None:
    found = await drawn(open_page, mock, CORPUS)

    assert lying(found) == {}
    assert set(found) == {(platform, name) for platform in LOG for name in CORPUS}
    assert len(CORPUS) >= 300


@pytest.mark.parametrize("platform", LOG)
async def test_on_a_phone_nothing_of_the_longest_is_cut_off(
    open_page: Open, mock: Mock, platform: str
) -> None:
    long = {name: one for name, one in CORPUS.items() if len(VALUES[int(name) - FIRST][1]) > 60}
    found = await drawn(
        open_page, mock, long, [platform], query=f"{QUERY}&view={platform}", width=390, height=844
    )

    assert lying(found) == {}
    assert len(found) == len(long) > 10


async def test_what_was_drawn_can_be_looked_at(open_page: Open, mock: Mock, tmp_path: Path) -> None:
    """Evidence for people: a handful, in both platforms."""
    folder = Path(os.environ.get("SCREENSHOTS", tmp_path))
    for number, part in enumerate(
        ("Arabic", "false decision of Grace", "RLO around", "false fact 'x", "[https://bank")
    ):
        few = {name: card_of(one) for name, one in list(some(part).items())[:1]}
        assert few, part
        page = await shown(open_page, mock, few)
        for platform, log in LOG.items():
            card = page.get_by_role("log", name=log).locator("article").first
            await card.screenshot(path=folder / f"card-{platform}-{number}.png")
        await page.close()


# ── without the guards ───────────────────────────────────────────────────────────────────


@pytest.mark.twin
async def test_twin_without_the_cleaning_the_screen_lies(
    open_page: Open, mock: Mock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (text_clean, text_card, bot_text):
        monkeypatch.setattr(module, "clean", lambda text, **_: text, raising=False)
    found = lying(await drawn(open_page, mock, some("RLO", "ZWSP")))

    assert {platform for platform, _ in found} == set(LOG)


@pytest.mark.twin
async def test_twin_without_the_mark_an_amount_beside_arabic_is_turned_around(
    open_page: Open, mock: Mock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "LEFT_TO_RIGHT", "")
    found = lying(await drawn(open_page, mock, some("Arabic"), ["slack"]))

    assert any("turned around" in each for out in found.values() for each in out)


@pytest.mark.twin
async def test_twin_words_drawn_as_markdown_would_link_elsewhere(
    open_page: Open, mock: Mock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elements, "is_plain", lambda text: True)
    found = lying(await drawn(open_page, mock, some("a link"), ["teams"]))

    assert any("pings or links" in each for out in found.values() for each in out)
