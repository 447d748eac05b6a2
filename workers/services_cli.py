"""`countersign services …`: whose account each service is called with, tenant by tenant.

Secrets come from a file or from stdin, never from the command line, where `ps` shows them, and none
is ever printed but one: the webhook secret that a service itself sent, once.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from bot.errors import ConfigurationError
from bot.settings import Settings
from integrations.base import Integration
from workers import beside, ops, services
from workers.hooked import heard
from workers.services import Services
from workers.services_desk import Desk, closest, connectable, integration, say
from workers.store import services as store
from workers.store.door import Database

LARGEST = 16 * 1024


def listed(settings: Settings, tenant: str) -> int:
    async def work(desk: Desk) -> int:
        async with desk.db.tenant(desk.tenant) as c:
            rows = [await store.kept(c, desk.tenant, each.name) for each in connectable()]
        for kept in rows:
            say(desk.line(kept))
        return 0

    return _at_desk(settings, tenant, work)


def show(settings: Settings, tenant: str, service: str) -> int:
    """The names that are set, the address of the webhook, and a secret that nobody has seen yet."""
    found = integration(service)

    async def work(desk: Desk) -> int:
        async with desk.db.tenant(desk.tenant) as c:
            kept = await store.kept(c, desk.tenant, found.name)
            opened = desk.services.opened(desk.tenant, kept)
            if kept.unseen:
                await store.seen(c, desk.tenant, found.name)
        say(desk.line(kept))
        secret = {**services.names(found.name), **dict.fromkeys(_guessed_secret(found), True)}
        for name in sorted(opened.values):
            say(f"  {name} = {'(kept sealed)' if secret.get(name) else opened.values[name]}")
        if found.name in heard():
            token = f"/{opened.token}" if opened.token else ""
            if token or services.may_use_environment(kept):
                say(f"  webhooks go to {settings.own_url}/webhooks/{found.name}{token}")
        if kept.unseen:
            name = services.secret_name(found.name)
            say(f"  {found.name} sent this to verify the webhook with; it is shown only now:")
            say(f"  {opened.values.get(name, '')}")
        return 0

    return _at_desk(settings, tenant, work)


def put(settings: Settings, tenant: str, service: str, pairs: Sequence[str]) -> int:
    found = integration(service)
    given = dict(_pair(found, each) for each in pairs)
    if not given:
        raise ConfigurationError(f"Say what to set: {', '.join(sorted(known_names(found)))}.")
    _check(found, given)

    async def work(desk: Desk) -> int:
        connected = await desk.change(
            found, lambda values: values.update(given), "service.set", sorted(given)
        )
        say(f"{found.name}: kept {', '.join(sorted(given))}.")
        missing = [name for name in found.required if not connected.values.get(name)]
        if missing:
            say(f"It still needs {', '.join(missing)}.")
        if await desk.is_denied(found.name):
            say(
                f"This tenant's rules deny {found.name}'s tools: push a policy to it,"
                " `countersign flows push --tenant …`."
            )
        return 0

    return _at_desk(settings, tenant, work)


def unset(settings: Settings, tenant: str, service: str, names: Sequence[str]) -> int:
    """These, or everything; then the address of the webhook is nobody's any more."""
    found = integration(service)
    gone = {_known(found, name) for name in names}

    def less(values: dict[str, str]) -> None:
        for name in gone or set(values):
            values.pop(name, None)

    async def work(desk: Desk) -> int:
        await desk.change(found, less, "service.unset", sorted(gone), forget=not gone)
        say(f"{found.name}: {', '.join(sorted(gone)) or 'everything that was kept'} is gone.")
        return 0

    return _at_desk(settings, tenant, work)


def check(settings: Settings, tenant: str, service: str = "") -> int:
    """Asks each connected service who we are there. The exit status is 1 where one refuses."""
    chosen = [integration(service)] if service else connectable()

    async def work(desk: Desk) -> int:
        return max([await desk.introduce(each) for each in chosen], default=0)

    return _at_desk(settings, tenant, work)


def known_names(found: Integration) -> set[str]:
    return {*services.names(found.name), *found.required}


def _known(found: Integration, name: str) -> str:
    names = known_names(found)
    if name not in names:
        raise ConfigurationError(f"{found.name} has no setting {name[:60]!r}. {closest(name, names)}")
    return name


def _guessed_secret(found: Integration) -> list[str]:
    """Required, and none of those whose kind is known: better taken for a secret."""
    return [name for name in found.required if name not in services.names(found.name)]


def _pair(found: Integration, text: str) -> tuple[str, str]:
    """NAME=VALUE, NAME=@file or NAME=- for stdin; a secret only in the last two ways."""
    name, equals, value = text.partition("=")
    name = _known(found, name.strip())
    if not equals:
        raise ConfigurationError(
            f"{name} has no value: write {name}=VALUE, {name}=@file, or {name}=- for stdin."
        )
    if value == "-":
        value = sys.stdin.read(LARGEST + 1)
    elif value.startswith("@"):
        value = _from_file(name, Path(value[1:]))
    elif services.names(found.name).get(name, True):
        raise ConfigurationError(
            f"{name} is a secret, and what stands on the command line can be read by others:"
            f" write {name}=@file, or {name}=- and give it on stdin."
        )
    value = value.strip()
    if not value or len(value) > LARGEST:
        raise ConfigurationError(f"{name} is empty, or longer than {LARGEST} characters.")
    return name, value


def _from_file(name: str, path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(LARGEST + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{name} cannot be read from that file ({type(error).__name__}).") from None


def _check(found: Integration, given: Mapping[str, str]) -> None:
    """What a setting may be is said where all are declared."""
    fields = {name.lower(): value for name, value in given.items() if name in services.names(found.name)}
    try:
        Settings(_env_file=None, **fields)  # type: ignore[arg-type]  # names and values as people wrote them
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise ConfigurationError(f"{str(first['loc'][0]).upper()}: {first['msg']}.") from None


def _at_desk(settings: Settings, tenant: str, work: Callable[[Desk], Awaitable[int]]) -> int:
    settings = beside.completed(settings)

    async def run(db: Database) -> int:
        kept = Services(settings.plain(), settings.secret("secret_key"))
        return await work(Desk(db, await ops.whose(db, tenant), kept))

    return ops.with_database(settings, run)
