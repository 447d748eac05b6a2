"""A matter of Ada's that is handed over, for tests: to Grace first, then to Omar."""

from __future__ import annotations

from typing import Any

import pytest_asyncio

from bot.turn import Place
from tests.workers.desk import Desk, flow_of, open_desk
from workers.store.door import Database

FLOW = """
  - {id: person, type: handoff, message: "The printer burns", wait_minutes: 5, if_nobody: alone,
     resolved: thanks}
  - {id: thanks, type: message, text: "Thank you."}
  - {id: done, type: end}
  - {id: alone, type: message, text: "{{ error.sentence }} That is all."}
  - {id: stopped, type: end, status: failed}
"""
RULES = [{"name": "all", "outcome": "may run alone", "because": "It is a test."}]
ROTA = {
    "rules": RULES,
    "rotas": {"on-call": {"line": [{"who": "grace@example.com"}, {"who": "omar@example.com"}]}},
    "escalation": {"to": "on-call"},
}
GROUP = {
    "rules": RULES,
    "groups": {"support": {"people": ["grace@example.com", "omar@example.com"]}},
}
PLACE = {"rules": RULES, "groups": {"support": {"places": ["slack:CHELP", "teams:19:help"]}}}
THREAD = "5.0"


async def begun(db: Database, policy: dict[str, Any]) -> Desk:
    """Ada has asked for a person in a thread of #orders; Grace is known on both platforms, Omar on Slack."""
    desk = await open_desk(db, flow_of(FLOW, "help_me"), policy)
    await desk.meet("ada")
    await desk.meet("omar")
    await desk.meet("grace")
    await desk.meet("grace", "teams")
    await desk.say("ada", desk.at("D_ADA", THREAD), "/help_me")
    return desk


@pytest_asyncio.fixture
async def rota(db: Database) -> Desk:
    return await begun(db, ROTA)


@pytest_asyncio.fixture
async def taken(rota: Desk) -> Desk:
    """Grace has it, in Teams."""
    await rota.press("grace", rota.one("The printer burns"), "I take it")
    return rota


def ada(desk: Desk) -> Place:
    return desk.at("D_ADA", THREAD)


def grace(desk: Desk) -> Place:
    return desk.at("Dgrace", None, "teams")
