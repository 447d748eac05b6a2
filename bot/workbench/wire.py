"""The log of what went between the bot and the stand-ins, fit to be shown: no secret in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

from bot.workbench.cast import Json
from bot.workbench.store import Store

SHOWN = 20_000
SECRET_HEADERS = frozenset({"authorization", "x-slack-signature", "cookie", "stripe-signature"})
SECRET_FIELDS = re.compile(
    r"""(\bcode=|["']?(?:access_token|refresh_token|client_secret|token)["']?\s*[:=]\s*["']?)"""
    r"""([^"'&\s,}]{4})[^"'&\s,}]*"""
)


def now_text(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def shortened(headers: Mapping[str, str]) -> dict[str, str]:
    return {
        name: f"{value[:14]}…" if name.lower() in SECRET_HEADERS else value[:500]
        for name, value in headers.items()
    }


def without_secrets(text: str) -> str:
    return SECRET_FIELDS.sub(r"\1\2…", text)


def log(
    store: Store,
    *,
    platform: str,
    direction: Literal["to bot", "from bot"],
    title: str,
    status: int,
    ms: float,
    verified: str = "",
    headers: Mapping[str, str] | None = None,
    body: str = "",
    answer: str = "",
    again: Json | None = None,
) -> int:
    return store.log_wire(
        {
            "at": now_text(store.clock()),
            "platform": platform,
            "direction": direction,
            "title": title,
            "status": status,
            "ms": round(ms, 1),
            "verified": verified,
            "headers": shortened(headers or {}),
            "body": without_secrets(body[:SHOWN]),
            "answer": without_secrets(answer[:SHOWN]),
            "can_resend": again is not None,
        },
        again,
    )
