"""Statements with their sources, on every platform: all of them, linked to where they should, and inert."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.errors import PlatformError
from bot.platforms.slack import render as slack
from bot.platforms.teams import parts as teams_parts
from bot.platforms.teams import render as teams
from bot.reply import Cited, Link, Reply, Statement

JIRA = tuple(Link(f"PAY-{n}", f"https://acme.atlassian.net/browse/PAY-{n}") for n in range(300))
GITHUB = tuple(Link(f"pay#{n}", f"https://github.com/acme/pay/{n}") for n in range(200))
MANY = Cited((Statement("Jira (300):", JIRA), Statement("GitHub (200):", GITHUB)), "Show all 500")
ATTACK = "<!channel> [x](https://evil.example) *bold* <at>Ada</at> & {{DATE(2026)}}"


def urls(drawn: Any) -> list[str]:
    match drawn:
        case {"url": str(url)}:
            return [url]
        case dict():
            return [url for each in drawn.values() for url in urls(each)]
        case list():
            return [url for each in drawn for url in urls(each)]
    return []


def test_on_slack_five_hundred_links_are_split_and_none_is_lost() -> None:
    parts = slack.parts(Reply("Sources", (MANY,)))
    found = [url for part in parts for url in urls(slack.render(part))]

    assert len(parts) > 1
    assert found == [link.url for row in MANY.rows for link in row.links]


def test_on_teams_five_hundred_links_are_folded_split_and_none_is_lost() -> None:
    parts = teams_parts.parts(Reply("Sources", (MANY,)))
    found = [url for part in parts for url in urls(teams.render(part))]

    assert found == [link.url for row in MANY.rows for link in row.links]
    assert all("Action.ToggleVisibility" in json.dumps(teams.render(part)) for part in parts)


def test_what_is_folded_has_an_id_of_its_own_on_its_card() -> None:
    drawn = json.dumps(teams.render(Reply("x", (MANY, Cited(MANY.rows[:1], "More")))))

    assert '"folded:0"' in drawn
    assert '"folded:1"' in drawn


def test_words_in_a_statement_and_on_a_link_stay_words() -> None:
    reply = Reply("x", (Cited((Statement(ATTACK, (Link(ATTACK, "https://e.example/1"),)),)),))
    on_slack, on_teams = slack.render(reply), teams.render(reply)

    assert urls(on_slack) == urls(on_teams) == ["https://e.example/1"]
    assert all(block["type"] == "rich_text" for block in on_slack["blocks"])
    assert "<at>" not in json.dumps(on_teams)
    assert "{{DATE" not in json.dumps(on_teams)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "", "ftp://e.example", "https://e.example/" + "x" * 2_000]
)
def test_what_is_no_address_of_the_web_is_never_a_link(url: str) -> None:
    reply = Reply("x", (Cited((Statement("a", (Link("b", url),)),)),))

    with pytest.raises(PlatformError):
        slack.parts(reply)
    found = urls(teams.render(reply))
    assert found == ([] if not url.startswith("https") else [url])


def test_a_long_statement_is_whole() -> None:
    text = " ".join(f"word{n}" for n in range(6_000))
    reply = Reply("x", (Cited((Statement(text, (Link("b", "https://e.example/1"),)),)),))
    on_slack = "".join(json.dumps(slack.render(part)) for part in slack.parts(reply))
    on_teams = "".join(json.dumps(teams.render(part)) for part in teams_parts.parts(reply))

    for drawn in (on_slack, on_teams):
        assert all(f"word{n}" in drawn for n in range(0, 6_000, 97))
        assert drawn.count("https://e.example/1") == 1
