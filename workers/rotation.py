"""`countersign secrets rotate`: everything that is sealed, sealed anew with the newest key.

In small transactions, beside the work, and it may die at any point: what is sealed with the newest
key says so, and is left alone the next time. Meanwhile SECRET_KEY holds both keys, newest first.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from uuid import UUID

from bot.secrets import SecretUnreadable, Signer, Spot, Vault
from bot.settings import Settings
from workers import beside, ops
from workers.audit_seal import sign_anew, signer
from workers.store import audit, resealing, tenants
from workers.store.door import Database
from workers.store.resealing import SEALED, Sealed

MOST_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Count:
    """`lost` cannot be opened with any key that we have."""

    anew: int = 0
    lost: int = 0

    def __add__(self, more: Count) -> Count:
        return Count(self.anew + more.anew, self.lost + more.lost)


def rotate(settings: Settings) -> int:
    settings = beside.completed(settings)

    async def work(db: Database) -> int:
        keys = settings.secret("secret_key")
        count = await rotate_all(db, Vault(keys))
        return _told(count + await sign_heads(db, signer(keys)))

    return ops.with_database(settings, work)


async def rotate_all(db: Database, vault: Vault, most: int = MOST_AT_ONCE) -> Count:
    """Every tenant's. A value that changes meanwhile is left to whoever changed it."""
    count = Count()
    for tenant, _ in await tenants.every(db):
        for kind in SEALED:
            count += await _rotate(db, vault, tenant, kind, most)
    return count


async def sign_heads(db: Database, keys: Signer) -> Count:
    """The heads of all chains, of which every new entry is signed anew anyway. A forged one is not."""
    count = Count()
    for tenant, _ in await tenants.every(db):
        done = await sign_anew(db, tenant, keys)
        count += Count(lost=1) if done is None else Count(anew=int(done))
    return count


async def _rotate(db: Database, vault: Vault, tenant: UUID, kind: Sealed, most: int) -> Count:
    count, after = Count(), ""
    while True:
        async with db.tenant(tenant) as c:
            found = await resealing.old(c, tenant, kind, vault.key_id, after, most)
            bite = Count()
            for row, sealed in found:
                spot = Spot(str(tenant), kind.table, row, kind.column)
                try:
                    fresh = vault.rotate(sealed, spot)
                except SecretUnreadable:
                    bite += Count(lost=1)
                    continue
                if fresh is not None and await resealing.replace(c, tenant, kind, row, sealed, fresh):
                    bite += Count(anew=1)
            if bite.anew:
                await audit.record(c, tenant, "secrets.rotated", table=kind.table, count=bite.anew,
                                   by=audit.OPERATOR)  # fmt: skip
        count += bite
        if len(found) < most:
            return count
        after = found[-1][0]


def _told(count: Count) -> int:
    sys.stdout.write(f"{count.anew} sealed anew with the newest key.\n")
    if count.lost:
        sys.stdout.write(
            f"✗ {count.lost} cannot be opened with any key of SECRET_KEY: put the key back that they were"
            " sealed with, or set them again.\n"
        )
        return 1
    sys.stdout.write("Older keys can be taken out of SECRET_KEY once every process was restarted.\n")
    return 0
