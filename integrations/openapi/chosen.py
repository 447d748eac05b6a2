"""`OPENAPI` and what belongs to its names → which documents there are, and how their services are called."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from integrations.errors import NotConfigured

SETTING = "OPENAPI"
MOST = 50
FIELDS = (
    "TOKEN",
    "HEADER",
    "QUERY",
    "CLIENT_ID",
    "CLIENT_SECRET",
    "TOKEN_URL",
    "SCOPE",
    "SERVER",
    "ALLOW_PRIVATE",
    "TOOLS",
    "READS",
    "IDEMPOTENCY_HEADER",
)
# As whom it is called, which each tenant may say for itself; and whether it is a secret.
CREDENTIALS = {"TOKEN": True, "CLIENT_ID": False, "CLIENT_SECRET": True, "TOKEN_URL": False, "SCOPE": False}

_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}\Z")
_HEADER = re.compile(
    r"(?P<name>[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100})(?::\s*(?P<prefix>[A-Za-z0-9._-]{0,40}))?\Z"
)
_SECRET = re.compile(r"[\x21-\x7e]+\Z")
_YES, _NO = frozenset({"1", "true", "yes"}), frozenset({"", "0", "false", "no"})


@dataclass(frozen=True, slots=True)
class Chosen:
    """One document, as the settings say. `source` is an address or a file.

    `header` and `prefix`: `Authorization: Bearer <token>` where nothing else is said. `inside`:
    private addresses are allowed. `tools` and `reads` are names of operations, `tools` with `*`.
    """

    name: str
    source: str
    token: str = field(default="", repr=False)
    header: str = "Authorization"
    prefix: str = "Bearer"
    query: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    token_url: str = ""
    scope: str = ""
    server: str = ""
    inside: bool = False
    tools: tuple[str, ...] = ()
    reads: frozenset[str] = frozenset()
    idempotency_header: str = ""

    @property
    def hidden(self) -> frozenset[tuple[str, str]]:
        """The parameters that carry our credentials or our key: nobody else fills them in."""
        headers = {("header", each.lower()) for each in (self.header, self.idempotency_header) if each}
        return frozenset(headers | ({("query", self.query)} if self.query else set()))

    def setting(self, what: str) -> str:
        return f"{SETTING}_{self.name.upper()}_{what}"


def chosen(settings: Mapping[str, str], shipped: Mapping[str, str] = {}) -> tuple[Chosen, ...]:
    """Those of OPENAPI, and the `shipped` ones (name → file). Raises `NotConfigured` naming the setting."""
    found = dict(shipped)
    for part in filter(None, (each.strip() for each in settings.get(SETTING, "").split(","))):
        name, equals, source = (each.strip() for each in part.partition("="))
        if not equals or not source or not _NAME.match(name):
            raise NotConfigured(
                SETTING, "holds something else than name=address; a name is of a-z, 0-9 and _"
            )
        if name in found and name not in shipped:
            raise NotConfigured(SETTING, f"names {name} twice")
        found[name] = source
    if len(found) > MOST:
        raise NotConfigured(SETTING, f"names more than {MOST} documents")
    return tuple(_one(name, source, own(name, settings, found)) for name, source in found.items())


def with_credentials(one: Chosen, settings: Mapping[str, str]) -> Chosen:
    """The same service for whoever these settings are of. Raises `NotConfigured`."""
    start = f"{SETTING}_{one.name.upper()}_"
    values = {what: settings.get(f"{start}{what}", "").strip() for what in CREDENTIALS}
    fresh = _one(one.name, one.source, {what: value for what, value in values.items() if value})
    return replace(
        one,
        token=fresh.token,
        client_id=fresh.client_id,
        client_secret=fresh.client_secret,
        token_url=fresh.token_url,
        scope=fresh.scope,
    )


def own(name: str, settings: Mapping[str, str], names: Collection[str]) -> dict[str, str]:
    """What is set for this name, by the setting's last part. The longest name that fits has it."""
    start = f"{SETTING}_{name.upper()}_"
    longer = [f"{SETTING}_{each.upper()}_" for each in names if each.startswith(f"{name}_")]
    return {
        key.removeprefix(start): value.strip()
        for key, value in settings.items()
        if key.startswith(start) and not any(key.startswith(each) for each in longer) and value.strip()
    }


def _one(name: str, source: str, values: Mapping[str, str]) -> Chosen:
    def setting(what: str) -> str:
        return f"{SETTING}_{name.upper()}_{what}"

    for what in values:
        if what not in FIELDS:
            raise NotConfigured(setting(what), f"is no setting; there are {', '.join(FIELDS)}")
    for what in ("TOKEN", "CLIENT_ID", "CLIENT_SECRET"):
        if not _SECRET.match(values.get(what, "x")):
            raise NotConfigured(setting(what), "holds a character that cannot be sent")
    if "TOKEN" in values and "CLIENT_ID" in values:
        raise NotConfigured(setting("TOKEN"), f"is set, and {setting('CLIENT_ID')} too: one of them")
    together = [what for what in ("CLIENT_ID", "CLIENT_SECRET", "TOKEN_URL") if what in values]
    for what in ("CLIENT_ID", "CLIENT_SECRET", "TOKEN_URL"):
        if together and what not in values:
            raise NotConfigured(setting(what), f"is missing, and {setting(together[0])} is set")
    if "HEADER" in values and "QUERY" in values:
        raise NotConfigured(setting("QUERY"), f"is set, and {setting('HEADER')} too: one of them")
    more: dict[str, Any] = {}
    if (given := values.get("HEADER")) is not None:
        found = _HEADER.match(given)
        if found is None:
            raise NotConfigured(setting("HEADER"), "is no header's name, alone or with `: ` and a word")
        more = {"header": found["name"], "prefix": found["prefix"] or ""}
    elif "QUERY" in values:
        more = {"header": "", "prefix": ""}
    header = values.get("IDEMPOTENCY_HEADER", "")
    if header and not ((found := _HEADER.match(header)) and found["prefix"] is None):
        raise NotConfigured(setting("IDEMPOTENCY_HEADER"), "is no header's name")
    private = values.get("ALLOW_PRIVATE", "").lower()
    if private not in _YES | _NO:
        raise NotConfigured(setting("ALLOW_PRIVATE"), "is 1 or 0")
    return Chosen(
        name=name,
        source=source,
        token=values.get("TOKEN", ""),
        query=values.get("QUERY", ""),
        client_id=values.get("CLIENT_ID", ""),
        client_secret=values.get("CLIENT_SECRET", ""),
        token_url=values.get("TOKEN_URL", ""),
        scope=values.get("SCOPE", ""),
        server=values.get("SERVER", ""),
        inside=private in _YES,
        tools=_list(values.get("TOOLS", "")),
        reads=frozenset(_list(values.get("READS", ""))),
        idempotency_header=header,
        **more,
    )


def _list(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.split(",") if each.strip())
