"""The services that call us: how each signs, and with whose secret."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from inspect import signature
from types import MappingProxyType
from typing import Any, cast
from uuid import UUID

import asyncpg

from bot.errors import CountersignError, InboxRefused
from bot.hooks import OWN_ACCOUNT, Caller, Signer, Verify
from integrations import PLACES
from integrations.base import Happened
from workers.installs import own_tenant
from workers.services import Opened, Services, secret_name
from workers.store import audit, services, tenants
from workers.store.door import Database

KEPT = 5.0  # seconds for which a secret that was looked up is believed
MOST_KEPT = 5_000
LONGEST_SECRET = 500

Read = Callable[[Mapping[str, Any]], Happened | None]


@dataclass(frozen=True, slots=True)
class Heard:
    """One service: how it calls us, and what its events say."""

    caller: Caller
    read: Read


@cache
def heard() -> Mapping[str, Heard]:
    """Every service that has a `webhook.py`, by its name. No vendor's SDK is imported for it."""
    found = {}
    for place in PLACES:
        package = place.partition(":")[0].rpartition(".")[0]
        if find_spec(f"{package}.webhook") is not None:
            name = package.rpartition(".")[2]
            found[name] = _heard(name, import_module(f"{package}.webhook"))
    return MappingProxyType(found)


def _heard(name: str, module: Any) -> Heard:
    forged = next(thing for title, thing in vars(module).items() if title.lower() == f"notfrom{name}")
    caller = Caller(
        name,
        _verify(module),
        module.delivery,
        forged=cast("type[Exception]", forged),
        malformed=module.NotAnEvent,
        introduction=getattr(module, "verification_token", None),
    )
    return Heard(caller, module.read)


def _verify(module: Any) -> Verify:
    """Some sign the path as well; the others are not asked about it."""
    verify: Any = module.verify
    if "path" in signature(verify).parameters:
        return lambda headers, body, secret, now, path: verify(headers, body, secret, now, path=path)
    return lambda headers, body, secret, now, _path: verify(headers, body, secret, now)


def workspace_of(token: str) -> str:
    """What a tenant's address is known by here: whoever reads it in the database cannot call it."""
    return hashlib.sha256(token.encode()).hexdigest()[:40]


@dataclass(frozen=True, slots=True)
class _Whose:
    tenant: UUID
    signer: Signer


class StoredSigners:
    """Implements `bot.hooks.Signers`: our own tenant at the plain address, others at theirs."""

    def __init__(self, db: Database, kept: Services) -> None:
        self._db = db
        self._services = kept
        self._known: dict[tuple[str, str], tuple[float, _Whose]] = {}

    async def of(self, service: str, token: str) -> Signer | None:
        key = (service, workspace_of(token) if token else OWN_ACCOUNT)
        known = self._known.get(key)
        if known is None or known[0] < time.monotonic():
            try:
                whose = await self._look(*key)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                raise InboxRefused("the database does not answer") from error
            if whose is None:
                return None
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            known = self._known[key] = (time.monotonic() + KEPT, whose)
        return known[1].signer

    async def _look(self, service: str, workspace: str) -> _Whose | None:
        if workspace == OWN_ACCOUNT:
            tenant = await own_tenant(self._db)
        else:
            found = await tenants.of_installation(self._db, service, workspace)
            if found is None:
                return None
            tenant = found
        async with self._db.tenant(tenant) as c:
            kept = await services.kept(c, tenant, service)
        try:
            secret = self._services.connected(tenant, kept).webhook_secret
        except CountersignError as error:  # a row that was sealed with a key which is gone
            raise InboxRefused("what is kept of this service cannot be opened") from error
        return _Whose(tenant, Signer(workspace, secret))

    async def introduced(self, service: str, token: str, secret: str) -> bool:
        """The first secret stays: whoever learns the address later cannot put another in its place."""
        whose = self._known.get((service, workspace_of(token)))
        if whose is None or not 8 <= len(secret) <= LONGEST_SECRET:
            return False
        tenant = whose[1].tenant
        try:
            async with self._db.tenant(tenant) as c:
                kept = await services.hold(c, tenant, service)
                opened = self._services.opened(tenant, kept)
                if self._services.connected(tenant, kept).webhook_secret:
                    return False
                more = Opened({**opened.values, secret_name(service): secret}, opened.token)
                sealed = self._services.sealed(tenant, service, more)
                await services.put(c, tenant, service, sealed, other_account=False, unseen=True)
                await audit.record(c, tenant, "service.introduced", service=service)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            raise InboxRefused("the database does not answer") from error
        self._known.pop((service, workspace_of(token)), None)
        return True
