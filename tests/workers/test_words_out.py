"""One way out for what a model wrote, and the guard stands in it: posted, split, answered or growing."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from bot.platforms.slack import render as slack
from bot.reply import Reply
from bot.text_out import LEFT_OUT, listed
from bot.text_out_address import hosts_in
from tests.workers.streaming import PLACE, FakeStreams, Showing
from workers import seen, streams
from workers.seen import as_said
from workers.store.door import Database
from workers.store.outbox import Message
from workers.streams_buffer import Buffer

ROOT = Path(__file__).resolve().parents[2]
EVIL = "https://evil.example/c2VjcmV0"
SPEAKING = {"post", "whisper", "show_home", "open_form"}
GROWING = {"begin", "grow"}


class Client:
    """As Slack's: what is long is split."""

    def parts(self, reply: Reply) -> tuple[Reply, ...]:
        return slack.parts(reply)


def tools(hosts: str = "") -> Any:
    pacer = SimpleNamespace(wait=lambda _message: 0.0)
    return SimpleNamespace(clients={PLACE.platform: Client()}, link_hosts=listed(hosts), pacer=pacer)


def message(text: str, *, generated: bool = True) -> Message:
    return Message("m1", "post", PLACE, Reply(text, generated=generated))


def commit_of(*messages: Message, answer: Reply | None = None) -> Any:
    made: Any = SimpleNamespace(messages=list(messages), answer=answer)
    return made


def addresses(texts: list[str]) -> set[str]:
    return {host for text in texts for word in text.split() for host in hosts_in(word)}


# ── what is posted ───────────────────────────────────────────────────────────────────────


def test_what_a_model_wrote_is_looked_at_before_it_is_queued_and_before_it_is_sent() -> None:
    assert as_said(tools(), message(f"See {EVIL}.")).content == Reply(f"See {LEFT_OUT}.", generated=True)
    assert as_said(tools("evil.example"), message(f"See {EVIL}.")).content == message(f"See {EVIL}.").content
    own = message(f"See {EVIL}.", generated=False)
    assert as_said(tools(), own) is own


@pytest.mark.parametrize("before", range(3_960, 4_040, 3))
def test_a_link_that_would_be_split_over_two_messages_is_in_neither(before: int) -> None:
    commit = commit_of(
        message("x" * (before % 97) + " word" * (before // 5) + f" {EVIL} end " + "word " * 900)
    )
    seen._split(tools(), commit)
    texts = [each.content.text for each in commit.messages]
    assert len(texts) > 1
    assert addresses(texts) == set()
    assert any(LEFT_OUT in each for each in texts)


def test_an_answer_that_is_given_at_once_is_looked_at_too() -> None:
    commit = commit_of(answer=Reply(EVIL, generated=True))
    seen._split(tools(), commit)
    assert commit.answer.text == LEFT_OUT


@pytest.mark.twin
def test_twin_without_the_look_the_link_is_queued(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen, "as_said", lambda _tools, each: each)
    commit = commit_of(message(EVIL))
    seen._split(tools(), commit)
    assert addresses([each.content.text for each in commit.messages]) == {"evil.example"}


# ── what grows ───────────────────────────────────────────────────────────────────────────


async def shown(db: Database, tenant: UUID, *pieces: str) -> str:
    growing = FakeStreams()
    showing = await Showing.begin(db, tenant, growing)
    for each in pieces:
        showing.previews.heard(streams.piece(showing.key, showing.at, each))
        showing.at += len(each)
        await asyncio.sleep(0)
    async with asyncio.timeout(10):
        while not any("now" in each.text for each in growing.messages.values()):
            await asyncio.sleep(0.002)
    await showing.end()
    return "".join(each.text for each in growing.messages.values())


async def test_a_link_that_comes_in_pieces_is_never_shown(db: Database, tenant: UUID) -> None:
    text = await shown(
        db, tenant, "See ", "htt", "ps:", "//ev", "il.exam", "ple/c2", "VjcmV0", " there", " now"
    )
    assert "evil" not in text
    assert LEFT_OUT in text
    assert "there" in text


@pytest.mark.twin
async def test_twin_shown_as_it_comes_it_is_a_link(
    db: Database, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "Buffer", lambda _shown: Buffer())
    assert "https://evil.example/x" in await shown(db, tenant, "See ", "https://ev", "il.example/x", " now")


# ── who speaks ───────────────────────────────────────────────────────────────────────────


def calls(names: set[str]) -> Iterator[tuple[str, str]]:
    """File and name of every call of a platform's client from outside of the platforms."""
    for path in sorted((ROOT / "workers").rglob("*.py")):
        source = path.read_text()
        if not any(f".{name}(" in source for name in names):
            continue
        for node in ast.walk(ast.parse(source)):
            match node:
                case ast.Call(func=ast.Attribute(attr=name, value=value)) if name in names:
                    whose = ast.unparse(value)
                    if whose.endswith(("client", "clients", "growing", "streams")) or "clients[" in whose:
                        yield str(path.relative_to(ROOT)), name


def test_only_the_delivery_speaks_and_only_previews_grow() -> None:
    assert {path for path, _ in calls(SPEAKING)} == {"workers/deliver.py"}
    assert {path for path, _ in calls(GROWING)} <= {"workers/streams.py"}


def test_every_preview_is_shown_through_the_guard() -> None:
    source = (ROOT / "workers" / "streams.py").read_text()
    made = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Buffer"
    ]
    assert [ast.unparse(each.args[0]) for each in made] == ["Growing(self._link_hosts).feed"]


def test_whoever_queues_hands_over_or_sends_looks_first() -> None:
    for name in ("deliver", "seen", "streams_end"):
        tree = ast.parse((ROOT / "workers" / f"{name}.py").read_text())
        called = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "as_said"
        ]
        assert called, name
