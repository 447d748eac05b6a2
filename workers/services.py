"""Whose account a service is called with: the settings of the tenant whose call it is.

Our own tenant has those of the environment, and what is kept in its row over them. Any other
tenant has what is kept in its row, and nothing of the environment's.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from uuid import UUID

from pydantic import SecretStr

from bot.errors import ConfigurationError
from bot.secrets import Spot, Vault
from bot.settings import Settings
from integrations import credentials_of
from workers.installs import OWN
from workers.store.services import Kept

SIGNED_WITH = "_WEBHOOK_SECRET"
# Parts of ourselves that are called as services are. They have nobody's account: the model that
# answers a tool's call is the one that reads everybody's sentences anyway.
PARTS = frozenset({"model", "flow", "work", "schedule", "knowledge", "files"})
NO_KEY = "SECRET_KEY is not set, so the kept settings of {} cannot be opened."


@dataclass(frozen=True, slots=True)
class Opened:
    """What a row holds: settings by name, and the token in the address of the tenant's webhook."""

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Connected:
    """A service as one tenant has it: what its client is made with.

    `account` names the account without telling its key: it is part of what is approved, and the
    same as long as the settings are.
    """

    service: str
    account: str
    values: Mapping[str, str] = field(repr=False)

    @property
    def webhook_secret(self) -> str:
        return self.values.get(secret_name(self.service), "")


class Services:
    """Makes the settings of a tenant's service out of the environment's and what is kept."""

    def __init__(self, environment: Mapping[str, str], secret_key: str = "") -> None:
        self._environment = environment
        self._vault = Vault(secret_key) if secret_key else None

    def connected(self, tenant: UUID, kept: Kept) -> Connected:
        """Raises `CountersignError` where what is kept cannot be opened."""
        mine = self.opened(tenant, kept).values
        base = self._environment if may_use_environment(kept) else defaults(kept.service)
        values = {**base, **mine}
        return Connected(kept.service, account_of(kept.service, values), values)

    def opened(self, tenant: UUID, kept: Kept) -> Opened:
        if kept.sealed is None:
            return Opened()
        plain = json.loads(self.vault(kept.service).open(kept.sealed, spot(tenant, kept.service)))
        return Opened(plain["values"], plain["token"])

    def sealed(self, tenant: UUID, service: str, opened: Opened) -> str:
        plain = json.dumps({"values": dict(opened.values), "token": opened.token or new_token()})
        return self.vault(service).seal(plain, spot(tenant, service))

    @property
    def keys(self) -> Vault | None:
        """What opens everything else that is kept sealed; None without a SECRET_KEY."""
        return self._vault

    def vault(self, service: str) -> Vault:
        if self._vault is None:
            raise ConfigurationError(NO_KEY.format(service))
        return self._vault


def may_use_environment(kept: Kept) -> bool:
    """The environment's credentials are the operator's own: nobody else's call is made with them."""
    return kept.tenant == OWN or kept.service in PARTS


def spot(tenant: UUID, service: str) -> Spot:
    """Where they belong: copied to another tenant's row, or another service's, they do not open."""
    return Spot(str(tenant), "services", service, "sealed")


def new_token() -> str:
    return secrets.token_urlsafe(24)


def names(service: str) -> Mapping[str, bool]:
    """The settings that a service has, and whether each is a secret."""
    return credentials_of(service) or _fields(service)


@cache
def _fields(service: str) -> Mapping[str, bool]:
    return {
        name.upper(): SecretStr.__name__ in str(found.annotation)
        for name, found in Settings.model_fields.items()
        if name.upper().startswith(prefix(service))
    }


@cache
def defaults(service: str) -> Mapping[str, str]:
    """What a setting is where nobody set it."""
    found = {name: Settings.model_fields[name.lower()].default for name in _fields(service)}
    return {name: str(value) for name, value in found.items() if value not in (None, "")}


def prefix(service: str) -> str:
    """What the names of a service's settings begin with."""
    return f"OPENAPI_{service.upper()}_" if credentials_of(service) else f"{service.upper()}_"


def secret_name(service: str) -> str:
    """The setting that holds what its webhooks are signed with."""
    return f"{service.upper()}{SIGNED_WITH}"


def account_of(service: str, values: Mapping[str, str]) -> str:
    """A name for whose account, where, and which project: everything but how it calls us.

    What is as it is by default is left out, so that a setting which a later version adds leaves
    what was approved before as it was.
    """
    usual = defaults(service)
    named = [
        (name, values[name])
        for name in sorted(values)
        if name.startswith(prefix(service))
        and not name.endswith(SIGNED_WITH)
        and values[name] != usual.get(name, "")
    ]
    return f"{service}:{hashlib.sha256(json.dumps(named).encode()).hexdigest()[:16]}"
