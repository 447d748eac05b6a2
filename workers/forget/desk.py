"""What one process needs to forget people: keys, how long payments stay, and where an export is fetched."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from uuid import UUID

import orjson

from bot.errors import Unverified
from bot.secrets import SecretUnreadable, Signer, Spot, Vault
from bot.settings import Settings
from bot.turn import Account, Ignored, Immediate, Turn
from workers.forget import receipt
from workers.store import forgetting
from workers.store.door import Database

LINK_LASTS = 3_600.0
BLOCKED_KEPT = 5.0  # seconds for which the list of blocked accounts is believed
_LINK = Spot("-", "exports", "link", "token")
BEARER = "cse_"  # so that whoever finds one knows what it is


@dataclass
class Desk:
    signer: Signer
    vault: Vault
    public_url: str
    days: int = 30
    _blocked: dict[UUID, tuple[float, frozenset[bytes]]] = field(default_factory=dict, repr=False)

    def link(self, tenant: UUID, person: UUID, now: float) -> str:
        """Where somebody finds all that is kept about them, for an hour; empty: we have no address."""
        if not self.public_url:
            return ""
        told = {"tenant": str(tenant), "person": str(person), "until": now + LINK_LASTS}
        return f"{self.public_url}/export/{self.vault.seal(orjson.dumps(told).decode(), _LINK)}"

    def opened(self, token: str, now: float) -> tuple[UUID, UUID]:
        """Tenant and person. Raises `Unverified`."""
        try:
            told = orjson.loads(self.vault.open(token, _LINK))
        except SecretUnreadable:
            raise Unverified("This is no link of ours.") from None
        if told["until"] < now:
            raise Unverified("This link is over.")
        return UUID(told["tenant"]), UUID(told["person"])

    def bearer(self, tenant: UUID) -> str:
        """With which a tenant's own server asks us to forget somebody; it lasts as long as SECRET_KEY."""
        return f"{BEARER}{tenant.hex}_{self.signer.sign(b'bearer|' + tenant.bytes).hex()}"

    def tenant_of(self, bearer: str) -> UUID | None:
        """Whose it is, if it is ours."""
        import hmac

        named, _, _ = bearer.removeprefix(BEARER).partition("_")
        try:
            tenant = UUID(hex=named)
        except ValueError:
            return None
        held = hmac.compare_digest(self.bearer(tenant).encode(), bearer.encode("utf-8", "replace"))
        return tenant if held else None

    async def unless_blocked(
        self, db: Database, tenant: UUID, row: int, turn: Turn | Ignored | Immediate
    ) -> Turn | Ignored | Immediate:
        """What somebody says who wanted never to be heard again is dropped unread."""
        if not isinstance(turn, Turn) or not await self.is_blocked(db, tenant, turn.account):
            return turn
        async with db.tenant(tenant) as c:
            await forgetting.unread(c, tenant, row)
        return Ignored("blocked")

    async def is_blocked(self, db: Database, tenant: UUID, account: Account) -> bool:
        known = self._blocked.get(tenant)
        if known is None or time.monotonic() - known[0] > BLOCKED_KEPT:
            async with db.tenant(tenant) as c:
                known = (time.monotonic(), await forgetting.blocked(c, tenant))
            if len(self._blocked) > 10_000:
                self._blocked.clear()
            self._blocked[tenant] = known
        return bool(known[1]) and receipt.account_mark(tenant, account, self.signer) in known[1]


def desk(settings: Settings) -> Desk:
    secret = settings.secret("secret_key")
    url = settings.public_url or f"http://{settings.host}:{settings.port}"
    return Desk(receipt.signer(secret), Vault(secret), url.rstrip("/"), settings.forget_keeps_charges_days)
