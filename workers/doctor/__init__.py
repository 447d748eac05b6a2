"""`countersign doctor`: is everything there that the bot needs, and what is to be done where it is not?

It asks and changes nothing: a list of one, a look at a token, a ping. Every look has a time limit.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping

from bot.errors import CountersignError
from bot.settings import Settings
from integrations.errors import IntegrationError
from workers import beside
from workers.doctor import directory, documents, kept, ours, platforms, services
from workers.doctor.finding import Finding, Level, bad, secrets_of, without_secrets

__all__ = ["LOOKS", "Finding", "check", "examine"]

PATIENCE = 20.0  # seconds for everything that is looked at under one name

Look = Callable[[Settings], Awaitable[list[Finding]]]

LOOKS: Mapping[str, Look] = {
    "Settings": ours.settings_fit,
    "Database": ours.database,
    "Broker": ours.broker,
    "Policy": ours.policy,
    "Address": ours.address,
    "Slack": platforms.slack,
    "Teams": platforms.teams,
    "Entra": directory.entra,
    "Stripe": services.stripe,
    "Documents": documents.documents,
    "Services": kept.connected,
    "Model": services.model,
}


def check(settings: Settings) -> int:
    """Prints a line for each finding. The exit status is 1 where something is wrong, else 0."""
    settings = beside.completed(settings)
    findings = asyncio.run(examine(settings))
    secrets = secrets_of(settings)
    for finding in findings:
        sys.stdout.write(without_secrets(str(finding), secrets) + "\n")
    wrong = sum(finding.level is Level.BAD for finding in findings)
    sys.stdout.write(f"\n{_verdict(wrong)}\n")
    return 1 if wrong else 0


async def examine(settings: Settings) -> list[Finding]:
    """All at once, told in their order."""
    groups = await asyncio.gather(*(_look(name, look, settings) for name, look in LOOKS.items()))
    return [finding for group in groups for finding in group]


async def _look(name: str, look: Look, settings: Settings) -> list[Finding]:
    """What goes wrong while looking is a finding too."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await look(settings)
    except TimeoutError:
        return [bad(name, f"did not answer within {PATIENCE:.0f} s", "look at the network between")]
    except (CountersignError, IntegrationError) as error:
        return [bad(name, str(error))]
    except Exception as error:
        return [bad(name, f"could not be looked at ({type(error).__name__})")]


def _verdict(wrong: int) -> str:
    match wrong:
        case 0:
            return "Nothing is wrong."
        case 1:
            return "One thing is wrong."
        case _:
            return f"{wrong} things are wrong."
