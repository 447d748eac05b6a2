"""What an OpenAI-shaped server sends, read without trusting it: a whole answer, or a stream of pieces.

No client library, no network: bytes in, words out. What such servers really do is told beside each case.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .base import ModelUnavailable, Problem

LONGEST_LINE = 256 * 1024
MOST_TOKENS = 10_000_000  # a server that says more of one answer does not count for us
TOOL_MARK = "<tool_call>"  # a call that a server could not parse comes as text


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens by the server's own count. `cached` are part of `prompt`."""

    prompt: int
    completion: int
    cached: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. `logprobs` as the server sent them."""

    text: str
    logprobs: Any = None
    usage: Usage | None = None


def whole(data: Any, kind: str) -> Answer:
    """Cut short, refused, aborted or without an end: no answer at all."""
    match data:
        case {"choices": [{"message": {"refusal": str(refusal)}}, *_]} if refusal:
            raise ModelUnavailable(f"{kind} refused", Problem.REFUSED)
        case {"choices": [{"finish_reason": str(reason), "message": {"tool_calls": [_, *_]}}, *_]}:
            # We offer no tools, so nobody may call one.
            raise ModelUnavailable(f"{kind} called a tool ({reason[:20]})", Problem.SHAPE)
        case {
            "choices": [{"finish_reason": "stop", "message": {"content": str(text)}, **choice}, *_],
            **rest,
        }:
            if text.lstrip().startswith(TOOL_MARK):
                raise ModelUnavailable(f"{kind} wrote a tool call", Problem.SHAPE)
            return Answer(text, choice.get("logprobs"), usage_of(rest.get("usage")))
        case {"choices": [{"finish_reason": str(reason)}, *_]}:
            raise unfinished(kind, reason)
        case {"error": _}:
            raise ModelUnavailable(f"{kind} failed inside")
    raise ModelUnavailable(f"{kind} answered in an unknown shape", Problem.SHAPE)


def unfinished(kind: str, reason: str) -> ModelUnavailable:
    """`abort` is not in OpenAI's list: a vLLM that is shut down says it of all that was under way."""
    problems = {"length": Problem.CUT, "content_filter": Problem.REFUSED, "abort": Problem.DOWN}
    problem = problems.get(reason, Problem.SHAPE)
    return ModelUnavailable(f"{kind} did not finish ({reason[:20]})", problem)


def loads(body: bytes, kind: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise ModelUnavailable(f"{kind} answered something that is not JSON", Problem.SHAPE) from None


def usage_of(found: Any) -> Usage | None:
    match found:
        case {"prompt_tokens": int(prompt), "completion_tokens": int(completion), **rest}:
            match rest.get("prompt_tokens_details"):
                case {"cached_tokens": int(cached)}:
                    pass
                case _:
                    cached = 0
            if all(0 <= each <= MOST_TOKENS for each in (prompt, completion, cached)):
                return Usage(prompt, completion, min(cached, prompt))
    return None


class Lines:
    """Server-sent events out of bytes that come cut anywhere, inside a character too.

    Comments (`: keep-alive`) and fields other than `data` say nothing.
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._rest = bytearray()
        self._data: list[bytes] = []
        self._held = 0

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Each event's data. A line without an end is bounded."""
        self._rest += piece
        *lines, rest = bytes(self._rest).split(b"\n")
        self._rest = bytearray(rest)
        for line in lines:
            line = line.removesuffix(b"\r")
            if line.startswith(b"data:"):
                self._held += len(line)
                self._data.append(line[5:].removeprefix(b" "))
            elif not line and self._data:
                yield b"\n".join(self._data)
                self._data, self._held = [], 0
            self._bound()
        self._bound()

    def _bound(self) -> None:
        if len(self._rest) + self._held > LONGEST_LINE:
            raise ModelUnavailable(f"{self._kind} sent an endless line", Problem.SHAPE)


class Pieces:
    """The events of one stream put together: each piece of text, and at the end what was missing."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._held = ""  # the beginning, as long as it may be a tool call
        self._begun = False
        self.finish = ""
        self.done = False
        self.usage: Usage | None = None
        self.characters = 0

    def take(self, data: bytes) -> str:
        """The text that is new. Raises `ModelUnavailable` for an error after the 200."""
        if data.strip() == b"[DONE]":
            self.done = True
            return ""
        match event := loads(data, self._kind):
            case {"error": {"code": 503 | 429}}:
                raise ModelUnavailable(f"{self._kind} is overloaded", Problem.BUSY)
            case {"error": _} | {"object": "error"}:
                raise ModelUnavailable(f"{self._kind} failed on the way")
            case {"choices": list(choices)}:
                self.usage = usage_of(event.get("usage")) or self.usage
                return self._text(choices)
        return ""

    def _text(self, choices: list[Any]) -> str:
        """The last event holds the usage and no choice; the first holds a role and no text."""
        match choices:
            case [{"delta": {"refusal": str(refusal)}}, *_] if refusal:
                raise ModelUnavailable(f"{self._kind} refused", Problem.REFUSED)
            case [{"delta": {"tool_calls": [_, *_]}}, *_]:
                raise ModelUnavailable(f"{self._kind} called a tool", Problem.SHAPE)
            case [{**choice}, *_]:
                match choice.get("finish_reason"):
                    case str(reason) if reason:
                        self.finish = reason
                match choice.get("delta"):
                    case {"content": str(text)} if text:
                        self.characters += len(text)
                        return self._released(text)
        return ""

    def _released(self, text: str) -> str:
        if self._begun:
            return text
        self._held += text
        told = self._held.lstrip()
        if TOOL_MARK.startswith(told[: len(TOOL_MARK)]):
            if len(told) >= len(TOOL_MARK):
                raise ModelUnavailable(f"{self._kind} wrote a tool call", Problem.SHAPE)
            return ""
        self._begun, held, self._held = True, self._held, ""
        return held

    def end(self) -> str:
        """What was held back. A stream that ends without saying why has failed, however clean its end."""
        if not self.finish:
            raise ModelUnavailable(f"{self._kind} broke off")
        if self.finish != "stop":
            raise unfinished(self._kind, self.finish)
        held, self._held = self._held, ""
        return held
