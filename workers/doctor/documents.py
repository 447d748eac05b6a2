"""The services by OpenAPI documents: is each document there, and where does it lead?"""

from __future__ import annotations

import asyncio

import integrations
from bot.settings import Settings
from workers import documents as learning
from workers.doctor.finding import Finding, good


async def documents(settings: Settings) -> list[Finding]:
    """Raises `ConfigurationError` naming the setting; that is a finding as well."""
    await asyncio.to_thread(learning.learn, settings)
    learned = integrations.learned()
    if learned is None:
        return []
    found = []
    for name in learned.names:
        service = learned.service(name)
        told = f"{len(service.document.operations)} operations at {service.server.host}"
        kind = (
            "OAuth" if service.chosen.client_id else "a token" if service.chosen.token else "no credentials"
        )
        found.append(good(f"Document {name}", f"{told}, called with {kind}"))
    return found
