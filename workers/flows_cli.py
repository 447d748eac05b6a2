"""`countersign flows …`: what each command prints, and its exit status.

Mistakes and answers go to standard output, so that `flows show order > order.yaml` is a file.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from bot import guards
from bot.errors import ConfigurationError
from bot.settings import Settings
from flows.errors import FlowError, Mistake
from flows.flow import Flow, mermaid
from flows.loader import load_file, load_stored
from flows.policy import Policy
from flows.policy_file import load_policy
from flows.yaml_source import read
from integrations import tools
from workers import authors, beside, flows_diff, policy_diff
from workers.assemble import own_dsn
from workers.installs import own_tenant
from workers.push import CATALOG, load_catalog, notes_on, policy_of, push_to
from workers.store import audit, definitions, tenants
from workers.store.door import Connection, Database

USUAL = Path("flows/catalog")
SHORTEST = 4  # characters of a version that may stand for all of it
_FIRST = ("id", "type", "description", "examples")  # as one writes them; the database keeps no order


def lint(catalog: Path) -> int:
    """Every mistake of every flow and of the policy beside them. 0: there is none."""
    folder = _folder(catalog)
    paths = sorted(folder.glob("*.yaml"))
    mistakes: list[Mistake] = []
    for path in paths:
        mistakes += _mistakes(partial(load_file, path, tools()))
    policy = folder.parent / "policy.yaml"
    if policy.exists():
        paths.append(policy)
        mistakes += _mistakes(lambda: load_policy(policy))
    for mistake in mistakes:
        _say(str(mistake))
    if mistakes:
        _say(f"{len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''} in {len(paths)} files.")
        return 1
    _say(f"{len(paths)} files, no mistakes.")
    return 0


def push(
    settings: Settings,
    catalog: Path,
    tenant: str = "",
    *,
    yes: bool = True,
    ask: Callable[[str], bool] | None = None,
    by: str = "",
) -> int:
    """Either all of it is live afterwards, or nothing changed. Where runs wait, or decisions would change,
    somebody has to have said `yes`, or says so when asked. `by` wrote it."""
    from workers import policy_cli

    try:
        flows = load_catalog(_folder(catalog))
        path = policy_of(settings)
        policy = load_policy(path)
        source = read(str(path), path.read_bytes())
    except FlowError as error:
        _say(str(error))
        _say("Nothing was pushed.")
        return 1
    if policy_cli.lint_told(settings, source, policy):
        _say("Nothing was pushed.")
        return 1
    told: list[int] = []

    async def work(db: Database, whose: UUID) -> None:
        async with db.tenant(whose) as c:
            active = await definitions.active_flows(c, whose)
            before = await tenants.policy_version(c, whose)
            touched = await _touched(c, whose, flows, active, policy)
        for line in touched:
            _say(line)
        if touched and not yes and not (ask and ask("Push it?")):
            _say("Nothing was pushed. With --yes it is pushed all the same.")
            told.append(1)
            return
        for pushed in await push_to(db, whose, flows, path):
            _say(f"{pushed.flow}  {pushed.version}  {'new, active' if pushed.new else 'unchanged, active'}")
            for note in pushed.notes:
                _say(f"  {note}")
        changed = [("flow", each.id, each.version) for each in flows if active.get(each.id) != each.version]
        changed += [("policy", "", policy.version)] if before != policy.version and not policy.shadow else []
        async with db.tenant(whose) as c:
            if line := await authors.note(c, whose, by, changed):
                _say(line)

    return _with_database(settings, tenant, work) or (told[0] if told else 0)


async def _touched(
    c: Connection, tenant: UUID, flows: list[Flow], active: Mapping[str, str], policy: Policy
) -> list[str]:
    """A line for each flow, and for the policy, that would change what waits or was recorded."""
    found = []
    for flow in flows:
        if active.get(flow.id, flow.version) == flow.version:
            continue
        changes = await flows_diff.diff(
            c, tenant, active[flow.id], flow, flow.version, flow.id, flows_diff.LAST
        )
        found += [flows_diff.summary(changes)] if changes.touches else []
    rules = await policy_diff.diff(c, tenant, policy, policy_diff.LAST)
    if (
        not policy.shadow
        and rules.active
        and rules.active != policy.version
        and (rules.changed or rules.pending)
    ):
        found += policy_diff.report(rules)
    return found


def list_all(settings: Settings, tenant: str = "") -> int:
    async def work(db: Database, whose: UUID) -> None:
        async with db.tenant(whose) as c:
            there = await definitions.flow_versions(c, whose)
        if not there:
            _say("No flow is stored yet: countersign flows push")
        width = max((len(flow) for flow, *_ in there), default=0)
        for flow, version, since, active in there:
            _say(f"{flow:<{width}}  {version}  {since:%Y-%m-%d %H:%M} UTC{'  active' if active else ''}")

    return _with_database(settings, tenant, work)


def show(settings: Settings, flow: str, version: str = "", tenant: str = "") -> int:
    async def work(db: Database, whose: UUID) -> None:
        async with db.tenant(whose) as c:
            found = await _version(c, whose, flow, version)
            definition = await definitions.flow_definition(c, whose, flow, found)
        assert definition is not None
        _say(as_yaml(definition).rstrip())

    return _with_database(settings, tenant, work)


def graph(catalog: Path, flow: str) -> int:
    """From the file, so that one can look at it before it is pushed."""
    try:
        found = {each.id: each for each in load_catalog(_folder(catalog))}
    except FlowError as error:
        _say(str(error))
        return 1
    if flow not in found:
        raise ConfigurationError(f"There is no flow {flow}: {', '.join(sorted(found)) or 'none at all'}.")
    _say(mermaid(found[flow]))
    return 0


def activate(
    settings: Settings,
    flow: str,
    version: str,
    tenant: str = "",
    *,
    yes: bool = True,
    ask: Callable[[str], bool] | None = None,
    by: str = "",
) -> int:
    """Refused for a version that could not run with the tools and the format of today.

    Where runs wait, or decisions would change, somebody has to have said `yes`, or says so when asked.
    """
    told: list[int] = []

    async def work(db: Database, whose: UUID) -> None:
        async with db.tenant(whose) as c:
            found = await _version(c, whose, flow, version)
            definition = await definitions.flow_definition(c, whose, flow, found)
            draft = load_stored(definition or {}, tools())
            active = (await definitions.active_flows(c, whose)).get(flow, "")
            notes = await notes_on(c, whose, active, definition or {})
            touched = await flows_diff.diff(c, whose, active, draft, found, flow, flows_diff.LAST)
        if touched.touches:
            _say(flows_diff.summary(touched))
            if not yes and not (ask and ask("Activate it?")):
                _say(f"Nothing was activated. `countersign flows diff {flow} --to {found[:8]}` shows each;")
                _say("with --yes it is activated all the same.")
                told.append(1)
                return
        async with db.tenant(whose) as c:
            await definitions.activate_flow(c, whose, flow, found)
            await audit.record(c, whose, "flow.activated", flow=flow, version=found, by=audit.OPERATOR)
            noted = await authors.note(c, whose, by, [("flow", flow, found)] if by else [])
        _say(f"{flow} {found} is active. Runs under way stay on the version they started with.")
        if noted:
            _say(noted)
        for note in notes:
            _say(f"  {note}")

    return _with_database(settings, tenant, work) or (told[0] if told else 0)


def diff(
    settings: Settings,
    what: str,
    to: str = "",
    last: int = flows_diff.LAST,
    tenant: str = "",
    *,
    fail_on_change: bool = False,
) -> int:
    """`what` is a file, or a flow with the version `to` of it. With `fail_on_change`, 1 where any changes."""
    path = Path(what)
    draft: Flow | None = None
    if path.suffix == ".yaml" or path.is_file():
        if not path.is_file():
            raise ConfigurationError(f"{path} is not there.")
        try:
            draft = load_file(path, tools())
        except FlowError as error:
            _say(str(error))
            return 1
    elif not to:
        raise ConfigurationError(f"Name a file, or the version: countersign flows diff {what} --to VERSION")
    changed: list[bool] = []

    async def work(db: Database, whose: UUID) -> None:
        async with db.tenant(whose) as c:
            flow = draft.id if draft else what
            active = await _version(c, whose, flow, "")
            other = draft
            if other is None:
                found = await _version(c, whose, flow, to)
                other = load_stored(await definitions.flow_definition(c, whose, flow, found) or {}, tools())
            found_diff = await flows_diff.diff(c, whose, active, other, other.version, flow, last)
        for line in flows_diff.report(found_diff):
            _say(line)
        changed.append(bool(found_diff.changed))

    status = _with_database(settings, tenant, work)
    return status or int(fail_on_change and any(changed))


def as_yaml(definition: Mapping[str, Any]) -> str:
    """As somebody would have written it; read again it is the same version."""
    import yaml

    text: str = yaml.safe_dump(_ordered(definition), sort_keys=False, allow_unicode=True, width=100)
    return text


def _ordered(value: Any) -> Any:
    match value:
        case Mapping():
            names = [name for name in _FIRST if name in value] + [n for n in value if n not in _FIRST]
            return {name: _ordered(value[name]) for name in names}
        case list():
            return [_ordered(each) for each in value]
        case _:
            return value


async def _version(c: Connection, tenant: UUID, flow: str, wanted: str) -> str:
    """The whole version that its beginning stands for; without one, the active one."""
    there = await definitions.flow_versions(c, tenant)
    of_flow = [(version, active) for name, version, _, active in there if name == flow]
    if not of_flow:
        known = ", ".join(sorted({name for name, *_ in there})) or "none: countersign flows push"
        raise ConfigurationError(f"There is no flow {flow}. Stored are: {known}.")
    if not wanted:
        found = [version for version, active in of_flow if active]
        if not found:
            raise ConfigurationError(f"No version of {flow} is active: countersign flows activate {flow} …")
        return found[0]
    found = [version for version, _ in of_flow if version.startswith(wanted)]
    if len(found) != 1 or len(wanted) < SHORTEST:
        known = ", ".join(version for version, _ in of_flow)
        raise ConfigurationError(f"Name one version of {flow}, by {SHORTEST} characters at least: {known}.")
    return found[0]


def _with_database(settings: Settings, tenant: str, work: Callable[[Database, UUID], Awaitable[None]]) -> int:
    settings = beside.completed(settings)
    guards.require_database(settings)
    guards.require_secret_key(settings)

    async def run() -> None:
        db = await Database.open(own_dsn(settings), size=1)
        try:
            await work(db, await _tenant(db, tenant))
        finally:
            await db.close()

    try:
        asyncio.run(run())
    except FlowError as error:
        _say(str(error))
        return 1
    except (asyncpg.UndefinedFunctionError, asyncpg.UndefinedTableError) as error:
        raise ConfigurationError("The database has no tables yet: run `countersign migrate`.") from error
    return 0


async def _tenant(db: Database, wanted: str) -> UUID:
    """By its name as it is listed, or by its id. Unnamed: our own."""
    if not wanted:
        return await own_tenant(db)
    there = await tenants.every(db)
    found = [tenant for tenant, name in there if wanted in (name, str(tenant))]
    if len(found) != 1:
        names = ", ".join(name for _, name in there[:20])
        raise ConfigurationError(f"{'Several tenants are' if found else 'No tenant is'} called so: {names}.")
    return found[0]


def _folder(catalog: Path) -> Path:
    """The one given; started elsewhere, the usual one is that of this installation."""
    folder = CATALOG if catalog == USUAL and not catalog.exists() else catalog
    if not any(folder.glob("*.yaml")):
        raise ConfigurationError(f"{folder} holds no flow: there is no *.yaml file in it.")
    return folder


def _mistakes(load: Callable[[], Flow | object]) -> list[Mistake]:
    try:
        load()
    except FlowError as error:
        return list(error.mistakes)
    return []


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
