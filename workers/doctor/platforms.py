"""Slack and Teams: are the credentials good, the scopes enough, the approvers' place open to us?"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp

from bot import net
from bot.errors import ConfigurationError, PlatformError
from bot.settings import Settings, is_sandbox
from flows.errors import FlowError
from flows.policy_file import load_policy
from workers.assemble import hears_slack
from workers.doctor.finding import Finding, bad, good, note
from workers.push import policy_of

REINSTALL = "add them at OAuth & Permissions and install the app again"


async def slack(settings: Settings) -> list[Finding]:
    token, client = settings.secret("slack_bot_token"), settings.slack_client_id
    if not (token or client or hears_slack(settings)):
        fix = "make the app with `countersign manifest slack`, then set SLACK_BOT_TOKEN and its companions"
        return [note("Slack", "is not connected", fix)]
    found = [_hearing(settings)]
    async with net.session(allow_loopback=is_sandbox(settings.slack_api_url)) as session:
        if token:
            found += await _speaking(settings, session, token)
        elif client:
            found.append(good("Slack", f"workspaces install at {settings.own_url}/slack/install"))
        else:
            found.append(bad("Slack", "can be heard and not answered", "set SLACK_BOT_TOKEN (xoxb-…)"))
        if settings.secret("slack_app_token"):
            found.append(await _socket(settings, session))
    return found


def _hearing(settings: Settings) -> Finding:
    if settings.secret("slack_app_token"):
        return good("Slack", "is heard by Socket Mode")
    if settings.secret("slack_signing_secret"):
        return good("Slack", f"is heard at {settings.own_url}/slack/events")
    return bad("Slack", "cannot be heard", "set SLACK_SIGNING_SECRET, or SLACK_APP_TOKEN for Socket Mode")


async def _speaking(settings: Settings, session: aiohttp.ClientSession, token: str) -> list[Finding]:
    from slack_sdk.errors import SlackApiError, SlackClientError

    from bot.platforms.slack.call import DEADLINE, refusal, web_client

    client = web_client(settings.slack_api_url, session)
    try:
        async with asyncio.timeout(DEADLINE):
            answer: Any = await client.api_call("auth.test", json={"token": token})
    except SlackApiError as error:
        return [bad("Slack", str(refusal(error, posts=False)))]
    except (SlackClientError, aiohttp.ClientError, OSError, TimeoutError) as error:
        return [bad("Slack", f"could not be reached ({type(error).__name__})")]
    team = str(answer.get("team_id", ""))[:32]
    found = [good("Slack", f"the bot's token speaks in workspace {team}"), scopes(answer.headers)]
    for channel in places(settings, "slack"):
        found.append(await _in_channel(client, token, channel))
    return found


def scopes(headers: Mapping[str, str]) -> Finding:
    """Slack names what was granted in a header of every answer."""
    from bot.platforms.slack.manifest import SCOPES

    given = next((value for name, value in headers.items() if name.lower() == "x-oauth-scopes"), None)
    if given is None:
        return note("Slack", "did not say which scopes were granted")
    granted = {scope.strip() for scope in given.split(",") if scope.strip()}
    missing, more = sorted(set(SCOPES) - granted), sorted(granted - set(SCOPES))
    if missing:
        return bad("Slack", f"did not grant the scopes {', '.join(missing)}", REINSTALL)
    if more:
        told = f"granted scopes that the bot does not need: {_short(more)}"
        return note("Slack", told, "take them away: what is not granted cannot be stolen")
    return good("Slack", f"granted all {len(SCOPES)} scopes, and no more")


async def _in_channel(client: Any, token: str, channel: str) -> Finding:
    """The history of a channel is open to its members only, and it is a scope that we have anyway."""
    from bot.platforms.slack.call import call

    try:
        await call(client, "conversations.history", token, {"channel": channel, "limit": 1}, read=True)
    except PlatformError as error:
        return bad("Slack", f"approvals channel {channel}: {error}", "invite the bot: /invite @Countersign")
    return good("Slack", f"the bot is in the approvals channel {channel}")


async def _socket(settings: Settings, session: aiohttp.ClientSession) -> Finding:
    from bot.platforms.slack.call import call, web_client

    client = web_client(settings.slack_api_url, session)
    try:
        await call(client, "apps.connections.open", settings.secret("slack_app_token"), {})
    except PlatformError as error:
        fix = "make an app-level token with connections:write, and switch Socket Mode on"
        return bad("Slack", f"SLACK_APP_TOKEN: {error}", fix)
    return good("Slack", "SLACK_APP_TOKEN opens a connection")


async def teams(settings: Settings) -> list[Finding]:
    if settings.teams_anonymous:
        return [note("Teams", "TEAMS_ANONYMOUS: anybody on this machine may be anybody", "for trying only")]
    if not settings.microsoft_app_id:
        fix = "register a bot in Azure, set MICROSOFT_APP_ID and the rest, then `countersign manifest teams`"
        return [note("Teams", "is not connected", fix)]
    found = [await _entra(settings)]
    sandbox = is_sandbox(settings.teams_openid_url)
    if not sandbox and not settings.public_url.startswith("https://"):
        found.append(bad("Teams", "needs an https address to send to", "set PUBLIC_URL"))
    elif not sandbox:
        found.append(good("Teams", f"sends to {settings.own_url}/api/messages"))
    if not settings.microsoft_app_tenant_id:
        told = "MICROSOFT_APP_TENANT_ID is not set: nobody's activities have a tenant here"
        found.append(bad("Teams", told, "set it to your directory's id"))
    return found


async def _entra(settings: Settings) -> Finding:
    from bot.platforms.teams.tokens import tokens

    local = bool(settings.teams_login_url) and is_sandbox(settings.teams_login_url)
    try:
        async with net.session(allow_loopback=local) as session:
            await tokens(settings, session).get()
    except (PlatformError, ConfigurationError) as error:
        fix = "check MICROSOFT_APP_ID, its password, its type and its tenant"
        return bad("Teams", str(error), fix)
    return good("Teams", "Microsoft gave the bot an access token")


def places(settings: Settings, platform: str) -> list[str]:
    """Where approvers are asked on this platform, by the policy or else the settings."""
    try:
        named = load_policy(policy_of(settings)).approvers.places
    except (FlowError, ConfigurationError):
        named = ()
    spots = named or tuple(part.strip() for part in settings.approvals_channel.split(",") if part.strip())
    found = []
    for spot in spots:
        kind, _, rest = spot.partition(":")
        if kind not in ("slack", "teams"):
            kind, rest = ("teams" if ":" in spot else "slack"), spot
        if kind == platform:
            found.append(rest)
    return found


def _short(names: list[str], most: int = 8) -> str:
    return ", ".join(name[:60] for name in names[:most]) + (" …" if len(names) > most else "")
