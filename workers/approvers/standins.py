"""/delegate: somebody decides in somebody else's stead, for a time."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from bot.text import for_card
from bot.turn import Account
from flows.approval_delegation import Lent, closes_a_circle
from workers.approvers.until import Delegating, Ending, Listing, Unclear, understood
from workers.commit import Commit
from workers.store import delegations, links, people
from workers.store.delegations import Delegation
from workers.store.door import Connection
from workers.store.people import Person
from workers.waits import zone_of

CIRCLE = "That would make a circle: {name} lets you decide in their stead already, or somebody does for them."
MOST_OWN = 10


async def said(
    c: Connection, tenant: UUID, commit: Commit, person: Person, account: Account, text: str
) -> tuple[str, tuple[tuple[UUID, str], ...]]:
    """What the person is told, and what others are told of it, by whom they are."""
    now: datetime = await c.fetchval("select now()")
    today = now.astimezone(zone_of(person.time_zone)).date()
    match understood(text, today):
        case Unclear(because=because):
            return because, ()
        case Listing():
            return await _listed(c, tenant, person), ()
        case Ending():
            return await _ended(c, tenant, commit, person)
        case Delegating(to=to, last=last):
            return await _delegated(c, tenant, commit, person, account, to, last, now)


async def _delegated(
    c: Connection,
    tenant: UUID,
    commit: Commit,
    person: Person,
    account: Account,
    to: str,
    last: date,
    now: datetime,
) -> tuple[str, tuple[tuple[UUID, str], ...]]:
    await delegations.lock(c, tenant)
    found = await find(c, tenant, account, to)
    if len(found) != 1:
        who = for_card(to)
        many = "more than one person is called that" if found else "I know nobody of that name yet"
        return f"I cannot tell who “{who}” is: {many}. Name them by their e-mail address.", ()
    [delegate] = found
    ends = datetime.combine(last + timedelta(days=1), datetime.min.time(), zone_of(person.time_zone))
    there = await delegations.overlapping(c, tenant, now, ends)
    root = await _roots(c, tenant, [person.id, delegate.id], there)
    lent = [Lent(str(root[each.person]), str(root[each.delegate])) for each in there]
    new = Lent(str(root[person.id]), str(root[delegate.id]))
    if new.by == new.to:
        return "That is yourself. Name somebody else.", ()
    if closes_a_circle(lent, new):
        return CIRCLE.format(name=for_card(delegate.name)), ()
    if sum(each.by == new.by for each in lent) >= MOST_OWN:
        return f"You have delegated to {MOST_OWN} people already. End that first: “/delegate stop”.", ()
    id = await delegations.add(c, tenant, person.id, delegate.id, now, ends)
    commit.note("delegation.made", id=id, by=str(person.id), to=str(delegate.id), ends=ends.isoformat())
    until = f"{last:%a %d %b %Y}"
    return (
        f"Until the end of {until}, {for_card(delegate.name)} may decide in your stead, and you may still."
        " Never what you asked for yourself, and never what they asked for. “/delegate stop” ends it.",
        ((delegate.id, f"{for_card(person.name)} lets you decide in their stead until the end of {until}."
          " “/delegate stop” ends it."),),
    )  # fmt: skip


async def _ended(
    c: Connection, tenant: UUID, commit: Commit, person: Person
) -> tuple[str, tuple[tuple[UUID, str], ...]]:
    """Either may end it. What was decided under it and did not run yet does not count any more."""
    mine = await delegations.of(c, tenant, await _accounts(c, tenant, person))
    told = []
    for each in mine:
        await delegations.end(c, tenant, each.id, person.id)
        commit.note("delegation.ended", id=each.id, by=str(person.id))
        other = each.delegate if each.person == person.id else each.person
        told.append(
            (other, f"{for_card(person.name)} ended it: nobody decides in the other's stead any more.")
        )
    return ("It is ended." if mine else "You stand in for nobody, and nobody for you."), tuple(told)


async def _listed(c: Connection, tenant: UUID, person: Person) -> str:
    mine = await delegations.of(c, tenant, await _accounts(c, tenant, person))
    lines = [await _line(c, tenant, each, person) for each in mine]
    return "\n".join(lines) or "You stand in for nobody, and nobody for you."


async def _line(c: Connection, tenant: UUID, each: Delegation, person: Person) -> str:
    by, to = await people.by_id(c, tenant, each.person), await people.by_id(c, tenant, each.delegate)
    ends = (each.ends - timedelta(seconds=1)).astimezone(zone_of(person.time_zone))
    names = [for_card(one.name) if one else "somebody" for one in (to, by)]
    return f"{names[0]} decides for {names[1]} until the end of {ends:%a %d %b %Y}."


async def find(c: Connection, tenant: UUID, account: Account, named: str) -> list[Person]:
    """By address, by the platform's own id, or by a name that only one person has."""
    rows = await c.fetch(
        "select distinct p.id, p.name, p.email, p.time_zone from people p join accounts a"
        " on a.tenant_id = p.tenant_id and a.person_id = p.id where p.tenant_id = $1"
        " and (p.email = lower($2) and p.email <> ''"
        "  or (a.platform = $3 and a.workspace = $4 and a.user_id = $2)"
        "  or lower(p.name) = lower($2) or lower(split_part(p.name, ' ', 1)) = lower($2)) limit 3",
        tenant,
        named,
        account.platform,
        account.workspace,
    )
    exact = [row for row in rows if row["email"] == named.lower()]
    return [Person(**dict(row)) for row in exact or rows]


async def _accounts(c: Connection, tenant: UUID, person: Person) -> frozenset[UUID]:
    return links.live_with(person.id, await links.around(c, tenant, [person.id]))


async def _roots(c: Connection, tenant: UUID, ids: list[UUID], there: list[Delegation]) -> dict[UUID, UUID]:
    everybody = {*ids, *(id for each in there for id in (each.person, each.delegate))}
    return dict(links.roots(everybody, await links.around(c, tenant, everybody)))
