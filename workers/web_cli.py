"""`countersign web …`: tokens and secrets are made, listed and revoked. What opens anything is shown once."""

from __future__ import annotations

import asyncio
import sys

from bot.platforms.web import verify
from bot.secrets import Vault
from bot.settings import Settings
from workers import beside, ops
from workers.hints import Hints
from workers.store import audit, web_keys
from workers.store.door import Database
from workers.web import NEWS
from workers.web import revoked as revoking
from workers.web_keys import ISSUER, TOKEN, make_issuer, make_token

MOST = 200


def token(settings: Settings, email: str, days: int, name: str, tenant: str = "") -> int:
    address = verify.address(email)
    if not address:
        return _say("That is no e-mail address.", 1)
    if name and not verify.short(name):
        return _say("A name has at most 80 characters, in one line.", 1)

    async def run(db: Database) -> int:
        whose = await ops.whose(db, tenant)
        async with db.tenant(whose) as c:
            text, id = await make_token(c, whose, address, verify.short(name), days)
            await audit.record(c, whose, "web.token_made", id=id, days=days, by=audit.OPERATOR)
        _say(text)
        return _say(f"Token {id} for {address}, for {days} days. It is shown only now.", note=True)

    return ops.with_database(settings, run)


def secret(settings: Settings, tenant: str = "") -> int:
    settings = beside.completed(settings)

    async def run(db: Database) -> int:
        whose = await ops.whose(db, tenant)
        async with db.tenant(whose) as c:
            id, text = await make_issuer(c, whose, Vault(settings.secret("secret_key")))
            await audit.record(c, whose, "web.secret_made", id=id, by=audit.OPERATOR)
        _say(f"tenant  {whose}\nkid     {id}\nsecret  {text}")
        return _say("The secret is shown only now. docs/web.md says what a session holds.", note=True)

    return ops.with_database(settings, run)


def listed(settings: Settings, tenant: str = "") -> int:
    async def run(db: Database) -> int:
        whose = await ops.whose(db, tenant)
        async with db.tenant(whose) as c:
            found = await web_keys.every(c, whose, MOST)
        lines = [_line(each) for each in found]
        return _say("\n".join(lines) or "Nobody may write on the web yet. `countersign web token` begins.")

    return ops.with_database(settings, run)


def revoke(settings: Settings, id: str, tenant: str = "") -> int:
    settings = beside.completed(settings)

    async def run(db: Database) -> int:
        whose = await ops.whose(db, tenant)
        async with db.tenant(whose) as c:
            kind = await web_keys.revoke(c, whose, id)
            if kind is not None:
                await audit.record(c, whose, "web.revoked", id=id, kind=kind, by=audit.OPERATOR)
        if kind is None:
            return _say("Nothing of that id counts. `countersign web list` shows what does.", 1)
        await _told(settings, str(whose), f"{ISSUER if kind == 'issuer' else TOKEN}:{id}")
        return _say(f"{'The secret' if kind == 'issuer' else 'The token'} {id} counts no more.")

    return ops.with_database(settings, run)


async def _told(settings: Settings, tenant: str, credential: str) -> None:
    """Open sockets are closed now; without Valkey at their next look, or when they say something."""
    if not settings.secret("redis_url"):
        return
    hints = Hints(settings.secret("redis_url"))
    try:
        async with asyncio.timeout(3):
            await hints.tell(NEWS, revoking(tenant, credential))
    except TimeoutError:
        return
    finally:
        await hints.close()


def _line(each: web_keys.Listed) -> str:
    state = "revoked" if each.revoked else "counts"
    if each.ends is None:
        return f"{each.id}  secret of your server  made {each.made:%Y-%m-%d}  {state}"
    return f"{each.id}  {each.user.removeprefix('mail:')}  until {each.ends:%Y-%m-%d}  {state}"


def _say(text: str, status: int = 0, *, note: bool = False) -> int:
    (sys.stderr if status or note else sys.stdout).write(f"{text}\n")
    return status
