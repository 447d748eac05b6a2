"""Seals the audit: within two seconds of its commit each entry is a link of its tenant's chain.

Beside the work, by every engine, one at a time for each tenant. The database makes the hashes; we sign
the head, with a key that the database never sees, and never sign one that goes on from a forged head.
"""

from __future__ import annotations

import asyncio
import time
from uuid import UUID

import asyncpg
import structlog

from bot.secrets import Signer
from workers.audit_chain import Head, signed
from workers.store import audit_sealing
from workers.store.audit_sealing import Signed
from workers.store.door import Database

log = structlog.get_logger()

PURPOSE = "audit head"
EVERY = 0.5
REST = 1.0  # as long as a bite took, so that who writes hardly notices
MOST = 1_000  # entries in one transaction
MOST_TENANTS = 1_000
TELL_AGAIN = 600.0  # seconds between two words about the same trouble
TELL_HEAD = 3_600.0
TROUBLE = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)


class Forged(Exception):
    """The head is not what we signed: going on from it would make it ours."""


def signer(secret_key: str) -> Signer:
    return Signer(secret_key, PURPOSE)


class Sealer:
    """Of one engine. Remembers only what it has told already."""

    def __init__(self, db: Database, keys: Signer) -> None:
        self._db = db
        self._keys = keys
        self._told: dict[UUID, float] = {}
        self._heads: dict[UUID, float] = {}
        self._newest: dict[UUID, Head] = {}  # sealed, and not told yet

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                await self.sweep()
            except TROUBLE as error:
                log.warning("audit.trouble", problem=type(error).__name__)
            except Exception as error:
                # Whatever it is, entries must not stay unsealed until somebody starts the engine again.
                log.error("audit.bug", exc_info=error)
            await asyncio.sleep(EVERY)

    async def sweep(self, most: int = MOST) -> int:
        """Everything that waits, of every tenant, in turns: who has much holds up nobody else."""
        waiting = await audit_sealing.waiting(self._db, MOST_TENANTS)
        count = 0
        while waiting:
            sealed = [await self._bite(tenant, most) for tenant in waiting]
            count += sum(sealed)
            waiting = [tenant for tenant, done in zip(waiting, sealed, strict=True) if done == most]
        self._tell_heads()
        return count

    def _tell_heads(self) -> None:
        """To where whoever rules the database cannot write: `audit verify --expect` holds it against it. At
        most once an hour for each tenant, and what was sealed last also where nothing comes after it."""
        for tenant in [each for each in self._newest if self._due(self._heads, each, TELL_HEAD)]:
            head = self._newest.pop(tenant)
            log.info("audit.head", tenant=str(tenant), seal_seq=head.seq, hash=head.hash.hex())

    async def _bite(self, tenant: UUID, most: int) -> int:
        began = time.monotonic()
        try:
            head = await seal(self._db, tenant, self._keys, most)
        except (Forged, asyncpg.DataCorruptedError) as error:
            # Of this tenant nothing is sealed until somebody has looked; the metric shows how much waits.
            if self._due(self._told, tenant, TELL_AGAIN):
                log.error("audit.broken", tenant=str(tenant), problem=type(error).__name__)
            return 0
        if head is None:
            return 0
        self._newest[tenant] = head.new
        await asyncio.sleep(REST * (time.monotonic() - began))
        return head.new.seq - (head.old.seq if head.old else 0)

    def _due(self, told: dict[UUID, float], tenant: UUID, pause: float) -> bool:
        now = time.monotonic()
        if tenant in told and now - told[tenant] < pause:
            return False
        if len(told) >= 10 * MOST_TENANTS:
            told.clear()
        told[tenant] = now
        return True


async def seal(db: Database, tenant: UUID, keys: Signer, most: int = MOST) -> audit_sealing.Sealed | None:
    """The next links of one tenant; None where there is nothing to seal, or another is at it.

    Raises `Forged`, and then nothing was sealed.
    """
    async with db.tenant(tenant) as c:
        found = await audit_sealing.seal(c, most)
        if found is None:
            return None
        if found.old is not None and genuine(tenant, keys, found.old) is not True:
            raise Forged
        mac = keys.sign(signed(tenant, found.new))
        if not await audit_sealing.sign(c, found.new, mac, keys.key_id):
            raise Forged
    return found


def genuine(tenant: UUID, keys: Signer, head: Signed) -> bool | None:
    """Whether this head is signed by us; None where the key is gone."""
    if head.mac is None or head.key_id is None:
        return False
    return keys.signed(signed(tenant, Head(head.seq, head.hash, head.at)), head.key_id, head.mac)


async def sign_anew(db: Database, tenant: UUID, keys: Signer) -> bool | None:
    """With the newest key, what an older one signed. False: it is so already, or is being sealed.

    None: it is not ours, or of a key that is gone, and was left as it is.
    """
    async with db.tenant(tenant) as c:
        head = await audit_sealing.head(c, tenant)
        if head is None or head.key_id == keys.key_id:
            return False
        if genuine(tenant, keys, head) is not True:
            return None
        mac = keys.sign(signed(tenant, Head(head.seq, head.hash, head.at)))
        return await audit_sealing.sign(c, head, mac, keys.key_id)
