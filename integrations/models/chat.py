"""A model behind an OpenAI-shaped server: OpenAI itself, vLLM, or a small model near by."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any

from . import wire
from .answering import to_reading
from .asking import messages, schema
from .base import ModelUnavailable, Problem, Question, Reading
from .breaker import breaker_of
from .metering import Use, allowed, estimated, noted, time_left
from .retrying import of_status, pause_before_retry
from .shaping import RUNGS, shaped
from .surety import surety
from .wire import Answer, Usage

if TYPE_CHECKING:
    from openai import AsyncOpenAI

DEADLINE = 8.0  # seconds for everything, waiting for a free place and a second try included
MAX_RESPONSE = 256 * 1024
MAX_STREAM = 8 * 1024 * 1024  # a piece of three letters comes in three hundred
IDLE = (
    20.0  # seconds in which a stream says nothing new: one that hangs as its server is shut down stays open
)
MAX_TOKENS = 1_200
AT_ONCE = 16

Messages = Sequence[Mapping[str, str]]


class ChatClient:
    """Asks within one deadline; whatever goes wrong is `ModelUnavailable`, without body or key.

    A second try is made once, and only where the first failed before anything of it was shown.
    `kind` is `openai`, `vllm` or `edge`. Making one imports the client, which takes a second: do it
    at start-up.
    """

    def __init__(
        self,
        kind: str,
        url: str,
        model: str,
        key: str = "",
        *,
        deadline: float = DEADLINE,
        idle: float = IDLE,
    ) -> None:
        self._kind, self._model = kind, model
        self.name = f"{kind}:{model}"
        self._deadline, self._idle = deadline, idle
        self._client = self._connect(url, key)
        self._places = asyncio.Semaphore(AT_ONCE)
        self._breaker = breaker_of(kind, url, model)
        self._rung = 0

    async def complete(self, messages: Messages, most_tokens: int) -> str:
        """A text, in the model's own words."""
        return (await self._answer(self._request(messages, most_tokens))).text

    async def structured(self, messages: Messages, schema: Mapping[str, Any], most_tokens: int) -> Answer:
        """JSON by the schema as far as the server can hold a model to it, with the odds of its tokens.

        A server that does not take the question in this form is asked in a simpler one, now and later.
        Whoever reads the answer checks it against the schema.
        """
        for rung in range(self._rung, RUNGS + 1):
            try:
                found = await self._answer(shaped(self._request(messages, most_tokens), schema, rung))
            except ModelUnavailable as error:
                if error.problem is not Problem.REJECTED or rung == RUNGS:
                    raise
            else:
                self._rung = rung  # only what was taken: a text that is too long says nothing of the form
                return found
        raise AssertionError("the last form is asked or refused")

    async def stream(self, messages: Messages, most_tokens: int) -> AsyncGenerator[str, None]:
        """The text piece by piece. Raises `ModelUnavailable` where it does not come to its proper end, after
        the pieces that came. Close it (`aclosing`) where it is left before, so that the server stops."""
        request = self._request(messages, most_tokens) | {
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        end, attempt = self._end(), 1
        while True:
            shown = False
            try:
                async with aclosing(self._streamed(request, end)) as pieces:
                    async for piece in pieces:
                        shown = True
                        yield piece
                return
            except ModelUnavailable as error:
                pause = None if shown else pause_before_retry(error, attempt, end - monotonic())
                if pause is None:
                    raise
            attempt += 1
            await asyncio.sleep(pause)

    async def close(self) -> None:
        await self._client.close()

    # one try

    async def _answer(self, request: dict[str, Any]) -> Answer:
        end, attempt = self._end(), 1
        while True:
            try:
                return await self._once(request, end)
            except ModelUnavailable as error:
                pause = pause_before_retry(error, attempt, end - monotonic())
                if pause is None:
                    raise
            attempt += 1
            await asyncio.sleep(pause)

    async def _once(self, request: dict[str, Any], end: float) -> Answer:
        with _Try(self, request, end) as told:
            try:
                async with asyncio.timeout(end - monotonic()), self._places:
                    body = await self._ask(request)
            except TimeoutError:
                raise self._slow() from None
            data = wire.loads(body, self._kind)
            told.usage = wire.usage_of(data.get("usage")) if isinstance(data, dict) else None
            answer = wire.whole(data, self._kind)
            told.characters = len(answer.text)
            return answer

    async def _ask(self, request: dict[str, Any]) -> bytes:
        body = bytearray()
        async with self._opened(request) as response:
            async for piece in response.iter_bytes(8 * 1024):
                body += piece
                if len(body) > MAX_RESPONSE:
                    problem = f"{self._kind} answered more than {MAX_RESPONSE // 1024} kB"
                    raise ModelUnavailable(problem, Problem.SHAPE)
        return bytes(body)

    async def _streamed(self, request: dict[str, Any], end: float) -> AsyncGenerator[str, None]:
        """No time-out of ours reaches over a `yield`: whoever reads may take their time."""
        lines, pieces, size = wire.Lines(self._kind), wire.Pieces(self._kind), 0
        with _Try(self, request, end) as told:
            try:
                async with asyncio.timeout(end - monotonic()):
                    await self._places.acquire()
            except TimeoutError:
                raise self._slow() from None
            try:
                async with self._within(self._opened(request), end) as response:
                    coming = response.iter_bytes()
                    heard = monotonic()
                    while not pieces.done:
                        piece = await self._next(coming, min(end, heard + self._idle))
                        if piece is None:
                            break
                        size += len(piece)
                        if size > MAX_STREAM:
                            raise ModelUnavailable(f"{self._kind} does not stop", Problem.SHAPE)
                        for data in lines.feed(piece):
                            text = pieces.take(data)
                            told.usage, told.characters = pieces.usage, pieces.characters
                            heard = monotonic()  # a comment that keeps the line open is no news
                            if text:
                                yield text
                    if rest := pieces.end():
                        yield rest
            finally:
                self._places.release()

    @asynccontextmanager
    async def _within(self, opening: Any, end: float) -> AsyncIterator[Any]:
        try:
            async with asyncio.timeout(end - monotonic()):
                response = await opening.__aenter__()
        except TimeoutError:
            raise self._slow() from None
        try:
            yield response
        finally:
            await asyncio.shield(opening.__aexit__(None, None, None))

    async def _next(self, coming: AsyncIterator[bytes], until: float) -> bytes | None:
        """The next bytes; None at the end."""
        import httpx2
        import openai

        try:
            async with asyncio.timeout(until - monotonic()):
                return await anext(coming, None)
        except (TimeoutError, httpx2.TimeoutException, openai.APITimeoutError):
            raise self._slow() from None
        except (openai.OpenAIError, httpx2.HTTPError, OSError, ValueError, RuntimeError) as error:
            raise ModelUnavailable(f"{self._kind} broke off ({type(error).__name__})") from None

    @asynccontextmanager
    async def _opened(self, request: dict[str, Any]) -> AsyncIterator[Any]:
        import httpx2
        import openai

        try:
            async with self._client.chat.completions.with_streaming_response.create(**request) as response:
                yield response
        except (openai.APITimeoutError, httpx2.TimeoutException):
            raise self._slow() from None
        except openai.OpenAIError as error:
            if isinstance(error.__cause__, ModelUnavailable):
                raise error.__cause__ from None
            raise ModelUnavailable(f"{self._kind} could not be asked ({type(error).__name__})") from None
        except (httpx2.HTTPError, OSError, ValueError, RuntimeError) as error:
            raise ModelUnavailable(f"{self._kind} broke off ({type(error).__name__})") from None

    # what all of them need

    def _end(self) -> float:
        return monotonic() + min(self._deadline, time_left())

    def _slow(self) -> ModelUnavailable:
        return ModelUnavailable(f"{self._kind} gave no answer within {self._deadline:.0f} s", Problem.SLOW)

    def _request(self, messages: Messages, most_tokens: int) -> dict[str, Any]:
        """Always with a limit: a server without one goes on until its memory of the talk is full."""
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
        """Before a byte of the body: an error's is never read, however long it is or whatever its shape."""
        if response.status_code != 200:
            raise of_status(self._kind, response.status_code, response.headers.get("retry-after", ""))


class _Try:
    """One question to the server: may it be asked, how did it go, what did it cost."""

    def __init__(self, client: ChatClient, request: Mapping[str, Any], end: float) -> None:
        self._client, self._request, self._left = client, request, end - monotonic()
        self.usage: Usage | None = None
        self.characters = 0

    def __enter__(self) -> _Try:
        allowed()
        if self._left <= 0:
            raise self._client._slow()
        self._client._breaker.enter()
        self._began = monotonic()
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        breaker = self._client._breaker
        problem = "" if error is None else "stopped"
        if error is None:
            breaker.succeeded()
        elif isinstance(error, ModelUnavailable):
            problem = error.problem.value
            breaker.failed(error.problem)
        else:
            breaker.left()
        usage = self.usage
        if usage is None and (self.characters or problem in _WORKED):
            asked = sum(len(each["content"]) for each in self._request["messages"])
            usage = estimated(asked, self.characters)
        counted = usage or Usage(0, 0)
        took = monotonic() - self._began
        noted(
            Use(self._client.name, counted, took, problem, estimated=self.usage is None and usage is not None)
        )


# Where the server may have read the question, though it did not come to a count of it.
_WORKED = frozenset({"", "stopped", Problem.SLOW, Problem.CUT, Problem.SHAPE, Problem.REFUSED})


class ChatReader(ChatClient):
    """Reads one sentence, by a schema that the server holds the model to."""

    async def read(self, question: Question) -> Reading:
        answer = await self.structured(messages(question), schema(question), MAX_TOKENS)
        return to_reading(answer.text, question, surety(answer.text, answer.logprobs), self.name)
