"""A reader behind an OpenAI-shaped server: OpenAI itself, vLLM, or a small model near by."""

from __future__ import annotations

import asyncio
import json
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


class ChatReader:
    """Asks once, within one deadline; whatever goes wrong is `ModelUnavailable`, without body or key.

    `kind` is `openai`, `vllm` or `edge`. Making one imports the client,
    which takes a second: do it at start-up.
    """

    def __init__(self, kind: str, url: str, model: str, key: str = "", *, deadline: float = DEADLINE) -> None:
        self._kind, self._model = kind, model
        self._deadline = deadline
        self._client = self._connect(url, key)
        self._places = asyncio.Semaphore(AT_ONCE)

    async def read(self, question: Question) -> Reading:
        try:
            async with asyncio.timeout(self._deadline), self._places:
                body = await self._ask(question)
        except TimeoutError:
            raise ModelUnavailable(f"{self._kind} gave no answer within {self._deadline:.0f} s") from None
        content, logprobs = _content(body, self._kind)
        return to_reading(content, question, surety(content, logprobs), f"{self._kind}:{self._model}")

    async def close(self) -> None:
        await self._client.close()

    async def _ask(self, question: Question) -> bytes:
        import openai

        try:
            async with self._client.chat.completions.with_streaming_response.create(
                **self._request(question)
            ) as response:
                return await _bounded(response.iter_bytes(8 * 1024), self._kind)
        except openai.APITimeoutError:
            raise TimeoutError from None
        except openai.OpenAIError as error:
            if isinstance(error.__cause__, ModelUnavailable):
                raise error.__cause__ from None
            raise ModelUnavailable(f"{self._kind} could not be asked ({type(error).__name__})") from None
        except (OSError, ValueError, RuntimeError) as error:
            raise ModelUnavailable(f"{self._kind} broke off ({type(error).__name__})") from None

    def _request(self, question: Question) -> dict[str, Any]:
        length = "max_completion_tokens" if self._kind == "openai" else "max_tokens"
        return {
            "model": self._model,
            "messages": messages(question),
            "temperature": 0,
            "logprobs": True,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "reading", "strict": True, "schema": schema(question)},
            },
            length: MAX_TOKENS,
        }

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
