"""Webhooks of the services we call, as doors of the front.

How a service signs, and what its events are called, is its integration's business, which this
package does not know: it is handed in as a `Caller`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

from bot.errors import Malformed, Unverified
from bot.front_inbox import Delivery
from bot.turn import Ignored

OWN_ACCOUNT = "self"  # whose calls come to the plain address: ours, whose keys are in the settings
MOST_KEY = 200
MOST_THING = 300
LONGEST_TOKEN = 100

Verify = Callable[[Mapping[str, str], bytes, str, float, str], Mapping[str, Any]]
Named = Callable[[Mapping[str, str], Mapping[str, Any]], tuple[str, str] | None]


@dataclass(frozen=True, slots=True)
class Caller:
    """How one service calls us.

    `verify(headers, body, secret, now, path)` raises `forged` before it reads, `malformed` after; the path
    is the one that was called, which some sign too.
    `delivery(headers, event)` gives the key that a redelivery repeats and the id of the thing it is
    about; None where nobody could want to know. `introduction(body)` finds the secret in the one
    unsigned call with which a service tells it to us.
    """

    name: str
    verify: Verify
    delivery: Named
    forged: type[Exception]
    malformed: type[Exception]
    introduction: Callable[[bytes], str | None] | None = None


@dataclass(frozen=True, slots=True)
class Signer:
    """Who may call under an address: what names the tenant, and what they sign with (empty: not set)."""

    workspace: str
    secret: str = field(repr=False)


class Signers(Protocol):
    """Whose address it is. The token stands in a tenant's own address; ours has none."""

    async def of(self, service: str, token: str) -> Signer | None:
        """None where nobody has that address. Raises `InboxRefused` where it cannot be told now."""
        ...

    async def introduced(self, service: str, token: str, secret: str) -> bool:
        """Keeps the secret that the service told us; False where there is one already."""
        ...


class Hook:
    """One service's webhook.

    The tenant follows from the address, and the address from what signs: nothing in the body can
    name another one.
    """

    def __init__(self, caller: Caller, signers: Signers, *, clock: Callable[[], float] = time.time) -> None:
        self.name = caller.name
        self.path = f"/webhooks/{caller.name}"
        self._caller = caller
        self._signers = signers
        self._clock = clock

    async def verify(self, headers: Mapping[str, str], body: bytes, token: str = "") -> Delivery | Ignored:
        signer = await self._signers.of(self.name, token) if len(token) <= LONGEST_TOKEN else None
        if signer is None:
            raise Unverified("Nobody has this address.")
        if not signer.secret:
            return await self._introduced(body, token)
        path = f"{self.path}/{token}" if token else self.path
        try:
            event = self._caller.verify(headers, body, signer.secret, self._clock(), path)
        except self._caller.forged as error:
            raise Unverified("The webhook's signature does not hold.") from error
        except self._caller.malformed as error:
            raise Malformed("The webhook's body is no event.") from error
        named = self._caller.delivery(headers, event)
        if named is None:
            return Ignored("no object")
        key, thing = named
        # A key that is too long is no key of theirs; cut, it could be another one's.
        if not key or not thing or len(key) > MOST_KEY or len(thing) > MOST_THING:
            return Ignored("no usable key")
        return Delivery(self.name, signer.workspace, key, self._order(thing), _packed(event))

    def _order(self, thing: str) -> str:
        begins = f"{self.name}:"
        return thing if thing.startswith(begins) else begins + thing

    async def _introduced(self, body: bytes, token: str) -> Ignored:
        """Only at an address that nobody can guess: at the plain one anybody could introduce himself."""
        find = self._caller.introduction
        secret = find(body) if token and find is not None else None
        if not secret or not await self._signers.introduced(self.name, token, secret):
            raise Unverified("No webhook secret is set.")
        return Ignored("introduction")


def _packed(event: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(event)
    except TypeError as problem:  # a lone surrogate, a number beyond 64 bits
        raise Malformed("The event holds what JSON cannot carry.") from problem
