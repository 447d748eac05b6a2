"""`countersign audit restart`: where a head is forged or gone nothing is sealed any more, until a person has
looked and says so. Then the chain goes on, with an entry that names what was wrong, who did this and why.

Nothing is repaired and nothing left out: the rows stay as they were found, and `audit verify` tells both.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from bot.errors import ConfigurationError
from bot.log_redact import redact
from bot.secrets import Signer, Vault
from bot.settings import Settings
from workers import audit_begun, authors, beside, ops
from workers.audit_chain import BEGUN_ANEW, Head, Link, Walk, digest, genesis, signed
from workers.audit_seal import genuine, signer
from workers.audit_verify import SNAPSHOT, Verdict, others_of, pages, walked
from workers.store import audit, audit_sealing, people
from workers.store.audit import Personal
from workers.store.door import Connection, Database

LONGEST_REASON = 500
SOUND = "The audit of {name} is whole, and its head is ours: there is nothing to begin anew."
MOVED = "Meanwhile the audit of {name} has become another one. Look again with `countersign audit verify`."


@dataclass(frozen=True, slots=True)
class Wanted:
    """`by` is the address of a person whom the bot knows."""

    by: str
    because: str


def restart(settings: Settings, tenant: str, reason: str, by: str) -> int:
    """0: the chain goes on. Of one tenant, and only where something is wrong with it."""
    because = redact(reason.strip())
    if not because or len(because) > LONGEST_REASON:
        raise ConfigurationError(f"--reason says why, in 1 to {LONGEST_REASON} characters: it is kept.")
    wanted = Wanted(authors.author(by), because)
    if not wanted.by:
        raise ConfigurationError("--by is the e-mail address of who does this: it is kept.")
    settings = beside.completed(settings)

    async def work(db: Database) -> int:
        chosen = await ops.chosen(db, tenant)
        if len(chosen) != 1:
            raise ConfigurationError("The audit of one tenant is begun anew: name it with --tenant.")
        id, name = chosen[0]
        secret = settings.secret("secret_key")
        head = await begun(db, id, name, signer(secret), Vault(secret), wanted)
        sys.stdout.write(
            f"The audit of {name} goes on from #{head.seq}, which says what was found before it.\n"
            f"  head {head.seq}:{head.hash.hex()}\n"
        )
        return 0

    return ops.with_database(settings, work)


async def begun(db: Database, tenant: UUID, name: str, keys: Signer, vault: Vault, wanted: Wanted) -> Head:
    """The new head, signed. Raises `ConfigurationError` where nothing is to be begun anew."""
    verdict = await walked(db, tenant, keys)
    if verdict.sound:
        raise ConfigurationError(SOUND.format(name=name))
    others = await others_of(db, tenant)
    async with db.tenant(tenant) as c:
        await c.execute(SNAPSHOT)
        if await audit_sealing.head(c, tenant) != verdict.head:
            raise ConfigurationError(MOVED.format(name=name))
        seq, prev = await _place(c, tenant, keys)
        found = await _by_themselves(c, tenant, others, seq, prev)
    async with db.tenant(tenant) as c:
        entry = await _entry(c, tenant, verdict, found, wanted, vault)
        entry = audit_begun.sealed(tenant, keys, seq, prev, entry)
        head = await audit_sealing.restart(c, entry, seq, prev)
        if head is None:
            raise ConfigurationError(MOVED.format(name=name))
        if not await audit_sealing.sign(c, head, keys.sign(signed(tenant, head)), keys.key_id):
            raise ConfigurationError(MOVED.format(name=name))
    return head


async def _place(c: Connection, tenant: UUID, keys: Signer) -> tuple[int, bytes]:
    """After a head of ours, whatever was taken away behind it; else after the last link that there is."""
    head, last = await audit_sealing.head(c, tenant), await audit_sealing.last(c, tenant)
    ours = head is not None and genuine(tenant, keys, head) is True
    if head is not None and ours and (last is None or last.seq <= head.seq):
        return head.seq + 1, head.hash
    return (last.seq + 1, last.hash) if last is not None else (1, genesis(tenant))


async def _by_themselves(c: Connection, tenant: UUID, others: Sequence[UUID], seq: int, prev: bytes) -> Walk:
    """What the links show without any head, with one more behind them: so they are met ever after."""
    walk, at = Walk(tenant, others), await c.fetchval("select now()")
    await audit_sealing.along_the_index(c)
    async for links in pages(c, tenant):
        walk.take(links)
    next_id = (walk.last.id if walk.last else 0) + 1
    link = Link(next_id, at, BEGUN_ANEW, seq, prev, b"")
    walk.take([replace(link, hash=digest(tenant, link))])
    walk.end()
    for id in await audit_sealing.half_sealed(c, tenant, audit_sealing.MOST_HALF_SEALED):
        walk.strange(id)
    return walk


async def _entry(
    c: Connection, tenant: UUID, verdict: Verdict, found: Walk, wanted: Wanted, vault: Vault
) -> bytes:
    person = await people.by_email(c, tenant, wanted.by)
    if person is None:
        raise ConfigurationError(
            f"Nobody is known here by {wanted.by}: who does this is kept, under their own key."
        )
    told = audit_begun.fields(verdict.head, verdict.findings, found.findings, found.count)
    return await audit.entry(
        c, tenant, audit_begun.WHAT, vault, by=audit.OPERATOR, who=Personal(person, wanted.by),
        because=wanted.because, **told,
    )  # fmt: skip
