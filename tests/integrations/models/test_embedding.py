"""Texts as vectors: the same everywhere, of length one, and never of a server's whim."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from integrations.errors import NotConfigured
from integrations.models import embedding_server
from integrations.models.base import ModelUnavailable
from integrations.models.embedding import embedder
from integrations.models.embedding_offline import DIMENSION, NAME, OfflineEmbedder, vector, words
from integrations.models.embedding_server import ServerEmbedder, _vectors

KEY = "sk-not-a-real-key"


def close(one: str, other: str) -> float:
    return sum(a * b for a, b in zip(vector(one), vector(other), strict=True))


def test_the_same_text_has_the_same_vector_on_every_machine() -> None:
    """Stored vectors of other machines are compared with these: a change needs another name."""
    assert NAME == "offline:words-1"
    told = ",".join(f"{each:.4f}" for each in vector("Refunds take five days, über alles."))
    assert sha256(told.encode()).hexdigest()[:16] == "217eb598e1d02779"


@given(st.text(max_size=400))
def test_every_vector_has_length_one_and_the_dimension(text: str) -> None:
    found = vector(text)
    assert len(found) == DIMENSION
    assert math.isclose(sum(each * each for each in found), 1.0, rel_tol=1e-9)


@pytest.mark.parametrize(
    ("asked", "right", "wrong"),
    [
        ("How do I get a refund?", "Refunds are paid back within five days.", "The canteen opens at noon."),
        ("vacation days", "Each employee has 30 days of vacation.", "Deploys happen on Tuesday."),
        ("reset my password", "To reset a password, open the account page.", "Invoices are sent by e-mail."),
        ("Kündigungsfrist", "Die Kündigungsfrist beträgt drei Monate.", "Das Büro ist im dritten Stock."),
        ("deploying the service", "We deploy services with the pipeline.", "Lunch is paid on Fridays."),
    ],
)
def test_what_uses_the_same_words_is_nearer(asked: str, right: str, wrong: str) -> None:
    assert close(asked, right) > close(asked, wrong) + 0.1


def test_other_forms_of_a_word_are_near_and_meaning_is_not_known() -> None:
    assert close("refund", "refunds") > 0.4
    assert abs(close("car", "automobile")) < 0.3  # honest: a stranger is a stranger


def test_case_accents_and_marks_make_no_difference() -> None:
    assert close("Café-Öffnungszeiten!", "cafe offnungszeiten") > 0.999


def test_words_that_are_in_every_text_count_little() -> None:
    assert close("what is the refund", "refund") > 0.9


def test_words_are_cut_and_of_every_script() -> None:
    assert words("Ünïcode 東京 " + "x" * 100) == ["unicode", "東京", "x" * 40]


async def test_offline_takes_many_texts_and_needs_no_server() -> None:
    made = embedder({})
    assert isinstance(made, OfflineEmbedder)
    assert await made.embed(["a b", "a b", ""]) == [vector("a b"), vector("a b"), vector("")]
    await made.close()


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({"EMBEDDINGS": "openai"}, "OPENAI_API_KEY"),
        ({"EMBEDDINGS": "server"}, "EMBEDDINGS_URL"),
        ({"EMBEDDINGS": "server", "EMBEDDINGS_URL": "ftp://x"}, "EMBEDDINGS_URL"),
        ({"EMBEDDINGS": "bert"}, "EMBEDDINGS"),
        ({"EMBEDDINGS": "openai", "OPENAI_API_KEY": KEY, "EMBEDDINGS_URL": "http://far.example/v1"}, "https"),
    ],
)
def test_what_is_missing_is_named_and_the_key_is_not(settings: dict[str, str], names: str) -> None:
    with pytest.raises(NotConfigured) as caught:
        embedder(settings)
    assert names in str(caught.value)
    assert KEY not in str(caught.value)


async def test_each_kind_is_named_with_its_model() -> None:
    ours = embedder({"EMBEDDINGS": "server", "EMBEDDINGS_URL": "http://127.0.0.1:1/v1"})
    theirs = embedder({"EMBEDDINGS": "openai", "OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "https://x/v1"})
    assert (ours.name, theirs.name) == ("server:BAAI/bge-small-en-v1.5", "openai:text-embedding-3-small")
    await ours.close()
    await theirs.close()


# ── a server ─────────────────────────────────────────────────────────────────────────────

Answer = Callable[[dict[str, Any]], web.StreamResponse]


@asynccontextmanager
async def serving(answer: Answer, deadline: float = 5.0) -> AsyncIterator[tuple[ServerEmbedder, list[Any]]]:
    seen: list[Any] = []

    async def embeddings(request: web.Request) -> web.StreamResponse:
        seen.append(await request.json())
        return answer(seen[-1])

    app = web.Application()
    app.router.add_post("/v1/embeddings", embeddings)
    async with TestServer(app) as server:
        made = ServerEmbedder("server", str(server.make_url("/v1")), "small", KEY, deadline=deadline)
        try:
            yield made, seen
        finally:
            await made.close()


def rows(asked: dict[str, Any], dimension: int = 4) -> web.Response:
    """As TEI, vLLM and Ollama answer, out of order."""
    data = [
        {"index": at, "embedding": [float(len(text)), 1.0, *([0.0] * (dimension - 2))]}
        for at, text in enumerate(asked["input"])
    ]
    return web.json_response({"object": "list", "data": data[::-1], "model": "small"})


async def test_a_server_s_vectors_come_in_order_in_portions_and_of_length_one() -> None:
    async with serving(rows) as (made, seen):
        assert made.dimension == 0
        found = await made.embed(["x" * (at + 1) for at in range(70)])
        assert [len(each["input"]) for each in seen] == [32, 32, 6]
        assert [round(each[0] / each[1]) for each in found] == list(range(1, 71))
        assert all(math.isclose(math.hypot(*each), 1.0) for each in found)
        assert made.dimension == 4


async def test_a_server_that_changes_its_dimension_is_not_believed() -> None:
    sizes = iter((4, 5))
    async with serving(lambda asked: rows(asked, next(sizes))) as (made, _):
        await made.embed(["a"])
        with pytest.raises(ModelUnavailable, match="dimension"):
            await made.embed(["a"])


async def test_what_is_too_long_for_the_model_is_shortened_once() -> None:
    def fussy(asked: dict[str, Any]) -> web.StreamResponse:
        return rows(asked) if max(map(len, asked["input"])) <= 2_000 else web.Response(status=413)

    async with serving(fussy) as (made, seen):
        await made.embed(["x" * 9_000])
        assert [len(each["input"][0]) for each in seen] == [6_000, 1_200]


@pytest.mark.parametrize("status", [302, 401, 429, 500])
async def test_a_refusal_is_no_vector_and_tells_neither_key_nor_body(status: int) -> None:
    async with serving(lambda _: web.Response(status=status, text="secret " + KEY)) as (made, seen):
        with pytest.raises(ModelUnavailable) as caught:
            await made.embed(["private words"])
        told = f"{caught.value!r} {caught.value.__cause__!r}"
        assert str(status) in told
        assert KEY not in told
        assert "private" not in told
        assert len(seen) == 1


async def test_nobody_waits_longer_than_the_deadline() -> None:
    async def never(_: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    app = web.Application()
    app.router.add_post("/v1/embeddings", never)
    async with TestServer(app) as server:
        made = ServerEmbedder("server", str(server.make_url("/v1")), "small", deadline=0.2)
        with pytest.raises(ModelUnavailable, match="within"):
            await made.embed(["a"])
        await made.close()


async def test_an_endless_answer_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding_server, "MOST_BYTES", 50_000)
    async with serving(lambda asked: rows(asked, 20_000)) as (made, _):
        with pytest.raises(ModelUnavailable, match="more than"):
            await made.embed(["a"])


@pytest.mark.parametrize(
    "data",
    [
        [],
        [{"index": 0}],
        [{"index": 0, "embedding": []}],
        [{"index": 0, "embedding": [0.0, 0.0]}],
        [{"index": 0, "embedding": ["a"]}],
        [{"index": 0, "embedding": [float("nan"), 1.0]}],
        [{"index": 0, "embedding": [1e308, 1e308]}],
        [{"index": 1, "embedding": [1.0]}],
        [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1.0]}],
        [{"index": 0, "embedding": [1.0] * 5_000}],
        "no rows",
        None,
    ],
)
def test_what_is_no_vector_is_refused(data: Any) -> None:
    with pytest.raises(ModelUnavailable):
        _vectors(json.dumps({"data": data}).encode(), 1, "server")


def test_vectors_of_two_dimensions_are_refused() -> None:
    data = [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1.0, 2.0]}]
    with pytest.raises(ModelUnavailable):
        _vectors(json.dumps({"data": data}).encode(), 2, "server")
