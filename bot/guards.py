"""What refuses to start: a setting that is missing, half done, or dangerous where we are bound."""

from __future__ import annotations

from bot import faults
from bot.errors import ConfigurationError
from bot.settings import Settings, is_sandbox

SHORTEST_KEY = 32
MAKE_KEY = 'python3 -c "import secrets; print(secrets.token_urlsafe(32))"'

STAND_INS = (
    "slack_api_url",
    "teams_openid_url",
    "teams_login_url",
    "stripe_api_base",
    "jira_url",
    "github_api_url",
    "notion_api_url",
)

# What is set without what it needs: the setting, its companions (any of them will do), and why.
PAIRS = (
    (
        "slack_bot_token",
        ("slack_signing_secret", "slack_app_token"),
        "or nothing that Slack sends can be verified",
    ),
    ("slack_client_id", ("slack_client_secret",), "or nobody can install the app"),
    ("microsoft_app_password", ("microsoft_app_id",), "or no token of Teams' can be checked"),
)


def require_servers(settings: Settings) -> None:
    """`serve` and `worker` start nothing of their own."""
    missing = [name for name in ("database_url", "redis_url") if not settings.secret(name)]
    if missing:
        names = " and ".join(name.upper() for name in missing)
        raise ConfigurationError(f"Set {names}, or use `countersign up`, which brings its own servers.")


def require_database(settings: Settings) -> None:
    if not settings.secret("database_url"):
        raise ConfigurationError("DATABASE_URL is not set: postgresql://user:password@host:5432/name")


def require_secret_key(settings: Settings) -> None:
    """Several keys, newest first, are separated by commas."""
    keys = [key.strip() for key in settings.secret("secret_key").split(",") if key.strip()]
    if not keys:
        raise ConfigurationError(
            f"SECRET_KEY is not set: it encrypts the tokens we store. Make one with: {MAKE_KEY}"
        )
    if any(len(key) < SHORTEST_KEY for key in keys):
        raise ConfigurationError(
            f"SECRET_KEY is too short: {SHORTEST_KEY} characters at least. Make one with: {MAKE_KEY}"
        )


def refuse_anonymous_off_loopback(settings: Settings) -> None:
    if settings.teams_anonymous and not settings.on_loopback:
        raise ConfigurationError(
            f"TEAMS_ANONYMOUS accepts anybody's activities: HOST must be 127.0.0.1, and is {settings.host}."
        )


def refuse_stand_ins(settings: Settings) -> None:
    """The built-in stand-ins sign whatever they are told: never outside `countersign up`."""
    for name in STAND_INS:
        if is_sandbox(getattr(settings, name)):
            raise ConfigurationError(
                f"{name.upper()} points at this machine. Stand-ins are for `countersign up` only: remove it."
            )


def refuse_halves(settings: Settings) -> None:
    for name, companions, why in PAIRS:
        if getattr(settings, name) and not any(getattr(settings, other) for other in companions):
            wanted = " or ".join(other.upper() for other in companions)
            raise ConfigurationError(f"{name.upper()} is set, but {wanted} is not: set it too, {why}.")


def check_serve(settings: Settings, *, under_up: bool) -> None:
    """Raises `ConfigurationError` at the first thing that must not be so."""
    faults.arm()
    require_secret_key(settings)
    require_servers(settings)
    refuse_anonymous_off_loopback(settings)
    refuse_halves(settings)
    if not under_up:
        refuse_stand_ins(settings)
