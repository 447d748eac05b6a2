"""Puts the memory of a process together from the settings."""

from __future__ import annotations

from bot.settings import Settings
from integrations.models import chat_settings
from workers.knowledge.embedders import Embedders
from workers.memory.desk import Desk
from workers.memory.recent import Recent
from workers.store.door import Database


def desk(settings: Settings, db: Database) -> Desk:
    """The last words are kept hot only where a model reads them."""
    plain = settings.plain()
    recent = Recent(settings.secret("redis_url")) if chat_settings(plain) else None
    apart = bool(settings.model_private_places.strip())
    return Desk(db, Embedders(plain), recent, settings.retention_days, apart=apart)
