"""Commands typed beside a running `countersign up`: they speak to its servers, with its key."""

from __future__ import annotations

from pydantic import SecretStr

from bot import embedded, keys
from bot.settings import Settings


def completed(settings: Settings) -> Settings:
    """What is not set is taken from the servers that run in this folder, if they do."""
    if settings.database_url is not None or not settings.state_dir.exists():
        return settings
    servers = embedded.find(settings.state_dir)
    if servers.postgres is None or servers.postgres.process() is None:
        return settings
    values = {"database_url": SecretStr(servers.database_url)}
    if settings.redis_url is None and servers.valkey is not None:
        values["redis_url"] = SecretStr(servers.redis_url)
    made = settings.state_dir / "secrets.json"
    if settings.secret_key is None and made.exists():
        values["secret_key"] = SecretStr(keys.load_or_make(made)["SECRET_KEY"])
    return settings.model_copy(update=values)
