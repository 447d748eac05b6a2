"""What is real and what is a stand-in, in a line each. Hosts and names only: never a credential."""

from __future__ import annotations

from urllib.parse import urlsplit

from bot.settings import Settings, is_sandbox

SANDBOX = "sandbox (no credentials set)"


def describe(settings: Settings) -> list[tuple[str, str]]:
    """In the order in which a newcomer would ask. `settings`: as our processes see them."""
    return [
        ("Slack", _slack(settings)),
        ("Teams", _teams(settings)),
        ("Stripe", _stripe(settings)),
        ("Jira", _service(settings.jira_url, settings.secret("jira_api_token"))),
        (
            "GitHub",
            _service(settings.github_api_url, settings.secret("github_token") or settings.github_app_id),
        ),
        ("Notion", _service(settings.notion_api_url, settings.secret("notion_token"))),
        ("Model", _model(settings)),
        ("Database", where(settings.secret("database_url"))),
        ("Broker", where(settings.secret("celery_broker_url") or settings.secret("redis_url"))),
    ]


def where(url: str) -> str:
    """Host and database of an address, without the user and password in it."""
    if not url:
        return "none"
    parts = urlsplit(url)
    if parts.hostname is None or parts.scheme.endswith("+socket"):
        return "embedded"
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.hostname}{port}{parts.path}"


def _slack(settings: Settings) -> str:
    if is_sandbox(settings.slack_api_url):
        return SANDBOX
    if settings.slack_app_token:
        return "real, over Socket Mode"
    if settings.slack_bot_token or settings.slack_client_id:
        return f"real, at {settings.own_url}/slack/events"
    return "not connected"


def _teams(settings: Settings) -> str:
    if settings.teams_anonymous:
        return f"anonymous (Agents Playground), at {settings.own_url}/api/messages"
    if settings.microsoft_app_id and is_sandbox(settings.teams_openid_url):
        return SANDBOX
    if settings.microsoft_app_id:
        return f"real, at {settings.own_url}/api/messages"
    return "not connected"


def _stripe(settings: Settings) -> str:
    if is_sandbox(settings.stripe_api_base):
        return SANDBOX
    key = settings.secret("stripe_api_key")
    if not key:
        return "not connected"
    test = key.startswith(("sk_test_", "rk_test_"))
    return "real, in test mode" if test else "REAL, LIVE: money moves"


def _service(url: str, credential: str) -> str:
    if is_sandbox(url):
        return SANDBOX
    return f"real, at {where(url)}" if url and credential else "not connected"


def _model(settings: Settings) -> str:
    match settings.model:
        case "openai":
            return f"{settings.openai_model} at {where(settings.openai_base_url)}"
        case "vllm":
            return f"{settings.vllm_model or 'vLLM'} at {where(settings.vllm_url)}"
        case "edge":
            return f"{settings.edge_model} at {where(settings.edge_url)}"
        case "hybrid":
            return f"{settings.edge_model} first, {settings.openai_model} where it is unsure"
        case _:
            return "offline (rules, no key needed)"
