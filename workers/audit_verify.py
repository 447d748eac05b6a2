"""`countersign audit verify`: goes along every chain, names what does not fit, and says how much waits."""

from __future__ import annotations

import re
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from bot.errors import ConfigurationError
from bot.secrets import Signer
from bot.settings import Settings
from workers import audit_begun, beside, ops
from workers.audit_begun import Begun
from workers.audit_chain import Finding, Head, Link, Walk
from workers.audit_seal import genuine, signer
from workers.store import audit_sealing, tenants
from workers.store.audit_sealing import Waiting
from workers.store.door import Connection, Database

PAGE = 1_000
MOST_OTHERS = 1_000
LATE = 60.0  # seconds an entry may wait before it is said to be too long
SNAPSHOT = "set transaction isolation level repeatable read, read only"
EXPECTED = re.compile(r"(\d{1,18}):([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one tenant. `until` is the date of its last link; `count` may be more than `findings`. `begun`:
    where somebody said what was wrong and went on; `known`: all that is found was said there."""

    tenant: UUID
    links: int
    until: datetime | None
    head: Head | None
    waiting: Waiting
    findings: tuple[Finding, ...]
    count: int
    begun: tuple[Begun, ...] = ()
    known: bool = False

    @property
    def sound(self) -> bool:
        """Nothing is wrong but what was said to be."""
        return not self.count or self.known


def verify(settings: Settings, tenant: str = "", expect: str = "") -> int:
    """0: every chain is whole. `expect` is a head that was kept elsewhere, as `NUMBER:HASH`."""
    kept = expected(expect) if expect else None

    async def work(db: Database) -> int:
        chosen = await ops.chosen(db, tenant)
        if kept is not None and len(chosen) != 1:
            raise ConfigurationError("--expect is the head of one tenant: name it with --tenant.")
        keys = signer(settings.secret("secret_key"))
        verdicts = []
        for id, name in chosen:
            verdicts.append(await walked(db, id, keys, kept))
            for line in told(verdicts[-1], name):
                sys.stdout.write(f"{line}\n")
        return int(not all(each.sound for each in verdicts))

    settings = beside.completed(settings)
    return ops.with_database(settings, work)


def expected(text: str) -> Head:
    """Raises `ConfigurationError`."""
    found = EXPECTED.fullmatch(text.strip().lower())
    if found is None:
        raise ConfigurationError("--expect is NUMBER:HASH, as verify and the log's audit.head show it.")
    return Head(int(found[1]), bytes.fromhex(found[2]), datetime.min.replace(tzinfo=UTC))


async def walked(db: Database, tenant: UUID, keys: Signer, kept: Head | None = None) -> Verdict:
    """All of it as of one moment, in pages: sealing goes on beside it."""
    walk = Walk(tenant, await others_of(db, tenant))
    met: Link | None = None
    async with db.tenant(tenant) as c:
        await c.execute(SNAPSHOT)
        await audit_sealing.along_the_index(c)
        head = await audit_sealing.head(c, tenant)
        waiting = await audit_sealing.unsealed(c, tenant)
        async for links in pages(c, tenant):
            walk.take(links)
            if kept is not None:
                met = next((link for link in links if link.seq == kept.seq), met)
        walk.end(head)
        walk.head(head, genuine=genuine(tenant, keys, head) if head else None)
        for id in await audit_sealing.half_sealed(c, tenant, PAGE):
            walk.strange(id)
    if kept is not None and (met is None or met.hash != kept.hash):
        walk.unexpected(kept)
    until = walk.last.at if walk.last else None
    begun = audit_begun.newest(tenant, keys, walk.begun)
    known = audit_begun.told_already(begun[-1] if begun else None, walk.findings, walk.count)
    found = tuple(walk.findings)
    return Verdict(tenant, walk.links, until, head, waiting, found, walk.count, begun, known)


async def others_of(db: Database, tenant: UUID) -> list[UUID]:
    """Whose links may have got into this chain."""
    return [id for id, _ in await tenants.every(db) if id != tenant][:MOST_OTHERS]


async def pages(c: Connection, tenant: UUID) -> AsyncIterator[Sequence[Link]]:
    """Portions of the chain that are cut between two numbers, unless one number fills a page."""
    after = (-(2**62), 0)
    left: list[Link] = []
    while True:
        links = left + await audit_sealing.links(c, tenant, after, PAGE)
        if len(links) == len(left):
            break
        after = (links[-1].seq, links[-1].id)
        left = [link for link in links if link.seq == links[-1].seq]
        if len(left) == len(links) and len(left) >= PAGE:
            left = []
        whole = links[: len(links) - len(left)]
        if whole:
            yield whole
    if left:
        yield left


def told(verdict: Verdict, name: str) -> list[str]:
    """In lines, for whoever asked."""
    lines = [
        f"{'✓' if verdict.sound else '✗'} {name} ({verdict.tenant}): {_links(verdict)}{_waiting(verdict)}"
    ]
    for each in verdict.begun:
        lines += [f"  begun anew at #{each.seq} on {each.at:%Y-%m-%d %H:%M:%S} UTC, because “{each.because}”"]
        lines += [f"    the head before it was {each.old}; of what was before it:"]
        lines += [f"    {fault}" for fault in each.faults]
    if verdict.count and verdict.sound:
        lines.append("  as it was said then, and nothing else:")
    lines += [f"  {each.kind} at #{each.seq}: {each.text}" for each in verdict.findings]
    if verdict.count > len(verdict.findings):
        lines.append(f"  and {verdict.count - len(verdict.findings)} more")
    if verdict.head is not None and verdict.sound:
        lines.append(f"  head {verdict.head.seq}:{verdict.head.hash.hex()}")
    return lines


def _links(verdict: Verdict) -> str:
    if verdict.until is None:
        return "nothing is sealed"
    count = "1 entry" if verdict.links == 1 else f"{verdict.links:,} entries"
    state = "whole" if verdict.sound else "NOT whole"
    if verdict.sound and verdict.begun:
        state = f"whole since #{verdict.begun[-1].seq}"
    return f"{count} sealed until {verdict.until:%Y-%m-%d %H:%M:%S} UTC, {state}"


def _waiting(verdict: Verdict) -> str:
    waiting = verdict.waiting
    if not waiting.count:
        return ", none wait"
    late = " (does an engine run?)" if waiting.seconds > LATE else ""
    count = "1 waits" if waiting.count == 1 else f"{waiting.count:,} wait"
    return f", {count} for up to {waiting.seconds:.1f} s{late}"
