"""Tells this process of the services that are known by their OpenAPI documents."""

from __future__ import annotations

import integrations
from bot.errors import ConfigurationError
from bot.settings import Settings
from integrations.errors import IntegrationError


def learn(settings: Settings, *, load: bool = True) -> None:
    """Once, at the start. `load` reads the documents now, which may take a call over the network.

    Raises `ConfigurationError` naming the setting.
    """
    try:
        integrations.learn(settings.plain(), load=load)
    except IntegrationError as error:
        raise ConfigurationError(f"{error}.") from None
