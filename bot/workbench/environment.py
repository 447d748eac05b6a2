"""The variables that point a bot without credentials at the stand-ins."""

from __future__ import annotations

from dataclasses import dataclass

from bot.settings import Settings
from bot.workbench import cast
from bot.workbench.keys import Keys, keys

# What the sandboxes begin with. They are not ours to import: a test holds these against them.
JIRA_PROJECT = "SHOP"
GITHUB_REPOSITORY = "pizzeria/shop"
NOTION_DATABASE = "609f96d1-5714-5c38-a7df-8f182985bcbb"


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


@dataclass(frozen=True, slots=True)
class Service:
    """One service that has a sandbox, by the names of its settings.

    `address` says where it is; each of `credentials` says that somebody has an account of their own.
    """

    name: str
    title: str
    address: str
    credentials: tuple[str, ...]


SERVICES = (
    Service("stripe", "Stripe", "stripe_api_base", ("stripe_api_key", "stripe_webhook_secret")),
    Service("jira", "Jira", "jira_url", ("jira_email", "jira_api_token", "jira_webhook_secret")),
    Service(
        "github",
        "GitHub",
        "github_api_url",
        ("github_token", "github_app_id", "github_app_private_key", "github_webhook_secret"),
    ),
    Service("notion", "Notion", "notion_api_url", ("notion_token", "notion_webhook_secret")),
)
SERVICE = {service.name: service for service in SERVICES}


def uses_sandbox(settings: Settings, service: Service) -> bool:
    """Where nobody set a credential of the real one, nor the address of another."""
    address = getattr(settings, service.address)
    if address.startswith(f"{base_url(settings)}/standin/"):
        return True
    elsewhere = address != Settings.model_fields[service.address].default
    return not elsewhere and not any(getattr(settings, name) for name in service.credentials)


def uses_stripe(settings: Settings) -> bool:
    return uses_sandbox(settings, SERVICE["stripe"])


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
    for service in SERVICES:
        if uses_sandbox(settings, service):
            variables |= _of_sandbox(service.name, f"{base}/standin/{service.name}", made)
    places = [cast.APPROVALS_CHANNEL] if uses_slack(settings) else []
    places += [cast.APPROVALS_CHAT] if uses_teams(settings) else []
    if places and not settings.approvals_channel:
        variables["APPROVALS_CHANNEL"] = ",".join(places)
        if not settings.approvers:
            variables["APPROVERS"] = cast.APPROVER_EMAIL
    return variables


def _of_sandbox(name: str, url: str, made: Keys) -> dict[str, str]:
    """What its sandbox is called by, and what it begins with (`integrations/*/sandbox/seed.py`)."""
    match name:
        case "stripe":
            return {
                "STRIPE_API_BASE": url,
                "STRIPE_API_KEY": made.stripe_api_key,
                "STRIPE_WEBHOOK_SECRET": made.stripe_webhook_secret,
            }
        case "jira":
            return {
                "JIRA_URL": url,
                "JIRA_EMAIL": "countersign@example.com",
                "JIRA_API_TOKEN": made.of(name, "token"),
                "JIRA_WEBHOOK_SECRET": made.of(name, "webhook"),
                "JIRA_PROJECT": JIRA_PROJECT,
            }
        case "github":
            return {
                "GITHUB_API_URL": url,
                "GITHUB_TOKEN": f"ghp_{made.of(name, 'token')}",
                "GITHUB_WEBHOOK_SECRET": made.of(name, "webhook"),
                "GITHUB_REPOSITORY": GITHUB_REPOSITORY,
            }
        case _:
            return {
                "NOTION_API_URL": url,
                "NOTION_TOKEN": f"ntn_{made.of(name, 'token')}",
                "NOTION_WEBHOOK_SECRET": f"secret_{made.of(name, 'webhook')}",
                "NOTION_DATABASE_ID": NOTION_DATABASE,
            }
