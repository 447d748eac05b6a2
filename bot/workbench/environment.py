"""The variables that point a bot without credentials at the stand-ins."""

from __future__ import annotations

from bot.settings import Settings
from bot.workbench import cast
from bot.workbench.keys import keys


def base_url(settings: Settings) -> str:
    """Where this process answers: the loopback address it is bound to, never PUBLIC_URL."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}"


def uses_slack(settings: Settings) -> bool:
    """Slack's stand-in is used where nobody set a credential of the real one."""
    set_by_hand = (
        settings.slack_bot_token,
        settings.slack_signing_secret,
        settings.slack_app_token,
        settings.slack_client_id,
    )
    return not any(set_by_hand) or settings.slack_api_url.startswith(f"{base_url(settings)}/standin/")


def uses_teams(settings: Settings) -> bool:
    if settings.teams_anonymous:
        return False
    set_by_hand = settings.microsoft_app_id or settings.microsoft_app_password
    return not set_by_hand or settings.teams_openid_url.startswith(f"{base_url(settings)}/standin/")


def uses_stripe(settings: Settings) -> bool:
    set_by_hand = settings.stripe_api_key or settings.stripe_webhook_secret
    return not set_by_hand or settings.stripe_api_base.startswith(f"{base_url(settings)}/standin/")


def environment(settings: Settings) -> dict[str, str]:
    """Only what is not set: each service on its own is either real or a stand-in, never half of each."""
    base = base_url(settings)
    made = keys(settings.state_dir)
    variables: dict[str, str] = {}
    if uses_slack(settings):
        variables |= {
            "SLACK_API_URL": f"{base}/standin/slack/api/",
            "SLACK_BOT_TOKEN": made.slack_bot_token,
            "SLACK_SIGNING_SECRET": made.slack_signing_secret,
        }
    if uses_teams(settings):
        variables |= {
            "MICROSOFT_APP_ID": cast.TEAMS_APP,
            "MICROSOFT_APP_PASSWORD": made.teams_password,
            "MICROSOFT_APP_TYPE": "SingleTenant",
            "MICROSOFT_APP_TENANT_ID": cast.TENANT,
            "TEAMS_OPENID_URL": f"{base}/standin/teams/openid",
            "TEAMS_ISSUER": f"{base}/standin/teams",
            "TEAMS_LOGIN_URL": f"{base}/standin/teams/login",
        }
    if uses_stripe(settings):
        variables |= {
            "STRIPE_API_BASE": f"{base}/standin/stripe",
            "STRIPE_API_KEY": made.stripe_api_key,
            "STRIPE_WEBHOOK_SECRET": made.stripe_webhook_secret,
        }
    places = [cast.APPROVALS_CHANNEL] if uses_slack(settings) else []
    places += [cast.APPROVALS_CHAT] if uses_teams(settings) else []
    if places and not settings.approvals_channel:
        variables["APPROVALS_CHANNEL"] = ",".join(places)
        if not settings.approvers:
            variables["APPROVERS"] = cast.APPROVER_EMAIL
    return variables
