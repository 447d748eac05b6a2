"""A reader behind an OpenAI-shaped server: OpenAI itself, vLLM, or a small model near by."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .answering import to_reading
from .asking import messages, schema
from .base import ModelUnavailable, Question, Reading
from .surety import surety

if TYPE_CHECKING:
    from openai import AsyncOpenAI

DEADLINE = 8.0  # seconds for everything, waiting for a free place included
MAX_RESPONSE = 64 * 1024
MAX_TOKENS = 1_200
AT_ONCE = 16


class ChatClient:
    """Asks once, within one deadline; whatever goes wrong is `ModelUnavailable`, without body or key.

    `kind` is `openai`, `vllm` or `edge`. Making one imports the client,
    which takes a second: do it at start-up.
    """

    def __init__(self, kind: str, url: str, model: str, key: str = "", *, deadline: float = DEADLINE) -> None:
        self._kind, self._model = kind, model
        self._deadline = deadline
        self._client = self._connect(url, key)
        self._places = asyncio.Semaphore(AT_ONCE)

    async def complete(self, messages: Sequence[Mapping[str, str]], most_tokens: int) -> str:
        """A text, in the model's own words."""
        content, _ = await self._answer(self._request(messages, most_tokens))
        return content

    async def _answer(self, request: dict[str, Any]) -> tuple[str, Any]:
        try:
            async with asyncio.timeout(self._deadline), self._places:
                body = await self._ask(request)
        except TimeoutError:
            raise ModelUnavailable(f"{self._kind} gave no answer within {self._deadline:.0f} s") from None
        return _content(body, self._kind)

    async def close(self) -> None:
        await self._client.close()

    async def _ask(self, request: dict[str, Any]) -> bytes:
        import openai

        try:
            async with self._client.chat.completions.with_streaming_response.create(**request) as response:
                return await _bounded(response.iter_bytes(8 * 1024), self._kind)
        except openai.APITimeoutError:
            raise TimeoutError from None
        except openai.OpenAIError as error:
            if isinstance(error.__cause__, ModelUnavailable):
                raise error.__cause__ from None
            raise ModelUnavailable(f"{self._kind} could not be asked ({type(error).__name__})") from None
        except (OSError, ValueError, RuntimeError) as error:
            raise ModelUnavailable(f"{self._kind} broke off ({type(error).__name__})") from None

    def _request(self, messages: Sequence[Mapping[str, str]], most_tokens: int) -> dict[str, Any]:
        length = "max_completion_tokens" if self._kind == "openai" else "max_tokens"
        return {"model": self._model, "messages": list(messages), "temperature": 0, length: most_tokens}

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

    async def _refuse(self, response: Any) -> None:
        """Before a byte of the body: an error's body is never read, however long it is."""
        if response.status_code != 200:
            raise ModelUnavailable(f"{self._kind} answered {response.status_code}")


class ChatReader(ChatClient):
    """Reads one sentence, by a schema that the server holds the model to."""

    async def read(self, question: Question) -> Reading:
        content, logprobs = await self._answer(self._reading(question))
        return to_reading(content, question, surety(content, logprobs), f"{self._kind}:{self._model}")

    def _reading(self, question: Question) -> dict[str, Any]:
        return self._request(messages(question), MAX_TOKENS) | {
            "logprobs": True,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "reading", "strict": True, "schema": schema(question)},
            },
        }


async def _bounded(pieces: Any, kind: str) -> bytes:
    body = bytearray()
    async for piece in pieces:
        body += piece
        if len(body) > MAX_RESPONSE:
            raise ModelUnavailable(f"{kind} answered more than {MAX_RESPONSE // 1024} kB")
    return bytes(body)


def _content(body: bytes, kind: str) -> tuple[str, Any]:
    """The one choice's content. Cut short, refused, aborted or without an end: no answer at all."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        raise ModelUnavailable(f"{kind} answered something that is not JSON") from None
    match answer:
        case {"choices": [{"message": {"refusal": str(refusal)}}, *_]} if refusal:
            raise ModelUnavailable(f"{kind} refused")
        case {"choices": [{"finish_reason": "stop", "message": {"content": str(content)}, **choice}, *_]}:
            return content, choice.get("logprobs")
        case {"choices": [{"finish_reason": str(reason)}, *_]}:
            raise ModelUnavailable(f"{kind} did not finish ({reason[:20]})")
    raise ModelUnavailable(f"{kind} answered in an unknown shape")
