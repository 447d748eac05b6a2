"""The local workspace: a Slack and a Teams that need no account, and the page to see them on.

They speak the real protocols to the bot, over HTTP, signed: the bot runs its production code.
Mounted by `countersign up` alone, and only on loopback. The server is imported when it is asked
for: whoever wants only the variables pays for nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.workbench.environment import environment

if TYPE_CHECKING:
    from bot.workbench.mounting import WORKBENCH, Workbench, mount

__all__ = ["WORKBENCH", "Workbench", "environment", "mount"]


def __getattr__(name: str) -> Any:
    if name not in ("WORKBENCH", "Workbench", "mount"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from bot.workbench import mounting

    return getattr(mounting, name)
