"""The receipt: what went, what stays until when, and a signature by which we know it again. No I/O."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from bot.secrets import Signer
from bot.turn import Account
from flows.approval import canonical

LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that is taken for another

# Tables as people would say it; what is not named here is counted together.
NAMES: dict[str, str] = {
    "inbox": "messages and presses of yours",
    "outbox": "messages to you",
    "runs": "requests with what you filled in",
    "history": "steps of those requests",
    "memories": "memories",
    "memory_vectors": "vectors of memories",
    "memory_habits": "habits",
    "files": "files",
    "effects": "calls to services",
    "approvals": "approval cards",
    "experiment_outcomes": "rows of experiments",
    "feedback": "opinions of answers",
    "streams": "answers as they were written",
    "accounts": "accounts",
    "cache": "entries of the cache",
}
STAYS = (
    "who decided what, when, and what was paid, with a number in place of you",
    "the audit, which nobody can read your name in any more",
    "what others wrote about you in their own words",
    "what Slack and Microsoft keep themselves",
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """`kept`: tool, why and until when, of calls that cannot go yet."""

    id: str
    state: str
    asked_at: datetime
    done_at: datetime | None
    counts: Mapping[str, int]
    kept: Sequence[Mapping[str, str]]
    signature: str = ""

    @property
    def done(self) -> bool:
        return self.state == "done"

    @property
    def rows(self) -> int:
        return sum(self.counts.values())


def new_id() -> str:
    """What people are told, and can read out."""
    text = "".join(secrets.choice(LETTERS) for _ in range(12))
    return f"{text[:4]}-{text[4:8]}-{text[8:]}"


def signer(secret_key: str) -> Signer:
    return Signer(secret_key, "forgetting")


def signed(tenant: UUID, receipt: Receipt, by: Signer) -> str:
    """Of everything that it says; with the name of the key."""
    return f"{by.key_id}.{by.sign(_bytes(tenant, receipt)).hex()[:32]}"


def holds(tenant: UUID, receipt: Receipt, signature: str, by: Signer) -> bool:
    return hmac.compare_digest(signed(tenant, receipt, by), signature)


def mark(tenant: UUID, known_by: str, by: Signer) -> bytes:
    """A keyed hash: without the key nobody can try addresses."""
    return by.sign(f"mark|{tenant}|{known_by.strip().lower()}".encode())


def account_mark(tenant: UUID, account: Account, by: Signer) -> bytes:
    return mark(tenant, f"{account.platform}:{account.workspace}:{account.user}", by)


def to_json(receipt: Receipt) -> dict[str, Any]:
    return {
        "receipt": receipt.id,
        "state": receipt.state,
        "asked_at": receipt.asked_at.isoformat(),
        "done_at": receipt.done_at.isoformat() if receipt.done_at else None,
        "erased": dict(sorted(receipt.counts.items())),
        "kept": [dict(each) for each in receipt.kept],
        "stays": list(STAYS),
        "signature": receipt.signature,
    }


def words(receipt: Receipt) -> str:
    """As it is told to whoever asked."""
    if not receipt.done:
        return f"Forgetting is under way. Receipt {receipt.id}."
    lines = [f"You are forgotten. Receipt {receipt.id}, {receipt.done_at:%d %b %Y %H:%M} UTC."]
    lines.append(f"Erased: {', '.join(_counted(receipt.counts)) or 'nothing was kept about you'}.")
    for each in receipt.kept:
        until = f" Until {each['until']}." if each["until"] else " Until it is over."
        lines.append(f"Kept for now: {each['what']}, because {each['why']}.{until}")
    lines.append(f"What stays: {'; '.join(STAYS)}.")
    lines.append(f"Signature {receipt.signature}")
    return "\n".join(lines)


def _counted(counts: Mapping[str, int]) -> list[str]:
    told = [f"{counts[table]} {name}" for table, name in NAMES.items() if counts.get(table)]
    more = sum(count for table, count in counts.items() if table not in NAMES)
    return [*told, f"{more} other rows"] if more else told


def _bytes(tenant: UUID, receipt: Receipt) -> bytes:
    return canonical(
        {
            "tenant": str(tenant),
            "receipt": receipt.id,
            "state": receipt.state,
            "done": receipt.done_at.isoformat() if receipt.done_at else "",
            "erased": {name: int(count) for name, count in receipt.counts.items()},
            "kept": [dict(each) for each in receipt.kept],
        }
    )
