"""Entra's groups that a policy names: may they be read, and is anybody in them?"""

from __future__ import annotations

from bot import net
from bot.errors import ConfigurationError, PlatformError
from bot.settings import Settings, is_sandbox
from flows.approval_stages import ENTRA
from flows.errors import FlowError
from flows.policy_file import load_policy
from workers.approvers import groups
from workers.doctor.finding import Finding, bad, good
from workers.push import policy_of

MOST = 10


async def entra(settings: Settings) -> list[Finding]:
    """Nothing where none is named, or where the policy does not load, which is said elsewhere."""
    try:
        policy = load_policy(policy_of(settings))
    except (FlowError, ConfigurationError):
        return []
    named = [term.removeprefix(ENTRA) for term in groups.named(policy) if term.startswith(ENTRA)][:MOST]
    if not named:
        return []
    if not settings.microsoft_app_id:
        return [bad("Entra", "groups of Entra are named as approvers, and Teams is not connected",
                    "set MICROSOFT_APP_ID and the rest")]  # fmt: skip
    from bot.platforms.teams import graph

    local = bool(settings.teams_login_url) and is_sandbox(settings.teams_login_url)
    found = []
    async with net.session(allow_loopback=local) as session:
        try:
            asks = graph.connect(settings, session)
            for group in named:
                found.append(_told(group, await asks.members(settings.microsoft_app_tenant_id, group)))
        except (PlatformError, ConfigurationError) as error:
            found.append(bad("Entra", str(error), f"grant {graph.GROUPS_NEED} at API permissions of the app"))
    return found


def _told(group: str, members: tuple[str, ...] | None) -> Finding:
    if members is None:
        return bad("Entra", f"there is no group {group}", "take its object id from Entra into the policy")
    if not members:
        return bad("Entra", f"nobody is in the group {group}", "add those who approve")
    return good("Entra", f"the group {group} has {len(members)} members")
