"""Puts the flows and the policy of the files into the database, and makes them the active ones."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from bot.errors import ConfigurationError
from bot.settings import Settings
from flows.errors import FlowError, Mistake
from flows.flow import Flow
from flows.loader import load_file, load_stored
from flows.policy_file import parse_policy
from flows.yaml_source import Source, read
from integrations import tools
from workers import experiments
from workers.duty import zones_are_there
from workers.installs import own_tenant
from workers.store import audit, definitions, spending, tenants
from workers.store.door import Connection, Database

CATALOG = Path(__file__).resolve().parent.parent / "flows" / "catalog"
POLICY = Path(__file__).resolve().parent.parent / "flows" / "policy.yaml"


@dataclass(frozen=True, slots=True)
class Pushed:
    flow: str
    version: str
    new: bool
    notes: tuple[str, ...] = ()  # what changes for people in its experiments


def load_catalog(folder: Path = CATALOG) -> list[Flow]:
    """Raises `FlowError` with the mistakes of all files at once."""
    flows: list[Flow] = []
    mistakes: list[Mistake] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            flows.append(load_file(path, tools()))
        except FlowError as error:
            mistakes += error.mistakes
    if mistakes:
        raise FlowError(mistakes)
    return flows


def push_catalog(
    dsn: str, *, secret_key: str = "", folder: Path = CATALOG, policy: Path = POLICY
) -> list[Pushed]:
    """`dsn` is the app role's. Raises `FlowError`, `ConfigurationError`."""
    return asyncio.run(push(dsn, load_catalog(folder), policy))


async def push(dsn: str, flows: list[Flow], policy: Path) -> list[Pushed]:
    db = await Database.open(dsn, size=1)
    try:
        return await push_to(db, await own_tenant(db), flows, policy)
    finally:
        await db.close()


def policy_of(settings: Settings) -> Path:
    """POLICY_FILE. Started elsewhere, the usual one is the shipped one; one that was named must be there."""
    path = settings.policy_file
    if path.exists():
        return path
    if path == type(settings).model_fields["policy_file"].default:
        return POLICY
    raise ConfigurationError(f"POLICY_FILE names {path}, which is not there.")


async def push_to(db: Database, tenant: UUID, flows: list[Flow], policy: Path) -> list[Pushed]:
    """All in one transaction: either everything is live, or nothing is."""
    source = read(str(policy), await asyncio.to_thread(policy.read_bytes))
    zones_are_there(parse_policy(source), str(policy))
    async with db.tenant(tenant) as c:
        return await put(c, tenant, flows, source.value)


async def put(c: Connection, tenant: UUID, flows: list[Flow], policy: Mapping[str, Any]) -> list[Pushed]:
    """In the transaction given. Raises `FlowError` for a policy that cannot be used."""
    done = []
    active = await definitions.active_flows(c, tenant)
    for flow in flows:
        notes = await notes_on(c, tenant, active.get(flow.id, ""), flow.source)
        new = await definitions.keep_flow(c, tenant, flow.id, flow.version, flow.source)
        await definitions.activate_flow(c, tenant, flow.id, flow.version)
        if active.get(flow.id, "") != flow.version:
            await audit.record(c, tenant, "flow.activated", flow=flow.id, version=flow.version, new=new,
                               by=audit.OPERATOR)  # fmt: skip
        done.append(Pushed(flow.id, flow.version, new, notes))
    await keep_policy(c, tenant, policy)
    return done


async def keep_policy(c: Connection, tenant: UUID, document: Mapping[str, Any]) -> None:
    """Makes it the active one; a policy in shadow is kept beside the active one, to be tried out.

    Raises `FlowError` where it cannot be used, or where there is nothing beside which to try it.
    """
    policy = parse_policy(Source("policy", document, {}))
    version, before = policy.version, await tenants.policy_version(c, tenant)
    if not policy.shadow:
        await definitions.keep_policy(c, tenant, version, document)
        if before != version:
            await audit.record(
                c, tenant, "policy.activated", version=version, before=before, by=audit.OPERATOR
            )
        return
    if before is None:
        problem = "is in shadow, and there is no policy that decides"
        raise FlowError([Mistake("policy", 0, "", "mode", problem, "push one without mode first")])
    await definitions.store_policy(c, tenant, version, document)
    if version != await spending.shadow(c, tenant):
        await spending.keep_shadow(c, tenant, version)
        await audit.record(c, tenant, "policy.shadowed", version=version, beside=before, by=audit.OPERATOR)


async def notes_on(
    c: Connection, tenant: UUID, active: str, definition: Mapping[str, Any]
) -> tuple[str, ...]:
    """What changes for people in the experiments of a flow, against its version that is active.

    One that could not be read today has nothing to say.
    """
    try:
        after = load_stored(definition, tools())
        if not after.experiments or active in ("", after.version):
            return ()
        before = await definitions.flow_definition(c, tenant, after.id, active)
        return tuple(experiments.changes(load_stored(before or {}, tools()), after))
    except FlowError:
        return ()
