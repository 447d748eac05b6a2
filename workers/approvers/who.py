"""Whom the terms of an approval mean at a moment, as people: asked anew at each press and at the claim."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flows.approval_quorum import Stand
from flows.approval_stages import ENTRA, MANAGER, SLACK, Terms
from flows.duty import Duty
from workers import duty as duties
from workers.approvers import managers
from workers.approvers.rules import emails_of
from workers.store import directory, links
from workers.store.door import Connection

BELIEVED = 3600.0  # seconds for which a group of somebody else's directory is believed


@dataclass(frozen=True, slots=True)
class Meant:
    """Whom one term means: addresses, and accounts of which no address is known.

    `problem`: why nobody could tell of it when it was asked about last.
    """

    emails: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    problem: str = ""

    def __bool__(self) -> bool:
        return bool(self.emails or self.accounts)


@dataclass(frozen=True, slots=True)
class Humans:
    """People as they are known now. `roots` say which rows are one human."""

    by_email: Mapping[str, UUID]
    by_account: Mapping[str, UUID]
    links: tuple[links.Link, ...]
    roots: Mapping[UUID, UUID]

    def key(self, person: UUID) -> str:
        return str(self.roots.get(person, person))

    def ids(self, meant: Meant) -> frozenset[UUID]:
        """Those of whom we have a row; nobody else can press."""
        known = {self.by_email[each] for each in meant.emails if each in self.by_email}
        return frozenset(
            known | {self.by_account[each] for each in meant.accounts if each in self.by_account}
        )

    def keys(self, meant: Meant) -> frozenset[str]:
        """Everybody, also those who never spoke to us: to tell whether enough are left."""
        unseen = {each for each in meant.emails if each not in self.by_email}
        unseen |= {each for each in meant.accounts if each not in self.by_account}
        return frozenset(unseen | {self.key(person) for person in self.ids(meant)})


async def meant_by(
    c: Connection, tenant: UUID, terms: Iterable[str], duty: Duty, requester: UUID, at: datetime
) -> Mapping[str, Meant]:
    """Each term with whom it means; one that nobody can tell of means nobody."""
    wanted = set(terms)
    outside = await directory.listed(c, tenant, [each for each in wanted if _is_outside(each)])
    manager = await _manager(c, tenant, requester) if MANAGER in wanted else ""
    found = {}
    for term in wanted:
        if _is_outside(term):
            listed = outside.get(term)
            found[term] = _told(listed)
        elif term == MANAGER and term not in duty.groups and term not in duty.rotas:
            found[term] = Meant(frozenset({manager})) if manager else await _by_entra(c, tenant, requester)
        elif term in duty.rotas:
            line = duties.line(duty, term, at) or []
            found[term] = Meant(frozenset(each for on in line for each in on.group.people))
        else:
            found[term] = Meant(emails_of(term, duty))
    return found


def _is_outside(term: str) -> bool:
    return term.startswith((SLACK, ENTRA))


def _told(listed: directory.Listed | None) -> Meant:
    """What somebody else's directory said, while it is believed."""
    if listed is None:
        return Meant()
    members = listed.members if listed.age <= BELIEVED else ()
    emails = frozenset(each for each in members if "|" not in each)
    return Meant(emails, frozenset(members) - emails, listed.problem)


async def _by_entra(c: Connection, tenant: UUID, requester: UUID) -> Meant:
    term = managers.term_of(requester)
    return _told((await directory.listed(c, tenant, [term])).get(term))


async def _manager(c: Connection, tenant: UUID, requester: UUID) -> str:
    linked = links.live_with(requester, await links.around(c, tenant, [requester]))
    rows = await c.fetch(
        "select email from people where tenant_id = $1 and id = any($2) and email <> ''", tenant, list(linked)
    )
    return (await directory.manager_of(c, tenant, [row["email"] for row in rows])).lower()


async def humans(
    c: Connection, tenant: UUID, meant: Iterable[Meant], people: Iterable[UUID], emails: Iterable[str] = ()
) -> Humans:
    """All of these, and which of them are one."""
    all_meant = list(meant)
    addresses = {each for one in all_meant for each in one.emails}.union(emails)
    accounts = {each for one in all_meant for each in one.accounts}
    rows = await c.fetch(
        "select id, email from people where tenant_id = $1 and email = any($2)", tenant, list(addresses)
    )
    by_email = {row["email"]: row["id"] for row in rows}
    by_account = {}
    if accounts:
        rows = await c.fetch(
            "select platform || '|' || workspace || '|' || user_id as account, person_id from accounts"
            " where tenant_id = $1 and platform || '|' || workspace || '|' || user_id = any($2)",
            tenant,
            list(accounts),
        )
        by_account = {row["account"]: row["person_id"] for row in rows}
    everybody = {*by_email.values(), *by_account.values(), *people}
    found = await links.around(c, tenant, everybody)
    return Humans(by_email, by_account, tuple(found), links.roots(everybody, found))


def stands(terms: Terms, tier: int, meant: Mapping[str, Meant], known: Humans) -> tuple[Stand, ...]:
    """The stages with their people. A stage that names somebody is never open to whoever is there."""
    found = []
    for at, stage in enumerate(terms.stages):
        named = terms.at(at, tier)
        keys = frozenset(key for term in named for key in known.keys(meant[term]))
        unknown = tuple(_unknown(term, meant[term]) for term in named if not meant[term])
        name = stage.name or (f"stage {at + 1}" if len(terms.stages) > 1 else "")
        found.append(Stand(stage.quorum, keys, not named, unknown, name))
    return tuple(found)


def _unknown(term: str, meant: Meant) -> str:
    return f"{term} ({meant.problem})" if meant.problem else term
