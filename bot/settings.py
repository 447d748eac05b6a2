"""All that can be set, from the environment or `.env`; `.env.example` says what each is for."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self, cast
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    SecretStr,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.text_out import listed

# Settings of which only the beginning of the name is known: one for each name in OPENAPI.
FAMILIES = ("OPENAPI_",)
FOUND = "_families_found"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def _number(value: Any) -> Any:
    """The environment holds text only, which is not equal to any of a setting's numbers."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _hosts(value: str) -> str:
    """What is no list of hosts is refused at the start, and not when a link is looked at."""
    listed(value)
    return value


class Settings(BaseSettings):
    """Unset credentials are None or empty; nothing is looked up anywhere else."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", env_ignore_empty=True
    )

    # core
    database_url: SecretStr | None = None
    redis_url: SecretStr | None = None
    celery_broker_url: SecretStr | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=3000, ge=0, le=65535)
    public_url: str = ""
    log_level: str = "INFO"
    secret_key: SecretStr | None = None
    state_dir: Path = Path(".countersign")
    money_tools: bool = True
    retention_days: int = Field(default=30, ge=0)
    abandoned_days: int = Field(default=30, ge=0)
    forget_keeps_charges_days: int = Field(default=30, ge=0, le=4000)
    engine_lease: float = Field(default=30.0, gt=0)
    effect_lease: float = Field(default=45.0, gt=0)
    metrics_port: int = Field(default=0, ge=0, le=65533)
    otel_exporter_otlp_endpoint: str = ""
    extensions: str = ""

    # approvals
    approvals_channel: str = ""
    approvers: str = ""
    policy_file: Path = Path("flows/policy.yaml")

    # Slack
    slack_bot_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_client_id: str = ""
    slack_client_secret: SecretStr | None = None
    slack_team_id: str = ""
    slack_api_url: str = "https://slack.com/api/"

    # Teams
    microsoft_app_id: str = ""
    microsoft_app_password: SecretStr | None = None
    microsoft_app_type: Literal["MultiTenant", "SingleTenant", "UserAssignedMSI"] = "SingleTenant"
    microsoft_app_tenant_id: str = ""
    teams_anonymous: bool = False
    teams_openid_url: str = "https://login.botframework.com/v1/.well-known/openidconfiguration"
    teams_issuer: str = "https://api.botframework.com"
    teams_login_url: str = ""

    # the web
    web_origins: str = ""

    # Stripe
    stripe_api_key: SecretStr | None = None
    stripe_api_base: str = "https://api.stripe.com"
    stripe_webhook_secret: SecretStr | None = None

    # GitHub, Jira, Notion
    github_token: SecretStr | None = None
    github_app_id: str = ""
    github_app_private_key: SecretStr | None = None
    github_app_installation: str = ""
    github_api_url: str = "https://api.github.com"
    github_repository: str = ""
    github_webhook_secret: SecretStr | None = None
    jira_url: str = ""
    jira_email: str = ""
    jira_api_token: SecretStr | None = None
    jira_project: str = ""
    jira_webhook_secret: SecretStr | None = None
    jira_api_version: Annotated[Literal[2, 3], BeforeValidator(_number)] = 3
    notion_token: SecretStr | None = None
    notion_api_url: str = "https://api.notion.com"
    notion_database_id: str = ""
    notion_webhook_secret: SecretStr | None = None

    # services by their OpenAPI documents; what belongs to each name is in `_families`
    openapi: str = ""

    # models
    model: Literal["offline", "openai", "vllm", "edge", "hybrid"] = "offline"
    openai_api_key: SecretStr | None = None
    openai_base_url: str = "https://api.openai.com/v1"
    openai_model: str = "gpt-4o-mini"
    vllm_url: str = "http://127.0.0.1:8000/v1"
    vllm_model: str = ""
    edge_url: str = "http://127.0.0.1:11434/v1"
    edge_model: str = "phi3"
    model_prices: str = ""
    model_budget: float = Field(default=0, ge=0)
    model_budget_person: float = Field(default=0, ge=0)
    model_private_places: str = ""
    link_hosts: Annotated[str, AfterValidator(_hosts)] = ""
    embeddings: str = "offline"
    embeddings_url: str = ""
    embeddings_model: str = ""
    vision_model: str = ""
    transcribe_url: str = ""
    transcribe_model: str = ""
    transcribe_api_key: SecretStr | None = None

    _families: dict[str, SecretStr] = PrivateAttr(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        def families() -> dict[str, Any]:
            found: dict[str, str] = {}
            for source in (dotenv_settings, env_settings):
                for name, value in getattr(source, "env_vars", {}).items():
                    if value and name.upper().startswith(FAMILIES):
                        found[name.upper()] = value
            return {FOUND: found} if found else {}

        usual = (init_settings, env_settings, dotenv_settings, file_secret_settings)
        return (*usual, cast(PydanticBaseSettingsSource, families))

    @model_validator(mode="wrap")
    @classmethod
    def _with_families(cls, given: Any, made: ModelWrapValidatorHandler[Self]) -> Self:
        """Names that follow from other settings (OPENAPI_<NAME>_TOKEN) cannot be fields."""
        found = given.pop(FOUND, {}) if isinstance(given, dict) else {}
        settings = made(given)
        settings._families |= {name: SecretStr(value) for name, value in found.items()}
        return settings

    @property
    def on_loopback(self) -> bool:
        return self.host in LOOPBACK

    @cached_property
    def own_url(self) -> str:
        """Where others reach us: PUBLIC_URL, or the bound address."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    def secret(self, name: str) -> str:
        """The plain value of a secret setting, or the empty string."""
        value = getattr(self, name)
        return value.get_secret_value() if value is not None else ""

    def plain(self) -> dict[str, str]:
        """Every setting by its name in `.env`, for an integration's `connect`."""
        values = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, SecretStr):
                value = value.get_secret_value()
            if value not in (None, ""):
                values[name.upper()] = str(value)
        return values | {name: value.get_secret_value() for name, value in self._families.items()}


def is_sandbox(url: str) -> bool:
    """An address on this machine: the built-in stand-ins, never a real service."""
    return urlsplit(url).hostname in LOOPBACK
