"""/link: a code from one platform, typed in the other, says that two accounts are one person."""

from __future__ import annotations

import hashlib
import secrets
from uuid import UUID

from bot.text import for_card
from bot.turn import Account
from workers.commit import Commit
from workers.store import link_codes, links, people
from workers.store.door import Connection
from workers.store.people import Person

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # without what is easily taken for something else
LENGTH = 8
Told = tuple[tuple[UUID, str], ...]
NO_CODE = (
    "That code is not known, was used, or is older than ten minutes."
    " “/link” in your other platform gives a new one."
)
TOO_OFTEN = "That was tried too often. Wait ten minutes, then ask for a new code."


def hashed(tenant: UUID, code: str) -> bytes:
    """What is kept of a code. It is of forty random bits and lasts ten minutes."""
    return hashlib.sha256(f"{tenant}:{code}".encode()).digest()


def spelled(text: str) -> str:
    """As it may be typed: in small letters, in two halves."""
    return "".join(each for each in text.upper() if each.isalnum())[: LENGTH + 1]


async def said(
    c: Connection, tenant: UUID, commit: Commit, person: Person, account: Account, text: str
) -> tuple[str, Told]:
    """Without a code it gives one."""
    code = spelled(text)
    if not code:
        return await _offered(c, tenant, person, account), ()
    if not await link_codes.may_try(c, tenant, person.id):
        return TOO_OFTEN, ()
    offer = await link_codes.take(c, tenant, hashed(tenant, code)) if len(code) == LENGTH else None
    if offer is None:
        return NO_CODE, ()
    if offer.account.platform == account.platform:
        return "Type the code in the other platform: it says that you are the same person there.", ()
    joined = links.live_with(person.id, await links.around(c, tenant, [person.id]))
    if offer.person in joined:
        return "Both accounts are yours already; there is nothing to link.", ()
    other = await people.by_id(c, tenant, offer.person)
    if other is None:
        return NO_CODE, ()
    await links.add(c, tenant, offer.person, person.id)
    commit.note("person.linked", one=str(offer.person), other=str(person.id))
    mine, theirs = (f"{for_card(each.name)} on {_platform(on)}"
                    for each, on in ((person, account), (other, offer.account)))  # fmt: skip
    return (
        f"Done: this account and {theirs} are one person now, counted once."
        " If that is not you, say “/unlink” at once.",
        ((offer.person, f"Your account and {mine} are one person now, counted once."
          " If that was not you, say “/unlink” at once."),),
    )  # fmt: skip


async def _offered(c: Connection, tenant: UUID, person: Person, account: Account) -> str:
    if not await link_codes.may_ask(c, tenant, person.id):
        return TOO_OFTEN
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    await link_codes.offer(c, tenant, person.id, account, hashed(tenant, code))
    other = "Teams" if account.platform == "slack" else "Slack"
    return (
        f"Your code is {code[:4]} {code[4:]}, for ten minutes. Type “/link {code}” to me in {other}, with"
        " your own account, and I take both for one person. Give it to nobody: whoever types it is taken"
        " for you."
    )


async def unlinked(c: Connection, tenant: UUID, commit: Commit, person: Person) -> tuple[str, Told]:
    others = await links.end(c, tenant, person.id)
    if not others:
        return "This account is linked to no other by a code.", ()
    commit.note("person.unlinked", one=str(person.id), others=[str(each) for each in others])
    told = f"{for_card(person.name)} is no longer taken for the same person as you."
    return (
        "Unlinked. For a month yet neither decides what the other asked for, nor counts beside the other.",
        tuple((each, told) for each in others),
    )


def _platform(account: Account) -> str:
    return {"slack": "Slack", "teams": "Teams"}.get(account.platform, account.platform)
