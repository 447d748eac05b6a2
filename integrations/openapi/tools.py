"""An operation → a tool: its risk, its card, and how often it may be sent."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from integrations.base import Attempt, Done, Performed, Reversibility, Risk, Tool
from integrations.errors import NotReached, RateLimited
from integrations.http import budget
from integrations.openapi.chosen import Chosen
from integrations.openapi.client import Server, Service
from integrations.openapi.errors import NobodyKnows, Retry
from integrations.openapi.exact import exact
from integrations.openapi.leaving import can_carry, no_key_in_the_address
from integrations.openapi.models import Answer, arguments_of
from integrations.openapi.operation import Operation
from integrations.openapi.serialise import as_json

# Seconds for one performance, all its calls together. A worker's lease must be longer.
LONGEST = 35.0
MOST_REMEMBERED = 10_000

_PLAIN_KEY = re.compile(r"[\w-]+\Z")

Facts = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class NeverLeft:
    """Tries of which this process knows that the service did nothing, so that the next may be sent.

    Another process does not know it; there the effect becomes one for a person to look at.
    """

    _last: OrderedDict[str, int] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, attempt: Attempt) -> None:
        with self._lock:
            self._last[attempt.key] = attempt.number
            self._last.move_to_end(attempt.key)
            while len(self._last) > MOST_REMEMBERED:
                self._last.popitem(last=False)

    def may_send(self, attempt: Attempt) -> bool:
        """The first try, or one after a try that certainly came to nothing."""
        with self._lock:
            return attempt.number == 1 or self._last.get(attempt.key) == attempt.number - 1


def risk_of(chosen: Chosen, operation: Operation) -> Risk:
    """By the method, unless the settings say that it only reads."""
    if operation.reads or operation.name in chosen.reads:
        return Risk.READ
    return Risk.DESTRUCTIVE if operation.method == "delete" else Risk.WRITE


def tool(chosen: Chosen, operation: Operation, server: Server, never_left: NeverLeft) -> Tool:
    """Raises `DocumentError` for a schema that cannot be checked."""
    risk = risk_of(chosen, operation)
    reads = risk is Risk.READ
    keyed = bool(chosen.idempotency_header)
    arguments = arguments_of(operation.name, operation.schema)

    def perform(service: Service, given: Any, attempt: Attempt) -> Performed:
        values = exact(operation.schema, arguments.model_validate(given).values)
        retry = Retry(chosen.name, reads=reads, keyed=keyed and not operation.reads)
        if operation.reads:
            no_key_in_the_address(chosen.name, operation, values, service.chosen.token)
        if not (reads or keyed or never_left.may_send(attempt)):
            raise NobodyKnows(
                chosen.name, "was asked before and nobody heard the answer; I do not ask twice."
            )
        try:
            with budget(LONGEST):
                answer = service.call(operation, values, attempt.key, retry)
        except (NotReached, RateLimited):
            never_left.note(attempt)
            raise
        return Done(answer.model_dump(mode="json"), "" if reads else _id_of(answer))

    def describe(given: Any) -> Facts:
        """The call, and all that will be sent, value by value, nothing shortened."""
        values = exact(operation.schema, arguments.model_validate(given).values)
        calls = f"{operation.method.upper()} {server.prefix}{operation.path} at {server.host}"
        return (("Calls", calls), *_leaves("", values))

    return Tool(
        name=f"{chosen.name}.{operation.name}",
        summary=operation.summary,
        risk=risk,
        reversibility=Reversibility.READ_ONLY if reads else Reversibility.IRREVERSIBLE,
        arguments=arguments,
        result=Answer,
        perform=perform,
        describe=describe,
        version=_version(operation, server),
        egress=can_carry(operation.schema),
        recipient=lambda _: server.host,
    )


def _version(operation: Operation, server: Server) -> str:
    """What the same arguments would do: it changes when the document does, and then no approval fits."""
    return hashlib.sha256(f"{server.origin}{server.prefix}|{operation.fingerprint()}".encode()).hexdigest()[
        :16
    ]


def _id_of(answer: Answer) -> str:
    match answer.body:
        case {"id": str() | int() as id} if not isinstance(id, bool):
            return str(id)[:200]
        case _:
            return ""


def _leaves(label: str, value: Any) -> Iterator[tuple[str, str]]:
    """Label and value of everything in it. A label cannot pass for another one's."""
    match value:
        case dict() if value:
            for key, inner in value.items():
                name = key if _PLAIN_KEY.match(key) else as_json(key)
                yield from _leaves(f"{label}.{name}" if label else name, inner)
        case list() if value:
            for at, inner in enumerate(value, 1):
                yield from _leaves(f"{label}[{at}]", inner)
        case str() if not _reads_as_json(value):
            yield label, value
        case _ if label:
            yield label, as_json(value)


def _reads_as_json(text: str) -> bool:
    """The text "true" is not the value true, and an empty text is not nothing: both get quotes."""
    if text != text.strip() or not text:
        return True
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
