"""No address of a host that nobody listed is left in what a model wrote, however it is spelled or torn."""

from __future__ import annotations

import importlib.util
import random
import re
import time
from pathlib import Path

import pytest

from bot import text_out
from bot.platforms.slack.streamed import inert
from bot.reply import (
    Button,
    Buttons,
    Cited,
    Facts,
    Heading,
    Lines,
    Link,
    Option,
    Paragraph,
    Reply,
    Select,
    Statement,
)
from bot.text import plain
from bot.text_out import LEFT_OUT, Growing, Listed, guarded, listed, may_lead, words
from bot.text_out_address import hosts_in

_SPEC = importlib.util.spec_from_file_location("link_corpus", Path(__file__).with_name("link_corpus.py"))
assert _SPEC is not None
assert _SPEC.loader is not None
corpus = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(corpus)

LISTED = listed(f"{corpus.DOCS}, *.acme.org")
HOSTILE = " ".join(corpus.SPELLINGS)


def addresses(text: str) -> set[str]:
    """Of every word, as it is and as it is shown: what is invisible is taken out there."""
    return {
        host for form in (text, plain(text)) for word in re.split(r"\s+", form) for host in hosts_in(word)
    }


def grown(text: str, chance: random.Random) -> str:
    growing, shown = Growing(LISTED), []
    while text:
        size = chance.randint(1, 7)
        shown.append(growing.feed(text[:size]))
        text = text[size:]
    return "".join(shown)


# ── spellings ────────────────────────────────────────────────────────────────────────────


def test_the_corpus_is_large_enough_to_mean_something() -> None:
    assert len(corpus.SPELLINGS) >= 250


@pytest.mark.parametrize("spelled", corpus.SPELLINGS)
def test_an_address_is_left_out_however_it_is_spelled(spelled: str) -> None:
    said = words(f"Look at {spelled} now", LISTED)
    assert LEFT_OUT in said
    assert addresses(said) - {corpus.DOCS} == set()
    assert said.startswith("Look at ")
    assert said.endswith(" now")


@pytest.mark.parametrize("harmless", corpus.HARMLESS)
def test_what_people_write_every_day_and_what_is_listed_is_left_alone(harmless: str) -> None:
    assert words(harmless, LISTED) == harmless


def test_twice_is_the_same_as_once() -> None:
    once = words(HOSTILE, LISTED)
    assert words(once, LISTED) == once


def test_without_a_list_no_address_at_all_is_said() -> None:
    assert words("See https://docs.acme.com/x.") == f"See {LEFT_OUT}."


@pytest.mark.parametrize("host", ["wiki.acme.org", "a.b.acme.org"])
def test_a_star_lists_what_is_below_and_not_the_host_itself(host: str) -> None:
    assert words(f"https://{host}/x", LISTED) == f"https://{host}/x"
    assert words("https://acme.org/x", LISTED) == LEFT_OUT
    assert words("https://evilacme.org/x", LISTED) == LEFT_OUT


@pytest.mark.parametrize(
    "setting", ["https://x.com", "x", "*", "*.com/", "a b.com", "x.com/y", "@x.com", "-x.com"]
)
def test_a_list_that_is_none_is_refused_by_name(setting: str) -> None:
    with pytest.raises(ValueError, match="LINK_HOSTS"):
        listed(setting)


def test_hostile_text_without_an_end_takes_no_time() -> None:
    began = time.perf_counter()
    for piece in (
        "a.",
        "a",
        "é.",
        "://",
        "%25",
        "&#46;",
        "-",
        "\u0301",
        "[](",
        "@",
        "a:",
        "..",
        "1.",
        "\u200b",
    ):
        words(piece * (40_000 // len(piece)), LISTED)
    assert time.perf_counter() - began < 8


# ── in pieces ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("seed", range(40))
def test_torn_anywhere_no_more_is_shown_than_of_the_whole(seed: int) -> None:
    shown = grown(HOSTILE, random.Random(seed))
    assert addresses(shown) - {corpus.DOCS} == set()
    assert LEFT_OUT in shown


@pytest.mark.parametrize("spelled", corpus.SPELLINGS)
def test_a_link_that_is_split_over_pieces_is_never_shown(spelled: str) -> None:
    growing, shown = Growing(LISTED), ""
    for character in f"{spelled} ok":
        shown += growing.feed(character)
        assert addresses(shown) - {corpus.DOCS} == set(), shown
        # What Slack reads as Markdown holds none either.
        assert not re.search(r"(?<!\\)\]\(|(?<!\\)!\[", inert(shown))


@pytest.mark.parametrize("seed", range(20))
def test_harmless_words_are_shown_whole_and_at_once(seed: int) -> None:
    text = " ".join(corpus.HARMLESS)
    assert (text + " ").startswith(grown(text + " ", random.Random(seed)))
    assert Growing().feed("The lamp is red") == "The lamp is red"


@pytest.mark.twin
def test_twin_without_the_guard_every_spelling_is_an_address() -> None:
    assert sum(bool(addresses(each) - {corpus.DOCS}) for each in corpus.SPELLINGS) == len(corpus.SPELLINGS)


@pytest.mark.twin
def test_twin_looked_at_piece_by_piece_split_links_come_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Growing, "feed", lambda _self, piece: words(piece, LISTED))
    chance = random.Random(1)
    through = sum(bool(addresses(grown(f"{each} ", chance)) - {corpus.DOCS}) for each in corpus.SPELLINGS)
    assert through > len(corpus.SPELLINGS) / 2


# ── a whole reply ────────────────────────────────────────────────────────────────────────

EVIL = "https://evil.example/c2VjcmV0"


def reply(url: str = "https://jira.acme.com/browse/PAY-1", *, generated: bool = True) -> Reply:
    said = f"see {EVIL} there"
    return Reply(
        said,
        (
            Heading(said),
            Paragraph(said),
            Facts(((said, said),)),
            Lines(((said, said),)),
            Cited((Statement(said, (Link(said, url),)),), said),
            Buttons((Button(said, "open", url=url), Button("Yes", "yes", said))),
            Select(said, "pick", (Option(said, "v"),)),
        ),
        generated=generated,
    )


def test_no_part_of_a_reply_is_forgotten() -> None:
    found = guarded(reply(), LISTED)
    shown = re.sub(r"Button\(label='Yes'.*?\)", "", repr(found))
    assert "evil.example" not in shown
    assert shown.count("link removed") == 13


def test_links_to_the_sources_themselves_stay() -> None:
    cited = next(each for each in guarded(reply()).blocks if isinstance(each, Cited))
    assert cited.rows[0].links[0].url == "https://jira.acme.com/browse/PAY-1"


def test_words_that_no_model_wrote_are_left_as_they_are() -> None:
    assert guarded(reply(generated=False)) == reply(generated=False)


ODD = (
    "http://jira.acme.com/x", "https://u@jira.acme.com/x", "https://u:p@jira.acme.com/x",
    "https://1.2.3.4/x", "https://0x7f.1/x", "https://2130706433/x", "https://[::1]/x",
    "https://xn--jra-fua.acme.com/x", "https://jirа.acme.com/x", "https://jira/x",
    "https://jira.acme.com:8443/x", "https://jira.acme.com./x", "https://jira.acme.com\\@evil.com",
    "https://jira.acme.com/ x", "javascript:alert(1)", "data:text/html,x", "//evil.com/x",
    "mailto:x@evil.com", "https://", "https:///x", "x", "https://jira.acme.com/login?next=https://evil.com",
    "https://jira.acme.com/login?next=https%3A%2F%2Fevil.com",
    "https://jira.acme.com/login?next=%2F%2Fevil.com", "https://jira.acme.com/https://evil.com",
    "https://jira.acme.com/x#//evil.com", "https://jira.acme.com/login?next=https%253A%252F%252Fevil.com",
    "https://jira.acme.com/login?next=evil.com", "https://jira.acme.com//evil.com",
    "https://jira.acme.com/" + "x" * 2_000, "https://jira.acme.com/\u200bx", "https://a\nb.com/",
)  # fmt: skip


@pytest.mark.parametrize("url", ODD)
def test_a_link_that_is_odd_or_leads_on_elsewhere_is_its_words_alone(url: str) -> None:
    assert not may_lead(url, LISTED)
    found = guarded(reply(url), LISTED)
    cited = next(each for each in found.blocks if isinstance(each, Cited))
    buttons = next(each for each in found.blocks if isinstance(each, Buttons))
    assert cited.rows[0].links == ()
    assert [each.label for each in buttons.buttons] == ["Yes"]


@pytest.mark.parametrize(
    "url",
    [
        "https://acme.atlassian.net/browse/PAY-1?focusedCommentId=10#comment-10",
        "https://github.com/acme/shop/pull/7#issuecomment-1",
        "https://www.notion.so/Handbook-0123456789abcdef?pvs=4",
        "https://docs.acme.com:443/a%20b/c.html#part", "http://127.0.0.1:3000/jira/browse/PAY-1",
        "https://docs.acme.com/?u=evil.com",
    ],
)  # fmt: skip
def test_addresses_of_the_services_and_of_listed_hosts_are_believed(url: str) -> None:
    assert may_lead(url, LISTED)


def test_a_port_or_number_of_our_own_can_be_listed() -> None:
    mine = Listed(frozenset({"10.0.0.5:8443"}))
    assert may_lead("https://10.0.0.5:8443/x", mine)
    assert not may_lead("https://10.0.0.5/x", mine)


@pytest.mark.twin
def test_twin_without_the_guard_the_reply_leads_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_out, "_word", lambda word, _hosts: word)
    assert repr(guarded(reply(), LISTED)).count("evil.example") > 10
