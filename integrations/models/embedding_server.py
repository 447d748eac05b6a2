"""Vectors from a server that speaks OpenAI's embeddings: OpenAI itself, TEI, vLLM or Ollama."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .base import ModelUnavailable

if TYPE_CHECKING:
    from openai import AsyncOpenAI

DEADLINE = 15.0  # seconds for one request, waiting for a free place included
MOST_TEXTS = 32  # in one request: what TEI takes unless told otherwise
LONGEST = 6_000  # characters of one text
SHORTENED = 1_200  # of one that the server called too long: some 300 tokens, which every model takes
MOST_BYTES = 8 * 1024 * 1024
MOST_DIMENSIONS = 4_000  # what an index can hold
AT_ONCE = 4
TOO_LONG = frozenset({400, 413, 422})


class _Refused(ModelUnavailable):
    """The server answered with this status, and not with vectors."""

    def __init__(self, kind: str, status: int) -> None:
        super().__init__(f"{kind} answered {status}")
        self.status = status


class ServerEmbedder:
    """Asks in portions; whatever goes wrong is `ModelUnavailable`, without body or key.

    Making one imports the client, which takes a second: do it at start-up.
    """

    def __init__(self, kind: str, url: str, model: str, key: str = "", *, deadline: float = DEADLINE) -> None:
        self.name = f"{kind}:{model}"
        self.dimension = 0
        self._kind, self._model, self._deadline = kind, model, deadline
        self._client = self._connect(url, key)
        self._places = asyncio.Semaphore(AT_ONCE)

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        found: list[list[float]] = []
        for at in range(0, len(texts), MOST_TEXTS):
            found += await self._portion([each[:LONGEST] or " " for each in texts[at : at + MOST_TEXTS]])
        return found

    async def close(self) -> None:
        await self._client.close()

    async def _portion(self, texts: list[str]) -> list[list[float]]:
        try:
            async with asyncio.timeout(self._deadline), self._places:
                try:
                    body = await self._ask(texts)
                except _Refused as refused:
                    if refused.status not in TOO_LONG or max(map(len, texts)) <= SHORTENED:
                        raise
                    body = await self._ask([each[:SHORTENED] for each in texts])
        except TimeoutError:
            raise ModelUnavailable(f"{self._kind} gave no answer within {self._deadline:.0f} s") from None
        vectors = _vectors(body, len(texts), self._kind)
        for each in vectors:
            if self.dimension and len(each) != self.dimension:
                raise ModelUnavailable(f"{self._kind} changed its dimension, {self.dimension} until now")
            self.dimension = len(each)
        return vectors

    async def _ask(self, texts: list[str]) -> bytes:
        import openai

        asking = self._client.embeddings.with_streaming_response.create
        try:
            async with asking(model=self._model, input=texts, encoding_format="float") as response:
                return await self._bounded(response.iter_bytes(64 * 1024))
        except openai.APITimeoutError:
            raise TimeoutError from None
        except openai.OpenAIError as error:
            if isinstance(error.__cause__, ModelUnavailable):
                raise error.__cause__ from None
            raise ModelUnavailable(f"{self._kind} could not be asked ({type(error).__name__})") from None
        except (OSError, ValueError, RuntimeError) as error:
            raise ModelUnavailable(f"{self._kind} broke off ({type(error).__name__})") from None

    async def _bounded(self, pieces: Any) -> bytes:
        body = bytearray()
        async for piece in pieces:
            body += piece
            if len(body) > MOST_BYTES:
                raise ModelUnavailable(f"{self._kind} answered more than {MOST_BYTES // 1024 // 1024} MB")
        return bytes(body)

    async def _refuse(self, response: Any) -> None:
        """Before a byte of the body: an error's body is never read, however long it is."""
        if response.status_code != 200:
            raise _Refused(self._kind, response.status_code)

    def _connect(self, url: str, key: str) -> AsyncOpenAI:
        import httpx2
        import openai

        limits = httpx2.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE, keepalive_expiry=4)
        return openai.AsyncOpenAI(
            api_key=key or "none",
            base_url=url,
            max_retries=0,
            timeout=httpx2.Timeout(connect=2, read=self._deadline, write=5, pool=self._deadline),
            http_client=openai.DefaultAsyncHttpx2Client(
                limits=limits,
                trust_env=False,
                follow_redirects=False,
                event_hooks={"response": [self._refuse]},
            ),
        )


def _vectors(body: bytes, count: int, kind: str) -> list[list[float]]:
    """One for each text, in the texts' order, of length one, all of one dimension."""
    try:
        rows: Any = json.loads(body)["data"]
        found: dict[int, list[float]] = {row["index"]: _unit(row["embedding"]) for row in rows}
        vectors = [found[at] for at in range(count)]
    except (ValueError, KeyError, TypeError, IndexError, OverflowError, RecursionError):
        raise ModelUnavailable(f"{kind} answered in an unknown shape") from None
    if len(found) != count or len({len(each) for each in vectors}) != 1:
        raise ModelUnavailable(f"{kind} answered with other vectors than were asked for")
    return vectors


def _unit(raw: Any) -> list[float]:
    """Raises ValueError for what is no vector: empty, endless, zero or not of numbers."""
    numbers = [float(each) for each in raw]
    length = math.sqrt(sum(each * each for each in numbers))
    if not 0 < len(numbers) <= MOST_DIMENSIONS or not math.isfinite(length) or length < 1e-12:
        raise ValueError("no vector")
    return [each / length for each in numbers]
