"""One tenant's services: changed, asked and told of, for the commands."""

from __future__ import annotations

import asyncio
import difflib
import sys
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from bot.errors import ConfigurationError, CountersignError
from integrations import services as integrations
from integrations.base import Identity, Integration
from integrations.errors import IntegrationError
from workers import services
from workers.hooked import heard, workspace_of
from workers.installations import without_our_accounts
from workers.services import Connected, Opened, Services
from workers.store import audit, definitions, tenants
from workers.store import services as store
from workers.store.door import Connection, Database
from workers.store.services import Kept

PATIENCE = 30.0

Change = Callable[[dict[str, str]], None]


class Desk:
    """One tenant's services, and the database to look and write in."""

    def __init__(self, db: Database, tenant: UUID, kept: Services) -> None:
        self.db = db
        self.tenant = tenant
        self.services = kept

    async def change(
        self, found: Integration, change: Change, what: str, names: Sequence[str], *, forget: bool = False
    ) -> Connected:
        """All in one transaction: the settings, the address of the webhook, and the note of it."""
        async with self.db.tenant(self.tenant) as c:
            kept = await store.hold(c, self.tenant, found.name)
            opened = self.services.opened(self.tenant, kept)
            before = self.services.connected(self.tenant, kept).account
            values = dict(opened.values)
            change(values)
            token = "" if forget else opened.token or services.new_token()
            if opened.token and opened.token != token:
                await tenants.uninstall(c, self.tenant, found.name, workspace_of(opened.token))
            if token:
                await tenants.install(c, self.tenant, found.name, workspace_of(token), "", None)
            sealed = None if forget else self.services.sealed(self.tenant, found.name, Opened(values, token))
            now = Kept(kept.tenant, kept.policy, found.name, sealed)
            connected = self.services.connected(self.tenant, now)
            await store.put(c, self.tenant, found.name, sealed, other_account=connected.account != before)
            await audit.record(c, self.tenant, what, service=found.name, names=list(names),
                               account=connected.account, by=audit.OPERATOR)  # fmt: skip
        return connected

    async def introduce(self, found: Integration) -> int:
        async with self.db.tenant(self.tenant) as c:
            kept = await store.kept(c, self.tenant, found.name)
        try:
            connected = self.services.connected(self.tenant, kept)
        except CountersignError as error:
            return say(f"✗ {found.name} {error}", 1)
        missing = [name for name in found.required if not connected.values.get(name)]
        if missing:
            return say(f"! {found.name} is not connected: {', '.join(missing)} is not set")
        try:
            async with asyncio.timeout(PATIENCE):
                who = await asyncio.to_thread(whoami, found, connected)
        except TimeoutError:
            return say(f"✗ {found.name} did not answer within {PATIENCE:.0f} s", 1)
        except IntegrationError as error:
            return say(f"✗ {error}", 1)
        if who is None:
            return say(f"! {found.name} cannot be asked who we are")
        async with self.db.tenant(self.tenant) as c:
            await store.know(c, self.tenant, found.name, who.id, who.name, connected.account)
        for each in who.missing:
            say(f"✗ {found.name}: {each}")
        return say(f"✓ {found.name} knows us as {who.name}", 1 if who.missing else 0)

    async def is_denied(self, service: str) -> bool:
        """Whether it has the rules that a new workspace begins with."""
        async with self.db.tenant(self.tenant) as c:
            rules = await _rules(c, self.tenant)
        begins = {each["name"] for each in without_our_accounts({"rules": []})["rules"]}
        return bool(begins & {each.get("name") for each in rules} & {f"no-account-{service}"})

    def line(self, kept: Kept) -> str:
        found = integration(kept.service)
        try:
            connected = self.services.connected(self.tenant, kept)
        except CountersignError as error:
            return f"✗ {kept.service:<8} {error}"
        missing = [name for name in found.required if not connected.values.get(name)]
        if missing:
            return f"! {kept.service:<8} is not connected: {', '.join(missing)} is not set"
        whence = "kept here" if kept.sealed else "from the environment"
        known = f" as {kept.account_name}" if kept.account_of == connected.account and kept.account else ""
        signed = "" if connected.webhook_secret or kept.service not in heard() else ", no webhook secret"
        return f"✓ {kept.service:<8} is connected{known}, {whence}{signed}"


def whoami(found: Integration, connected: Connected) -> Identity | None:
    """Who we are at the service; None where it cannot be asked. Raises `IntegrationError`."""
    return found.whoami(found.connect(connected.values)) if found.whoami else None


async def _rules(c: Connection, tenant: UUID) -> list[Mapping[str, object]]:
    version = await tenants.policy_version(c, tenant)
    document = await definitions.policy_document(c, tenant, version) if version else None
    return list(document["rules"]) if document else []


def connectable() -> list[Integration]:
    """Those that have an account: not what is a part of ourselves."""
    return [each for each in integrations() if each.name not in services.PARTS]


def integration(name: str) -> Integration:
    """Raises `ConfigurationError` that names the closest."""
    there = {each.name: each for each in connectable()}
    if name not in there:
        raise ConfigurationError(f"There is no service {name!r}. {closest(name, there)}")
    return there[name]


def closest(name: str, there: Mapping[str, object] | set[str]) -> str:
    close = difflib.get_close_matches(name, list(there), 1, 0.5)
    return f"Did you mean {close[0]}?" if close else f"There is {', '.join(sorted(there))}."


def say(text: str, status: int = 0) -> int:
    sys.stdout.write(f"{text}\n")
    return status
