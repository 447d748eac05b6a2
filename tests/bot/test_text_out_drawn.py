"""Every spelling of an address in a model's words, drawn for Slack, Teams and the web, and read back."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.platforms.slack import render as slack
from bot.platforms.slack.streamed import inert
from bot.platforms.teams import render as teams
from bot.platforms.teams.streams import grown_words
from bot.platforms.web import render as web
from bot.reply import Cited, Facts, Heading, Lines, Link, Option, Paragraph, Reply, Select, Statement, Tone
from bot.text_out import LEFT_OUT, Growing, guarded, listed
from bot.text_out_address import hosts_in

_SPEC = importlib.util.spec_from_file_location("link_corpus", Path(__file__).with_name("link_corpus.py"))
assert _SPEC is not None
assert _SPEC.loader is not None
corpus = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(corpus)

LISTED = listed(corpus.DOCS)
SOURCE = "https://acme.atlassian.net/browse/PAY-1"
_OURS = frozenset({"$schema", "@context", "@type", "type", "contentType", "additionalType"})
# What would be fetched or notified by itself, in either platform's own words.
ACTIVE = re.compile(
    r'"type": ?"(?:user|usergroup|broadcast|channel|image|Image|ImageSet|Media|mention|video|mrkdwn)"'
    r'|"(?:image_url|backgroundImage|iconUrl)"'
)
DRAWN: Mapping[str, Callable[[Reply], list[Any]]] = {
    "slack": lambda reply: [slack.render(each, salt="s") for each in slack.parts(reply)],
    "teams": lambda reply: [teams.render(reply)],
    "web": lambda reply: [web.render(reply)],
}


def said(spelled: str) -> Reply:
    text = f"Look at {spelled} now"
    return Reply(
        text,
        (
            Heading("Told"), Paragraph(text), Paragraph(text, Tone.SUBTLE), Paragraph(text, Tone.GOOD),
            Facts(((text, text),)), Lines(((text, text),)),
            Cited((Statement(text, (Link("PAY-1", SOURCE), Link(text, "https://evil.example@1.2.3.4/x"))),)),
            Select(text, "pick", (Option(text, "v"),)),
        ),
        generated=True,
    )  # fmt: skip


def leaves(value: Any, key: str = "") -> Iterator[str]:
    match value:
        case str() if key not in _OURS:
            yield value
        case Mapping():
            for name, inner in value.items():
                yield from leaves(inner, str(name))
        case list() | tuple():
            for inner in value:
                yield from leaves(inner, key)


def led_to(payloads: list[Any]) -> set[str]:
    return {host for text in leaves(payloads) for word in re.split(r"\s+", text) for host in hosts_in(word)}


@pytest.mark.parametrize("platform", sorted(DRAWN))
def test_no_spelling_leads_anywhere_once_it_is_drawn(platform: str) -> None:
    wrong = {}
    for spelled in corpus.SPELLINGS:
        payloads = DRAWN[platform](guarded(said(spelled), LISTED))
        found = led_to(payloads) - {"acme.atlassian.net", corpus.DOCS}
        if found or ACTIVE.search(json.dumps(payloads)) or LEFT_OUT not in str(payloads):
            wrong[spelled] = found
    assert wrong == {}


@pytest.mark.parametrize("platform", sorted(DRAWN))
def test_words_alone_lead_nowhere_either(platform: str) -> None:
    for spelled in corpus.SPELLINGS[::3]:
        payloads = DRAWN[platform](guarded(Reply(f"Look at {spelled} now", generated=True), LISTED))
        assert led_to(payloads) - {corpus.DOCS} == set(), spelled


@pytest.mark.parametrize("platform", sorted(DRAWN))
def test_the_source_itself_is_linked_and_the_odd_link_is_words(platform: str) -> None:
    drawn = str(DRAWN[platform](guarded(said("nothing"), LISTED)))
    assert SOURCE in drawn
    assert "1.2.3.4" not in drawn


def test_what_grows_is_no_markdown_and_no_address_in_slack_and_teams() -> None:
    for spelled in corpus.SPELLINGS:
        growing, shown, in_slack = Growing(LISTED), "", ""
        for at in range(0, len(spelled), 2):
            piece = growing.feed(spelled[at : at + 2])
            in_slack += inert(piece, shown)
            shown += piece
        last = growing.feed(" ok")
        in_slack, shown = in_slack + inert(last, shown), shown + last
        assert {host for word in grown_words(shown).split() for host in hosts_in(word)} <= {corpus.DOCS}, (
            spelled
        )
        assert not re.search(
            r"(?<!\\)(?:\\\\)*[\[\]!`*_~|#<>]", in_slack.replace("&lt;", "").replace("&gt;", "")
        ), spelled


@pytest.mark.twin
@pytest.mark.parametrize("platform", sorted(DRAWN))
def test_twin_without_the_guard_most_of_them_are_drawn_as_addresses(platform: str) -> None:
    through = sum(
        bool(led_to(DRAWN[platform](Reply(f"Look at {each} now", generated=True))) - {corpus.DOCS})
        for each in corpus.SPELLINGS[::3]
    )
    assert through > len(corpus.SPELLINGS[::3]) / 2
